//! Lengths of time as a user writes them: `90s`, `250ms`, `1h30m`.

use jiff::SignedDuration;

/// The units, longest first, and their milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Why a text is not a length of time; goes on after the name of what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    /// No number, no unit, or an unknown one.
    #[error("is not a length of time")]
    Form,
    /// Days and weeks are not always the same length.
    #[error("is not an exact length of time")]
    Calendar,
    /// Units out of order, or one twice.
    #[error("does not have its units from long to short, each once")]
    Order,
    /// More than can be counted.
    #[error("is too long")]
    TooLong,
}

/// Parses numbers with units from long to short, each unit at most once.
pub(super) fn parse(text: &str) -> Result<SignedDuration, DurationError> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    if rest.is_empty() {
        return Err(DurationError::Form);
    }
    while !rest.is_empty() {
        let (amount, factor, after) = leading_part(rest)?;
        if factor >= last {
            return Err(DurationError::Order);
        }
        let part = amount.checked_mul(factor).ok_or(DurationError::TooLong)?;
        total = total.checked_add(part).ok_or(DurationError::TooLong)?;
        (last, rest) = (factor, after.trim_start());
    }
    i64::try_from(total).map(SignedDuration::from_millis).map_err(|_| DurationError::TooLong)
}

/// The shortest text that [`parse`] reads as this length; nothing finer than a millisecond is written.
pub(super) fn words(length: SignedDuration) -> String {
    let mut left = length.as_millis().unsigned_abs();
    let mut out = String::new();
    for (unit, factor) in UNITS {
        let amount = left / u128::from(factor);
        if amount > 0 {
            out.push_str(&format!("{amount}{unit}"));
            left -= amount * u128::from(factor);
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// The first number and its unit: amount, milliseconds of the unit, and what follows.
fn leading_part(text: &str) -> Result<(u64, u64, &str), DurationError> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(DurationError::Form)?;
    let (number, rest) = text.split_at(digits);
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, after) = rest.split_at(end);
    if number.is_empty() || unit.is_empty() {
        return Err(DurationError::Form);
    }
    if ["d", "day", "days", "w", "week", "weeks"].contains(&unit) {
        return Err(DurationError::Calendar);
    }
    let (_, factor) = UNITS.iter().find(|(word, _)| *word == unit).ok_or(DurationError::Form)?;
    let amount = number.parse().map_err(|_| DurationError::TooLong)?;
    Ok((amount, *factor, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [
            ("90s", 90_000),
            ("250ms", 250),
            ("10m", 600_000),
            ("168h", 604_800_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(SignedDuration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        use DurationError::*;
        for (text, why) in [
            ("", Form),
            ("90", Form),
            ("s", Form),
            ("-5s", Form),
            ("1.5h", Form),
            ("5min", Form),
            ("7d", Calendar),
            ("1m1h", Order),
            ("1s1s", Order),
            ("99999999999999999999h", TooLong),
            ("9999999999999999999h", TooLong),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn words_are_read_back(millis in 0i64..1_000_000_000_000) {
            let length = SignedDuration::from_millis(millis);
            prop_assert_eq!(parse(&words(length)), Ok(length));
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = parse(&text);
        }
    }
}
