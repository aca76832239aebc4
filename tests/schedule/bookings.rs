//! Bookings to occurrences and openings, as a member would count them on a calendar.

use std::collections::BTreeMap;

use firstserve::model::{
    Booking, ClockRule, Court, FireMode, Language, MeasuredTo, Occurrence, OpeningRule, Patience, Prefer, Site, When,
};
use firstserve::schedule::{
    ALWAYS_OPEN, Note, Rule, asks_for, never_open, not_open_yet, notes, occurrences, second_showing,
};
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{at, zones};

pub(super) fn site(time_zone: &str, courts: &[(&str, &str, OpeningRule)]) -> Site {
    let court = |(name, site_id, opens): &(&str, &str, OpeningRule)| Court {
        name: (*name).into(),
        site_id: (*site_id).to_owned(),
        opens: *opens,
    };
    Site {
        id: "las-palmas".into(),
        url: "https://reservas.example.com/".to_owned(),
        login_hosts: Vec::new(),
        sessions: firstserve::model::Sessions::One,
        time_zone: time_zone.to_owned(),
        flow: "selectors/las-palmas".into(),
        slot_label: "De {start:%I:%M %p} a {end:%I:%M %p}".to_owned(),
        fire: FireMode::Auto,
        courts: courts.iter().map(court).collect(),
        slot_length: SignedDuration::from_hours(1),
        patience: Patience::default(),
        clock: ClockRule::default(),
        variables: BTreeMap::new(),
    }
}

pub(super) fn las_palmas() -> Site {
    site("America/Costa_Rica", &[("1", "5", visible(10)), ("2", "7", visible(9))])
}

pub(super) fn booking(courts: &[&str], times: &[Time], when: When) -> Booking {
    Booking {
        name: "july doubles".into(),
        member: "ana".into(),
        courts: courts.iter().map(|name| (*name).into()).collect(),
        times: times.to_vec(),
        length: SignedDuration::from_hours(1),
        prefer: Prefer::Time,
        when,
        paused: false,
        variables: BTreeMap::new(),
    }
}

pub(super) fn visible(days: u16) -> OpeningRule {
    OpeningRule::VisibleDays { days, measured_to: MeasuredTo::Start }
}

pub(super) fn repeat(rule: &str, from: Date) -> When {
    When::Repeat { rule: rule.to_owned(), from, except: Vec::new() }
}

fn zone(name: &str) -> TimeZone {
    zones().zone(name).expect("the zone is known")
}

fn next(booking: &Booking, site: &Site, now: &str) -> Vec<Occurrence> {
    occurrences(booking, site, &zone(&site.time_zone), at(now), 52)
}

fn opening(rule: OpeningRule, day: Date, at_time: Time, time_zone: &str) -> Timestamp {
    let site = site(time_zone, &[("1", "5", rule)]);
    let found = next(&booking(&["1"], &[at_time], When::Once(day)), &site, "2025-01-01T00:00:00Z");
    found[0].choices[0].opening
}

const FIVE: Time = time(17, 0, 0, 0);
const SIX: Time = time(18, 0, 0, 0);

#[test]
fn ten_visible_days_open_july_18_on_july_9() {
    let wanted = booking(&["1", "2"], &[FIVE], When::Once(date(2027, 7, 18)));
    let found = next(&wanted, &las_palmas(), "2027-06-01T12:00:00Z");
    let openings: Vec<_> =
        found[0].choices.iter().map(|choice| (choice.court_site_id.as_str(), choice.opening)).collect();
    assert_eq!(openings, [("5", at("2027-07-09T06:00:00Z")), ("7", at("2027-07-10T06:00:00Z"))]);
    assert_eq!(found[0].opening(), at("2027-07-09T06:00:00Z"));
}

