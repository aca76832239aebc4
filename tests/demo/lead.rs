//! A lead through the whole engine: only where the site opts in, never beyond its bound, and off as soon as it went too far.

use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use firstserve::club::Options;
use firstserve::engine::{Engine, Event, What};
use firstserve::model::{FireMode, Outcome, SiteId};
use firstserve::store::{Fire, FireFilter, Mark, Store};
use firstserve::timing::{Delay, ENOUGH_SAMPLES, Way};
use jiff::SignedDuration;

use super::club::{DAYS_BEFORE, OwnClub, ZONE};
use super::house::House;

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(40);

/// What the site is said to be away, which it is not: it is on this machine.
const AWAY: Duration = Duration::from_millis(30);

struct Told {
    /// What the club answered to each submit, and whether that was early.
    submits: Vec<(String, bool)>,
    fires: Vec<Fire>,
    notes: Vec<String>,
    store: Store,
}

fn site() -> SiteId {
    SiteId::new("club")
}

/// Books at a site without pages with so many samples of a way that is far too long.
async fn book(keys: &str, samples: usize) -> Told {
    let club = OwnClub::opens_in(SignedDuration::from_secs(3), Options::default());
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    let house = House::new(&format!(
        "[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club-api\"\n{keys}\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"by request\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        club.ready.url
    ))
    .with_flow("selectors/club-api", "club-api")
    .with_account("club/ana", "ana", "ana-raqueta");
    let parts = house.parts().await;
    let store = parts.store.clone();
    let sample = Delay { at: SystemClock.now(), dispatch: Duration::from_micros(100), one_way: AWAY };
    let kind = Way { mode: FireMode::Http, opening: None }.kind(None);
    store.add_samples(&site(), &kind, &vec![sample; samples]).await.expect("kept");
    let (engine, running) = Engine::start(parts);
    let mut events = engine.events();
    let mut notes = Vec::new();
    let outcome = tokio::time::timeout(LIMIT, async {
        loop {
            match events.recv().await.expect("the engine runs") {
                Event { what: What::Note(note), .. } => notes.push(note),
                Event { what: What::Ended { outcome, .. }, .. } => break outcome,
                _ => {}
            }
        }
    });
    assert_eq!(outcome.await.expect("it ends in time"), Outcome::Confirmed);
    engine.stop().await;
    running.await.expect("no panic");
    let submits = club.submits().await.into_iter().map(|submit| (submit.answer, submit.early)).collect();
    let fires = store.fires(&FireFilter::default()).await.expect("read");
    Told { submits, fires, notes, store }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_goes_too_far_costs_one_answer_and_is_off_afterwards() {
    let told = book("lead-at-most = \"20ms\"", ENOUGH_SAMPLES).await;
    let answers: Vec<_> = told.submits.iter().map(|(answer, early)| (answer.as_str(), *early)).collect();
    assert_eq!(answers[0], ("not-open", true), "the control: the site is not as far away as the samples say");
    assert_eq!(answers.last(), Some(&("confirmed", false)));
    assert!(answers.len() <= 4, "{answers:?}");
    assert_eq!(told.fires[0].lead, SignedDuration::from_millis(20), "never more than the site's bound");
    let second = told.fires[1].after_opening(Mark::Sent).expect("it was sent");
    assert!(!second.is_negative() && second < SignedDuration::from_millis(500), "again at once: {second:?}");
    let (_, why) = told.store.lesson(&site()).await.expect("read").lead_off.expect("it is off");
    assert!(why.contains("not open"), "{why}");
    assert!(told.notes.iter().any(|note| note.contains("20.00 ms was too much")), "{:?}", told.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_opting_in_or_without_enough_samples_nothing_leaves_early() {
    for (keys, samples) in [("", 500), ("lead-at-most = \"20ms\"", ENOUGH_SAMPLES - 1)] {
        let told = book(keys, samples).await;
        assert_eq!(told.submits, [("confirmed".to_owned(), false)], "{keys}: {:?}", told.notes);
        assert_eq!(told.fires[0].lead, SignedDuration::ZERO);
        assert_eq!(told.store.lesson(&site()).await.expect("read").lead_off, None);
    }
}
