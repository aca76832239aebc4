//! Two bookings of one account that open at one instant.

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
