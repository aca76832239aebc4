//! A person's word about an attempt that nobody else can settle.

use firstserve::model::{Answer, AttemptId, Outcome, State};
use firstserve::store::{End, Seen, Slot, Store};

use super::{Kept, at, choice, ready, state};

/// An attempt whose site said that it worked, and whose list never showed it.
pub(super) async fn unsure(store: &Store, day: i8) -> AttemptId {
    let id = ready(store, "mixed", day).await;
    let permit = store.spend_permit(&id, &choice("1", day, 17), "club/ana", at(3_600)).await.expect("a permit");
    store.settle_permit(permit.id(), Answer::Confirmed, State::Confirming, at(3_601)).await.expect("settled");
    let (from, outcome, note) = (State::Confirming, Outcome::NeedsAttention, Some("not listed"));
    let end = End { from, outcome, note, slot: None, letter: None, withdrawn: false, at: at(4_000) };
    store.end(&id, end).await.expect("ends");
    id
}

fn slot(court: &str) -> Slot {
    Slot::from(&choice(court, 18, 17))
}

fn booked(court: &str) -> Seen {
    Seen::Booked { slot: slot(court), account: Some("club/ana".to_owned()) }
}

/// Whether anything of that time is held, or may be.
async fn holds(store: &Store) -> bool {
    !store.overlapping(&slot("1")).await.expect("read").is_empty()
}

async fn ids(store: &Store) -> Vec<AttemptId> {
    store.unsettled().await.expect("read").into_iter().map(|one| one.id).collect()
}

/// The last row of the trail, which is whole.
async fn last(store: &Store, id: &AttemptId) -> (String, String, String) {
    store.verify_audit().await.expect("whole");
    let row = store.audit_of(id).await.expect("read").pop().expect("a row");
    (row.event, row.actor, row.data)
}

#[tokio::test]
async fn what_is_not_booked_holds_nothing_and_can_be_asked_for_again() {
    let kept = Kept::new();
    let store = kept.open().await;
    settles_as_not_booked(&store).await;
}

pub(super) async fn settles_as_not_booked(store: &Store) {
    let id = unsure(store, 18).await;
    assert!(
        holds(store).await && !store.ask_again(&id, at(5_000)).await.expect("asked"),
        "the control: it may be booked"
    );
    assert_eq!(ids(store).await, std::slice::from_ref(&id));
    let by_hand = store.acting_as("user");
    let outcome =
        by_hand.settle_by_hand(&id, &Seen::NotBooked, "settled by hand: no", at(5_000)).await.expect("settled");
    assert_eq!((outcome, state(store, &id).await), (Outcome::SiteError, State::Ended(Outcome::SiteError)));
    assert!(!holds(store).await && ids(store).await.is_empty());
    let (event, actor, data) = last(store, &id).await;
    assert_eq!((event.as_str(), actor.as_str()), ("settled-by-hand", "user"));
    assert!(data.contains("\"booked\":false") && data.contains("settled by hand: no"), "{data}");
    let twice = by_hand.settle_by_hand(&id, &Seen::NotBooked, "", at(5_001)).await;
    assert!(twice.expect_err("it is settled").is_conflict());
    assert!(store.ask_again(&id, at(6_000)).await.expect("asked"), "now it can be tried again");
    let mut permits = store.permits_of(&id).await.expect("read");
    let permit = permits.pop().expect("one");
    assert!(!permit.open && permit.absent, "{permit:?}");
}

#[tokio::test]
async fn what_is_booked_is_confirmed_and_can_be_given_back() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = unsure(&store, 18).await;
    assert!(store.begin_cancel(&id, &slot("1"), at(5_000)).await.expect_err("the control").is_conflict());
    let seen = booked("1");
    let outcome = store.settle_by_hand(&id, &seen, "settled by hand: yes", at(5_000)).await.expect("settled");
    assert_eq!((outcome, state(&store, &id).await), (Outcome::Confirmed, State::Ended(Outcome::Confirmed)));
    assert_eq!(store.slot_of(&id).await.expect("read"), Some(slot("1")));
    assert!(last(&store, &id).await.2.contains("\"booked\":true"));
    assert_eq!(store.settled_with(&id).await.expect("read").as_deref(), Some("club/ana"));
    assert!(holds(&store).await && !store.ask_again(&id, at(5_001)).await.expect("asked"), "it is ours");
    assert!(store.settle_by_hand(&id, &Seen::NotBooked, "", at(5_002)).await.expect_err("once").is_conflict());
    store.begin_cancel(&id, &slot("1"), at(6_000)).await.expect("it can be given back");
    store.cancelled(&id, "gone", at(6_001)).await.expect("written down");
    assert!(!holds(&store).await && store.ask_again(&id, at(7_000)).await.expect("asked"));
}

