//! When a slot can first be booked.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::instant::{first_instant, second_instant};
use crate::model::{Choice, MeasuredTo, OpeningRule, Site};

/// The opening of what can be booked at any time: an instant that is past for everybody.
pub const ALWAYS_OPEN: Timestamp = Timestamp::UNIX_EPOCH;

/// Openings before it are no club's: [`ALWAYS_OPEN`], and what it becomes by a clock that differs.
const FIRST_OF_ALL: Timestamp = Timestamp::constant(86_400 * 365, 0);

/// Whether such an opening, of whichever clock, says that the slot can be booked at any time.
pub fn is_always_open(opening: Timestamp) -> bool {
    opening < FIRST_OF_ALL
}

/// The first instant at which the slot that starts at the local time `start` and lasts `length` can be booked;
/// [`ALWAYS_OPEN`] when there is no such instant.
pub fn opening(rule: OpeningRule, start: DateTime, length: SignedDuration, zone: &TimeZone) -> Timestamp {
    match rule {
        OpeningRule::Always => ALWAYS_OPEN,
        OpeningRule::Before { span, measured_to } => {
            let end = first_instant(measured(start, length, measured_to), zone);
            end.checked_sub(span).unwrap_or(if span.is_negative() { Timestamp::MAX } else { Timestamp::MIN })
        }
        OpeningRule::VisibleDays { .. } | OpeningRule::DaysBefore { .. } => {
            named_time(rule, start, length).map_or(ALWAYS_OPEN, |wall| first_instant(wall, zone))
        }
    }
}

/// The local time that the rule names as the opening, where it names one: a span of elapsed time does not.
pub fn named_time(rule: OpeningRule, start: DateTime, length: SignedDuration) -> Option<DateTime> {
    match rule {
        OpeningRule::VisibleDays { days, measured_to } => {
            let date = days_before(measured(start, length, measured_to).date(), days.saturating_sub(1));
            Some(date.to_datetime(Time::midnight()))
        }
        OpeningRule::DaysBefore { days, at, measured_to } => {
            Some(days_before(measured(start, length, measured_to).date(), days).to_datetime(at))
        }
        OpeningRule::Before { .. } | OpeningRule::Always => None,
    }
}

/// From a choice's opening to the second showing of the local time that its court's rule names, where that comes twice and the
/// opening is the first: the site may mean either.
pub fn second_showing(choice: &Choice, site: &Site, zone: &TimeZone) -> Option<Duration> {
    let rule = site.court(&choice.court)?.opens;
    let named = named_time(rule, choice.start, choice.length)?;
    if choice.opening != first_instant(named, zone) {
        return None;
    }
    Duration::try_from(second_instant(named, zone)?.duration_since(choice.opening)).ok()
}

/// The end of the slot that counts, by the wall clock. A slot that ends at 24:00 ends on the next date.
fn measured(start: DateTime, length: SignedDuration, to: MeasuredTo) -> DateTime {
    match to {
        MeasuredTo::Start => start,
        MeasuredTo::End => start.saturating_add(length),
    }
}

fn days_before(date: Date, days: u16) -> Date {
    date.saturating_sub(Span::new().days(i64::from(days)))
}
