//! A database that fails: nothing is submitted without a permit, and nothing that happened is lost.
//!
//! It is made to fail by triggers, as a full disk would; what an error on COMMIT leaves is made by the test's own hand.

use std::time::Duration;

use firstserve::clock::Clock;
use firstserve::club::Fault;
use firstserve::engine::What;
use firstserve::model::{Answer, Outcome, State};
use jiff::SignedDuration;

use super::sim::{House, IN_TIME, wish};

const MINUTE: Duration = Duration::from_secs(60);

async fn house(faults: &[Fault], courts: &[&str]) -> House {
    let house = House::before(SignedDuration::from_mins(2), faults).await;
    house.write_one(courts);
    house
}

/// Refuses a change of a table.
async fn refuse(house: &House, what: &str) {
    house.sql(&format!("CREATE TRIGGER full BEFORE {what} BEGIN SELECT RAISE(ABORT, 'disk full'); END")).await;
}

async fn allow(house: &House) {
    house.sql("DROP TRIGGER full").await;
}

fn is_degraded(what: &What) -> bool {
    matches!(what, What::Degraded(_))
}

/// What became of the permits, oldest first.
async fn results(house: &House) -> Vec<(bool, bool, Option<Answer>)> {
    let attempt = house.attempt("ana plays").await;
    let permits = house.store.permits_of(&attempt.id).await.expect("read");
    permits.iter().map(|permit| (permit.open, permit.absent, permit.answer)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_was_not_written_does_not_cost_the_opening() {
    let house = house(&[], &["1"]).await;
    refuse(&house, "UPDATE ON attempt WHEN NEW.state = 'ready'").await;
    let mut life = house.start();
    life.entered(State::Ready).await;
    let stored = house.attempt("ana plays").await.state;
    assert_eq!(stored, State::Preparing, "control: the write has failed");
    allow(&house).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    let sent = life.heard.iter().find_map(|what| if let What::Sent { late, .. } = what { *late } else { None });
    assert!(sent.is_some_and(|late| late < IN_TIME), "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (1, 1));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_permit_nothing_is_submitted_and_when_it_comes_back_it_is() {
    let house = house(&[], &["1"]).await;
    refuse(&house, "INSERT ON permit").await;
    let mut life = house.start();
    life.until("it is told", is_degraded).await;
    life.pace = Duration::from_millis(500);
    life.pass(5 * MINUTE).await;
    assert_eq!(house.submits_and_bookings().await, (0, 0));
    assert_eq!(house.asked("/api/login").await, 1, "the session is kept meanwhile");
    allow(&house).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (1, 1));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_never_comes_is_a_missed_opening() {
    let house = house(&[], &["1"]).await;
    refuse(&house, "INSERT ON permit").await;
    let mut life = house.start();
    life.until("it is told", is_degraded).await;
    house.clock.step_to(house.opening() + 29 * MINUTE);
    assert_eq!(life.ended().await, Outcome::Missed, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (0, 0));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_is_on_disk_though_its_commit_failed_is_found_and_given_back() {
    for late in [false, true] {
        let house = house(&[], &["1"]).await;
        refuse(&house, "INSERT ON permit").await;
        let mut life = house.start();
        life.until("it is told", is_degraded).await;
        // From here on the clock stands: nothing is tried again before the permit is there.
        allow(&house).await;
        let attempt = house.attempt("ana plays").await;
        let permit = house.store.spend_permit(&attempt.id, &house.choice("1"), "club/ana", house.clock.now()).await;
        drop(permit.expect("what the failed commit left"));
        if late {
            house.clock.step_to(house.opening() + 40 * MINUTE);
        }
        let (outcome, expected) = if late { (Outcome::Missed, (0, 0)) } else { (Outcome::Confirmed, (1, 1)) };
        assert_eq!(life.ended().await, outcome, "{:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, expected);
        let open = results(&house).await.iter().filter(|(open, ..)| *open).count();
        assert_eq!(open, 0, "a permit that nobody knows of would hold the slot for ever");
        life.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_written_when_the_database_is_back() {
    let house = house(&[], &["1"]).await;
    refuse(&house, "UPDATE ON permit").await;
    let mut life = house.start();
    life.until("it is told", is_degraded).await;
    assert_eq!(house.submits_and_bookings().await, (1, 1), "the submit has happened");
    allow(&house).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!(results(&house).await, [(false, false, Some(Answer::Confirmed))]);
    house.store.verify_audit().await.expect("the trail is whole");
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_on_disk_though_its_commit_failed_is_not_waited_for() {
    let house = house(&[Fault::Taken], &["1", "3"]).await;
    refuse(&house, "UPDATE ON permit").await;
    let mut life = house.start();
    life.until("it is told", is_degraded).await;
    allow(&house).await;
    let attempt = house.attempt("ana plays").await;
    let permit = house.store.open_permits().await.expect("read").remove(0);
    let settled = house.store.settle_permit(&permit.id, Answer::Taken, attempt.state, house.clock.now()).await;
    // Whoever is first, the other one finds it done.
    drop(settled);
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (2, 1));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_cannot_be_read_is_looked_at_again() {
    let house = house(&[], &["1"]).await;
    house.sql("ALTER TABLE lost RENAME TO elsewhere").await;
    let mut life = house.start();
    life.until("it is told", is_degraded).await;
    house.sql("ALTER TABLE elsewhere RENAME TO lost").await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_held_is_not_booked_on_another_court_and_somebody_is_told() {
    let house = house(&[], &["1"]).await;
    let mut life = house.start();
    assert_eq!(life.ended().await, Outcome::Confirmed);
    let opens = house.opens(0);
    house.write([&opens, &opens], &[wish("renamed", house.date(), &["3"], "17:00")]);
    life.handle.reload(house.parts()).await;
    assert_eq!(life.ended().await, Outcome::Skipped, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (1, 1));
    let letters = house.store.due_letters(house.clock.now(), 9).await.expect("read");
    assert_eq!(letters.len(), 2, "of the court, and of the booking that was left out");
    life.stop().await;
}

/// The court was taken, which cannot be written down: what comes meanwhile from a person or a file is heard all the same.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_called_off_while_nothing_can_be_written_tries_nothing_more() {
    for edited in [false, true] {
        let house = house(&[Fault::Taken], &["1", "3"]).await;
        refuse(&house, "UPDATE ON permit").await;
        let mut life = house.start();
        life.until("it is told", is_degraded).await;
        if edited {
            let opens = house.opens(0);
            house.write([&opens, &opens], &[]);
            life.handle.reload(house.parts()).await;
        } else {
            life.handle.cancel(house.attempt("ana plays").await.id).await;
        }
        life.pass(Duration::from_secs(3)).await;
        allow(&house).await;
        assert_eq!(life.ended().await, Outcome::Cancelled, "edited: {edited}; {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (1, 0));
        life.stop().await;
    }
}
