//! From a wall-clock time to the instant at which the wall shows it.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The first instant at which the wall clock of the zone shows `local` or later: of a doubled time the earlier one, of a
/// missing one the end of the gap.
pub(super) fn first_instant(local: DateTime, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local)
        }
        AmbiguousOffset::Gap { before, .. } => {
            let within = before.to_timestamp(local)?.checked_add(SignedDuration::from_nanos(1))?;
            Ok(zone.preceding(within).next().map_or(within, |transition| transition.timestamp()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_and_missing_times_have_one_answer() {
        let zone = TimeZone::get("America/New_York").expect("bundled");
        let table = [
            ("2027-07-18T17:00", "2027-07-18T21:00:00Z"),
            ("2027-03-14T01:59", "2027-03-14T06:59:00Z"),
            ("2027-03-14T02:00", "2027-03-14T07:00:00Z"),
            ("2027-03-14T02:30", "2027-03-14T07:00:00Z"),
            ("2027-03-14T03:00", "2027-03-14T07:00:00Z"),
            ("2027-11-07T01:30", "2027-11-07T05:30:00Z"),
        ];
        for (local, wanted) in table {
            let found = first_instant(local.parse().expect("a time"), &zone).expect("in range");
            assert_eq!(found, wanted.parse::<Timestamp>().expect("an instant"), "{local}");
        }
    }
}
