//! The first part of a hole: which word, and arithmetic on the words that are times.

use std::ops::Range;

use super::TemplateError;
use crate::report::did_you_mean;

/// Words that are always there, beside `site.KEY`, `booking.KEY` and, in the cancel phase, `row.COLUMN`.
const WORDS: [&str; 13] = [
    "site.url",
    "court.name",
    "court.site-id",
    "date",
    "start",
    "end",
    "slot",
    "length",
    "member.name",
    "user",
    "password",
    "booking.name",
    "attempt.id",
];

/// First parts of dotted words whose second part is free.
const OPEN: [&str; 3] = ["site.", "booking.", "row."];

/// The largest number in arithmetic.
const LARGEST_SHIFT: i32 = 100_000;

/// What a hole asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A day or a time of day of the choice, moved.
    Moment(Moment, Vec<Turn>),
    /// How long the slot lasts.
    Length,
    /// The site's label of the slot.
    Slot,
    /// A word that is a text, by its full name.
    Text(String),
}

/// Which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The slot's local date.
    Date,
    /// The slot's local start.
    Start,
    /// The slot's local end.
    End,
}

/// A move on the calendar or on the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// So many units on, or back.
    Shift(i32, Unit),
    /// Back to that weekday, or stay.
    WeekStart(jiff::civil::Weekday),
    /// To the first day of the month.
    MonthStart,
    /// To the last day of the month.
    MonthEnd,
}

/// A unit of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// `w`
    Weeks,
    /// `d`
    Days,
    /// `h`
    Hours,
    /// `m`
    Minutes,
    /// `s`
    Seconds,
}

impl Word {
    /// Parses what stands before the first colon; `span` is its bytes in the template.
    pub(super) fn parse(text: &str, span: Range<usize>) -> Result<Self, TemplateError> {
        if let Some(word) = moment(text, &span)? {
            return Ok(word);
        }
        match text {
            "length" => Ok(Self::Length),
            "slot" => Ok(Self::Slot),
            _ if is_known_text(text) || is_name(text) => Ok(Self::Text(text.to_owned())),
            _ => Err(unknown(text, span)),
        }
    }

    /// Its name, as a user writes it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Moment(Moment::Date, _) => "date",
            Self::Moment(Moment::Start, _) => "start",
            Self::Moment(Moment::End, _) => "end",
            Self::Length => "length",
            Self::Slot => "slot",
            Self::Text(name) => name,
        }
    }

    /// Whether it may stand in a slot label.
    pub(super) fn is_of_slot(&self) -> bool {
        match self {
            Self::Moment(..) | Self::Length => true,
            Self::Slot => false,
            Self::Text(name) => name.starts_with("court.") || name.starts_with("site."),
        }
    }

    /// Whether it is a variable that a step must have read.
    pub(crate) fn is_variable(&self) -> bool {
        matches!(self, Self::Text(name) if !name.contains('.') && !is_reserved(name))
    }

    /// The names of the words that are always there.
    pub(crate) fn always() -> impl Iterator<Item = &'static str> {
        WORDS.into_iter()
    }

    /// Whether it can differ between two choices of one occurrence.
    pub(crate) fn differs_between_choices(&self) -> bool {
        self.is_of_choice() && !matches!(self, Self::Moment(Moment::Date, _) | Self::Length)
    }

    /// Whether it depends on the choice.
    pub(crate) fn is_of_choice(&self) -> bool {
        match self {
            Self::Moment(..) | Self::Length | Self::Slot => true,
            Self::Text(name) => name.starts_with("court."),
        }
    }
}

/// Whether a bare name is taken by a word that is always there.
pub(crate) fn is_reserved(name: &str) -> bool {
    WORDS.contains(&name)
}

fn is_known_text(text: &str) -> bool {
    let open = OPEN.iter().any(|prefix| text.strip_prefix(prefix).is_some_and(is_key));
    open || (text.contains('.') && is_reserved(text)) || matches!(text, "user" | "password")
}

/// A variable's name: a small letter, then small letters, digits, `-` and `_`.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && is_key(text)
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

/// `date`, `start` or `end`, perhaps with arithmetic behind it; none when it is another word.
fn moment(text: &str, span: &Range<usize>) -> Result<Option<Word>, TemplateError> {
    for (name, moment) in [("date", Moment::Date), ("start", Moment::Start), ("end", Moment::End)] {
        let Some(rest) = text.strip_prefix(name) else { continue };
        if !rest.is_empty() && !begins_arithmetic(rest) {
            continue;
        }
        let turns = shifts(rest, &(span.start + name.len()..span.end))?;
        if moment == Moment::Date {
            refuse_time_of_day(&turns, span)?;
        }
        return Ok(Some(Word::Moment(moment, turns)));
    }
    Ok(None)
}

fn begins_arithmetic(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('+') => true,
        Some('-') => chars.next().is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    }
}

/// `+1d-30m`, to its very end.
pub(super) fn shifts(mut text: &str, span: &Range<usize>) -> Result<Vec<Turn>, TemplateError> {
    let whole = text;
    let mut turns = Vec::new();
    while !text.is_empty() {
        let (turn, rest) = shift(text).ok_or_else(|| bad_arithmetic(whole, span.clone()))?;
        turns.push(turn);
        text = rest;
    }
    Ok(turns)
}

fn shift(text: &str) -> Option<(Turn, &str)> {
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let text = text.strip_prefix(['+', '-'])?;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let amount: i32 = text[..digits].parse().ok().filter(|amount| *amount <= LARGEST_SHIFT)?;
    let unit = match text[digits..].chars().next()? {
        'w' => Unit::Weeks,
        'd' => Unit::Days,
        'h' => Unit::Hours,
        'm' => Unit::Minutes,
        's' => Unit::Seconds,
        _ => return None,
    };
    Some((Turn::Shift(sign * amount, unit), &text[digits + 1..]))
}

fn refuse_time_of_day(turns: &[Turn], span: &Range<usize>) -> Result<(), TemplateError> {
    let timed = |turn: &Turn| matches!(turn, Turn::Shift(_, Unit::Hours | Unit::Minutes | Unit::Seconds));
    if !turns.iter().any(timed) {
        return Ok(());
    }
    Err(TemplateError {
        code: "bad-arithmetic",
        message: "`date` has no hours, minutes or seconds".to_owned(),
        help: Some("write `start` or `end` instead, or count in `d` and `w`".to_owned()),
        span: span.clone(),
    })
}

fn bad_arithmetic(text: &str, span: Range<usize>) -> TemplateError {
    TemplateError {
        code: "bad-arithmetic",
        message: format!("`{text}` cannot be added"),
        help: Some("write a sign, a number and a unit: `+1d`, `-7d`, `+2w`, `+1h`, `+30m`, `-10s`".to_owned()),
        span,
    }
}

fn unknown(text: &str, span: Range<usize>) -> TemplateError {
    let near = did_you_mean(text, WORDS);
    let help = near.map_or_else(
        || format!("known: {}", super::super::raw::list(&WORDS)),
        |near| format!("did you mean `{near}`?"),
    );
    TemplateError { code: "unknown-word", message: format!("unknown word `{text}`"), help: Some(help), span }
}
