//! Lengths of time as a person types them: `30s`, `250ms`, `1m30s`, `20..60ms`.

use jiff::SignedDuration;

use super::options::Latency;

/// A text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not a number with a unit.
    #[error("`{0}` is not a length of time; write a number and its unit, such as 30s, 250ms or 1m30s")]
    Unreadable(String),
    /// Below zero where only waiting makes sense.
    #[error("`{0}` is negative; the club can only wait")]
    Negative(String),
    /// The upper end of a range is below the lower end.
    #[error("`{0}` ends before it begins; write the shorter time first, such as 20..60ms")]
    Backwards(String),
}

/// A time to wait.
pub(crate) fn wait(text: &str) -> Result<SignedDuration, SpanError> {
    let span = signed(text)?;
    if span.is_negative() { Err(SpanError::Negative(text.to_owned())) } else { Ok(span) }
}

/// A difference between clocks; a bare number means seconds.
pub(crate) fn offset(text: &str) -> Result<SignedDuration, SpanError> {
    match text.trim().parse::<f64>() {
        Ok(seconds) => SignedDuration::try_from_secs_f64(seconds).map_err(|_| SpanError::Unreadable(text.to_owned())),
        Err(_) => signed(text),
    }
}

/// `20..60ms`, `20ms..1s`, or `40ms` for both ends.
pub(crate) fn latency(text: &str) -> Result<Latency, SpanError> {
    let Some((from, to)) = text.split_once("..") else {
        let both = wait(text)?;
        return Ok(Latency { from: both, to: both });
    };
    let to_span = wait(to).map_err(|_| SpanError::Unreadable(text.to_owned()))?;
    let from_span = wait(from).or_else(|_| wait(&format!("{from}{}", unit_of(to))));
    let from_span = from_span.map_err(|_| SpanError::Unreadable(text.to_owned()))?;
    if from_span > to_span {
        Err(SpanError::Backwards(text.to_owned()))
    } else {
        Ok(Latency { from: from_span, to: to_span })
    }
}

fn signed(text: &str) -> Result<SignedDuration, SpanError> {
    text.trim().parse().map_err(|_| SpanError::Unreadable(text.to_owned()))
}

fn unit_of(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(i64) -> SignedDuration = SignedDuration::from_millis;

    #[test]
    fn lengths_are_read_with_their_unit() {
        assert_eq!(wait("30s"), Ok(MS(30_000)));
        assert_eq!(wait("1m30s"), Ok(MS(90_000)));
        assert_eq!(wait("1.5s"), Ok(MS(1_500)));
        assert_eq!(wait("30"), Err(SpanError::Unreadable("30".into())));
        assert_eq!(wait("-30s"), Err(SpanError::Negative("-30s".into())));
        assert_eq!(wait("soon"), Err(SpanError::Unreadable("soon".into())));
    }

    #[test]
    fn a_clock_is_off_by_seconds_either_way() {
        assert_eq!(offset("-2.5"), Ok(MS(-2_500)));
        assert_eq!(offset("7"), Ok(MS(7_000)));
        assert_eq!(offset("-250ms"), Ok(MS(-250)));
        assert!(offset("NaN").is_err());
        assert!(offset("1e300").is_err());
    }

    #[test]
    fn a_range_may_share_its_unit() {
        let range = |from, to| Ok(Latency { from: MS(from), to: MS(to) });
        assert_eq!(latency("20..60ms"), range(20, 60));
        assert_eq!(latency("20ms..1s"), range(20, 1_000));
        assert_eq!(latency("40ms"), range(40, 40));
        assert_eq!(latency("60..20ms"), Err(SpanError::Backwards("60..20ms".into())));
        assert_eq!(latency("20..60"), Err(SpanError::Unreadable("20..60".into())));
    }
}
