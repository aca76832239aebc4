//! What the engine tells whoever listens: the terminal, the dashboard, the log.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::model::{Answer, Attempt, AttemptId, BookingName, Choice, MemberId, Outcome, State};
use crate::timing::{Listing, Offset};

/// Something that happened, with its instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// In which attempt; none for what concerns the engine as a whole.
    pub attempt: Option<AttemptId>,
    /// What.
    pub what: What,
}

impl What {
    /// The site's list was read.
    pub(super) fn listed(listing: &Listing) -> Self {
        match listing {
            Listing::Found { rows, .. } => Self::Listed { rows: *rows },
            Listing::Absent => Self::Listed { rows: 0 },
            Listing::CannotTell(why) => Self::Trouble(format!("the site's list could not be read: {why}")),
        }
    }

    /// An attempt was taken up.
    pub(super) fn taken_up(attempt: &Attempt) -> Self {
        Self::TakenUp {
            booking: attempt.booking.clone(),
            member: attempt.member.clone(),
            date: attempt.date,
            opening: attempt.opening,
            open_already: attempt.opening <= attempt.planned_at,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An attempt was taken up.
    TakenUp {
        /// Whose wish it serves.
        booking: BookingName,
        /// Whose account.
        member: MemberId,
        /// The slot's date.
        date: Date,
        /// The first instant at which it can be booked.
        opening: Timestamp,
        /// It could be booked already when it was planned: the opening is no instant that anything is measured from.
        open_already: bool,
    },
    /// The attempt entered a state.
    Entered(State),
    /// The attempt waits.
    Waiting {
        /// Until when.
        until: Timestamp,
    },
    /// A step of a flow was done.
    Step {
        /// The folder it is in.
        phase: &'static str,
        /// `file:line:column`.
        place: String,
        /// How long it took.
        took: Duration,
    },
    /// The site was asked for its time.
    SiteClock {
        /// How far its clock is ahead of ours.
        offset: Offset,
        /// Whether openings are taken by it from now on.
        follows: bool,
    },
    /// Something reversible failed; the machine decides what follows.
    Trouble(String),
    /// The submit left.
    Sent {
        /// The choice that was submitted.
        choice: Choice,
        /// By which mode.
        mode: &'static str,
        /// When, by this machine's clock.
        sent: Timestamp,
        /// How long after the opening; none for a date that was open when it was planned.
        late: Option<SignedDuration>,
    },
    /// The site answered.
    Answered(Answer),
    /// The site's list was read.
    Listed {
        /// Rows that are ours.
        rows: u32,
    },
    /// Over.
    Ended {
        /// The word.
        outcome: Outcome,
        /// Why, for a person.
        note: String,
        /// The choice that was won.
        won: Option<Choice>,
    },
    /// A new configuration is in force; what changed, in words.
    Reloaded(Vec<String>),
    /// A configuration was refused, and the old one kept.
    Refused {
        /// How many errors it has, in which files.
        errors: String,
    },
    /// The engine works with less than it should.
    Degraded(String),
    /// Something worth knowing, for people.
    Note(String),
}
