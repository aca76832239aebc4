//! What a machine is made of: what the attempt is about, and what an earlier process left of it.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Answer, Choice, FireMode, Patience, State};
use crate::timing::{Hold, Learned};

/// What an attempt is about; only what the selector files say changes while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// In order of preference; never empty.
    pub choices: Vec<Choice>,
    /// The site's times and bounds.
    pub patience: Patience,
    /// The mode that is used, never `Auto`.
    pub mode: FireMode,
    /// Whether the engine itself does steps between the opening and the commit. A program in the page and a chain of requests do
    /// theirs as part of the fire: those do not count.
    pub opening_steps: bool,
    /// When the attempt was last planned: at first, or when it was moved, came back or was asked for again.
    pub planned_at: Timestamp,
    /// What earlier openings and requests have taught about the site.
    pub learned: Learned,
    /// For each choice the span from its opening to the second showing of the local time that its rule names, where that comes
    /// twice: the site may mean either.
    pub second_showings: Vec<Option<Duration>>,
    /// The site bears one session of an account: whoever only waits for another attempt of it gives his back.
    pub one_session: bool,
}

/// What an earlier process left in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The stored state.
    pub state: State,
    /// Submits whose answer nobody knew, and that the list did not show.
    pub uncertain: u8,
    /// Choices that are not tried again.
    pub lost: Vec<usize>,
    /// Choices at a time that another attempt of the account has, or may have.
    pub held: Vec<Hold>,
    /// The choice that was submitted last; the first one, where none was.
    pub choice: usize,
    /// The site has called the last submit a success.
    pub claimed: bool,
    /// The last submit is settled as one that did not count, though the state does not say so yet: it is counted already.
    pub absent: bool,
    /// The definite answer that settled the last permit, where the list was still to be read after it.
    pub refused: Option<Answer>,
    /// Log-ins for staging whose credentials the site has seen.
    pub logins: u8,
    /// The same to read the list after the last submit.
    pub verify_logins: u8,
    /// No booking asks for it any more: what may have been submitted is read, and nothing follows.
    pub called_off: bool,
}

impl Past {
    /// A new attempt.
    pub const NONE: Self = Self {
        state: State::Planned,
        uncertain: 0,
        lost: Vec::new(),
        held: Vec::new(),
        choice: 0,
        claimed: false,
        absent: false,
        refused: None,
        logins: 0,
        verify_logins: 0,
        called_off: false,
    };
}
