//! What the engine does for one occurrence.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{AttemptId, BookingName, MemberId, Outcome, SiteId, Status};

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Known, nothing done yet.
    Planned,
    /// A session is being opened, logged in and staged.
    Preparing,
    /// Staged up to the last reversible click.
    Ready,
    /// A permit is spent: the submit may have happened.
    Submitting,
    /// The site says that it worked.
    Confirming,
    /// Nobody knows whether the submit counted.
    Unknown,
    /// The site's list is being read.
    Verifying,
    /// On the site's waiting list.
    Waitlisted,
    /// Over.
    Ended(Outcome),
}

impl State {
    /// The word in the database; an ended attempt is stored by its outcome.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Submitting => "submitting",
            Self::Confirming => "confirming",
            Self::Unknown => "unknown",
            Self::Verifying => "verifying",
            Self::Waitlisted => "waitlisted",
            Self::Ended(outcome) => outcome.as_str(),
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        const LIVE: [State; 8] = [
            State::Planned,
            State::Preparing,
            State::Ready,
            State::Submitting,
            State::Confirming,
            State::Unknown,
            State::Verifying,
            State::Waitlisted,
        ];
        LIVE.into_iter().find(|state| state.as_str() == word).or_else(|| Outcome::parse(word).map(State::Ended))
    }

    /// What a user is told.
    pub fn status(self) -> Status {
        match self {
            Self::Planned => Status::Scheduled,
            Self::Waitlisted => Status::Waitlisted,
            Self::Ended(outcome) => outcome.status(),
            _ => Status::Processing,
        }
    }

    /// Whether nothing will happen any more.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Ended(_))
    }

    /// Whether a submit may have happened whose result nobody has read from the site's list yet.
    pub fn is_spent(self) -> bool {
        matches!(self, Self::Submitting | Self::Confirming | Self::Unknown | Self::Verifying)
    }
}

/// An attempt as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The booking it serves.
    pub booking: BookingName,
    /// Whose account.
    pub member: MemberId,
    /// Where.
    pub site: SiteId,
    /// The local date of the slot.
    pub date: Date,
    /// The first instant at which it can be booked.
    pub opening: Timestamp,
    /// Where it stands.
    pub state: State,
    /// Permits spent so far.
    pub submits: u8,
    /// When it was first planned.
    pub created_at: Timestamp,
    /// When it was last planned: at first, or when it was moved, came back or was asked for again.
    pub planned_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Cancelled because no booking asked for it any more; it is planned again when one does.
    pub withdrawn: bool,
    /// What a person should read beside the outcome, without secrets.
    pub note: Option<String>,
}
