//! What holds of every zone, date and rule.

use std::sync::LazyLock;

use firstserve::schedule::{Rule, first_instant};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};
use proptest::prelude::*;

static ZONES: LazyLock<Vec<TimeZone>> = LazyLock::new(|| {
    let data = super::zones();
    let zones = data.db.available().map(|name| data.zone(name.as_str()).expect("the zone is known"));
    zones.collect()
});

fn zone() -> impl Strategy<Value = TimeZone> {
    (0..ZONES.len()).prop_map(|at| ZONES[at].clone())
}

fn wall_between(first: i16, last: i16) -> impl Strategy<Value = DateTime> {
    (date_between(first, last), 0..24_i8, 0..60_i8).prop_map(|(date, hour, minute)| date.at(hour, minute, 0, 0))
}

fn date_between(first: i16, last: i16) -> impl Strategy<Value = Date> {
    (first..=last, 0..366_i64).prop_map(|(year, day)| {
        let first = Date::new(year, 1, 1).expect("a date");
        first.checked_add(Span::new().days(day)).expect("a date")
    })
}

/// Rules that can be read, with and without ends.
fn rule() -> impl Strategy<Value = String> {
    let frequency = prop::sample::select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let days = prop::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..4);
    let months = prop::sample::subsequence((1..=12).collect::<Vec<u8>>(), 0..4);
    let end = prop_oneof![
        Just(String::new()),
        (1..80_u32).prop_map(|count| format!(";COUNT={count}")),
        date_between(2027, 2030).prop_map(|date| format!(";UNTIL={}", date.strftime("%Y%m%d"))),
    ];
    (frequency, 1..5_u16, days, months, end).prop_map(|(frequency, interval, days, months, end)| {
        let months: Vec<_> = months.iter().map(u8::to_string).collect();
        let months = if months.is_empty() { String::new() } else { format!(";BYMONTH={}", months.join(",")) };
        format!("FREQ={frequency};INTERVAL={interval};BYDAY={}{months}{end}", days.join(","))
    })
}

proptest! {
    /// The definition itself: from that instant on the clocks show the wall time or later, at every instant before it
    /// something earlier.
    #[test]
    fn nothing_before_the_first_instant_shows_the_wall_time(zone in zone(), wall in wall_between(1971, 2037)) {
        let first = first_instant(wall, &zone);
        prop_assert!(zone.to_datetime(first) >= wall);
        prop_assert!(zone.to_datetime(first - SignedDuration::from_nanos(1)) < wall);
        for quarter in 1..120 {
            prop_assert!(zone.to_datetime(first - SignedDuration::from_mins(15 * quarter)) < wall);
        }
    }

    #[test]
    fn a_later_wall_time_never_comes_first(zone in zone(), wall in wall_between(2025, 2036), minutes in 0..3000_i64) {
        let later = wall.checked_add(SignedDuration::from_mins(minutes)).expect("a time");
        prop_assert!(first_instant(wall, &zone) <= first_instant(later, &zone));
    }

    #[test]
    fn dates_are_ordered_each_once_and_within_what_was_asked(
        rule in rule(),
        from in date_between(2024, 2028),
        ahead in 0..900_i64,
        limit in 1..60_usize,
    ) {
        let rule = Rule::parse(&rule).expect("a rule");
        let starting = from.checked_add(Span::new().days(ahead)).expect("a date");
        let dates = rule.dates(from, &[], starting, limit);
        prop_assert!(dates.len() <= limit);
        prop_assert!(dates.iter().all(|date| *date >= starting));
        prop_assert!(dates.is_sorted_by(|earlier, later| earlier < later));
    }

    /// Looking from later on shows the same dates, only fewer; a date left out is missing and nothing else changes.
    #[test]
    fn where_one_looks_from_changes_nothing(rule in rule(), from in date_between(2024, 2028), skip in 0..20_usize) {
        let rule = Rule::parse(&rule).expect("a rule");
        let all = rule.dates(from, &[], from, 40);
        if let Some(starting) = all.get(skip) {
            let later = rule.dates(from, &[], *starting, 40 - skip);
            prop_assert_eq!(&later[..], &all[skip..]);
            let without = rule.dates(from, &[*starting], from, 40);
            let left: Vec<_> = all.iter().filter(|date| *date != starting).copied().collect();
            prop_assert_eq!(&without[..left.len()], &left[..]);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(RRULE:)?[A-Z]{0,6}[=;:,]?[A-Z0-9=;,+ñ-]{0,40}") {
        if let Err(error) = Rule::parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            prop_assert!(!error.help().is_empty());
        }
    }
}

#[test]
fn every_day_of_ten_years_is_there() {
    let daily = Rule::parse("FREQ=DAILY").expect("a rule");
    let first = jiff::civil::date(2025, 1, 1);
    let dates = daily.dates(first, &[], first, 3652);
    assert_eq!(dates.last(), Some(&jiff::civil::date(2034, 12, 31)));
}
