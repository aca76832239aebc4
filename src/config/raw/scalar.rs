//! One value of one kind, from text (a variable, a default, a TOML string) or from a TOML value.

use jiff::civil::{Date, Time};
use toml::de::DeValue;
use toml::value::Datetime;

use crate::config::duration::{self, DurationError};
use crate::config::keys::{Key, Kind};
use crate::model::Secret;
use crate::report::{date_help, did_you_mean};

use super::section::{At, Origin, Value};

/// Longer texts are mistakes.
const MAX_TEXT: usize = 4096;

/// What is wrong with a value, and what to write instead. The message goes on after the key's name: `is empty`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

impl Wrong {
    fn value(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: "wrong-value", message: message.into(), help: help.into() }
    }
}

/// The default of a key, where it has one.
pub(in crate::config) fn default_of(key: &Key) -> Option<Value> {
    let text = key.default?;
    Some(from_text(key.kind, text, &Origin::Default).expect("the defaults are right: a test reads them all"))
}

/// Reads a text as a variable or a default holds it; a list's items are parted by commas.
pub(super) fn from_text(kind: Kind, text: &str, origin: &Origin) -> Result<Value, Wrong> {
    match kind {
        Kind::Flag => flag(text),
        Kind::Count { min, max } => match text.trim().parse() {
            Ok(number) => count(number, min, max),
            Err(_) => Err(Wrong::value(format!("is not a whole number: `{}`", short(text)), number_help(min, max))),
        },
        Kind::Secret => Ok(Value::Secret(Secret::new(text))),
        Kind::List(inner) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            let items: Result<Vec<_>, _> =
                items.map(|item| Ok(At { value: from_text(*inner, item, origin)?, origin: origin.clone() })).collect();
            items.map(Value::List)
        }
        _ => from_string(kind, text),
    }
}

/// Reads a TOML value of a kind that is neither list nor table.
pub(super) fn from_toml(kind: Kind, value: &DeValue<'_>) -> Result<Value, Wrong> {
    match (kind, value) {
        (Kind::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Count { min, max }, DeValue::Integer(number)) => {
            count(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX), min, max)
        }
        (Kind::Date, DeValue::Datetime(at)) => date(at).ok_or_else(|| wrong_kind(kind, value)),
        (Kind::Time | Kind::TimeToTheSecond, DeValue::Datetime(at)) => {
            time(at, kind).ok_or_else(|| wrong_kind(kind, value))
        }
        (Kind::Flag | Kind::Count { .. }, DeValue::String(_)) => Err(wrong_kind(kind, value)),
        (_, DeValue::String(text)) => from_string(kind, text),
        _ => Err(wrong_kind(kind, value)),
    }
}

/// The mistake of writing one kind where another belongs.
pub(super) fn wrong_kind(kind: Kind, value: &DeValue<'_>) -> Wrong {
    if let (Kind::WordOr(..), DeValue::String(text)) = (kind, value) {
        return Wrong::value(format!("cannot be `{}`", short(text)), kind_help(kind, value));
    }
    let message = format!("must be {}, not {}", kind_words(kind), toml_words(value));
    Wrong { code: "wrong-kind", message, help: kind_help(kind, value) }
}

/// Reads what stands between quotes.
fn from_string(kind: Kind, text: &str) -> Result<Value, Wrong> {
    match kind {
        Kind::Text | Kind::Path => line(text).map(Value::Text),
        Kind::Word(words) => word(text, words),
        Kind::Span { min, max } => span(text, min, max),
        Kind::Date => text.trim().parse::<Date>().map(Value::Date).map_err(|_| {
            let help = date_help(text).unwrap_or_else(|| "write year-month-day: 2027-07-18".to_owned());
            Wrong::value(format!("is not a date: `{}`", short(text)), help)
        }),
        Kind::TimeToTheSecond if clock_time_with_seconds(text).is_some() => {
            Ok(Value::Time(clock_time_with_seconds(text).expect("it was asked just now")))
        }
        Kind::Time | Kind::TimeToTheSecond => clock_time(text).map(Value::Time).ok_or_else(|| {
            Wrong::value(
                format!("is not a time of day: `{}`", short(text)),
                "write hours and minutes, 00:00 to 23:59: \"17:00\"",
            )
        }),
        _ => Err(Wrong::value("cannot be written as text", kind_words(kind))),
    }
}

