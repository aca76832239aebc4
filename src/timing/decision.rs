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
    /// The choice is not tried again, though the site has not refused a submit of it: it offers it no more, or its time is over.
    Lost {
        /// Which choice.
        choice: usize,
    },
}

/// What staging begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Staging {
    /// The log-in, in a session where no credentials were sent before; the list is read, and then prepare/ and choose/ are
    /// done.
    LogIn,
    /// prepare/ and choose/ in the session that is there. No credentials are sent: where nobody is logged in, the answer is
    /// login-expired.
    Again,
    /// retry/ and choose/ in the session that is there, from a refusal. No credentials are sent, as with `Again`.
    Retry,
}

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait, then [`super::Event::Woke`].
    Wait(Timestamp),
    /// Stage the choice.
    Stage {
        /// Which choice.
        choice: usize,
        /// What it begins with.
        from: Staging,
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
    /// Wait until `at`, and then ask who has the times of the choices: [`super::Event::Held`].
    AskHolders {
        /// Not before.
        at: Timestamp,
        /// First give the session back: the others of the account need it.
        rest: bool,
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
    ReadList {
        /// Whether credentials may be sent for it, where nobody is logged in.
        may_log_in: bool,
    },
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
