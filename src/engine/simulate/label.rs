//! What an attempt is called in a story: the same after a restart, when ids may not be known.

use std::fmt;

use jiff::civil::Date;

use crate::model::{Attempt, BookingName, MemberId};

/// Member, booking and date: what makes an attempt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    pub(super) member: MemberId,
    pub(super) booking: BookingName,
    pub(super) date: Date,
}

impl From<&Attempt> for Label {
    fn from(attempt: &Attempt) -> Self {
        Self { member: attempt.member.clone(), booking: attempt.booking.clone(), date: attempt.date }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} “{}” {}", self.member, self.booking, self.date)
    }
}