#[test]
fn each_opening_rule_counts_in_its_own_way() {
    let day = date(2027, 7, 18);
    let rule = |days, hour, measured_to| OpeningRule::DaysBefore { days, at: time(hour, 0, 0, 0), measured_to };
    let before = |hours, measured_to| OpeningRule::Before { span: SignedDuration::from_hours(hours), measured_to };
    let cases = [
        (visible(1), FIVE, "2027-07-18T06:00:00Z"),
        (rule(9, 0, MeasuredTo::Start), FIVE, "2027-07-09T06:00:00Z"),
        (rule(7, 8, MeasuredTo::Start), FIVE, "2027-07-11T14:00:00Z"),
        (rule(7, 8, MeasuredTo::End), time(23, 30, 0, 0), "2027-07-12T14:00:00Z"),
        (
            OpeningRule::VisibleDays { days: 10, measured_to: MeasuredTo::End },
            time(23, 0, 0, 0),
            "2027-07-10T06:00:00Z",
        ),
        (before(168, MeasuredTo::Start), FIVE, "2027-07-11T23:00:00Z"),
        (before(168, MeasuredTo::End), FIVE, "2027-07-12T00:00:00Z"),
    ];
    for (rule, start, expected) in cases {
        assert_eq!(opening(rule, day, start, "America/Costa_Rica"), at(expected), "{rule:?} {start}");
    }
    assert_eq!(opening(OpeningRule::Always, day, FIVE, "America/Costa_Rica"), ALWAYS_OPEN);
}

#[test]
fn days_are_calendar_days_and_hours_are_elapsed_hours() {
    let day = date(2027, 3, 28); // clocks in Madrid went forward that morning
    let days = OpeningRule::DaysBefore { days: 7, at: FIVE, measured_to: MeasuredTo::Start };
    let hours = OpeningRule::Before { span: SignedDuration::from_hours(168), measured_to: MeasuredTo::Start };
    assert_eq!(opening(days, day, FIVE, "Europe/Madrid"), at("2027-03-21T16:00:00Z"));
    assert_eq!(opening(hours, day, FIVE, "Europe/Madrid"), at("2027-03-21T15:00:00Z"));
}

#[test]
fn a_missing_or_doubled_opening_has_one_answer() {
    let at_midnight = OpeningRule::DaysBefore { days: 7, at: Time::midnight(), measured_to: MeasuredTo::Start };
    let missing = opening(at_midnight, date(2027, 9, 12), FIVE, "America/Santiago");
    assert_eq!(missing, at("2027-09-05T04:00:00Z"));
    let doubled = opening(at_midnight, date(2027, 11, 14), FIVE, "America/Havana");
    assert_eq!(doubled, at("2027-11-07T04:00:00Z"));
    let half_past_two = OpeningRule::DaysBefore { days: 7, at: time(2, 30, 0, 0), measured_to: MeasuredTo::Start };
    assert_eq!(opening(half_past_two, date(2027, 4, 4), FIVE, "Europe/Madrid"), at("2027-03-28T01:00:00Z"));
    assert_eq!(opening(half_past_two, date(2027, 11, 7), FIVE, "Europe/Madrid"), at("2027-10-31T00:30:00Z"));
}

/// The first court's rule names no local time; the second one's midnight comes twice.
#[test]
fn each_choice_has_the_second_showing_of_its_own_courts_rule() {
    let before = OpeningRule::Before { span: SignedDuration::from_hours(168), measured_to: MeasuredTo::Start };
    let courts = [("3", "17", OpeningRule::Always), ("2", "7", before), ("1", "5", visible(8))];
    let (site, zone) = (site("America/Havana", &courts), zone("America/Havana"));
    let wanted = booking(&["3", "2", "1"], &[FIVE], When::Once(date(2027, 11, 14)));
    let mut choices = next(&wanted, &site, "2027-11-01T00:00:00Z")[0].choices.clone();
    let seconds = |choices: &[firstserve::model::Choice]| -> Vec<Option<u64>> {
        let showing = |choice| second_showing(choice, &site, &zone).map(|late| late.as_secs());
        choices.iter().map(showing).collect()
    };
    assert_eq!(seconds(&choices), [None, None, Some(3_600)]);
    choices[2].opening += SignedDuration::from_mins(1);
    assert_eq!(seconds(&choices), [None, None, None], "what the site has announced is no midnight of the rule's");
}

