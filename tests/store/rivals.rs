//! Two at once: exactly one wins.

use firstserve::model::{Answer, Outcome, State};
use firstserve::store::{End, Evidence, Planned, StoreErrorKind};

use super::{Kept, at, choice, planned, ready, state};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_spend_exactly_one_gets_the_permit() {
    let kept = Kept::new();
    let store = kept.open().await;
    for day in 1..=10 {
        let id = ready(&store, &format!("day {day}"), day).await;
        let rivals = (0..8).map(|_| {
            let (store, id) = (store.clone(), id.clone());
            tokio::spawn(async move { store.spend_permit(&id, &choice("1", day, 17), "club/ana", at(3600)).await })
        });
        let answers = futures_util::future::join_all(rivals).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().map(|one| one.expect("no panic")).partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        assert!(lost.iter().all(|one| one.as_ref().is_err_and(firstserve::store::StoreError::is_conflict)));
        assert_eq!(store.attempt(&id).await.expect("read").expect("there").submits, 1);
    }
    assert_eq!(store.open_permits().await.expect("read").len(), 10);
    store.verify_audit().await.expect("rivals leave no gap");
}

#[tokio::test]
async fn a_stale_worker_is_told_to_stop() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    let refused = store.transition(&id, State::Planned, State::Preparing, at(2), None).await.expect_err("stale");
    assert!(refused.is_conflict());
    assert_eq!(refused.to_string(), format!("move an attempt on: attempt {} is ready, not planned", id.as_str()));
    let end = End {
        from: State::Verifying,
        outcome: Outcome::Missed,
        note: None,
        slot: None,
        letter: None,
        withdrawn: false,
        at: at(3),
    };
    assert!(store.end(&id, end).await.expect_err("stale").is_conflict());
    assert_eq!(state(&store, &id).await, State::Ready);
}

#[tokio::test]
async fn nobody_submits_while_a_submit_is_unproven() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    let permit = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3600)).await.expect("a permit");
    store.settle_permit(permit.id(), Answer::SiteError, State::Unknown, at(3601)).await.expect("noted");
    // A wrong decision elsewhere: ready again without proof.
    store.transition(&id, State::Unknown, State::Ready, at(3602), None).await.expect("moves");
    let refused = store.spend_permit(&id, &choice("2", 18, 17), "club/ana", at(3603)).await.expect_err("refused");
    assert!(matches!(refused.kind, StoreErrorKind::PermitOpen { .. }), "{refused}");
    store.settle_permit(permit.id(), Evidence::Absent, State::Ready, at(3604)).await.expect("proved");
    let second = store.spend_permit(&id, &choice("2", 18, 17), "club/ana", at(3605)).await.expect("leave to try again");
    assert_eq!(second.seq(), 2);
    store.settle_permit(permit.id(), Evidence::Listed, State::Confirming, at(3606)).await.expect_err("closed once");
}

#[tokio::test]
async fn a_renamed_booking_cannot_spend_on_the_same_slot() {
    let kept = Kept::new();
    let store = kept.open().await;
    let first = ready(&store, "doubles", 18).await;
    let renamed = ready(&store, "doubles with eva", 18).await;
    let permit = store.spend_permit(&first, &choice("1", 18, 17), "club/ana", at(3600)).await.expect("a permit");
    for court in ["1", "2"] {
        let refused =
            store.spend_permit(&renamed, &choice(court, 18, 17), "club/ana", at(3600)).await.expect_err("held");
        assert!(refused.is_slot_held(), "{refused}");
    }
    let later = ready(&store, "another time", 18).await;
    let free = store.spend_permit(&later, &choice("1", 18, 18), "club/ana", at(3600)).await;
    assert!(free.is_ok(), "control: the hour after it is free: {free:?}");
    store.settle_permit(permit.id(), Answer::Taken, State::Ready, at(3601)).await.expect("refused by the site");
    let free = store.spend_permit(&renamed, &choice("1", 18, 17), "club/ana", at(3602)).await;
    assert!(free.is_ok(), "control: what is not held can be spent on: {free:?}");
}

#[tokio::test]
async fn two_members_with_one_account_cannot_spend_on_the_same_time() {
    let kept = Kept::new();
    let store = kept.open().await;
    let first = ready(&store, "doubles", 18).await;
    let beto = Planned { member: "beto".into(), ..planned("singles", 18) };
    let second = store.plan(&[beto], at(0)).await.expect("planned").added.remove(0);
    store.transition(&second, State::Planned, State::Ready, at(1), None).await.expect("moves on");
    let _permit = store.spend_permit(&first, &choice("1", 18, 17), "club/ana", at(3600)).await.expect("a permit");
    let refused = store.spend_permit(&second, &choice("2", 18, 17), "club/ana", at(3600)).await.expect_err("held");
    assert!(refused.is_slot_held(), "{refused}");
    let own = store.spend_permit(&second, &choice("2", 18, 17), "club/beto", at(3601)).await;
    assert!(own.is_ok(), "control: with an account of his own: {own:?}");
}

#[tokio::test]
async fn a_permit_that_was_never_sent_is_not_counted() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    let permit = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3600)).await.expect("a permit");
    store.release_permit(permit.id(), "the clock stepped", at(3600)).await.expect("released");
    let attempt = store.attempt(&id).await.expect("read").expect("there");
    assert_eq!((attempt.state, attempt.submits), (State::Ready, 0));
    store.release_permit(permit.id(), "again", at(3601)).await.expect_err("released once");
    let next = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3602)).await.expect("another permit");
    assert_eq!(next.seq(), 2, "numbers are never used twice");
}