fn line(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::value("is empty", "write something between the quotes, or leave the key out"));
    }
    if text.len() > MAX_TEXT {
        return Err(Wrong::value(format!("is longer than {MAX_TEXT} bytes"), "shorten it"));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::value("holds a line break or another control character", "write it on one line"));
    }
    Ok(text.to_owned())
}

fn word(text: &str, words: &[&'static str]) -> Result<Value, Wrong> {
    if let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Ok(Value::Text((*word).to_owned()));
    }
    let known = format!("one of {}", quoted(words.iter().copied()));
    let help = match did_you_mean(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? It is {known}"),
        None => format!("write {known}"),
    };
    Err(Wrong::value(format!("cannot be `{}`", short(text)), help))
}

fn flag(text: &str) -> Result<Value, Wrong> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(Value::Flag(true)),
        "false" | "0" | "no" | "off" => Ok(Value::Flag(false)),
        _ => Err(Wrong::value(format!("is neither true nor false: `{}`", short(text)), "write true or false")),
    }
}

fn count(number: i64, min: u32, max: u32) -> Result<Value, Wrong> {
    u32::try_from(number)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .map(Value::Count)
        .ok_or_else(|| Wrong::value("is out of bounds", number_help(min, max)))
}

fn number_help(min: u32, max: u32) -> String {
    format!("write a whole number from {min} to {max}")
}

fn span(text: &str, min: u64, max: u64) -> Result<Value, Wrong> {
    let length = duration::parse(text).map_err(|error| {
        let help = match error {
            DurationError::Calendar => "write hours: \"168h\" for seven days of 24 hours",
            _ => "write numbers with units h, m, s or ms: \"90s\", \"250ms\", \"1h30m\"",
        };
        Wrong::value(format!("{error}: `{}`", short(text)), help)
    })?;
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    if (min..=max).contains(&millis) {
        return Ok(Value::Span(length));
    }
    let bound =
        |millis: u64| duration::words(jiff::SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)));
    Err(Wrong::value("is out of bounds", format!("write {} to {}", bound(min), bound(max))))
}

/// `17:00` and nothing else: no seconds, no offset.
fn clock_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour, 2) || minute.len() != 2 || !digits(minute, 2) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `07:59:30`.
fn clock_time_with_seconds(text: &str) -> Option<Time> {
    let (minutes, seconds) = text.trim().rsplit_once(':')?;
    let time = clock_time(minutes)?;
    let digits = seconds.len() == 2 && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = seconds.parse().ok().filter(|_| digits)?;
    Time::new(time.hour(), time.minute(), seconds, 0).ok()
}

fn date(at: &Datetime) -> Option<Value> {
    let (Some(date), None, None) = (at.date, at.time, at.offset) else { return None };
    let year = i16::try_from(date.year).ok()?;
    Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok().map(Value::Date)
}

fn time(at: &Datetime, kind: Kind) -> Option<Value> {
    let (None, Some(time), None) = (at.date, at.time, at.offset) else { return None };
    let second = time.second.unwrap_or(0);
    if (second != 0 && !matches!(kind, Kind::TimeToTheSecond)) || time.nanosecond.unwrap_or(0) != 0 {
        return None;
    }
    let (hour, minute) = (i8::try_from(time.hour).ok()?, i8::try_from(time.minute).ok()?);
    Time::new(hour, minute, i8::try_from(second).ok()?, 0).ok().map(Value::Time)
}

/// A kind, as the end of "this must be …".
pub(super) fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text in quotes",
        Kind::Path => "a path in quotes",
        Kind::Flag => "true or false",
        Kind::Count { .. } => "a whole number",
        Kind::Span { .. } => "a length of time in quotes",
        Kind::Date => "a date",
        Kind::Time | Kind::TimeToTheSecond => "a time of day in quotes",
        Kind::Word(_) => "a word in quotes",
        Kind::Secret => "a secret",
        Kind::List(_) => "a list",
        Kind::Words => "a table of texts",
        Kind::Table(_) | Kind::Named(_) => "a table",
        Kind::WordOr(..) => "a table in braces or a word in quotes",
        Kind::Repeated(_) => "a list of tables",
    }
}

