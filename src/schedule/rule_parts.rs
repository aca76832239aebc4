//! A rule's text taken apart: names, values and which go together.

use std::ops::Range;

use jiff::civil::{Date, Weekday};

use super::rule_error::{RuleError, RuleErrorKind};
use crate::report::did_you_mean;

/// The parts that a rule can have.
pub(super) const KNOWN: [&str; 11] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYSETPOS",
    "WKST",
];

/// The two letters of each weekday.
pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// A longer interval than this is a slip of the pen, not a plan.
const LONGEST_INTERVAL: i32 = 1000;

/// A rule's parts; empty lists are parts that are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) frequency: Frequency,
    pub(super) interval: u16,
    pub(super) end: End,
    pub(super) months: Vec<u8>,
    pub(super) month_days: Vec<i8>,
    pub(super) year_days: Vec<i16>,
    pub(super) weeks: Vec<i8>,
    pub(super) days: Vec<(Option<i16>, Weekday)>,
    pub(super) positions: Vec<i32>,
    pub(super) week_start: Weekday,
}

/// How often, in whole days and above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When the rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Never,
    After(u32),
    On(Date),
}

/// Takes the text apart and checks each part, and which stand together.
pub(super) fn parse(text: &str) -> Result<Parts, RuleError> {
    let fields = Fields::split(text)?;
    let frequency = frequency(&fields)?;
    let parts = Parts {
        frequency,
        interval: fields.number("INTERVAL", 1..=LONGEST_INTERVAL, "a whole number from 1 to 1000")?.unwrap_or(1) as u16,
        end: end(&fields)?,
        months: narrow(fields.numbers("BYMONTH", 1..=12, "months from 1 to 12")?),
        month_days: narrow(fields.signed("BYMONTHDAY", 31, "days from 1 to 31, or -1 to -31 counted from the end")?),
        year_days: narrow(fields.signed("BYYEARDAY", 366, "days from 1 to 366, or -1 to -366 counted from the end")?),
        weeks: narrow(fields.signed("BYWEEKNO", 53, "weeks from 1 to 53, or -1 to -53 counted from the end")?),
        days: days(&fields)?,
        positions: fields.signed("BYSETPOS", 366, "positions from 1 to 366, or -1 to -366 counted from the end")?,
        week_start: week_start(&fields)?,
    };
    stand_together(&fields, &parts)?;
    Ok(parts)
}

/// The parts as they are written, upper case, each with its place in the text.
struct Fields {
    found: Vec<(&'static str, String, Range<usize>)>,
    whole: Range<usize>,
}

impl Fields {
    fn split(text: &str) -> Result<Self, RuleError> {
        let mut fields = Self { found: Vec::new(), whole: 0..text.len() };
        let prefix = text.get(..6).filter(|start| start.eq_ignore_ascii_case("RRULE:")).map_or(0, str::len);
        let mut at = prefix;
        for part in text[prefix..].split(';') {
            let span = at..at + part.len();
            at = span.end + 1;
            if !(part.trim().is_empty() && span.end == text.len()) {
                fields.push(part, span)?;
            }
        }
        if fields.found.is_empty() {
            return Err(RuleError { kind: RuleErrorKind::Empty, span: fields.whole });
        }
        Ok(fields)
    }

    fn push(&mut self, part: &str, span: Range<usize>) -> Result<(), RuleError> {
        let fail = |kind| Err(RuleError { kind, span: span.clone() });
        let upper = part.trim().to_ascii_uppercase();
        let name_end = upper.find(['=', ':']).unwrap_or(upper.len());
        let value = upper.split_once('=').map(|(_, value)| value.trim().to_owned());
        let name = match known_name(upper[..name_end].trim()) {
            Ok(name) => name,
            Err(RuleErrorKind::UnknownPart { .. }) if value.is_none() => return fail(not_a_part(part)),
            Err(kind) => return fail(kind),
        };
        let Some(value) = value else { return fail(not_a_part(part)) };
        if self.get(name).is_some() {
            return fail(RuleErrorKind::Twice { part: name });
        }
        self.found.push((name, value, span));
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.found.iter().find(|(found, ..)| *found == name).map(|(_, value, _)| value.as_str())
    }

