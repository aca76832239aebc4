//! Lengths of time as a person says them.

use jiff::{SignedDuration, Timestamp};

use crate::schedule::is_always_open;

/// From here on days are counted, and nobody measures.
const LONG: i64 = 172_800;

/// Tenths of a millisecond, of a second, and then whole things: `14.0 ms`, `16.4 s`, `3 min 20 s`, `24 h 0 min`, `10 days`.
pub(super) fn span(span: SignedDuration) -> String {
    let span = span.abs();
    let (ms, seconds) = (span.as_millis(), span.as_secs());
    match seconds {
        0 => format!("{ms}.{} ms", span.subsec_micros() / 100 % 10),
        1..90 => format!("{seconds}.{} s", ms / 100 % 10),
        90..5_400 => format!("{} min {} s", seconds / 60, seconds % 60),
        5_400..LONG => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// An opening for programs; null for a court that can be booked at any time.
pub(super) fn opening_of(opening: Timestamp) -> Option<String> {
    (!is_always_open(opening)).then(|| opening.to_string())
}

/// How far something is from an opening, for a column: `-16.4 s`, `+14.0 ms`, and from days on `229 days before`.
pub(super) fn distance(from_opening: SignedDuration) -> String {
    let (length, negative) = (span(from_opening), from_opening.is_negative());
    match (from_opening.as_secs().abs() >= LONG, negative) {
        (true, true) => format!("{length} before"),
        (true, false) => format!("{length} after"),
        (false, true) => format!("-{length}"),
        (false, false) => format!("+{length}"),
    }
}

/// The same in a sentence: `+14.0 ms after the opening`, `3 days after the opening`.
pub(super) fn of_opening(late: SignedDuration) -> String {
    format!("{} after the opening", distance(late).trim_end_matches(" after"))
}

/// How far something is from now: `in 3 min 20 s`, `10 days ago`.
pub(super) fn from_now(to: SignedDuration) -> String {
    let whole = SignedDuration::from_secs(to.abs().as_secs());
    let length = if whole.as_secs() < 90 { format!("{} s", whole.as_secs()) } else { span(whole) };
    if to.is_negative() { format!("{length} ago") } else { format!("in {length}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_read() {
        let said = |us| distance(SignedDuration::from_micros(us));
        assert_eq!(said(0), "+0.0 ms");
        assert_eq!(said(-490_250), "-490.2 ms");
        assert_eq!(said(14_930), "+14.9 ms");
        assert_eq!(said(-16_413_000), "-16.4 s");
        assert_eq!(said(-200_000_000), "-3 min 20 s");
        assert_eq!(said(-86_400_000_000), "-24 h 0 min");
        assert_eq!(said(-229 * 86_400_000_000), "229 days before");
        assert_eq!(said(3 * 86_400_000_000), "3 days after");
    }

    #[test]
    fn lateness_is_a_sentence() {
        assert_eq!(of_opening(SignedDuration::from_millis(14)), "+14.0 ms after the opening");
        assert_eq!(of_opening(SignedDuration::from_hours(72)), "3 days after the opening");
    }

    #[test]
    fn the_future_and_the_past_are_told_apart() {
        let said = |seconds| from_now(SignedDuration::from_secs(seconds));
        assert_eq!(said(42), "in 42 s");
        assert_eq!(said(-200), "3 min 20 s ago");
        assert_eq!(said(9 * 86_400), "in 9 days");
        assert_eq!(said(-229 * 86_400), "229 days ago");
    }

    #[test]
    fn a_court_that_is_always_open_has_no_opening() {
        assert_eq!(opening_of(crate::schedule::ALWAYS_OPEN), None);
        let opening: Timestamp = "2027-07-09T06:00:00Z".parse().expect("an instant");
        assert_eq!(opening_of(opening).as_deref(), Some("2027-07-09T06:00:00Z"));
    }
}
