//! The last part of a hole: how a value is written.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::fmt::strtime;

use crate::report::did_you_mean;

use super::TemplateError;
use super::locale::Language;
use super::word::{Moment, Turn, Word};
use crate::flow::raw::list;

/// Moves on the calendar, by name.
pub(super) const TURNS: [(&str, Turn); 4] = [
    ("week-start-monday", Turn::WeekStart(Weekday::Monday)),
    ("week-start-sunday", Turn::WeekStart(Weekday::Sunday)),
    ("month-start", Turn::MonthStart),
    ("month-end", Turn::MonthEnd),
];

/// How a value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As the text it is.
    Plain,
    /// strftime, of the wall clock.
    Strftime(String, Language),
    /// strftime with a zone directive, of the instant.
    Zoned(String, Language),
    /// Seconds of the Unix epoch.
    Epoch,
    /// Milliseconds of the Unix epoch.
    EpochMs,
    /// `2027-07-18T17:00:00-06:00`
    Rfc3339,
    /// `2027-07-18T23:00:00Z`
    Utc,
    /// Since local midnight.
    SecondsOfDay,
    /// Since local midnight.
    MinutesOfDay,
    /// The hour minus a first hour.
    HourIndex(i64),
    /// How many slot lengths after a first hour.
    SlotIndex(i64),
    /// The weekday as a number: which day is first, and its number.
    Weekday(Weekday, i64),
    /// A length in units of so many seconds.
    Length(i64),
}

/// Named formats of `date`.
const OF_DATE: [(&str, Format); 7] = [
    ("epoch", Format::Epoch),
    ("epoch-ms", Format::EpochMs),
    ("rfc3339", Format::Rfc3339),
    ("utc", Format::Utc),
    ("weekday-monday-1", Format::Weekday(Weekday::Monday, 1)),
    ("weekday-monday-0", Format::Weekday(Weekday::Monday, 0)),
    ("weekday-sunday-0", Format::Weekday(Weekday::Sunday, 0)),
];

/// Further named formats of `start` and `end`.
const OF_TIME: [(&str, Format); 2] =
    [("seconds-of-day", Format::SecondsOfDay), ("minutes-of-day", Format::MinutesOfDay)];

/// Named formats of `length`.
const OF_LENGTH: [(&str, Format); 3] =
    [("minutes", Format::Length(60)), ("hours", Format::Length(3600)), ("seconds", Format::Length(1))];

/// Every named format, turn, language and encoding, for suggestions.
const NAMES: [&str; 24] = [
    "iso",
    "epoch",
    "epoch-ms",
    "rfc3339",
    "utc",
    "seconds-of-day",
    "minutes-of-day",
    "hour-index-6",
    "slot-index-6",
    "weekday-monday-1",
    "weekday-monday-0",
    "weekday-sunday-0",
    "week-start-monday",
    "week-start-sunday",
    "month-start",
    "month-end",
    "minutes",
    "hours",
    "seconds",
    "url",
    "upper",
    "lower",
    "raw",
    "es",
];

/// What is done to a written value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Percent-encoded, as within one value of an address.
    Url,
    /// Capital letters.
    Upper,
    /// Small letters.
    Lower,
    /// Not escaped for the place where it goes.
    Raw,
}

impl Encoding {
    /// The encoding of that word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "url" => Some(Self::Url),
            "upper" => Some(Self::Upper),
            "lower" => Some(Self::Lower),
            "raw" => Some(Self::Raw),
            _ => None,
        }
    }
}

impl Format {
    /// How a word is written that says nothing of it.
    pub(super) fn default_for(word: &Word) -> Self {
        match word {
            Word::Moment(Moment::Date, _) => Self::Strftime("%Y-%m-%d".to_owned(), Language::default()),
            Word::Moment(..) => Self::Strftime("%H:%M".to_owned(), Language::default()),
            Word::Length => Self::Length(60),
            Word::Slot | Word::Text(_) => Self::Plain,
        }
    }
}

/// Parses a format: a name, or strftime, which may hold colons of its own.
pub(super) fn parse(text: &str, span: Range<usize>, word: &Word, language: Language) -> Result<Format, TemplateError> {
    if text.contains('%') {
        return strftime(text, span, word, language);
    }
    named(text, word).ok_or_else(|| unknown(text, span, word))
}

fn named(text: &str, word: &Word) -> Option<Format> {
    let find =
        |table: &[(&str, Format)]| table.iter().find(|(name, _)| *name == text).map(|(_, format)| format.clone());
    match word {
        Word::Moment(Moment::Date, _) if text == "iso" => Some(Format::default_for(word)),
        Word::Moment(Moment::Date, _) => find(&OF_DATE),
        Word::Moment(..) if text == "iso" => {
            Some(Format::Strftime("%Y-%m-%dT%H:%M:%S".to_owned(), Language::default()))
        }
        Word::Moment(..) => find(&OF_DATE).or_else(|| find(&OF_TIME)).or_else(|| indexed(text)),
        Word::Length => find(&OF_LENGTH),
        Word::Slot | Word::Text(_) => None,
    }
}

