//! Rivals book popular slots right after the opening, and lose to who is faster.

use std::time::Duration;

use firstserve::club::{COURTS, Options};
use jiff::SignedDuration;

use super::world::World;

#[tokio::test]
async fn rivals_take_what_is_popular_and_lose_what_is_held() {
    let options = Options { opens_in: Some(SignedDuration::from_millis(2_500)), rivals: 7, ..Options::default() };
    let world = World::with(options).await;
    let opening = world.ready.opening.expect("it was asked for");
    let opens = world.ready.date(&COURTS[0]).expect("it was asked for").to_string();
    let ana = world.program("ana").await;
    world.reaches(opening).await;
    assert_eq!(ana.book("5", &opens, "17:00").await.0, 201, "the fastest rival needs 80 ms");
    world.reaches(opening + SignedDuration::from_millis(600)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ledger = world.ledger().await;
    let bookings = ledger["bookings"].as_array().expect("a list");
    let rivals: Vec<_> = bookings
        .iter()
        .filter(|booking| booking["member"].as_str().is_some_and(|member| member.starts_with("rival-")))
        .collect();
    assert_eq!(rivals.len(), 7);
    assert_eq!(ana.book("7", rivals[0]["date"].as_str().expect("a date"), "17:00").await.0, 409);
    assert_eq!(ana.book("5", &opens, "18:00").await.0, 409);
    assert_eq!(ana.book("5", &opens, "12:00").await.0, 201, "what nobody wants is left");
    assert_eq!(ledger["submits"], 1, "rivals do not come by request");
}
