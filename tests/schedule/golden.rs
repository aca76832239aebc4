//! The golden cases, and two ways that are known to be wrong on them.

use chrono::{NaiveDate, NaiveTime, TimeZone as _};
use firstserve::schedule::{Showing, showing, start_of};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::{at, text, zones};

struct Case {
    zone: String,
    date: Date,
    class: String,
    midnights: Vec<Timestamp>,
    first: Timestamp,
}

#[test]
fn every_case_passes() {
    let data = zones();
    for case in cases() {
        let zone = data.zone(&case.zone).expect("the zone is known");
        assert_eq!(start_of(case.date, &zone), case.first, "{} {}", case.zone, case.date);
        let expected = match case.midnights.len() {
            0 => Showing::Missing,
            1 => Showing::Once,
            _ => Showing::Doubled,
        };
        assert_eq!(showing(case.date.at(0, 0, 0, 0), &zone), expected, "{} {}", case.zone, case.date);
    }
}

#[test]
fn all_four_classes_are_there() {
    let classes: std::collections::BTreeSet<String> = cases().into_iter().map(|case| case.class).collect();
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), ["A", "B", "C", "D"]);
}

/// The control: asking chrono for the one midnight of the date finds none when it is missing or doubled.
#[test]
fn a_single_midnight_fails_where_it_is_missing_or_doubled() {
    let (mut wrong, mut right) = (Vec::new(), 0);
    for case in cases() {
        let zone: chrono_tz::Tz = case.zone.parse().expect("chrono-tz knows the zone");
        let midnight = zone.from_local_datetime(&naive(case.date).and_time(NaiveTime::MIN)).single();
        if midnight.map(|midnight| midnight.timestamp()) == Some(case.first.as_second()) {
            right += 1;
        } else {
            wrong.push(case.class);
        }
    }
    assert!(right > 0, "the control answers nothing at all");
    assert!(wrong.iter().any(|class| class == "A") && wrong.iter().any(|class| class == "B"), "{wrong:?}");
}

/// The control: a daily rule at midnight in the zone itself loses the dates whose midnight is missing or doubled.
#[test]
fn a_rule_in_the_local_zone_loses_dates() {
    let (mut lost, mut kept) = (0, 0);
    for case in cases() {
        let zone: chrono_tz::Tz = case.zone.parse().expect("chrono-tz knows the zone");
        let before = naive(case.date) - chrono::Days::new(3);
        let start = rrule::Tz::from(zone).from_local_datetime(&before.and_time(NaiveTime::MIN)).single();
        let set = rrule::RRule::new(rrule::Frequency::Daily).count(6).build(start.expect("an ordinary midnight"));
        let dates = set.expect("a rule").all(6).dates;
        let found = dates.iter().any(|found| found.timestamp() == case.first.as_second());
        if found { kept += 1 } else { lost += 1 }
    }
    assert!(lost >= 20, "lost only {lost}, so it is no control");
    assert!(kept > 0, "the control finds nothing at all");
}

fn cases() -> Vec<Case> {
    let golden: Value = serde_json::from_str(&text("dst-midnight.json")).expect("JSON");
    assert_eq!(golden["tzdata"], "2026f");
    let cases: Vec<_> = golden["cases"].as_array().expect("a list").iter().map(case).collect();
    assert_eq!(cases.len(), 62);
    cases
}

fn case(value: &Value) -> Case {
    let word = |key: &str| value[key].as_str().expect("a text").to_owned();
    let midnights = value["local_midnights_utc"].as_array().expect("a list");
    Case {
        zone: word("zone"),
        date: word("local_date").parse().expect("a date"),
        class: word("cls"),
        midnights: midnights.iter().map(|midnight| at(midnight.as_str().expect("a text"))).collect(),
        first: at(&word("open_instant_utc")),
    }
}

fn naive(date: Date) -> NaiveDate {
    date.to_string().parse().expect("a date")
}
