//! Engines that are wrong on purpose: the judge must object to each of them, or its silence proves nothing.

use std::str::FromStr;

use crate::report::did_you_mean;

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Submits a millisecond before the opening.
    Early,
    /// Submits again, without a look at the list, when no answer comes.
    Twice,
    /// Forgets everything when it is started again.
    Forgets,
    /// Says that an attempt is confirmed without a look at the list.
    Believes,
    /// Believes a refusal without a look at the list.
    Trusts,
    /// Says now and then that a court is taken, without having asked for it.
    GivesUp,
    /// Now and then never comes back from the log-in.
    Hangs,
    /// Sends two seconds after the opening.
    Dawdles,
    /// Calls off the next date of whatever is edited, and leaves it so although it is wanted.
    CallsOff,
}

impl Control {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Early,
        Self::Twice,
        Self::Forgets,
        Self::Believes,
        Self::Trusts,
        Self::GivesUp,
        Self::Hangs,
        Self::Dawdles,
        Self::CallsOff,
    ];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Twice => "twice",
            Self::Forgets => "forgets",
            Self::Believes => "believes",
            Self::Trusts => "trusts",
            Self::GivesUp => "gives-up",
            Self::Hangs => "hangs",
            Self::Dawdles => "dawdles",
            Self::CallsOff => "calls-off",
        }
    }
}

impl FromStr for Control {
    type Err = UnknownControl;

    fn from_str(word: &str) -> Result<Self, UnknownControl> {
        let found = Self::ALL.into_iter().find(|control| control.as_str() == word);
        found.ok_or_else(|| UnknownControl {
            word: word.to_owned(),
            near: did_you_mean(word, Self::ALL.map(Self::as_str)),
        })
    }
}

/// A word that names no control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownControl {
    /// The word.
    pub word: String,
    /// What was perhaps meant.
    pub near: Option<&'static str>,
}

impl std::fmt::Display for UnknownControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no control `{}`; ", self.word)?;
        match self.near {
            Some(near) => write!(f, "did you mean `{near}`?"),
            None => write!(f, "there are {}", Control::ALL.map(Control::as_str).join(", ")),
        }
    }
}

impl std::error::Error for UnknownControl {}
