//! A site without pages is booked with no browser at all.

use std::time::Duration;

use firstserve::club::Options;
use firstserve::engine::{Engine, Event, What};
use firstserve::model::Outcome;
use jiff::SignedDuration;

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_booked_without_a_browser() {
    let club = OwnClub::opens_in(SignedDuration::from_secs(3), Options::default());
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    let house = House::new(&format!(
        "[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club-api\"\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"by request\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        club.ready.url
    ))
    .with_flow("selectors/club-api", "club-api")
    .with_account("club/ana", "ana", "ana-raqueta");
    let parts = house.parts().await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts);
    let mut events = engine.events();
    let (mode, outcome) = tokio::time::timeout(LIMIT, async {
        let mut fired = None;
        loop {
            match events.recv().await.expect("the engine runs") {
                Event { what: What::Sent { mode, .. }, .. } => fired = Some(mode),
                Event { what: What::Ended { outcome, note, .. }, .. } => break (fired, (outcome, note)),
                _ => {}
            }
        }
    })
    .await
    .expect("it ends in time");
    engine.stop().await;
    running.await.expect("no panic");
    store.close().await;
    assert_eq!((mode, outcome.0), (Some("http"), Outcome::Confirmed), "{}", outcome.1);
    let confirmed = Submit { start: "17:00".to_owned(), answer: "confirmed".to_owned(), early: false };
    assert_eq!(club.submits().await, [confirmed]);
}
