//! The phases of a flow, each a folder of its own.

/// When steps are done, in the order in which a flow meets them first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Until logged in.
    Login,
    /// Reads from the site when a choice opens.
    Announced,
    /// Everything that can be done before the opening whatever the choice is.
    Prepare,
    /// Court, date and time of one choice; done again for the next choice.
    Choose,
    /// Possible only from the instant on, still reversible.
    Opening,
    /// Back from a refusal to where the commit can be tried again.
    Retry,
    /// Reads the site's own list.
    Verify,
    /// Cancels one booking.
    Cancel,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 8] = [
        Self::Login,
        Self::Announced,
        Self::Prepare,
        Self::Choose,
        Self::Opening,
        Self::Retry,
        Self::Verify,
        Self::Cancel,
    ];

    /// The folder's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Announced => "announced",
            Self::Prepare => "prepare",
            Self::Choose => "choose",
            Self::Opening => "opening",
            Self::Retry => "retry",
            Self::Verify => "verify",
            Self::Cancel => "cancel",
        }
    }

    /// The phase of that folder.
    pub fn parse(folder: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == folder)
    }
}
