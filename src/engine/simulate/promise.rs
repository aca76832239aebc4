//! What was promised to whom: which dates of which bookings the engine knew of, and which wish a booking's name stands for.
//!
//! The dates are counted day by day, not by the engine's expansion, where the rule is one of those that are invented here.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::label::Label;
use crate::clock::ZoneData;
use crate::config::Config;
use crate::model::{Booking, BookingName, MemberId, When};
use crate::schedule::{Rule, first_instant};

/// Dates that are counted for one booking, at most.
const MOST: usize = 4_000;

/// The engine may be killed when it has hardly heard of a booking, and stay away for a day.
const SLACK_DAYS: i64 = 3;

/// A name at one time or another.
type Name = (MemberId, BookingName);

/// Which wishes were in force, and from when to when.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// The wish that a renamed booking stands for: its first name.
    wishes: BTreeMap<Name, BookingName>,
    now: BTreeMap<Name, (Booking, TimeZone, Timestamp)>,
    past: Vec<(Booking, TimeZone, Timestamp, Timestamp)>,
}

impl Promises {
    /// A booking has another name from now on.
    pub(super) fn renamed(&mut self, member: &MemberId, old: &BookingName, new: &BookingName) {
        let wish = self.wish(member, old);
        self.wishes.insert((member.clone(), new.clone()), wish);
    }

    /// What a booking is wanted for, whatever it is called.
    pub(super) fn wish(&self, member: &MemberId, booking: &BookingName) -> BookingName {
        self.wishes.get(&(member.clone(), booking.clone())).cloned().unwrap_or_else(|| booking.clone())
    }

    /// A living engine has been given a configuration.
    pub(super) fn given(&mut self, config: &Config, zones: &ZoneData, at: Timestamp) {
        let mut next = BTreeMap::new();
        for booking in config.bookings.iter().filter(|booking| !booking.paused) {
            let name = (booking.member.clone(), booking.name.clone());
            let Some(zone) = zones.zone(&config.site_of(booking).time_zone) else { continue };
            let since = match self.now.remove(&name) {
                Some((same, _, since)) if same == *booking => since,
                Some((other, zone, since)) => {
                    self.past.push((other, zone, since, at));
                    at
                }
                None => at,
            };
            next.insert(name, (booking.clone(), zone, since));
        }
        let gone = std::mem::replace(&mut self.now, next);
        self.past.extend(gone.into_values().map(|(booking, zone, since)| (booking, zone, since, at)));
    }

    /// When the date of an attempt was asked for, as far as a living engine knew; in order, and without a gap where the
    /// booking was only changed.
    pub(super) fn asked_for(&self, label: &Label) -> Vec<Asked> {
        let now = self.now.values().map(|(booking, zone, since)| (booking, zone, *since, Timestamp::MAX));
        let past = self.past.iter().map(|(booking, zone, since, until)| (booking, zone, *since, *until));
        let asks = past.chain(now).filter(|(booking, ..)| asks_for(booking, label));
        let mut spans: Vec<Asked> = asks
            .map(|(booking, zone, since, until)| Asked { since, until, begins: last_begin(booking, zone, label.date) })
            .collect();
        spans.sort_by_key(|span| span.since);
        spans.dedup_by(|later, earlier| {
            let goes_on = later.since <= earlier.until;
            if goes_on {
                (earlier.until, earlier.begins) = (later.until.max(earlier.until), later.begins);
            }
            goes_on
        });
        spans
    }

    /// Every attempt that must be known: its slots begin while its booking was in force, some days after the engine heard
    /// of it at the earliest.
    pub(super) fn must_be_known(&self, end: Timestamp) -> Vec<Label> {
        let now = self.now.values().map(|(booking, zone, since)| (booking, zone, *since, end));
        let past = self.past.iter().map(|(booking, zone, since, until)| (booking, zone, *since, *until));
        now.chain(past).flat_map(|(booking, zone, since, until)| labels(booking, zone, since, until)).collect()
    }
}

/// A span in which a date was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    /// When the last slot of that date begins.
    pub(super) begins: Timestamp,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.until.min(self.begins);
        write!(f, "from {:.3} until {until:.3}", self.since)
    }
}

fn asks_for(booking: &Booking, label: &Label) -> bool {
    (&booking.member, &booking.name) == (&label.member, &label.booking)
        && !dates(&booking.when, label.date, label.date).is_empty()
}

fn last_begin(booking: &Booking, zone: &TimeZone, date: Date) -> Timestamp {
    let begins = booking.times.iter().map(|time| first_instant(date.to_datetime(*time), zone));
    begins.max().unwrap_or(Timestamp::MIN)
}

fn labels(booking: &Booking, zone: &TimeZone, since: Timestamp, until: Timestamp) -> Vec<Label> {
    let first = since.to_zoned(zone.clone()).date().saturating_add(Span::new().days(SLACK_DAYS));
    let last = until.to_zoned(zone.clone()).date();
    let dates = dates(&booking.when, first, last).into_iter();
    let in_time = dates.filter(|date| last_begin(booking, zone, *date) < until);
    let label = |date| Label { member: booking.member.clone(), booking: booking.name.clone(), date };
    in_time.map(label).collect()
}

