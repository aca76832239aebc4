//! What can happen to an attempt.

use super::note::{ACCOUNT_IN_USE, NO_ALLOWANCE, NO_CREDENTIALS, TOO_DEAR};
use crate::model::{Answer, FireMode};

/// Something that happened, as the engine saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The attempt was handed to the machine.
    Begin,
    /// The instant of [`super::Next::Wait`] has come.
    Woke,
    /// A session is open, logged in and staged; what the site's list showed before anything was submitted.
    Staged(Listing),
    /// Staging failed. What can be kept of the session is kept.
    StageFailed(Trouble),
    /// Whether the staged session is still logged in.
    LoginChecked(bool),
    /// The session was given up to another attempt of the same account, and nothing is spent.
    GaveWay {
        /// The site has seen credentials in it.
        logged_in: bool,
    },
    /// The browser is gone, and nothing was submitted.
    BrowserLost(String),
    /// The opening steps are done.
    Opened,
    /// The opening steps failed. Also of a fire that does them itself: the commit behind them was certainly not sent.
    OpeningFailed(Trouble),
    /// The permit is in the store.
    Spent,
    /// The store could not take the permit.
    SpendFailed(String),
    /// Which choices are at a time that another attempt of the same account has, or may have: after a permit that was refused for
    /// it, and after [`super::Next::AskHolders`]. What is not named is free.
    Held(Vec<Hold>),
    /// The site answered the submit.
    Answered(Answer),
    /// The submit provably never left this machine: why it was not made.
    NotSent(Trouble),
    /// The submit may have left this machine, and no answer can be read.
    NoAnswer(String),
    /// The session that submitted is confirmed to be over.
    Fenced,
    /// The site's list was read, or could not be.
    Listed(Listing),
    /// The list could not be read, for another attempt has the account; its name.
    KeptOut(String),
    /// A person called it off.
    Cancel,
    /// The selector files are others now, and the performer has them; only where [`super::Machine::takes_files`] says so.
    FilesChanged {
        /// The mode that is used with them, never `Auto`.
        mode: FireMode,
        /// Whether they have steps between the opening and the commit.
        opening_steps: bool,
    },
}

/// A choice at a time that another attempt of the same account has, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which choice.
    pub choice: usize,
    /// Who has it, in words.
    pub by: String,
    /// The other attempt is over: it has the time, or nobody will know. Otherwise it may still lose it.
    pub for_good: bool,
}

/// What the site's own list says about the attempt's choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Rows of this attempt's choices are there.
    Found {
        /// The choice of the first such row.
        choice: usize,
        /// How many rows; more than one is a duplicate.
        rows: u32,
        /// The site's reference of the first such row.
        reference: Option<String>,
    },
    /// The list is the list, it is fresh, and no row is ours.
    Absent,
    /// The list could not be read.
    CannotTell(String),
}

/// Why a reversible part failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The site said one of its outcomes on the way.
    Answer(Answer),
    /// A step did not find what it needs; the text names file, line and column.
    Selector(String),
    /// The site could not be reached, or was too slow.
    Unreachable(String),
    /// No browser, or it died.
    Browser(String),
    /// The vault has no credentials for the member, or none that can be read: a person must act. The site has seen nothing.
    Credentials(String),
    /// Another attempt has the account, of which the site bears one session; its name. The site has seen nothing.
    Account(String),
}

impl Trouble {
    /// What a person reads.
    pub fn words(&self) -> String {
        match self {
            Self::Answer(answer) => said(*answer),
            Self::Credentials(text) => format!("{NO_CREDENTIALS}{text}"),
            Self::Account(name) => format!("{ACCOUNT_IN_USE}{name}"),
            Self::Selector(text) | Self::Unreachable(text) | Self::Browser(text) => text.clone(),
        }
    }
}

fn said(answer: Answer) -> String {
    let words = match answer {
        Answer::LoginRefused => "the site does not accept the user name or password",
        Answer::LoginExpired => "the site has ended the session",
        Answer::Captcha => "the site wants to see a person (a captcha)",
        Answer::Quota => NO_ALLOWANCE,
        Answer::Price => TOO_DEAR,
        Answer::SiteError => "the site shows an error page",
        other => return format!("the site says: {}", other.as_str()),
    };
    words.to_owned()
}