    fn span(&self, name: &str) -> Range<usize> {
        self.found.iter().find(|(found, ..)| *found == name).map_or(self.whole.clone(), |(.., span)| span.clone())
    }

    fn wrong(&self, part: &'static str, value: &str, allowed: &'static str) -> RuleError {
        RuleError { kind: RuleErrorKind::Value { part, value: value.to_owned(), allowed }, span: self.span(part) }
    }

    fn beside(&self, part: &'static str, beside: &'static str, instead: &'static str) -> RuleError {
        RuleError { kind: RuleErrorKind::Beside { part, beside, instead }, span: self.span(part) }
    }

    fn number(
        &self,
        part: &'static str,
        range: std::ops::RangeInclusive<i32>,
        allowed: &'static str,
    ) -> Result<Option<i32>, RuleError> {
        let numbers = self.numbers(part, range, allowed)?;
        match numbers.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => Err(self.wrong(part, self.get(part).unwrap_or_default(), allowed)),
        }
    }

    fn signed(&self, part: &'static str, most: i32, allowed: &'static str) -> Result<Vec<i32>, RuleError> {
        let numbers = self.numbers(part, -most..=most, allowed)?;
        if numbers.contains(&0) { Err(self.wrong(part, "0", allowed)) } else { Ok(numbers) }
    }

    fn numbers(
        &self,
        part: &'static str,
        range: std::ops::RangeInclusive<i32>,
        allowed: &'static str,
    ) -> Result<Vec<i32>, RuleError> {
        let Some(list) = self.get(part) else { return Ok(Vec::new()) };
        let one = |word: &str| {
            let number = word.trim().parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| self.wrong(part, word, allowed))
        };
        list.split(',').map(one).collect()
    }
}

fn not_a_part(part: &str) -> RuleErrorKind {
    RuleErrorKind::NotAPart { part: part.trim().to_owned() }
}

fn known_name(name: &str) -> Result<&'static str, RuleErrorKind> {
    if let Some(known) = KNOWN.into_iter().find(|known| *known == name) {
        return Ok(known);
    }
    let part = name.to_owned();
    Err(match name {
        "BYHOUR" | "BYMINUTE" | "BYSECOND" => RuleErrorKind::TimeOfDay { part },
        "DTSTART" => RuleErrorKind::Outside { part, key: "from" },
        "EXDATE" => RuleErrorKind::Outside { part, key: "except" },
        _ => RuleErrorKind::UnknownPart { near: did_you_mean(&part, KNOWN), part },
    })
}

fn frequency(fields: &Fields) -> Result<Frequency, RuleError> {
    let span = fields.span("FREQ");
    match fields.get("FREQ") {
        Some("DAILY") => Ok(Frequency::Daily),
        Some("WEEKLY") => Ok(Frequency::Weekly),
        Some("MONTHLY") => Ok(Frequency::Monthly),
        Some("YEARLY") => Ok(Frequency::Yearly),
        Some(frequency @ ("HOURLY" | "MINUTELY" | "SECONDLY")) => {
            Err(RuleError { kind: RuleErrorKind::SubDaily { frequency: frequency.to_owned() }, span })
        }
        Some(other) => Err(fields.wrong("FREQ", other, "DAILY, WEEKLY, MONTHLY or YEARLY")),
        None => Err(RuleError { kind: RuleErrorKind::NoFrequency, span }),
    }
}

fn end(fields: &Fields) -> Result<End, RuleError> {
    let count = fields.number("COUNT", 1..=i32::MAX, "a whole number from 1 on")?;
    let until = fields.get("UNTIL").map(|until| date(fields, until)).transpose()?;
    match (count, until) {
        (Some(_), Some(_)) => Err(fields.beside("UNTIL", "together with COUNT", "keep one of the two")),
        (Some(count), None) => Ok(End::After(count.unsigned_abs())),
        (None, Some(until)) => Ok(End::On(until)),
        (None, None) => Ok(End::Never),
    }
}