/// The dates of a wish between two others, both included.
fn dates(when: &When, first: Date, last: Date) -> Vec<Date> {
    match when {
        When::Once(date) => Some(*date).filter(|date| (first..=last).contains(date)).into_iter().collect(),
        When::Repeat { rule, from, except } => {
            let counted = day_by_day(rule, *from, last);
            let dates = counted.unwrap_or_else(|| {
                Rule::parse(rule).map(|rule| rule.dates(*from, &[], first, MOST)).unwrap_or_default()
            });
            dates.into_iter().filter(|date| (first..=last).contains(date) && !except.contains(date)).collect()
        }
    }
}

/// The dates of a daily or weekly rule, counted; none for a rule of another kind.
fn day_by_day(rule: &str, from: Date, last: Date) -> Option<Vec<Date>> {
    let parts: BTreeMap<&str, &str> = rule.split(';').filter_map(|part| part.split_once('=')).collect();
    let interval: i32 = parts.get("INTERVAL").map_or(Some(1), |interval| interval.parse().ok())?;
    let last = parts.get("UNTIL").map_or(Some(last), |until| Some(date_of(until)?.min(last)))?;
    let known = ["FREQ", "INTERVAL", "UNTIL", "BYDAY"];
    if !parts.keys().all(|key| known.contains(key)) {
        return None;
    }
    let weekday = match (parts.get("FREQ")?, parts.get("BYDAY")) {
        (&"DAILY", None) => None,
        (&"WEEKLY", Some(day)) => Some(weekday(day)?),
        _ => return None,
    };
    let all = from.series(Span::new().days(1)).take_while(|date| *date <= last);
    let matches = all.filter(|date| match weekday {
        None => days_between(from, *date) % interval == 0,
        Some(day) => date.weekday() == day && (days_between(monday(from), monday(*date)) / 7) % interval == 0,
    });
    Some(matches.collect())
}

fn monday(date: Date) -> Date {
    date.saturating_sub(Span::new().days(i64::from(date.weekday().to_monday_zero_offset())))
}

fn days_between(from: Date, to: Date) -> i32 {
    i32::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(i32::MAX)
}

fn date_of(text: &str) -> Option<Date> {
    Date::strptime("%Y%m%d", text.get(..8)?).ok()
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn booking(on: Date, courts: &[&str]) -> Booking {
        Booking {
            name: "x".into(),
            member: "ana".into(),
            courts: courts.iter().map(|court| (*court).into()).collect(),
            times: vec![jiff::civil::time(17, 0, 0, 0)],
            length: jiff::SignedDuration::from_hours(1),
            prefer: crate::model::Prefer::Court,
            when: When::Once(on),
            paused: false,
            variables: BTreeMap::new(),
        }
    }

    #[test]
    fn a_changed_booking_asks_on_and_one_that_was_taken_out_asks_anew() {
        let (day, zone) = (date(2027, 7, 18), TimeZone::UTC);
        let mut promises = Promises::default();
        for (booking, since, until) in [
            (booking(day, &["1"]), 10, 20),
            (booking(day, &["2", "1"]), 20, 30),
            (booking(date(2027, 7, 19), &["1"]), 30, 40),
        ] {
            promises.past.push((booking, zone.clone(), at(since), at(until)));
        }
        promises.now.insert(("ana".into(), "x".into()), (booking(day, &["1"]), zone, at(50)));
        let label = |date| Label { member: "ana".into(), booking: "x".into(), date };
        let spans = |date| -> Vec<(Timestamp, Timestamp)> {
            promises.asked_for(&label(date)).iter().map(|asked| (asked.since, asked.until)).collect()
        };
        assert_eq!(spans(day), [(at(10), at(30)), (at(50), Timestamp::MAX)]);
        assert_eq!(spans(date(2027, 7, 19)), [(at(30), at(40))]);
        assert_eq!(spans(date(2027, 7, 20)), []);
    }

    #[test]
    fn counting_days_and_expanding_the_rule_give_the_same_dates() {
        let rules = [
            "FREQ=DAILY",
            "FREQ=DAILY;INTERVAL=3;UNTIL=20270402",
            "FREQ=WEEKLY;BYDAY=WE",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20270601",
        ];
        let (from, last) = (date(2027, 1, 7), date(2027, 12, 31));
        for rule in rules {
            let expanded = Rule::parse(rule).expect("a rule").dates(from, &[], from, MOST);
            let expanded: Vec<Date> = expanded.into_iter().filter(|date| *date <= last).collect();
            assert_eq!(day_by_day(rule, from, last), Some(expanded), "{rule}");
        }
        assert_eq!(day_by_day("FREQ=MONTHLY;BYDAY=1SU", from, last), None);
    }
}
