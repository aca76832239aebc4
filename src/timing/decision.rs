//! What the machine wants done.

use jiff::Timestamp;

use crate::model::{Answer, Outcome, State};

/// Records to write, in order, and then one thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Written to the store before `next` is begun.
    pub records: Vec<Record>,
    /// The one thing to do; its result is the next event.
    pub next: Next,
}

/// Something that must be durable before the next thing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The attempt enters a state.
    Enter(State),
    /// What the site answered to the submit. A definite refusal settles the permit; a claim of success waits for the list.
    Settle(Answer),
    /// The site's list, read twice after the settle time, does not have what the open permit may have booked.
    Absent,
    /// The open permit is given back: the submit provably never left this machine.
    Release,
}

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait, then [`super::Event::Woke`].
    Wait(Timestamp),
    /// Open a session where there is none, log in, read the list, stage the choice.
    Stage {
        /// Which choice.
        choice: usize,
        /// Whether a session that is still there may be used, by way of the retry steps.
        reuse: bool,
    },
    /// Ask whether the staged session is still logged in.
    CheckLogin,
    /// Wait until `at`, then run the opening steps.
    Open {
        /// Which choice.
        choice: usize,
        /// Never before.
        at: Timestamp,
    },
    /// Put the permit into the store.
    Spend {
        /// Which choice.
        choice: usize,
    },
    /// Submit, never before `at`, and read the answer.
    Fire {
        /// Which choice.
        choice: usize,
        /// Never before.
        at: Timestamp,
    },
    /// End the session that may still submit, and wait until that is certain.
    Fence,
    /// Read the site's list for every choice of the attempt.
    ReadList,
    /// Over: the terminal state, with what a person should read.
    End {
        /// The word.
        outcome: Outcome,
        /// The reason, in words.
        note: String,
        /// The choice that was won.
        won: Option<usize>,
        /// The site holds more than one booking of ours.
        duplicate: bool,
    },
}
