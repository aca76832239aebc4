//! Fires, samples, lessons and proofs: what is learned is there after a restart, and only what is meant is changed.

use std::time::Duration;

use firstserve::model::{Answer, FireMode, OpeningWay, SiteId};
use firstserve::schedule::ALWAYS_OPEN;
use firstserve::store::{FireFilter, HowFired, Mark, SiteLesson, Store};
use firstserve::timing::{Delay, Proof, Verdict, Way};
use jiff::SignedDuration;

use super::{Kept, at, ready};

const HTTP: Way = Way { mode: FireMode::Http, opening: None };
const CHAIN: Way = Way { mode: FireMode::Armed, opening: Some(OpeningWay::Fetch) };

fn site() -> SiteId {
    SiteId::new("las-palmas")
}

async fn events(store: &Store) -> Vec<String> {
    store.audit_rows(0, 1_000).await.expect("read").into_iter().map(|row| row.event).collect()
}

#[tokio::test]
async fn every_fire_keeps_its_way_and_its_marks() {
    let kept = Kept::new();
    let store = kept.open().await;
    let (first, second) = (ready(&store, "doubles", 18).await, ready(&store, "singles", 21).await);
    let how = |way, answer| HowFired {
        way,
        browser: Some("firefox"),
        opening: at(3_600),
        lead: SignedDuration::from_micros(1_500),
        answer,
    };
    store.ledger(&first, 0, &[(Mark::Verified, at(3_500))]).await.expect("marked");
    store.fired(&first, 1, &how(HTTP, None)).await.expect("written");
    store.ledger(&first, 1, &[(Mark::Permit, at(3_598)), (Mark::Sent, at(3_600))]).await.expect("marked");
    store.fired(&first, 1, &how(HTTP, Some(Answer::NotOpen))).await.expect("written again");
    store.fired(&first, 1, &how(HTTP, None)).await.expect("an answer that is known stays");
    store.fired(&first, 2, &how(CHAIN, Some(Answer::Confirmed))).await.expect("written");
    store.ledger(&first, 2, &[(Mark::Received, at(3_601))]).await.expect("marked");
    let open = HowFired { opening: ALWAYS_OPEN, ..how(CHAIN, None) };
    store.fired(&second, 1, &open).await.expect("written");
    store.ledger(&second, 1, &[(Mark::Planned, at(50)), (Mark::Sent, at(51))]).await.expect("marked");
    store.close().await;
    drop(store);
    let store = kept.open().await;
    let fires = store.fires(&FireFilter { attempt: Some(first.clone()), ..FireFilter::default() }).await.expect("read");
    let told: Vec<_> = fires.iter().map(|fire| (fire.seq, fire.way, fire.answer, fire.marks.len())).collect();
    assert_eq!(told, [(1, HTTP, Some(Answer::NotOpen), 2), (2, CHAIN, Some(Answer::Confirmed), 1)]);
    assert_eq!(fires[0].after_opening(Mark::Sent), Some(SignedDuration::ZERO));
    assert_eq!(fires[0].after_opening(Mark::Received), None, "what nobody told is not known");
    assert_eq!((fires[1].lead, fires[1].browser.as_deref()), (SignedDuration::from_micros(1_500), Some("firefox")));
    assert!(!fires[0].open_already && !fires[1].open_already);
    let all = store.fires(&FireFilter::default()).await.expect("read");
    assert_eq!(all.len(), 3);
    let open = all.iter().find(|fire| fire.attempt == second).expect("it is there");
    assert!(open.open_already, "there was nothing to wait for when it was planned");
    assert_eq!(
        (open.after_opening(Mark::Sent), open.after_start(Mark::Sent)),
        (None, Some(SignedDuration::from_secs(1)))
    );
    let elsewhere = FireFilter { site: Some(SiteId::new("vedado")), ..FireFilter::default() };
    assert_eq!(store.fires(&elsewhere).await.expect("read"), []);
    assert_eq!(store.ledger_of(&first).await.expect("read").len(), 4, "marks of no fire are kept too");
}

#[tokio::test]
async fn of_samples_the_newest_stay() {
    let kept = Kept::new();
    let store = kept.open().await;
    let sample = |second| Delay {
        at: at(second),
        dispatch: Duration::from_nanos(1_234),
        one_way: Duration::from_micros(u64::try_from(second).expect("positive")),
    };
    let many: Vec<Delay> = (1..=700).map(sample).collect();
    for part in many.chunks(90) {
        store.add_samples(&site(), "firefox/http/-", part).await.expect("kept");
    }
    store.add_samples(&site(), "firefox/armed/-", &many[..3]).await.expect("kept");
    let newest = store.samples(&site(), "firefox/http/-").await.expect("read");
    assert_eq!((newest.len(), newest[0], newest[499]), (500, many[699], many[200]));
    let kinds = store.sample_kinds(&site()).await.expect("read");
    assert_eq!(kinds, [("firefox/armed/-".to_owned(), 3), ("firefox/http/-".to_owned(), 500)]);
    assert_eq!(store.samples(&SiteId::new("vedado"), "firefox/http/-").await.expect("read"), []);
}

