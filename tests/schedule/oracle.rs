//! Against answers that are not our own: Python's zoneinfo and python-dateutil, see `fixtures/zones/oracle.py`.

use firstserve::clock::tzdata::{Origin, ZoneData};
use firstserve::schedule::{Rule, start_of};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::{fixture, text, zones};

/// Every zone, every date: some two and a half million pairs.
#[test]
fn first_instants_agree_with_zoneinfo() {
    let answers = Answers::read();
    let data = zones();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (at, (name, _)) in answers.zones.iter().enumerate() {
        let zone = data.zone(name).expect("the zone is known");
        compared += answers.days();
        wrong.extend((0..answers.days()).filter_map(|day| answers.differs(at, day, &zone)));
    }
    assert!(compared > 2_500_000, "{compared} pairs only");
    assert!(wrong.is_empty(), "{} wrong, such as {}", wrong.len(), wrong[0]);
}

/// The control: with the older data the comparison must find the hours that have moved.
#[test]
fn older_data_does_not_agree() {
    let answers = Answers::read();
    let old = ZoneData::read(&fixture("tzdata-2025b.bin"), Origin::Configured);
    let havana = old.expect("zone data").zone("America/Havana").expect("the zone is known");
    let zone = answers.zones.iter().position(|(name, _)| name == "America/Havana").expect("Havana is there");
    let wrong = (0..answers.days()).filter(|day| answers.differs(zone, *day, &havana).is_some()).count();
    assert!(wrong > 100, "{wrong} days differ");
}

#[test]
fn rules_agree_with_dateutil() {
    let text = text("rules.txt");
    let mut compared = 0;
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (rule, from) = (words.next().expect("a rule"), words.next().expect("a date"));
        let from: Date = from.parse().expect("a date");
        let gaps = words.map(|days| days.parse::<i64>().expect("a number"));
        let expected: Vec<Date> = gaps.scan(from, advance).collect();
        let found = expand(rule, from);
        compared += 1;
        if found != expected {
            wrong.push(format!("{rule} from {from}: {found:?}, not {expected:?}"));
        }
    }
    assert!(compared >= 2_000, "{compared} rules only");
    assert!(wrong.is_empty(), "{} of {compared} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// At most sixteen dates within thirty years, as the script does it; a rule that never fires has none.
fn expand(rule: &str, from: Date) -> Vec<Date> {
    let end = Date::new(from.year() + 30, from.month(), 1).expect("a date");
    let dates = match Rule::parse(rule) {
        Ok(rule) => rule.dates(from, &[], from, 16),
        Err(error) if error.code() == "repeat-never-fires" => Vec::new(),
        Err(error) => panic!("{rule}: {error}"),
    };
    dates.into_iter().filter(|date| *date < end).collect()
}

fn advance(date: &mut Date, days: i64) -> Option<Date> {
    *date = date.checked_add(Span::new().days(days)).expect("a date");
    Some(*date)
}

struct Answers {
    first: Date,
    last: Date,
    zones: Vec<(String, Vec<(usize, i64)>)>,
}

impl Answers {
    fn read() -> Self {
        let text = text("first-instants.txt");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("# tzdata-2026f.bin"), "the answers are of other data");
        let range = lines.next().and_then(|line| line.strip_prefix("# ")).and_then(|line| line.split_once(' '));
        let (first, last) = range.expect("a range of dates");
        let zones: Vec<_> = lines.skip(1).map(zone_answers).collect();
        assert!(zones.len() > 500, "{} zones only", zones.len());
        Self { first: first.parse().expect("a date"), last: last.parse().expect("a date"), zones }
    }

    fn days(&self) -> usize {
        let days = self.last.duration_since(self.first).as_hours() / 24 + 1;
        usize::try_from(days).expect("a positive number")
    }

    fn differs(&self, zone: usize, day: usize, asked: &TimeZone) -> Option<String> {
        let (name, runs) = &self.zones[zone];
        let seconds = runs[runs.partition_point(|(from, _)| *from <= day) - 1].1;
        let days = i64::try_from(day).expect("a small number");
        let date = self.first.checked_add(Span::new().days(days)).expect("a date");
        let expected = midnight_utc(date) + SignedDuration::from_secs(seconds);
        let found = start_of(date, asked);
        (found != expected).then(|| format!("{name} {date}: {found}, not {expected}"))
    }
}

fn zone_answers(line: &str) -> (String, Vec<(usize, i64)>) {
    let mut words = line.split(' ');
    let name = words.next().expect("a name").to_owned();
    let run = |word: &str| {
        let (day, seconds) = word.split_once('=').expect("DAY=SECONDS");
        (day.parse().expect("a day"), seconds.parse().expect("seconds"))
    };
    (name, words.map(run).collect())
}

fn midnight_utc(date: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).expect("in range")
}