#[test]
fn a_booking_asks_for_its_dates_also_while_it_is_paused() {
    let paused = |when| Booking { paused: true, ..booking(&["1"], &[FIVE], when) };
    let sundays = When::Repeat {
        rule: "FREQ=WEEKLY;BYDAY=SU".to_owned(),
        from: date(2027, 7, 1),
        except: vec![date(2027, 7, 18)],
    };
    let sundays = paused(sundays);
    let asked: Vec<i8> = (1..=31).filter(|day| asks_for(&sundays, date(2027, 7, *day))).collect();
    assert_eq!(asked, [4, 11, 25]);
    let once = paused(When::Once(date(2027, 7, 18)));
    assert!(asks_for(&once, date(2027, 7, 18)) && !asks_for(&once, date(2027, 7, 17)));
}

#[test]
fn the_preferred_axis_changes_last() {
    let mut wanted = booking(&["1", "2"], &[FIVE, SIX], When::Once(date(2027, 7, 18)));
    let order = |wanted: &Booking| -> Vec<String> {
        let found = next(wanted, &las_palmas(), "2027-06-01T12:00:00Z");
        found[0].choices.iter().map(|choice| format!("{}@{}", choice.court, choice.start.hour())).collect()
    };
    assert_eq!(order(&wanted), ["1@17", "2@17", "1@18", "2@18"]);
    wanted.prefer = Prefer::Court;
    assert_eq!(order(&wanted), ["1@17", "1@18", "2@17", "2@18"]);
}

#[test]
fn fifty_two_occurrences_are_looked_ahead() {
    let wanted = booking(&["2"], &[FIVE], repeat("FREQ=WEEKLY;BYDAY=WE", date(2027, 1, 6)));
    let found = next(&wanted, &las_palmas(), "2027-01-07T03:00:00Z"); // 21:00 on the 6th: that slot has begun
    assert_eq!(found.len(), 52);
    assert_eq!(found[0].date, date(2027, 1, 13));
    assert!(found.iter().all(|occurrence| occurrence.date.weekday() == jiff::civil::Weekday::Wednesday));
}

#[test]
fn every_other_friday_counts_from_its_first_date() {
    let wanted = booking(&["1"], &[time(10, 0, 0, 0)], repeat("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", date(2025, 8, 3)));
    let dates: Vec<_> =
        next(&wanted, &las_palmas(), "2025-08-01T00:00:00Z").iter().map(|next| next.date).take(3).collect();
    // Weeks begin on Monday: August 3 is the Sunday of the week of August 1, so the 8th is in the week between.
    assert_eq!(dates, [date(2025, 8, 15), date(2025, 8, 29), date(2025, 9, 12)]);
    let rule = Rule::parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR").expect("a rule");
    let warning = rule.late_first(date(2025, 8, 3)).expect("a warning");
    assert_eq!(warning.message, "the first date is 2025-08-15, not 2025-08-08");
    assert_eq!(
        warning.help.as_deref(),
        Some(
            "every second week counts from the one that `from` is in; to begin on 2025-08-08, let `from` be that date"
        )
    );
    assert!(rule.late_first(date(2025, 8, 8)).is_none());
}

#[test]
fn what_has_begun_is_left_out_and_the_rest_stays() {
    let wanted = booking(&["1"], &[FIVE, SIX], When::Once(date(2027, 7, 18)));
    let at_half_past_five = next(&wanted, &las_palmas(), "2027-07-18T23:30:00Z");
    assert_eq!(at_half_past_five[0].choices.iter().map(|choice| choice.start.time()).collect::<Vec<_>>(), [SIX]);
    assert!(next(&wanted, &las_palmas(), "2027-07-19T00:00:00Z").is_empty());
}

