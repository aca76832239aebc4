//! What an attempt was armed with, it fires: an edit under it is for the next one.

use firstserve::engine::What;
use firstserve::model::{Choice, Outcome, State};
use jiff::SignedDuration;

use super::sim::{House, house, wish};

/// The choice that was sent.
fn sent(heard: &[What]) -> Vec<&Choice> {
    heard.iter().filter_map(|what| if let What::Sent { choice, .. } = what { Some(choice) } else { None }).collect()
}

/// Another court, another hour, and a site that is somewhere else, where nobody answers.
fn edit_everything(house: &House) {
    let opens = house.opens(0);
    house.write([&opens, &opens], &[wish("ana plays", house.date(), &["3"], "19:00")]);
    let url = house.club_url();
    house.edit("config/booking.toml", &format!("url = \"{url}\""), "url = \"http://127.0.0.1:9/\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_is_ready_keeps_court_hour_and_site() {
    let house = house().await;
    let mut life = house.start();
    life.entered(State::Ready).await;
    edit_everything(&house);
    life.handle.reload(house.parts()).await;
    life.until("the edit is in force", |what| matches!(what, What::Reloaded(_))).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    let [choice] = sent(&life.heard)[..] else { panic!("one submit: {:#?}", life.story) };
    assert_eq!((choice.court.as_str(), choice.start), ("1", house.date().at(17, 0, 0, 0)), "{:#?}", life.story);
    let bookings = house.ledger().await["bookings"].clone();
    assert_eq!((&bookings[0]["court"], &bookings[0]["start"]), (&"5".into(), &"17:00".into()), "{bookings}");
    assert_eq!(house.submits_and_bookings().await, (1, 1));
    life.stop().await;
}

/// The control: the same edit before the attempt is taken up is another court at another site.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_is_only_planned_takes_the_edit() {
    let house = House::before(SignedDuration::from_mins(5), &[]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    edit_everything(&house);
    life.handle.reload(house.parts()).await;
    life.until("it is taken up", |what| matches!(what, What::TakenUp { .. })).await;
    life.until("nobody answers there", super::sim::is_trouble).await;
    assert_eq!(house.asked("/api/login").await, 0, "{:#?}", life.story);
    life.stop().await;
}
