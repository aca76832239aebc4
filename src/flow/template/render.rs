//! Filling the holes.

use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime;
use jiff::{Span, Timestamp};

use crate::report::{Place, did_you_mean};

use super::escape::escape;
use super::format::{Encoding, Format};
use super::hole::Hole;
use super::instant::first_instant;
use super::word::{Moment, Turn, Unit, Word};
use super::{Part, Template};
use crate::flow::words::Words;

/// A rendered text.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Whether a value in it must be masked in logs and evidence.
    pub secret: bool,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.secret { "[secret]" } else { &self.text })
    }
}

/// A hole that could not be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fill `{{{word}}}`{}: {kind}", at(.place.as_ref()))]
pub struct RenderError {
    /// The word in the hole.
    pub word: String,
    /// Where the hole stands; none for a template that is in no file.
    pub place: Option<Place>,
    /// Why.
    pub kind: RenderErrorKind,
}

/// Why a hole could not be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderErrorKind {
    /// Nothing has given the word a value yet.
    #[error("it has no value{}", near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?")))]
    Missing {
        /// A word near to it that has one.
        near: Option<String>,
    },
    /// A moved date or time lies outside the calendar.
    #[error("the moved date or time is out of range")]
    OutOfRange,
    /// The value would close the quotes of the XPath around it.
    #[error("the value holds the quote that stands around it")]
    Quote,
    /// The value leads out of the flow's folder.
    #[error("the file would lie outside the flow's folder")]
    Outside,
    /// The site's slot label is no template.
    #[error("the site's slot-label cannot be read")]
    SlotLabel,
}

impl Template {
    /// Fills every hole.
    pub fn render(&self, words: &Words) -> Result<Rendered, RenderError> {
        let mut out = Rendered { text: String::new(), secret: false };
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.text.push_str(text),
                Part::Hole(hole) => {
                    let value = fill(hole, words).map_err(|kind| hole.error(kind))?;
                    let raw = hole.encodings.contains(&Encoding::Raw);
                    let safe = if raw { Some(value.text) } else { escape(&value.text, self.context, &out.text) };
                    out.text.push_str(&safe.ok_or_else(|| hole.error(RenderErrorKind::Quote))?);
                    out.secret |= value.secret;
                }
            }
        }
        Ok(out)
    }
}

impl Template {
    /// The error that what was filled in makes a path outside the flow's folder.
    pub(in crate::flow) fn leads_outside(&self) -> RenderError {
        let kind = RenderErrorKind::Outside;
        match self.holes().next() {
            Some(hole) => hole.error(kind),
            None => RenderError { word: "file".to_owned(), place: None, kind },
        }
    }
}

impl Hole {
    fn error(&self, kind: RenderErrorKind) -> RenderError {
        RenderError { word: self.word.name().to_owned(), place: self.place.clone(), kind }
    }
}

fn fill(hole: &Hole, words: &Words) -> Result<Rendered, RenderErrorKind> {
    let mut value = match &hole.word {
        Word::Moment(moment, turns) => plain(time(*moment, turns, &hole.format, words)?),
        Word::Length => plain(length(&hole.format, words)?),
        Word::Slot => slot(words)?,
        Word::Text(name) => words.text(name).ok_or_else(|| missing(name, words))?,
    };
    for encoding in &hole.encodings {
        value.text = match encoding {
            Encoding::Url => percent_encoded(&value.text),
            Encoding::Upper => value.text.to_uppercase(),
            Encoding::Lower => value.text.to_lowercase(),
            Encoding::Raw => value.text,
        };
    }
    Ok(value)
}

fn plain(text: String) -> Rendered {
    Rendered { text, secret: false }
}

fn missing(name: &str, words: &Words) -> RenderErrorKind {
    RenderErrorKind::Missing { near: did_you_mean(name, words.names()).map(str::to_owned) }
}

fn slot(words: &Words) -> Result<Rendered, RenderErrorKind> {
    let label = words.slot_label().ok_or(RenderErrorKind::SlotLabel)?;
    label.render(words).map_err(|error| error.kind)
}