#[tokio::test]
async fn a_lead_that_went_too_far_is_off_until_a_clean_run_or_a_person_allows_it() {
    let kept = Kept::new();
    let store = kept.open().await;
    let too_far = Verdict::LedTooFar { by: Duration::from_millis(4) };
    let late = Verdict::OpensLate { closed_until: Duration::from_millis(100), open_from: Duration::from_millis(300) };
    assert_eq!(store.lesson(&site()).await.expect("read"), SiteLesson::default());
    store.teach(&site(), None, too_far, at(1)).await.expect("taught");
    store.teach(&site(), None, Verdict::Nothing, at(2)).await.expect("taught");
    store.teach(&site(), None, late, at(3)).await.expect("taught");
    let known = store.lesson(&site()).await.expect("read");
    let (since, why) = known.lead_off.expect("it is off");
    assert!(since == at(1) && why.contains("4.00 ms"), "{why}");
    assert_eq!(known.opens_late, Some(Duration::from_millis(200)));
    assert_eq!(store.lesson(&SiteId::new("vedado")).await.expect("read"), SiteLesson::default(), "of this site only");
    store.acting_as("user").allow_lead(&site(), at(4)).await.expect("allowed");
    store.teach(&site(), None, too_far, at(5)).await.expect("taught");
    store.teach(&site(), None, Verdict::Clean, at(6)).await.expect("taught");
    store.teach(&site(), None, Verdict::Clean, at(7)).await.expect("taught");
    assert_eq!(store.lesson(&site()).await.expect("read"), SiteLesson::default());
    assert_eq!(events(&store).await, ["lead-off", "lead-allowed", "lead-off", "lead-allowed"], "each change once");
    store.verify_audit().await.expect("whole");
}

#[tokio::test]
async fn a_proof_is_kept_replaced_and_taken_back() {
    let kept = Kept::new();
    let store = kept.open().await;
    let proof = |way, flow: &str, second| Proof {
        way,
        browser: "firefox".into(),
        flow: flow.into(),
        at: at(second),
        evidence: "seen".into(),
    };
    for one in [proof(HTTP, "f1", 1), proof(CHAIN, "f1", 2), proof(HTTP, "f2", 3)] {
        store.keep_proof(&site(), &one).await.expect("kept");
    }
    assert_eq!(store.proofs(&site()).await.expect("read"), [proof(CHAIN, "f1", 2), proof(HTTP, "f2", 3)]);
    store.void_proof(&site(), "firefox", HTTP, "the form has changed", at(4)).await.expect("void");
    store.void_proof(&site(), "chromium", CHAIN, "never proved there", at(5)).await.expect("nothing happens");
    assert_eq!(store.proofs(&site()).await.expect("read"), [proof(CHAIN, "f1", 2)]);
    assert_eq!(events(&store).await, ["proved", "proved", "proved", "proof-void"]);
}

/// A rehearsal beside a running daemon has something to say.
#[tokio::test]
async fn what_is_proved_beside_a_daemon_is_known_to_it() {
    let kept = Kept::new();
    Store::open_beside(&kept.url()).await.expect_err("there is no database yet, and none is made");
    let daemon = kept.open().await;
    let id = ready(&daemon, "doubles", 18).await;
    Store::open(&kept.url(), &kept.data()).await.expect_err("control: two daemons are refused");
    let beside = Store::open_beside(&kept.url()).await.expect("a small write is allowed");
    let proof = Proof { way: HTTP, browser: "firefox".into(), flow: "f1".into(), at: at(10), evidence: "seen".into() };
    beside.keep_proof(&site(), &proof).await.expect("kept");
    beside.close().await;
    assert_eq!(daemon.proofs(&site()).await.expect("read"), [proof]);
    daemon.fired(&id, 1, &first_fire()).await.expect("and it goes on");
    daemon.verify_audit().await.expect("one chain, whoever wrote it");
}

fn first_fire() -> HowFired<'static> {
    HowFired { way: HTTP, browser: None, opening: at(3_600), lead: SignedDuration::ZERO, answer: None }
}
