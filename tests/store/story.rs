//! The whole life of the data, told once.

use firstserve::model::{Answer, AttemptId, Outcome, State};
use firstserve::store::{AttemptFilter, Cause, Delivery, End, Evidence, LetterKind, Mark, PlanChange, Store};

use super::{Kept, at, choice, letter, planned};

#[tokio::test]
async fn from_the_first_start_to_the_last_letter() {
    let kept = Kept::new();
    let store = kept.open().await;
    assert_eq!(store.verify_audit().await.expect("whole"), 0);
    assert!(store.keep_config("h1", "text 1", Cause::Reload, at(0)).await.expect("kept"));
    let id = a_booking_is_planned(&store).await;
    it_is_won_at_the_second_court(&store, &id).await;
    the_letter_is_sent_at_the_second_try(&store).await;
    renaming_the_booking_finds_the_slot_held(&store, &id).await;
    the_configuration_is_remembered(&store).await;
    the_browser_is_journalled(&store, &id).await;
    store.close().await;
    drop(store);
    everything_is_there_after_a_restart(&kept.open().await, &id).await;
}

async fn a_booking_is_planned(store: &Store) -> AttemptId {
    let change = store.plan(&[planned("july doubles", 18)], at(0)).await.expect("planned");
    let [id] = &change.added[..] else { panic!("one attempt: {change:?}") };
    let again = store.plan(&[planned("july doubles", 18)], at(1)).await.expect("planned again");
    assert_eq!(again, PlanChange::default(), "the same plan changes nothing");
    id.clone()
}

async fn it_is_won_at_the_second_court(store: &Store, id: &AttemptId) {
    store.transition(id, State::Planned, State::Preparing, at(3500), None).await.expect("prepares");
    store.transition(id, State::Preparing, State::Ready, at(3550), None).await.expect("is ready");
    let first = store.spend_permit(id, &choice("1", 18, 17), "club/ana", at(3600)).await.expect("a permit");
    assert_eq!((first.seq(), first.attempt()), (1, id));
    store.settle_permit(first.id(), Answer::Taken, State::Ready, at(3601)).await.expect("settled");
    let second = store.spend_permit(id, &choice("2", 18, 17), "club/ana", at(3602)).await.expect("another permit");
    assert_eq!(second.seq(), 2);
    store.settle_permit(second.id(), Answer::Confirmed, State::Confirming, at(3603)).await.expect("settled");
    assert_eq!(store.open_permits().await.expect("read").len(), 1, "the site's word alone proves nothing");
    store.settle_permit(second.id(), Evidence::Listed, State::Confirming, at(3610)).await.expect("proved");
    store.ledger(id, 2, &[(Mark::Planned, at(3600)), (Mark::Sent, at(3602))]).await.expect("marked");
    let end = End {
        from: State::Confirming,
        outcome: Outcome::Confirmed,
        note: Some("court 2"),
        slot: None,
        letter: Some(letter(LetterKind::Confirmed, "one")),
        withdrawn: false,
        at: at(3611),
    };
    store.end(id, end).await.expect("ends");
}

async fn the_letter_is_sent_at_the_second_try(store: &Store) {
    let due = store.due_letters(at(3611), 10).await.expect("read");
    let [queued] = &due[..] else { panic!("one letter: {due:?}") };
    store.mark_failed(&queued.id, "451 try again", at(3700)).await.expect("marked");
    assert_eq!(store.due_letters(at(3699), 10).await.expect("read"), []);
    assert_eq!(store.next_letter().await.expect("read"), Some(at(3700)));
    let later = store.due_letters(at(3700), 10).await.expect("read");
    assert_eq!((later[0].tries, &later[0].letter.message_id), (1, &queued.letter.message_id));
    store.mark_sent(&queued.id, Delivery::Sent, at(3701)).await.expect("marked");
    assert_eq!(store.next_letter().await.expect("read"), None);
    store.mark_sent(&queued.id, Delivery::Sent, at(3702)).await.expect_err("it is done with once");
}

async fn renaming_the_booking_finds_the_slot_held(store: &Store, id: &AttemptId) {
    let holders = store.overlapping(&(&choice("2", 18, 17)).into()).await.expect("read");
    assert_eq!(holders.iter().map(|attempt| &attempt.id).collect::<Vec<_>>(), [id]);
    let other_court = store.overlapping(&(&choice("1", 18, 17)).into()).await.expect("read");
    assert_eq!(other_court.len(), 1, "another court at the same time: the booking's court was changed");
    for free in [choice("2", 18, 16), choice("2", 18, 18), choice("2", 19, 17)] {
        assert_eq!(store.overlapping(&(&free).into()).await.expect("read"), [], "{free:?}");
    }
}

async fn the_configuration_is_remembered(store: &Store) {
    assert!(!store.keep_config("h1", "text 1", Cause::Reload, at(4000)).await.expect("kept"), "it is active already");
    assert!(store.keep_config("h2", "text 2", Cause::Reload, at(4001)).await.expect("kept"));
    assert!(
        store.keep_config("h1", "text 1", Cause::Reload, at(4002)).await.expect("kept"),
        "a rollback is a new entry"
    );
    let texts: Vec<_> = store.config_history(10).await.expect("read").into_iter().map(|one| one.text).collect();
    assert_eq!(texts, ["text 1", "text 2", "text 1"]);
    assert_eq!(store.config_number(2).await.expect("read").expect("there").hash, "h2");
    store.set_setting("fire/las-palmas", "script", at(4003)).await.expect("kept");
    store.set_setting("fire/las-palmas", "http", at(4004)).await.expect("kept");
    assert_eq!(store.setting("fire/las-palmas").await.expect("read").as_deref(), Some("http"));
}

async fn the_browser_is_journalled(store: &Store, id: &AttemptId) {
    let first = store.journal_session(Some(id), at(3500)).await.expect("journalled");
    store.journal_driver(&first, Some((42, "777")), "http://127.0.0.1:4445").await.expect("journalled");
    store.journal_session_id(&first, "abc").await.expect("journalled");
    let second = store.journal_session(None, at(3501)).await.expect("journalled");
    store.close_session(&second, at(3502)).await.expect("closed");
}

async fn everything_is_there_after_a_restart(store: &Store, id: &AttemptId) {
    let all = store.attempts(&AttemptFilter::default()).await.expect("read");
    let [attempt] = &all[..] else { panic!("one attempt: {all:?}") };
    assert_eq!((&attempt.id, attempt.submits), (id, 2));
    assert_eq!(attempt.state, State::Ended(Outcome::Confirmed));
    assert_eq!(attempt.note.as_deref(), Some("court 2"));
    let live = AttemptFilter { live: true, member: Some("ana".into()), ..AttemptFilter::default() };
    assert_eq!(store.attempts(&live).await.expect("read"), []);
    assert_eq!(store.open_permits().await.expect("read"), []);
    assert_eq!(store.ledger_of(id).await.expect("read"), [(Mark::Planned, at(3600)), (Mark::Sent, at(3602))]);
    let sessions = store.open_sessions().await.expect("read");
    assert_eq!((sessions.len(), sessions[0].driver_pid, sessions[0].session_id.as_deref()), (1, Some(42), Some("abc")));
    let told: Vec<_> = store.audit_of(id).await.expect("read").into_iter().map(|row| row.event).collect();
    let expected = [
        "planned",
        "preparing",
        "ready",
        "submitting",
        "ready",
        "submitting",
        "confirming",
        "answered",
        "confirmed",
        "letter",
    ];
    assert_eq!(told, expected, "every change has exactly one row");
    assert_eq!(store.verify_audit().await.expect("whole"), expected.len() + 5);
}