fn time(moment: Moment, turns: &[Turn], format: &Format, words: &Words) -> Result<String, RenderErrorKind> {
    let choice = words.choice().ok_or(RenderErrorKind::Missing { near: None })?;
    let base = match moment {
        Moment::Date => choice.start.date().at(0, 0, 0, 0),
        Moment::Start => choice.start,
        Moment::End => choice.end(),
    };
    let local = turns.iter().try_fold(base, |local, turn| turned(local, *turn)).map_err(out_of_range)?;
    let known = (moment == Moment::Start && turns.is_empty()).then_some(choice.starts_at);
    written(local, known, format, words).map_err(out_of_range)
}

fn out_of_range(_: jiff::Error) -> RenderErrorKind {
    RenderErrorKind::OutOfRange
}

fn turned(local: DateTime, turn: Turn) -> Result<DateTime, jiff::Error> {
    match turn {
        Turn::Shift(amount, unit) => local.checked_add(span(i64::from(amount), unit)),
        Turn::WeekStart(first) => local.checked_sub(Span::new().days(first.until(local.weekday()))),
        Turn::MonthStart => Ok(local.first_of_month()),
        Turn::MonthEnd => Ok(local.last_of_month()),
    }
}

fn span(amount: i64, unit: Unit) -> Span {
    match unit {
        Unit::Weeks => Span::new().weeks(amount),
        Unit::Days => Span::new().days(amount),
        Unit::Hours => Span::new().hours(amount),
        Unit::Minutes => Span::new().minutes(amount),
        Unit::Seconds => Span::new().seconds(amount),
    }
}

/// `known` is the instant, where the choice says it.
fn written(local: DateTime, known: Option<Timestamp>, format: &Format, words: &Words) -> Result<String, jiff::Error> {
    let zone = words.zone();
    let instant = || known.map_or_else(|| first_instant(local, zone), Ok);
    let seconds = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    let slot_seconds = words.choice().map_or(1, |choice| choice.length.as_secs().max(1));
    Ok(match format {
        Format::Strftime(format, language) => strtime::format(localised(format, *language, local), local)?,
        Format::Zoned(format, language) => {
            strtime::format(localised(format, *language, local), &instant()?.to_zoned(zone.clone()))?
        }
        Format::Epoch => instant()?.as_second().to_string(),
        Format::EpochMs => instant()?.as_millisecond().to_string(),
        Format::Rfc3339 => strtime::format("%Y-%m-%dT%H:%M:%S%:z", &instant()?.to_zoned(zone.clone()))?,
        Format::Utc => instant()?.to_string(),
        Format::SecondsOfDay => seconds.to_string(),
        Format::MinutesOfDay => (seconds / 60).to_string(),
        Format::HourIndex(first) => (i64::from(local.hour()) - first).to_string(),
        Format::SlotIndex(first) => (seconds - first * 3600).div_euclid(slot_seconds).to_string(),
        Format::Weekday(first, number) => (i64::from(first.until(local.weekday())) + number).to_string(),
        Format::Plain | Format::Length(_) => local.to_string(),
    })
}

fn localised(format: &str, language: super::locale::Language, local: DateTime) -> String {
    let month = usize::from(local.month().unsigned_abs());
    let weekday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
    language.localise(format, month, weekday)
}

fn length(format: &Format, words: &Words) -> Result<String, RenderErrorKind> {
    let seconds = words.choice().ok_or(RenderErrorKind::Missing { near: None })?.length.as_secs();
    match format {
        Format::Length(unit) => Ok(decimal(seconds, *unit)),
        Format::Strftime(format, _) => {
            let time = Time::midnight().checked_add(Span::new().seconds(seconds)).map_err(out_of_range)?;
            strtime::format(format, time).map_err(out_of_range)
        }
        _ => Ok(seconds.to_string()),
    }
}

/// `90 min` in hours is `1.5`.
fn decimal(seconds: i64, unit: i64) -> String {
    if seconds % unit == 0 {
        return (seconds / unit).to_string();
    }
    #[expect(clippy::cast_precision_loss, reason = "a slot's length is far below 2^52 seconds")]
    let value = seconds as f64 / unit as f64;
    let text = format!("{value:.2}");
    text.trim_end_matches('0').to_owned()
}

/// Letters, digits and `-._~` stay; every other byte becomes `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" at {place}"))
}
