//! Every occurrence that a clock change touches is flagged, and no other: against what Python says of every date.

use std::collections::BTreeSet;

use firstserve::model::{Booking, ClockRule, Court, MeasuredTo, OpeningRule, Patience, Prefer, Site, When};
use firstserve::schedule::{Note, Showing, showing, start_of, touched};
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{fixture, release};

/// Two years, and what is flagged within them.
const NOW: &str = "2027-01-01T12:00:00Z";

/// What Python's zoneinfo says: the first instant of each date, in seconds after that date's 00:00 UTC.
struct Oracle {
    first: Date,
    runs: Vec<(i64, i64)>,
}

impl Oracle {
    fn of(zone: &str, text: &str) -> Self {
        let mut lines = text.lines().skip(1);
        let range = lines.next().and_then(|line| line.strip_prefix("# ")).expect("a range of dates");
        let first = range.split(' ').next().and_then(|word| word.parse().ok()).expect("a date");
        let line = text.lines().find(|line| line.split(' ').next() == Some(zone)).expect("the zone is there");
        let run = |word: &str| {
            let (day, seconds) = word.split_once('=').expect("DAY=SECONDS");
            (day.parse().expect("a day"), seconds.parse().expect("seconds"))
        };
        Self { first, runs: line.split(' ').skip(1).map(run).collect() }
    }

    /// Seconds from the first instant of one date to that of another.
    fn between(&self, from: Date, to: Date) -> i64 {
        let begins = |date: Date| {
            let day = date.duration_since(self.first).as_hours() / 24;
            let (_, seconds) = self.runs[self.runs.partition_point(|(from, _)| *from <= day) - 1];
            day * 86_400 + seconds
        };
        begins(to) - begins(from)
    }
}

/// A slot at midnight every day, which opens at midnight eight days before.
fn daily(zone: &str) -> (Booking, Site) {
    let site = Site {
        id: "club".into(),
        url: "https://club.example/".into(),
        time_zone: zone.into(),
        flow: "selectors/club".into(),
        login_hosts: Vec::new(),
        sessions: firstserve::model::Sessions::One,
        slot_label: String::new(),
        fire: firstserve::model::FireMode::Auto,
        courts: vec![Court {
            name: "1".into(),
            site_id: "5".into(),
            opens: OpeningRule::VisibleDays { days: 9, measured_to: MeasuredTo::Start },
        }],
        slot_length: SignedDuration::from_hours(1),
        clock: ClockRule::default(),
        patience: Patience::default(),
        variables: std::collections::BTreeMap::new(),
    };
    let booking = Booking {
        name: "every midnight".into(),
        member: "ana".into(),
        courts: vec!["1".into()],
        when: When::Repeat { rule: "FREQ=DAILY".into(), from: jiff::civil::date(2026, 1, 1), except: vec![] },
        times: vec![time(0, 0, 0, 0)],
        length: SignedDuration::from_hours(1),
        prefer: Prefer::Time,
        paused: false,
        variables: std::collections::BTreeMap::new(),
    };
    (booking, site)
}

/// The dates whose seven days before are not 168 hours, by the oracle.
fn uneven_weeks(oracle: &Oracle, dates: &[Date]) -> BTreeSet<Date> {
    let uneven = |date: &&Date| oracle.between(**date - 7.days(), **date) != 7 * 86_400;
    dates.iter().filter(uneven).copied().collect()
}

#[test]
fn every_date_that_is_touched_within_two_years_is_flagged_and_no_other() {
    let text = std::fs::read_to_string(fixture("first-instants.txt")).expect("the fixture can be read");
    let (data, now): (_, Timestamp) = (release("2026f"), NOW.parse().expect("a timestamp"));
    let (mut weeks, mut midnights) = (0, 0);
    for zone in [
        "America/Havana",
        "Asia/Beirut",
        "Africa/Cairo",
        "America/Santiago",
        "America/Asuncion",
        "Europe/Madrid",
        "Australia/Lord_Howe",
        "Atlantic/Azores",
        "America/Scoresbysund",
        "America/Costa_Rica",
        "Africa/Casablanca",
    ] {
        let rules = data.zone(zone).expect("the zone is known");
        let (booking, site) = daily(zone);
        let found = touched(&booking, &site, &rules, now);
        let begun = |date: &Date| start_of(*date, &rules) > now;
        let two_years = |date: &Date| start_of(*date, &rules).duration_since(now).as_hours() <= 2 * 366 * 24;
        let dates: Vec<Date> = (0..800).map(|day| jiff::civil::date(2027, 1, 1) + day.days()).collect();
        let dates: Vec<Date> = dates.into_iter().filter(|date| begun(date) && two_years(date)).collect();
        assert!(dates.len() > 720, "{}", dates.len());
        let oracle = Oracle::of(zone, &text);
        let expected = uneven_weeks(&oracle, &dates);
        let is_week = |(_, note): &&(Date, Note)| matches!(note, Note::WeekIsNot168Hours { .. });
        let flagged: BTreeSet<Date> = found.iter().filter(is_week).map(|(date, _)| *date).collect();
        assert_eq!(flagged, expected, "{zone}: weeks");
        weeks += flagged.len();
        let odd = |date: Date| showing(date.at(0, 0, 0, 0), &rules) != Showing::Once;
        let expected: BTreeSet<Date> =
            dates.iter().filter(|date| odd(**date) || odd(**date - 8.days())).copied().collect();
        let flagged: BTreeSet<Date> = found.iter().filter(|one| !is_week(one)).map(|(date, _)| *date).collect();
        assert_eq!(flagged, expected, "{zone}: midnights");
        midnights += flagged.len();
    }
    assert!(
        weeks > 200 && midnights > 20,
        "{weeks} uneven weeks and {midnights} odd midnights: too few to prove anything"
    );
}

/// The control: a zone that never changes its clocks has nothing to flag, and one that does has, by the same comparison.
#[test]
fn the_comparison_tells_the_two_apart() {
    let text = std::fs::read_to_string(fixture("first-instants.txt")).expect("the fixture can be read");
    let dates: Vec<Date> = (0..700).map(|day| jiff::civil::date(2027, 1, 10) + day.days()).collect();
    assert!(uneven_weeks(&Oracle::of("America/Costa_Rica", &text), &dates).is_empty());
    assert_eq!(
        uneven_weeks(&Oracle::of("Europe/Madrid", &text), &dates).len(),
        28,
        "four changes, seven dates after each"
    );
    let (booking, site) = daily("Europe/Madrid");
    let paused = Booking { paused: true, ..booking };
    let madrid = TimeZone::get("Europe/Madrid").expect("a zone");
    assert_eq!(touched(&paused, &site, &madrid, NOW.parse().expect("a timestamp")), []);
}
