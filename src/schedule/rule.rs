//! A repeating rule, and the dates it gives.
//!
//! The `rrule` crate expands in a fixed zone (UTC, midnight) and sees nothing else: given a zone with clock changes it
//! loses the dates whose midnight is missing or doubled. Dates come out, instants are made elsewhere.

use std::fmt;
use std::iter;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone};
use jiff::civil::{Date, Weekday, date};
use rrule::{NWeekday, RRule, RRuleSet, Tz, Unvalidated};

use super::rule_error::{RuleError, RuleErrorKind};
use super::rule_parts::{self, End, Frequency, Parts};
use crate::report::Problem;

/// A rule of RFC 5545 over dates: no hours, no start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) parts: Parts,
    text: String,
}

impl Rule {
    /// The most bytes that a rule's text may have.
    pub const LONGEST: usize = 512;

    /// The most dates that an expansion walks over before it gives up: a daily rule reaches 273 years.
    const MOST_STEPS: usize = 100_000;

    /// The earliest year that a rule may count from.
    const EARLIEST_YEAR: i16 = 1970;

    /// Reads `FREQ=WEEKLY;BYDAY=WE` and the like, upper or lower case, with or without `RRULE:` before it.
    ///
    /// # Errors
    /// At the first part that is unknown, out of its range, below a day, or meaningless beside another, and when no date
    /// of the calendar can match.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.len() > Self::LONGEST {
            return Err(RuleError { kind: RuleErrorKind::TooLong { bytes: text.len() }, span: 0..text.len() });
        }
        let rule = Self { parts: rule_parts::parse(text)?, text: text.trim().to_owned() };
        if rule.endless().walk(date(2000, 1, 1)).next().is_none() {
            return Err(RuleError { kind: RuleErrorKind::NeverFires, span: 0..text.len() });
        }
        Ok(rule)
    }

    /// At most `limit` dates that are not before `starting`, in order, each once. The rule counts from `from` (which is
    /// itself a date only if it matches); dates in `except` are left out but counted by `COUNT`.
    pub fn dates(&self, from: Date, except: &[Date], starting: Date, limit: usize) -> Vec<Date> {
        self.walk(from).filter(|date| *date >= starting && !except.contains(date)).take(limit).collect()
    }

    /// Whether the rule gives any date at all from `from` on.
    ///
    /// # Errors
    /// When it gives none (an end that is past, an interval that steps over every match, all dates left out), or `from`
    /// lies before 1970.
    pub fn check_from(&self, from: Date, except: &[Date]) -> Result<(), RuleError> {
        let fail = |kind| Err(RuleError { kind, span: 0..self.text.len() });
        if from.year() < Self::EARLIEST_YEAR {
            return fail(RuleErrorKind::CountsFromLongAgo { from });
        }
        match self.dates(from, except, from, 1).first() {
            Some(_) => Ok(()),
            None => fail(RuleErrorKind::NeverFiresFrom { from }),
        }
    }

    /// A warning when an interval makes the rule begin later than a reader of `from` expects: "every second Friday" from
    /// a Sunday on counts the week of that Sunday as the first, so that the next Friday is passed over.
    pub fn late_first(&self, from: Date) -> Option<Problem> {
        let first = *self.dates(from, &[], from, 1).first()?;
        let expected = *self.endless().dates(from, &[], from, 1).first()?;
        let cure = format!("to begin on {expected}, let `from` be that date");
        (first > expected).then(|| {
            Problem::warning("repeat-begins-late", format!("the first date is {first}, not {expected}"))
                .help(format!("{} counts from the one that `from` is in; {cure}", self.period()))
        })
    }

    /// The rule without interval and end: whether its parts can match at all.
    fn endless(&self) -> Self {
        let parts = Parts { interval: 1, end: End::Never, ..self.parts.clone() };
        Self { parts, text: String::new() }
    }

    fn walk(&self, from: Date) -> impl Iterator<Item = Date> + use<> {
        let start = utc_midnight(from);
        // A rule whose end lies before its start is refused by the crate: it gives no date.
        let set =
            start.and_then(|start| Some(RRuleSet::new(start).rrule(self.expandable().validate(start).ok()?).limit()));
        let mut found = set.as_ref().map(IntoIterator::into_iter);
        iter::from_fn(move || found.as_mut()?.next()).take(Self::MOST_STEPS).map_while(|found| local_date(&found))
    }

    fn expandable(&self) -> RRule<Unvalidated> {
        let parts = &self.parts;
        let months: Vec<_> = parts.months.iter().filter_map(|month| chrono::Month::try_from(*month).ok()).collect();
        let rule = RRule::new(frequency(parts.frequency))
            .interval(parts.interval)
            .by_month(&months)
            .by_month_day(parts.month_days.clone())
            .by_year_day(parts.year_days.clone())
            .by_week_no(parts.weeks.clone())
            .by_weekday(parts.days.iter().map(|(nth, day)| nth_weekday(*nth, *day)).collect())
            .by_set_pos(parts.positions.clone())
            .week_start(weekday(parts.week_start));
        match parts.end {
            End::Never => rule,
            End::After(count) => rule.count(count),
            End::On(last) => utc_midnight(last).map_or(rule.clone(), |last| rule.until(last)),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn frequency(frequency: Frequency) -> rrule::Frequency {
    match frequency {
        Frequency::Daily => rrule::Frequency::Daily,
        Frequency::Weekly => rrule::Frequency::Weekly,
        Frequency::Monthly => rrule::Frequency::Monthly,
        Frequency::Yearly => rrule::Frequency::Yearly,
    }
}

fn nth_weekday(nth: Option<i16>, day: Weekday) -> NWeekday {
    match nth {
        Some(nth) => NWeekday::Nth(nth, weekday(day)),
        None => NWeekday::Every(weekday(day)),
    }
}

fn weekday(day: Weekday) -> chrono::Weekday {
    match day {
        Weekday::Monday => chrono::Weekday::Mon,
        Weekday::Tuesday => chrono::Weekday::Tue,
        Weekday::Wednesday => chrono::Weekday::Wed,
        Weekday::Thursday => chrono::Weekday::Thu,
        Weekday::Friday => chrono::Weekday::Fri,
        Weekday::Saturday => chrono::Weekday::Sat,
        Weekday::Sunday => chrono::Weekday::Sun,
    }
}

fn utc_midnight(date: Date) -> Option<DateTime<Tz>> {
    let (month, day) = (u32::from(date.month().unsigned_abs()), u32::from(date.day().unsigned_abs()));
    let naive = NaiveDate::from_ymd_opt(i32::from(date.year()), month, day)?.and_time(NaiveTime::MIN);
    Tz::UTC.from_local_datetime(&naive).single()
}

fn local_date(found: &DateTime<Tz>) -> Option<Date> {
    let (month, day) = (i8::try_from(found.month()).ok()?, i8::try_from(found.day()).ok()?);
    Date::new(i16::try_from(found.year()).ok()?, month, day).ok()
}
