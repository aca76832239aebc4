//! From a wall clock to an instant.
//!
//! Clocks that are put forward leave local times out, clocks that are put back show them twice. There is one answer for
//! both: the first instant whose local time is not before the one asked for. A missing time is the instant of the
//! change, a doubled one is its first showing.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// Changes of a zone's clock that are looked at after a missing local time; the first is the one, but for renamings.
const CHANGES: usize = 8;

/// What a local time is in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// Shown once.
    Once,
    /// Left out.
    Missing,
    /// Shown twice.
    Doubled,
}

/// The first instant at which the zone's clocks show `wall` or, where they never do, something later.
pub fn first_instant(wall: DateTime, zone: &TimeZone) -> Timestamp {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => instant(wall, offset),
        AmbiguousOffset::Gap { before, after } => {
            let change = |at: &Timestamp| zone.to_datetime(*at) >= wall;
            let mut changes = zone.following(instant(wall, after)).take(CHANGES).map(|change| change.timestamp());
            changes.find(change).unwrap_or_else(|| instant(wall, before))
        }
    }
}

/// The second instant at which the zone's clocks show `wall`, where they show it twice.
pub fn second_instant(wall: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Fold { after, .. } => Some(instant(wall, after)),
        _ => None,
    }
}

/// The first instant of a local date.
pub fn start_of(date: Date, zone: &TimeZone) -> Timestamp {
    first_instant(date.to_datetime(Time::midnight()), zone)
}

/// Whether the zone's clocks show `wall` once, never or twice.
pub fn showing(wall: DateTime, zone: &TimeZone) -> Showing {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { .. } => Showing::Once,
        AmbiguousOffset::Gap { .. } => Showing::Missing,
        AmbiguousOffset::Fold { .. } => Showing::Doubled,
    }
}

/// At the ends of time an instant is cut to what can be written down.
fn instant(wall: DateTime, offset: Offset) -> Timestamp {
    offset.to_timestamp(wall).unwrap_or(if wall.year() < 1970 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Clocks jump from 23:30 to 00:30, so that the date begins at half past midnight.
    const OVER_MIDNIGHT: &str = "XST5XDT4,J100/23:30,J300/2";

    #[test]
    fn a_missing_midnight_is_the_instant_of_the_change() {
        let zone = TimeZone::posix(OVER_MIDNIGHT).expect("a zone");
        let first = start_of(date(2027, 4, 11), &zone);
        assert_eq!(first, "2027-04-11T04:30:00Z".parse().expect("a timestamp"));
        assert_eq!(showing(date(2027, 4, 11).at(0, 0, 0, 0), &zone), Showing::Missing);
        // The control: the usual way of the books, adding the length of the gap, is half an hour late here.
        let usual = date(2027, 4, 11).to_zoned(zone).expect("a date").timestamp();
        assert_eq!(usual.duration_since(first).as_mins(), 30);
    }

    #[test]
    fn a_doubled_midnight_has_a_second_showing() {
        let zone = TimeZone::posix("CST5CDT,M3.2.0/0,M11.1.0/1").expect("a zone as Havana's");
        let midnight = date(2027, 11, 7).at(0, 0, 0, 0);
        let second = second_instant(midnight, &zone).expect("it comes twice");
        assert_eq!(second.duration_since(first_instant(midnight, &zone)).as_hours(), 1);
        assert_eq!(zone.to_datetime(second), midnight);
        assert_eq!(second_instant(date(2027, 11, 8).at(0, 0, 0, 0), &zone), None);
        assert_eq!(second_instant(date(2027, 3, 14).at(0, 0, 0, 0), &zone), None, "it does not come at all");
    }

    #[test]
    fn a_date_that_does_not_exist_begins_with_the_next_one() {
        let zone = TimeZone::get("Pacific/Apia").expect("a zone");
        assert_eq!(start_of(date(2011, 12, 30), &zone), start_of(date(2011, 12, 31), &zone));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let zone = TimeZone::fixed(jiff::tz::offset(-9));
        assert_eq!(start_of(Date::MAX, &zone), Timestamp::MAX);
        assert_eq!(start_of(Date::MIN, &TimeZone::fixed(jiff::tz::offset(9))), Timestamp::MIN);
    }
}
