//! A club whose clock is off: its opening is by its own clock, and so is the submit.

use std::time::Duration;

use firstserve::club::Options;
use firstserve::engine::{Engine, Event, What};
use firstserve::model::Outcome;
use jiff::SignedDuration;

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;
use super::process::next_turn;

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(60);

/// Long enough to stage and to ask for the time.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(14);

struct Ended {
    outcome: Outcome,
    note: String,
    submits: Vec<Submit>,
    /// Receipt of the first submit after the opening, by the club's clock, in milliseconds.
    late_ms: f64,
    trail: Vec<String>,
}

/// One attempt at a club whose clock is ahead by so much.
async fn book(ahead: SignedDuration, rule: &str) -> Ended {
    let club = OwnClub::opens_in(OPENS_IN, Options { clock_offset: ahead, ..Options::default() });
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    let house = House::new(&format!(
        "[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club-api\"\n{rule}\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"by its clock\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        club.ready.url
    ))
    .with_flow("selectors/club-api", "club-api")
    .with_account("club/ana", "ana", "ana-raqueta");
    let parts = house.parts().await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts);
    let mut events = engine.events();
    let (id, outcome, note) = tokio::time::timeout(LIMIT, async {
        loop {
            let event = events.recv().await.expect("the engine runs");
            if let Event { attempt: Some(id), what: What::Ended { outcome, note, .. }, .. } = event {
                break (id, outcome, note);
            }
        }
    })
    .await
    .expect("it ends in time");
    engine.stop().await;
    running.await.expect("no panic");
    let trail = store.audit_of(&id).await.expect("it can be read");
    store.close().await;
    let ledger = club.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let first = requests.iter().find(|request| !request["submit"].is_null()).expect("it submitted");
    let late = first["received_ns"].as_i64().expect("ns") - ledger["opening_ns"].as_i64().expect("ns");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let late_ms = late as f64 / 1e6;
    let trail = trail.into_iter().filter(|row| row.event == "site-clock").map(|row| row.data).collect();
    Ended { outcome, note, submits: club.submits().await, late_ms, trail }
}

fn confirmed_once(ended: &Ended) {
    assert_eq!(ended.outcome, Outcome::Confirmed, "{}", ended.note);
    let confirmed = Submit { start: "17:00".to_owned(), answer: "confirmed".to_owned(), early: false };
    assert_eq!(ended.submits, [confirmed]);
    assert!((0.0..250.0).contains(&ended.late_ms), "{} ms late", ended.late_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_is_waited_for() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::from_secs(-3), "").await;
    println!("lateness: club 3 s behind: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
    assert!(ended.trail.iter().any(|data| data.contains("\"follows_site\":true")), "{:?}", ended.trail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_is_met() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::from_secs(3), "").await;
    println!("lateness: club 3 s ahead: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_agree_cost_nothing() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::ZERO, "").await;
    println!("lateness: club with our clock: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
    assert!(ended.trail.iter().all(|data| data.contains("\"follows_site\":false")), "{:?}", ended.trail);
    assert!(!ended.trail.is_empty());
}

/// Control: by our own clock alone the first submit is early.
#[tokio::test(flavor = "multi_thread")]
async fn by_our_own_clock_the_submit_is_early() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::from_secs(-3), "clock = \"own\"").await;
    assert!(ended.submits.first().is_some_and(|submit| submit.early), "{:?}", ended.submits);
    assert!(ended.late_ms < 0.0 && ended.trail.is_empty());
}
