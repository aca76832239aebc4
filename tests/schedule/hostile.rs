//! Rules that are wrong, and rules that are made to take long.

use std::time::Duration;

use firstserve::clock::Stopwatch;
use firstserve::schedule::{Rule, RuleError};
use jiff::civil::date;

fn refused(text: &str) -> RuleError {
    Rule::parse(text).expect_err(text)
}

#[test]
fn each_mistake_is_said_with_its_cure() {
    let texts = [
        "",
        "BYDAY=WE",
        "weekly on wednesdays",
        "FREQ=WEEKLY;BYDAY",
        "FREQ=WEEKLY;BYDYA=WE",
        "FREQ=WEEKLY;X-COLOUR=RED",
        "FREQ=WEEKLY;BYDAY=WE;BYDAY=FR",
        "FREQ=FORTNIGHTLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=17",
        "DTSTART:20270106T170000Z",
        "FREQ=WEEKLY;DTSTART=20270106",
        "FREQ=WEEKLY;EXDATE=20270106",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=2WE",
        "FREQ=MONTHLY;BYDAY=6WE",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=MONTHLY;BYWEEKNO=3",
        "FREQ=DAILY;BYYEARDAY=3",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO",
        "FREQ=WEEKLY;BYSETPOS=1",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=5;UNTIL=20270630",
        "FREQ=WEEKLY;UNTIL=20270630T220000Z",
        "FREQ=WEEKLY;UNTIL=20270631",
        "FREQ=WEEKLY;WKST=M",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ];
    let told: Vec<String> = texts.iter().map(|text| tell(text)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

fn tell(text: &str) -> String {
    let error = refused(text);
    let problem = error.problem();
    let part = &text[error.span.clone()];
    format!(
        "{text:?}\n  {}: {}\n  at {part:?}\n  help: {}\n",
        problem.code,
        problem.message,
        problem.help.unwrap_or_default()
    )
}

#[test]
fn what_is_written_a_little_otherwise_is_understood() {
    let plain = Rule::parse("FREQ=WEEKLY;BYDAY=WE").expect("a rule").dates(date(2027, 1, 6), &[], date(2027, 1, 6), 5);
    for text in
        ["RRULE:FREQ=WEEKLY;BYDAY=WE", "freq=weekly;byday=we", " FREQ=WEEKLY ; BYDAY=WE ", "FREQ=WEEKLY;BYDAY=WE;"]
    {
        let dates = Rule::parse(text).expect(text).dates(date(2027, 1, 6), &[], date(2027, 1, 6), 5);
        assert_eq!(dates, plain, "{text}");
    }
}

#[test]
fn a_rule_that_never_fires_from_its_start_is_told() {
    let leap = Rule::parse("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29").expect("a rule");
    assert!(leap.check_from(date(2028, 1, 1), &[]).is_ok());
    assert_eq!(leap.check_from(date(2027, 1, 1), &[]).expect_err("never").code(), "repeat-never-fires");
    let over = Rule::parse("FREQ=DAILY;UNTIL=20260101").expect("a rule");
    assert!(over.check_from(date(2026, 1, 1), &[]).is_ok());
    assert!(over.check_from(date(2026, 1, 2), &[]).is_err());
    let left_out = Rule::parse("FREQ=DAILY;COUNT=1").expect("a rule");
    assert!(left_out.check_from(date(2026, 1, 1), &[date(2026, 1, 1)]).is_err());
    assert!(over.check_from(date(1969, 12, 31), &[]).is_err());
}

/// Rules that match nothing, or hardly anything, from dates long past: each is answered in a bounded time.
#[test]
fn no_rule_takes_long() {
    let everything = format!("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY={}", ["MO,TU,WE,TH,FR,SA,SU"; 18].join(","));
    let texts = [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
        "FREQ=YEARLY;BYYEARDAY=366;BYSETPOS=2",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=DAILY;COUNT=2147483647",
        &everything,
    ];
    for text in texts {
        let watch = Stopwatch::start();
        if let Ok(rule) = Rule::parse(text) {
            for from in [date(1, 1, 1), date(1901, 3, 5), date(2027, 1, 5)] {
                assert!(rule.dates(from, &[], date(2027, 1, 1), 52).len() <= 52);
            }
        }
        let took = watch.elapsed();
        assert!(took < Duration::from_secs(20), "{text} took {took:?}");
    }
}

#[test]
fn five_hundred_and_thirteen_bytes_are_too_many() {
    let long = format!("FREQ=WEEKLY;BYDAY={}", "MO,".repeat(170));
    assert!(matches!(refused(&long).kind, firstserve::schedule::RuleErrorKind::TooLong { .. }));
}
