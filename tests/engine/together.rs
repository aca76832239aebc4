//! Two bookings of one account that open at one instant.

use std::time::Duration;

use firstserve::clock::Clock;
use firstserve::club::Fault;
use firstserve::engine::What;
use firstserve::model::{Outcome, State};
use jiff::SignedDuration;

use super::sim::{House, wish};

/// How many of the two are logged in and ready when the first submit leaves.
async fn ready_at_the_first_submit(sessions: &str) -> usize {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    let (opens, date) = (house.opens(0), house.date());
    let wishes = [wish("first hour", date, &["1"], "17:00"), wish("second hour", date, &["1"], "18:00")];
    house.write([&opens, &opens], &wishes);
    house.edit("config/booking.toml", "clock = \"own\"\n", &format!("clock = \"own\"\nsessions = \"{sessions}\"\n"));
    let mut life = house.start();
    for _ in 0..2 {
        assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    }
    assert_eq!(house.submits_and_bookings().await, (2, 2));
    let before = life.heard.iter().take_while(|what| !matches!(what, What::Sent { .. }));
    let ready = before.filter(|what| **what == What::Entered(State::Ready)).count();
    life.stop().await;
    ready
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_bears_it_gets_both_at_the_instant() {
    assert_eq!(ready_at_the_first_submit("many").await, 2);
}

/// The control: what pushes each other out comes one after the other, and both are booked all the same.
#[tokio::test(flavor = "multi_thread")]
async fn otherwise_the_second_waits_for_the_first() {
    assert_eq!(ready_at_the_first_submit("one").await, 1);
}

/// Sessions of one account beside each other.
fn bears_many(house: &House) {
    house.edit("config/booking.toml", "clock = \"own\"\n", "clock = \"own\"\nsessions = \"many\"\n");
}

/// Both want 17:00. The first submit is answered "taken", and only then is the other court anybody's to submit.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_of_two_loses_the_other_still_gets() {
    for sessions in ["many", "one"] {
        let house = House::before(SignedDuration::from_mins(2), &[Fault::Taken]).await;
        let (opens, date) = (house.opens(0), house.date());
        house.write([&opens, &opens], &[wish("here", date, &["1"], "17:00"), wish("there", date, &["3"], "17:00")]);
        if sessions == "many" {
            bears_many(&house);
        }
        let mut life = house.start();
        let ends = [life.ended().await, life.ended().await];
        assert!(ends.contains(&Outcome::Taken) && ends.contains(&Outcome::Confirmed), "{ends:?} {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (2, 1), "sessions: {sessions}");
        let waited = life.heard.iter().any(|what| matches!(what, What::Note(note) if note.contains("waited for")));
        assert!(waited || sessions == "one", "{:#?}", life.story);
        life.stop().await;
    }
}

fn two_hours(name: &str, house: &House, court: &str) -> String {
    wish(name, house.date(), &[court], "17:00").replace("[\"17:00\"]", "[\"17:00\", \"18:00\"]")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlap_costs_the_other_booking_that_time_and_no_other() {
    // On the same court the site's list shows what the first has, which is no booking of the second.
    for (renamed, court) in [(false, "3"), (false, "1"), (true, "3")] {
        let house = House::before(SignedDuration::from_mins(2), &[]).await;
        house.write_one(&["1"]);
        let mut life = house.start();
        assert_eq!(life.ended().await, Outcome::Confirmed);
        let opens = house.opens(0);
        let first = wish("ana plays", house.date(), &["1"], "17:00");
        let kept = if renamed { vec![] } else { vec![first] };
        house.write([&opens, &opens], &[kept, vec![two_hours("later", &house, court)]].concat());
        life.handle.reload(house.parts()).await;
        // The control: what has no other booking in its place may be the same wish by another name, and is about every time.
        let (outcome, expected) = if renamed { (Outcome::Skipped, (1, 1)) } else { (Outcome::Confirmed, (2, 2)) };
        assert_eq!(life.ended().await, outcome, "renamed: {renamed}, court {court}; {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, expected, "court {court}");
        let sent = life.heard.iter().filter_map(|what| match what {
            What::Sent { choice, .. } => Some(choice.start.hour()),
            _ => None,
        });
        assert_eq!(sent.collect::<Vec<_>>(), if renamed { vec![17] } else { vec![17, 18] });
        life.stop().await;
    }
}

/// Nobody gives the place up, and nobody is waited for longer than the grace.
#[tokio::test(flavor = "multi_thread")]
async fn who_never_comes_free_is_waited_for_until_it_is_too_late() {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    let (opens, date) = (house.opens(0), house.date());
    house.write([&opens, &opens], &[wish("waits", date, &["1"], "17:00")]);
    house.plan_only().await;
    house.is_on_the_waiting_list("waits", &house.choice("1")).await;
    house.write([&opens, &opens], &[wish("waits", date, &["1"], "17:00"), wish("other", date, &["3"], "17:00")]);
    let mut life = house.start();
    life.pace = Duration::from_secs(1);
    assert_eq!(life.ended().await, Outcome::Skipped, "{:#?}", life.story);
    assert!(house.clock.now() > house.opening() + Duration::from_secs(30 * 60));
    assert_eq!((house.submits_and_bookings().await, house.asked("/api/login").await < 4), ((0, 0), true));
    assert_eq!(house.attempt("waits").await.state, State::Waitlisted);
    life.stop().await;
}
