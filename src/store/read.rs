//! From columns to words and back.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::StoreErrorKind;

/// Nanoseconds since 1970 UTC, clamped to what 64 bits hold.
pub(super) fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

pub(super) fn instant(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).expect("64 bits of nanoseconds are less than a timestamp holds")
}

/// The columns of a row, each read as what it means.
pub(super) trait Columns {
    fn text(&self, column: &'static str) -> Result<String, StoreErrorKind>;
    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreErrorKind>;
    fn number(&self, column: &'static str) -> Result<i64, StoreErrorKind>;
    fn maybe_number(&self, column: &'static str) -> Result<Option<i64>, StoreErrorKind>;

    fn instant(&self, column: &'static str) -> Result<Timestamp, StoreErrorKind> {
        self.number(column).map(instant)
    }

    fn date(&self, column: &'static str) -> Result<Date, StoreErrorKind> {
        let text = self.text(column)?;
        text.parse().map_err(|_| StoreErrorKind::value(column, text))
    }

    fn local(&self, column: &'static str) -> Result<DateTime, StoreErrorKind> {
        let text = self.text(column)?;
        text.parse().map_err(|_| StoreErrorKind::value(column, text))
    }

    /// A word of a closed list.
    fn word<T>(&self, column: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreErrorKind> {
        let text = self.text(column)?;
        parse(&text).ok_or_else(|| StoreErrorKind::value(column, text))
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, StoreErrorKind> {
        Ok(self.try_get(column)?)
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreErrorKind> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: &'static str) -> Result<i64, StoreErrorKind> {
        Ok(self.try_get(column)?)
    }

    fn maybe_number(&self, column: &'static str) -> Result<Option<i64>, StoreErrorKind> {
        Ok(self.try_get(column)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_nanoseconds_and_are_clamped_at_the_ends() {
        let at: Timestamp = "2027-07-18T06:00:00.123456789Z".parse().expect("an instant");
        assert_eq!(instant(nanos(at)), at);
        assert_eq!(nanos(Timestamp::MAX), i64::MAX);
        assert_eq!(nanos(Timestamp::MIN), i64::MIN);
    }

    #[test]
    fn local_times_sort_as_texts() {
        let texts = ["2027-07-18T09:30:00", "2027-07-18T17:00:00", "2027-11-01T00:00:00"];
        for text in texts {
            let time: DateTime = text.parse().expect("a local time");
            assert_eq!(time.to_string(), text);
        }
        assert!(texts.is_sorted());
    }
}
