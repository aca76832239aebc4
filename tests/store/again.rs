//! An attempt that is over is asked for once more, and what it remembers of its choices.

use firstserve::model::{Answer, AttemptId, Outcome, State};
use firstserve::store::{End, Evidence, Slot, Store};

use super::{Kept, at, choice, ready, state};

async fn ends(store: &Store, id: &AttemptId, from: State, outcome: Outcome) {
    let end = End { from, outcome, note: Some("why"), slot: None, letter: None, withdrawn: false, at: at(4_000) };
    store.end(id, end).await.expect("ends");
}

#[tokio::test]
async fn what_ended_without_a_court_can_be_asked_for_again() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    assert!(!store.ask_again(&id, at(3_000)).await.expect("asked"), "it is not over");
    let permit = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3_600)).await.expect("a permit");
    store.settle_permit(permit.id(), Answer::Taken, State::Verifying, at(3_601)).await.expect("settled");
    ends(&store, &id, State::Verifying, Outcome::Taken).await;
    assert!(store.ask_again(&id, at(5_000)).await.expect("asked"));
    let attempt = store.attempt(&id).await.expect("read").expect("there");
    assert_eq!((attempt.state, attempt.planned_at, attempt.note), (State::Planned, at(5_000), None));
    let told = store.audit_of(&id).await.expect("read").pop().expect("a row");
    assert_eq!(told.event, "planned");
    assert!(told.data.contains("again"), "{}", told.data);
    store.verify_audit().await.expect("whole");
}

#[tokio::test]
async fn what_is_won_or_may_be_is_never_planned_again() {
    let kept = Kept::new();
    let store = kept.open().await;
    let won = ready(&store, "won", 18).await;
    let permit = store.spend_permit(&won, &choice("1", 18, 17), "club/ana", at(3_600)).await.expect("a permit");
    store.settle_permit(permit.id(), Evidence::Listed, State::Confirming, at(3_601)).await.expect("settled");
    ends(&store, &won, State::Confirming, Outcome::Confirmed).await;
    let open = ready(&store, "open", 19).await;
    let _spent = store.spend_permit(&open, &choice("1", 19, 17), "club/ana", at(3_600)).await.expect("a permit");
    ends(&store, &open, State::Submitting, Outcome::NeedsAttention).await;
    let found = ready(&store, "found on the list", 20).await;
    ends(&store, &found, State::Ready, Outcome::Confirmed).await;
    for id in [&won, &open, &found] {
        let before = state(&store, id).await;
        assert!(!store.ask_again(id, at(5_000)).await.expect("asked"), "{before:?}");
        let attempt = store.attempt(id).await.expect("read").expect("there");
        assert_eq!((attempt.state, attempt.planned_at), (before, at(0)), "nothing has changed");
    }
}

#[tokio::test]
async fn a_lost_choice_outlives_the_process() {
    let kept = Kept::new();
    let store = kept.open().await;
    let (id, other) = (ready(&store, "doubles", 18).await, ready(&store, "singles", 19).await);
    for instant in [at(3_600), at(3_700)] {
        store.lose(&id, &choice("1", 18, 17), instant).await.expect("written down");
    }
    drop(store);
    let store = kept.open().await;
    let lost = store.lost(&id).await.expect("read");
    let [one] = &lost[..] else { panic!("once: {lost:?}") };
    assert_eq!((one.court.as_str(), one.start, one.at), ("1", choice("1", 18, 17).start, at(3_700)));
    assert_eq!(store.lost(&other).await.expect("read"), []);
    store.verify_audit().await.expect("whole");
}

#[tokio::test]
async fn a_court_that_was_given_back_is_free_and_planned_again_only_when_asked() {
    let kept = Kept::new();
    let id = {
        let store = kept.open().await;
        gives_back(&store).await
    };
    let store = kept.open().await;
    assert_eq!(state(&store, &id).await, State::Ended(Outcome::Cancelled), "a restart knows it");
    asks_again(&store, &id).await;
}

/// An attempt that has won a court and gives it back.
pub(super) async fn gives_back(store: &Store) -> AttemptId {
    let id = ready(store, "doubles", 18).await;
    let slot = Slot::from(&choice("1", 18, 17));
    for early in [store.begin_cancel(&id, &slot, at(2)).await, store.cancelled(&id, "gone", at(2)).await] {
        assert!(early.expect_err("nothing is won").is_conflict());
    }
    let _spent = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3_600)).await.expect("a permit");
    ends(store, &id, State::Submitting, Outcome::Confirmed).await;
    store.begin_cancel(&id, &slot, at(5_000)).await.expect("written down");
    assert_eq!(state(store, &id).await, State::Ended(Outcome::Confirmed), "until the list says otherwise");
    assert_eq!(store.overlapping(&slot).await.expect("read").len(), 1);
    store.cancelled(&id, "gone", at(5_001)).await.expect("written down");
    assert_eq!(store.overlapping(&slot).await.expect("read"), []);
    id
}

/// No plan brings it back, but a person may.
pub(super) async fn asks_again(store: &Store, id: &AttemptId) {
    let change = store.plan(&[super::planned("doubles", 18)], at(5_002)).await.expect("planned");
    assert_eq!((change.added, change.moved), (vec![], vec![]), "a plan does not bring it back");
    assert!(store.cancelled(id, "gone", at(5_003)).await.expect_err("once").is_conflict());
    let told: Vec<String> = store.audit_of(id).await.expect("read").into_iter().map(|row| row.event).collect();
    assert_eq!(told[told.len() - 3..], ["confirmed", "cancel-begun", "cancelled-at-site"]);
    assert!(store.ask_again(id, at(6_000)).await.expect("asked"), "a person may");
    assert_eq!(state(store, id).await, State::Planned);
    store.verify_audit().await.expect("whole");
}
