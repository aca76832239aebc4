//! The process dies: what was committed is there, what was not never was, and nobody has leave to submit.

use std::task::Poll;

use firstserve::model::{Outcome, State};
use firstserve::store::{End, LetterKind};

use super::{Kept, at, choice, letter, ready, state};

#[tokio::test]
async fn a_spent_permit_outlives_the_process() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    let permit = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3600)).await.expect("a permit");
    let spent = permit.id().clone();
    // Nothing is closed in order: the pool is dropped as a kill would drop it.
    drop((store, permit));
    let store = kept.open().await;
    let open = store.open_permits().await.expect("read");
    assert_eq!((open.len(), &open[0].id, &open[0].attempt), (1, &spent, &id));
    assert_eq!((open[0].court.as_str(), open[0].start), ("1", choice("1", 18, 17).start));
    assert_eq!(state(&store, &id).await, State::Submitting);
    store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3700)).await.expect_err("verify first");
}

/// How often a write is cut off.
const CUTS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_cut_off_anywhere_is_whole_or_absent() {
    let kept = Kept::new();
    let store = kept.open().await;
    let (mut whole, mut absent) = (0, 0);
    for round in 0..CUTS {
        let id = ready(&store, &format!("round {round}"), 18).await;
        // The first is cut off before it does anything, the last is not: the control needs no luck.
        let times = if round + 1 == CUTS { usize::MAX } else { round };
        let wanted = choice("1", 18, 8);
        let cut = store.spend_permit(&id, &wanted, "club/ana", at(3600));
        let finished = woken_times(cut, times).await;
        let permits = store.open_permits().await.expect("read").into_iter().filter(|one| one.attempt == id).count();
        match state(&store, &id).await {
            State::Submitting => whole += 1,
            State::Ready => absent += 1,
            other => panic!("{other:?}"),
        }
        assert_eq!(permits == 1, state(&store, &id).await == State::Submitting, "permit and state are one");
        let on_disk = permits == 1;
        assert!(finished.is_none_or(|spent| spent == on_disk), "what was answered is what is on disk");
        if on_disk {
            let end = End {
                from: State::Submitting,
                outcome: Outcome::Confirmed,
                note: None,
                slot: None,
                letter: None,
                withdrawn: false,
                at: at(1),
            };
            store.end(&id, end).await.expect("ends");
            let cancel = State::Ended(Outcome::Cancelled);
            store.transition(&id, State::Ended(Outcome::Confirmed), cancel, at(2), None).await.expect("frees the slot");
        }
    }
    assert!(absent > 0 && whole > 0, "control: both happened ({whole} whole, {absent} absent)");
    store.verify_audit().await.expect("no gap is left");
}

/// Polls a future each time that it asks for it, so many times at most, and drops it; none: it was not finished, else whether it
/// succeeded. A busy database may refuse the write. However slow the machine is, so many polls are the same steps of the work.
async fn woken_times<T, E>(work: impl Future<Output = Result<T, E>>, times: usize) -> Option<bool> {
    let mut work = Box::pin(work);
    let mut left = times;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(|done| Some(done.is_ok()))
    })
    .await
}

#[tokio::test]
async fn an_end_and_its_letter_are_one() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    let end = |from| End {
        from,
        outcome: Outcome::Taken,
        note: None,
        slot: None,
        letter: Some(letter(LetterKind::Failed, "one")),
        withdrawn: false,
        at: at(3700),
    };
    store.end(&id, end(State::Verifying)).await.expect_err("it is not there");
    assert_eq!(store.next_letter().await.expect("read"), None, "no letter without its end");
    store.end(&id, end(State::Ready)).await.expect("ends");
    drop(store);
    assert!(kept.open().await.next_letter().await.expect("read").is_some());
}

#[tokio::test]
async fn a_restored_backup_is_not_believed() {
    let kept = Kept::new();
    let store = kept.open().await;
    let early = ready(&store, "doubles", 18).await;
    assert_eq!(store.unproven_since_restore(at(9999)).await.expect("read"), [], "control: nothing was restored");
    assert_eq!(store.mark_restored(at(5000)).await.expect("marked"), 1);
    let ids = |attempts: Vec<firstserve::model::Attempt>| attempts.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(store.unproven_since_restore(at(3599)).await.expect("read")), [], "its opening is still to come");
    assert_eq!(ids(store.unproven_since_restore(at(3600)).await.expect("read")), std::slice::from_ref(&early));
    store.transition(&early, State::Ready, State::Verifying, at(5001), None).await.expect("verifies");
    assert_eq!(store.unproven_since_restore(at(3600)).await.expect("read"), []);
}
