//! A request, one-off or repeating.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Date, Time};

use super::{BookingName, CourtName, MemberId};

/// What a member wants. Identity = member + name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Unique per member.
    pub name: BookingName,
    /// Whose account books.
    pub member: MemberId,
    /// In order of preference; never empty (left out in the file: every court of the site, in its order).
    pub courts: Vec<CourtName>,
    /// Start times in order of preference; never empty.
    pub times: Vec<Time>,
    /// How long the slot lasts.
    pub length: SignedDuration,
    /// Which of the two lists wins.
    pub prefer: Prefer,
    /// The date or dates.
    pub when: When,
    /// Not attempted while true.
    pub paused: bool,
    /// Free words for the selector files: `{booking.KEY}` (partner, guests).
    pub variables: BTreeMap<String, String>,
}

/// Which axis of courts × times is walked last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefer {
    /// The first time on every court before the second time.
    #[default]
    Time,
    /// The first court at every time before the second court.
    Court,
}

/// The dates of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// One date.
    Once(Date),
    /// An RFC 5545 rule over dates.
    Repeat {
        /// The rule without `DTSTART` (`FREQ=WEEKLY;BYDAY=WE`).
        rule: String,
        /// The first date the rule counts from.
        from: Date,
        /// Dates left out (EXDATE, and occurrences a person skipped).
        except: Vec<Date>,
    },
}