fn toml_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(at) if at.date.is_none() => "a time of day with seconds",
        DeValue::Datetime(at) if at.time.is_none() => "a date",
        DeValue::Datetime(_) => "a date with a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn kind_help(kind: Kind, value: &DeValue<'_>) -> String {
    match (kind, value) {
        (Kind::Text | Kind::Path, DeValue::Integer(number)) => format!("write it in quotes: \"{number}\""),
        (Kind::Text | Kind::Path, DeValue::Float(number)) => format!("write it in quotes: \"{number}\""),
        (Kind::Text | Kind::Path, _) => "write one text: \"…\"".to_owned(),
        (Kind::Word(words), _) => format!("write one of {}", quoted(words.iter().copied())),
        (Kind::Flag, _) => "write true or false, without quotes".to_owned(),
        (Kind::Count { min, max }, _) => format!("{}, without quotes", number_help(min, max)),
        (Kind::Span { .. }, DeValue::Integer(number)) => {
            format!("say of what: \"{number}s\", \"{number}m\" or \"{number}h\"")
        }
        (Kind::Span { .. }, _) => "write it like \"90s\", \"250ms\" or \"1h30m\"".to_owned(),
        (Kind::Date, _) => "write year-month-day without quotes: 2027-07-18".to_owned(),
        (Kind::TimeToTheSecond, _) => {
            "write hours and minutes, and seconds where the site has them: \"07:00\", \"07:59:30\"".to_owned()
        }
        (Kind::Time, _) => "write hours and minutes: \"17:00\"".to_owned(),
        (Kind::List(inner), _) => format!("put it into square brackets: a list of {}", plural(*inner)),
        (Kind::Words, _) => "write { key = \"text\" }".to_owned(),
        (Kind::Table(table), DeValue::Array(_)) if table.title.starts_with('[') => {
            format!("write it once, with one pair of brackets: {}", table.title)
        }
        (Kind::Table(table), _) => format!("write it as a table: {}", table.title),
        (Kind::Named(table), _) => format!("tables stand under a name of your choice: {}", table.title),
        (Kind::WordOr(word, table), _) => {
            format!("write \"{word}\", or a table with {}", quoted(table.one_of.iter().copied()))
        }
        (Kind::Repeated(table), _) => {
            format!("write it with two pairs of brackets, here and wherever else one begins: {}", table.title)
        }
        (Kind::Secret, _) => String::new(),
    }
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Date => "dates, [2027-07-18]",
        Kind::Time | Kind::TimeToTheSecond => "times, [\"17:00\", \"18:00\"]",
        _ => "texts, [\"one\", \"two\"]",
    }
}

/// Words in backquotes, parted by commas.
pub(super) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The beginning of a text, for a message.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: Kind, text: &str) -> Result<Value, Wrong> {
        from_text(kind, text, &Origin::Default)
    }

    #[test]
    fn times_are_hours_and_minutes() {
        for good in ["17:00", "7:05", "00:00", "23:59"] {
            assert!(text(Kind::Time, good).is_ok(), "{good}");
        }
        for bad in ["24:00", "17", "17:0", "17:00:00", "5pm", "17:60", "+7:00", "-1:00", ""] {
            assert!(text(Kind::Time, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        let bounds = Kind::Span { min: 250, max: 60_000 };
        assert!(text(bounds, "250ms").is_ok());
        assert!(text(bounds, "249ms").is_err());
        assert!(text(bounds, "61s").is_err());
        assert!(text(Kind::Count { min: 1, max: 10 }, "11").is_err());
    }

    #[test]
    fn flags_have_the_words_of_the_shell() {
        for (word, flag) in [("true", true), ("1", true), ("Yes", true), ("off", false), ("0", false)] {
            assert_eq!(text(Kind::Flag, word), Ok(Value::Flag(flag)));
        }
        assert!(text(Kind::Flag, "perhaps").is_err());
    }
}