fn date(fields: &Fields, until: &str) -> Result<Date, RuleError> {
    let parsed = (until.len() == 8).then(|| Date::strptime("%Y%m%d", until).ok()).flatten();
    parsed
        .ok_or_else(|| fields.wrong("UNTIL", until, "a date without a time, such as 20271231; that date still counts"))
}

fn days(fields: &Fields) -> Result<Vec<(Option<i16>, Weekday)>, RuleError> {
    const ALLOWED: &str =
        "days such as WE or MO,WE,FR, with MONTHLY and YEARLY also 2WE (the second) or -1FR (the last)";
    let Some(list) = fields.get("BYDAY") else { return Ok(Vec::new()) };
    let one = |word: &str| day(word.trim()).ok_or_else(|| fields.wrong("BYDAY", word, ALLOWED));
    list.split(',').map(one).collect()
}

fn day(word: &str) -> Option<(Option<i16>, Weekday)> {
    let (nth, letters) = word.split_at_checked(word.len().checked_sub(2)?)?;
    let weekday = weekday(letters)?;
    if nth.is_empty() {
        return Some((None, weekday));
    }
    let nth = nth.parse().ok().filter(|nth: &i16| (1..=53).contains(&nth.abs()))?;
    Some((Some(nth), weekday))
}

fn weekday(letters: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(known, _)| *known == letters).map(|(_, weekday)| *weekday)
}

fn week_start(fields: &Fields) -> Result<Weekday, RuleError> {
    let Some(letters) = fields.get("WKST") else { return Ok(Weekday::Monday) };
    weekday(letters).ok_or_else(|| fields.wrong("WKST", letters, "MO, TU, WE, TH, FR, SA or SU"))
}

/// What RFC 5545 rules out, and what would be read differently by different programs.
fn stand_together(fields: &Fields, parts: &Parts) -> Result<(), RuleError> {
    let nth = parts.days.iter().filter_map(|(nth, _)| *nth).map(i16::abs).max();
    match parts.frequency {
        Frequency::Weekly if !parts.month_days.is_empty() => {
            return Err(fields.beside("BYMONTHDAY", "with FREQ=WEEKLY", "use FREQ=MONTHLY, or BYDAY"));
        }
        Frequency::Daily | Frequency::Weekly if nth.is_some() => {
            return Err(fields.beside(
                "BYDAY",
                "with a number unless FREQ is MONTHLY or YEARLY",
                "take the number out, or use FREQ=MONTHLY",
            ));
        }
        Frequency::Monthly if nth > Some(5) => {
            return Err(fields.beside(
                "BYDAY",
                "with a number above 5 when FREQ=MONTHLY",
                "a month has at most five of a weekday",
            ));
        }
        Frequency::Yearly => {}
        _ if !parts.year_days.is_empty() => {
            return Err(fields.beside("BYYEARDAY", "unless FREQ=YEARLY", "use FREQ=YEARLY"));
        }
        _ if !parts.weeks.is_empty() => return Err(fields.beside("BYWEEKNO", "unless FREQ=YEARLY", "use FREQ=YEARLY")),
        _ => {}
    }
    if !parts.weeks.is_empty() && nth.is_some() {
        return Err(fields.beside("BYDAY", "with a number beside BYWEEKNO", "take the number out"));
    }
    if !parts.positions.is_empty() && !parts.selects() {
        return Err(fields.beside("BYSETPOS", "alone", "it chooses among the days of another part, such as BYDAY"));
    }
    Ok(())
}

impl Parts {
    /// Whether any part chooses days within the period.
    fn selects(&self) -> bool {
        !(self.months.is_empty()
            && self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.weeks.is_empty()
            && self.days.is_empty())
    }
}

/// The numbers in the type of the part; each has been checked against a range that fits.
fn narrow<T: TryFrom<i32>>(numbers: Vec<i32>) -> Vec<T> {
    numbers.into_iter().filter_map(|number| T::try_from(number).ok()).collect()
}
