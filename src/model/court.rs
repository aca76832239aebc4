//! A bookable resource of a site, and the rule that says when it opens.

use jiff::SignedDuration;
use jiff::civil::Time;

use super::CourtName;

/// A court as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Court {
    /// The club's word for it ("1").
    pub name: CourtName,
    /// The site's own id ("5").
    pub site_id: String,
    /// When a slot of this court can first be booked.
    pub opens: OpeningRule,
}

/// When a slot can first be booked, in the site's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningRule {
    /// Today and the `days - 1` dates after it can be booked; a new date appears with the first instant of a local date.
    VisibleDays {
        /// How many dates are visible, today included; at least 1.
        days: u16,
        /// Which end of the slot the window is measured to.
        measured_to: MeasuredTo,
    },
    /// The local time `at` on the date that lies `days` days before.
    DaysBefore {
        /// Whole calendar days.
        days: u16,
        /// Local time of day; a doubled or missing one means the first instant that is not before it.
        at: Time,
        /// Which end of the slot the days are counted from.
        measured_to: MeasuredTo,
    },
    /// An exact elapsed time before the slot.
    Before {
        /// The elapsed time; `168h` is not always seven calendar days.
        span: SignedDuration,
        /// Which end of the slot it is measured to.
        measured_to: MeasuredTo,
    },
    /// Bookable at any time.
    Always,
}

/// The end of a slot that a window is measured to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeasuredTo {
    /// The slot's start: what most sites do.
    #[default]
    Start,
    /// The slot's end: opens one slot length later than a naive reader expects.
    End,
}