/// The site shows another court than the one that was submitted last.
#[tokio::test]
async fn another_court_is_won_where_the_site_shows_that_one() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = unsure(&store, 18).await;
    store.settle_by_hand(&id, &booked("3"), "", at(5_000)).await.expect("settled");
    assert_eq!(store.slot_of(&id).await.expect("read"), Some(slot("3")));
    let permit = store.permits_of(&id).await.expect("read").pop().expect("one");
    assert!(permit.absent, "the submit for court 1 did not count: {permit:?}");
}

/// Nobody plays on two courts at once, whatever somebody says.
#[tokio::test]
async fn a_word_that_would_make_two_courts_at_one_time_is_refused() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = unsure(&store, 18).await;
    let other = ready(&store, "doubles", 18).await;
    let won = Some(Slot::from(&choice("3", 18, 18)));
    let (from, outcome) = (State::Ready, Outcome::Confirmed);
    store
        .end(&other, End { from, outcome, note: None, slot: won, letter: None, withdrawn: false, at: at(4_000) })
        .await
        .expect("ends");
    let later =
        |account: &str| Seen::Booked { slot: Slot::from(&choice("1", 18, 18)), account: Some(account.to_owned()) };
    let refused = store.settle_by_hand(&id, &later("club/ana"), "", at(5_000)).await.expect_err("it is another's");
    assert!(refused.is_slot_held() && refused.to_string().contains("“doubles” (2027-07-18)"), "{refused}");
    assert_eq!((ids(&store).await, store.settled_with(&id).await.expect("read")), (vec![id.clone()], None));
    let outcome = store.settle_by_hand(&id, &booked("1"), "", at(5_001)).await.expect("the control: its own time");
    assert_eq!(outcome, Outcome::Confirmed);
}

#[tokio::test]
async fn nobodys_word_settles_what_is_not_over_or_what_the_list_has_settled() {
    let kept = Kept::new();
    let store = kept.open().await;
    let live = ready(&store, "live", 19).await;
    let _spent = store.spend_permit(&live, &choice("1", 19, 17), "club/ana", at(3_600)).await.expect("a permit");
    let won = ready(&store, "won", 20).await;
    let (from, outcome) = (State::Ready, Outcome::Confirmed);
    let end = End { from, outcome, note: None, slot: None, letter: None, withdrawn: false, at: at(4_000) };
    store.end(&won, end.clone()).await.expect("ends");
    let lost = ready(&store, "lost", 21).await;
    store.end(&lost, End { outcome: Outcome::Taken, ..end.clone() }).await.expect("ends");
    let rows = store.verify_audit().await.expect("whole");
    for id in [&live, &won, &lost, &AttemptId::new("nobody")] {
        for seen in [Seen::NotBooked, booked("1")] {
            let refused = store.settle_by_hand(id, &seen, "", at(5_000)).await.expect_err("nothing is to be settled");
            assert!(refused.is_conflict(), "{refused}");
        }
    }
    assert_eq!((ids(&store).await, store.verify_audit().await.expect("whole")), (vec![], rows), "nothing has changed");

    // The control: whatever it ended as, an open permit makes it one.
    store.end(&live, End { from: State::Submitting, outcome: Outcome::Captcha, ..end }).await.expect("ends");
    assert_eq!(ids(&store).await, std::slice::from_ref(&live));
    let outcome = store.settle_by_hand(&live, &Seen::NotBooked, "", at(5_000)).await.expect("settled");
    assert_eq!((outcome, ids(&store).await), (Outcome::Captcha, vec![]));
}