/// `hour-index-6`, `slot-index-6`.
fn indexed(text: &str) -> Option<Format> {
    let first = |prefix: &str| text.strip_prefix(prefix)?.parse::<i64>().ok().filter(|hour| (0..24).contains(hour));
    first("hour-index-").map(Format::HourIndex).or_else(|| first("slot-index-").map(Format::SlotIndex))
}

/// Tries the format on a sample, so that what passes here cannot fail later.
fn strftime(text: &str, span: Range<usize>, word: &Word, language: Language) -> Result<Format, TemplateError> {
    const DAY: Date = date(2027, 7, 18);
    const TIME: DateTime = DAY.at(17, 0, 0, 0);
    let format = text.to_owned();
    let tried = match word {
        Word::Moment(Moment::Date, _) => strtime::format(&format, DAY),
        Word::Moment(..) => strtime::format(&format, TIME),
        Word::Length => strtime::format(&format, TIME.time()),
        Word::Slot | Word::Text(_) => return Err(not_a_time(word, span)),
    };
    match tried {
        Ok(_) => Ok(Format::Strftime(format, language)),
        Err(_) if matches!(word, Word::Moment(..)) && fits_instant(text, word) => Ok(Format::Zoned(format, language)),
        Err(error) => Err(bad_strftime(text, &error, word, span)),
    }
}

/// Zone directives need the instant; of a date that would be its midnight, which nobody means by `%H`.
fn fits_instant(text: &str, word: &Word) -> bool {
    *word != Word::Length
        && !matches!(word, Word::Moment(Moment::Date, _))
        && strtime::format(text, &jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)).is_ok()
}

fn bad_strftime(text: &str, error: &jiff::Error, word: &Word, span: Range<usize>) -> TemplateError {
    let help = match word {
        Word::Moment(Moment::Date, _) => "`date` has no time of day: write `start` or `end` for hours and minutes",
        Word::Length => "a length is written with `%H`, `%M`, `%S`, or as `minutes`, `hours`, `seconds`",
        _ => "for example `%Y-%m-%d`, `%-d/%-m/%Y`, `%d.%m.%Y`, `%H:%M`, `%I:%M %p`, `%A`",
    };
    let message = format!("`{text}` does not go with `{}`: {error}", word.name());
    TemplateError { code: "bad-format", message, help: Some(help.to_owned()), span }
}

fn not_a_time(word: &Word, span: Range<usize>) -> TemplateError {
    const TIMES: [&str; 4] = ["date", "start", "end", "length"];
    let near = Some(word).filter(|word| word.is_variable()).and_then(|word| did_you_mean(word.name(), TIMES));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("times are {}; a text takes `url`, `upper`, `lower`", list(&TIMES)),
    };
    let message = format!("`{}` is a text, not a time", word.name());
    TemplateError { code: "bad-format", message, help: Some(help), span }
}

fn unknown(text: &str, span: Range<usize>, word: &Word) -> TemplateError {
    let looks_like_letters =
        text.chars().any(|c| "YMDHhmsA".contains(c)) && text.chars().all(|c| "YyMDdHhmsaA/.:- ".contains(c));
    let (message, help) = if NAMES.contains(&text) {
        (format!("`{text}` does not go with `{}`", word.name()), fitting(word))
    } else if looks_like_letters {
        (
            format!("unknown format `{text}`"),
            "formats are strftime: `%Y-%m-%d`, `%d/%m/%Y`, `%H:%M`, `%I:%M %p`".to_owned(),
        )
    } else {
        let help = did_you_mean(text, NAMES).map_or_else(|| fitting(word), |near| format!("did you mean `{near}`?"));
        (format!("unknown format `{text}`"), help)
    };
    TemplateError { code: "unknown-format", message, help: Some(help), span }
}

fn fitting(word: &Word) -> String {
    let names = |table: &[(&'static str, Format)]| table.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let fitting = match word {
        Word::Moment(Moment::Date, _) => [vec!["iso"], names(&OF_DATE)].concat(),
        Word::Moment(..) => {
            [vec!["iso"], names(&OF_DATE), names(&OF_TIME), vec!["hour-index-6", "slot-index-6"]].concat()
        }
        Word::Length => names(&OF_LENGTH),
        Word::Slot | Word::Text(_) => vec!["url", "upper", "lower", "raw"],
    };
    format!(
        "`{}` takes {}{}",
        word.name(),
        list(&fitting),
        if fitting.contains(&"raw") { "" } else { " or strftime (`%H:%M`)" }
    )
}
