//! One date of a booking, and the choices it is tried with.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use super::{BookingName, CourtName, MemberId, SiteId};

/// One date of a booking, with its choices resolved to instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The booking it comes from.
    pub booking: BookingName,
    /// Whose account books.
    pub member: MemberId,
    /// Where.
    pub site: SiteId,
    /// The local date of the slot.
    pub date: Date,
    /// In order of preference; never empty. Choices may open at different instants.
    pub choices: Vec<Choice>,
}

impl Occurrence {
    /// The first instant at which any choice can be booked.
    pub fn opening(&self) -> Timestamp {
        self.choices.iter().map(|choice| choice.opening).min().unwrap_or(Timestamp::MAX)
    }
}

/// One (court, time) of an attempt's ordered preferences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The club's word for the court.
    pub court: CourtName,
    /// The site's own id of the court.
    pub court_site_id: String,
    /// Local date and start time of the slot in the site's zone.
    pub start: DateTime,
    /// How long the slot lasts.
    pub length: SignedDuration,
    /// The instant at which this choice can first be booked.
    pub opening: Timestamp,
    /// The instant at which the slot itself begins.
    pub starts_at: Timestamp,
}

impl Choice {
    /// Local end of the slot, by the wall clock.
    pub fn end(&self) -> DateTime {
        self.start.saturating_add(self.length)
    }
}