#[test]
fn a_choice_that_opens_after_its_start_is_told_apart() {
    let evening = OpeningRule::DaysBefore { days: 0, at: time(17, 30, 0, 0), measured_to: MeasuredTo::Start };
    let site = site("America/Costa_Rica", &[("1", "5", evening)]);
    let wanted = booking(&["1"], &[FIVE, SIX], When::Once(date(2027, 7, 18)));
    let found = next(&wanted, &site, "2027-06-01T12:00:00Z");
    assert_eq!(found[0].choices.iter().map(|choice| choice.start.time()).collect::<Vec<_>>(), [SIX]);
    let never = never_open(&wanted, &site, &zone(&site.time_zone), at("2027-06-01T12:00:00Z"));
    assert_eq!(never.iter().map(|choice| choice.start.time()).collect::<Vec<_>>(), [FIVE]);
}

#[test]
fn a_paused_booking_has_no_occurrences() {
    let mut wanted = booking(&["1"], &[FIVE], When::Once(date(2027, 7, 18)));
    assert_eq!(next(&wanted, &las_palmas(), "2027-06-01T12:00:00Z").len(), 1);
    wanted.paused = true;
    assert!(next(&wanted, &las_palmas(), "2027-06-01T12:00:00Z").is_empty());
}

#[test]
fn a_member_reads_when_it_will_be_done() {
    let wanted = booking(&["1"], &[FIVE], When::Once(date(2027, 7, 18)));
    let choice = next(&wanted, &las_palmas(), "2027-06-01T12:00:00Z")[0].choices[0].clone();
    let zone = zone("America/Costa_Rica");
    let say = |now: &str, language| not_open_yet(&choice, &zone, at(now), language);
    assert_eq!(
        say("2027-06-01T12:00:00Z", Language::English),
        "Court 1 bookings for July 18 aren't open yet. Your request is scheduled and will be confirmed once it is \
         reserved after midnight on July 9."
    );
    assert_eq!(
        say("2027-06-01T12:00:00Z", Language::Spanish),
        "Las reservas de la cancha 1 para el 18 de julio aún no están abiertas. Su solicitud está programada y se \
         confirmará cuando quede reservada después de la medianoche del 9 de julio."
    );
    assert!(say("2026-12-01T12:00:00Z", Language::English).contains("for July 18, 2027 aren't"));
}

#[test]
fn clock_changes_are_noted_within_two_years() {
    let site = site("America/Havana", &[("1", "5", visible(8))]);
    let wanted = booking(&["1"], &[FIVE], When::Once(date(2027, 11, 14)));
    let told = |now: &str| -> Vec<Note> {
        let choice = next(&wanted, &site, now)[0].choices[0].clone();
        notes(&choice, visible(8), &zone("America/Havana"), at(now))
    };
    let texts: Vec<_> = told("2027-01-01T00:00:00Z").iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["midnight comes twice on 2027-11-07: clocks go back; the opening is the first, 2027-11-07 00:00:00 -04:00",]
    );
    assert!(told("2025-10-01T00:00:00Z").is_empty());
    let site = self::site("Europe/Madrid", &[("1", "5", visible(8))]);
    let sunday = booking(&["1"], &[FIVE], When::Once(date(2027, 3, 28)));
    let choice = next(&sunday, &site, "2027-01-01T00:00:00Z")[0].choices[0].clone();
    let told = notes(&choice, visible(8), &zone("Europe/Madrid"), at("2027-01-01T00:00:00Z"));
    assert_eq!(told[0].to_string(), "clocks change in the week before: its seven days are 167 hours, not 168");
    let ordinary = booking(&["1"], &[FIVE], When::Once(date(2027, 7, 18)));
    let choice = next(&ordinary, &site, "2027-01-01T00:00:00Z")[0].choices[0].clone();
    assert!(notes(&choice, visible(8), &zone("Europe/Madrid"), at("2027-01-01T00:00:00Z")).is_empty());
}
