//! The rows of `docs/misfire.md`, with the whole engine: a machine that was off, that slept, and whose clock was set.

use std::time::Duration;

use firstserve::clock::Clock;
use firstserve::club::Fault;
use firstserve::engine::What;
use firstserve::model::{Outcome, State};
use jiff::SignedDuration;

use super::sim::{House, IN_TIME, wish};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// What was sent, and how long after the opening by our own clock.
fn sent(heard: &[What], house: &House) -> Vec<SignedDuration> {
    let sent = |what: &What| match what {
        What::Sent { sent, .. } => Some(sent.duration_since(house.opening())),
        _ => None,
    };
    heard.iter().filter_map(sent).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_waited_for_and_nothing_is_early() {
    let house = House::before(minutes(5), &[]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Preparing).await;
    let lead = house.opening().duration_since(house.clock.now()).as_secs();
    assert!((60..=90).contains(&lead), "logs in {lead} s before");
    assert_eq!(life.ended().await, Outcome::Confirmed);
    let sent = sent(&life.heard, &house);
    assert!(matches!(sent[..], [late] if !late.is_negative() && late < IN_TIME), "{sent:?}");
    assert_eq!(house.submits_and_bookings().await, (1, 1));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_slept_over_the_opening_stages_anew_and_fires_late() {
    for step in [false, true] {
        let house = House::before(minutes(2), &[]).await;
        house.write_one(&["1"]);
        let mut life = house.start();
        life.entered(State::Ready).await;
        // Asleep, time passes; a clock that is set only shows another one.
        if step {
            house.clock.step_to(house.opening() + 10 * MINUTE);
        } else {
            house.clock.advance(12 * MINUTE);
        }
        assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
        assert_eq!(life.times(State::Ready), 2, "what was staged before the sleep is not trusted: {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (1, 1));
        life.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_slept_too_long_submits_nothing_and_says_so() {
    let house = House::before(minutes(2), &[]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Ready).await;
    house.clock.advance(3 * HOUR);
    assert_eq!(life.ended().await, Outcome::Missed);
    assert_eq!(house.submits_and_bookings().await, (0, 0));
    life.stop().await;
    let letters = house.store.due_letters(house.clock.now(), 9).await.expect("read");
    assert_eq!(letters.len(), 1, "somebody is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_waits_again_and_never_fires_twice() {
    let house = House::before(minutes(2), &[]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Ready).await;
    house.clock.step_to(house.opening() - 10 * MINUTE);
    life.pace = SECOND;
    life.pass(5 * MINUTE).await;
    life.pace = SECOND / 25;
    assert_eq!(house.submits_and_bookings().await, (0, 0), "{:#?}", life.story);
    assert_eq!(life.ended().await, Outcome::Confirmed);
    assert!(sent(&life.heard, &house).iter().all(|late| !late.is_negative()), "{:#?}", life.story);
    house.clock.step_to(house.opening() - 2 * MINUTE);
    life.pass(4 * MINUTE).await;
    assert_eq!(house.submits_and_bookings().await, (1, 1), "the opening came twice");
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_was_off_fires_late_or_says_that_it_missed() {
    for (late, outcome, submits) in [(10, Outcome::Confirmed, 1), (31, Outcome::Missed, 0)] {
        let house = House::before(minutes(120), &[]).await;
        house.write_one(&["1"]);
        house.plan_only().await;
        house.clock.step_to(house.opening() + late * MINUTE);
        let mut life = house.start();
        assert_eq!(life.ended().await, outcome, "{late} min late: {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (submits, submits), "{:#?}", life.story);
        life.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_was_off_until_the_slot_begins_has_missed_it() {
    let house = House::before(minutes(120), &[]).await;
    house.write_one(&["1"]);
    house.plan_only().await;
    house.clock.step_to(house.choice("1").starts_at + SECOND);
    let mut life = house.start();
    assert_eq!(life.ended().await, Outcome::Missed);
    let letters = house.store.due_letters(house.clock.now(), 9).await.expect("read");
    assert_eq!((letters.len(), house.submits_and_bookings().await), (1, (0, 0)));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_already_is_booked_at_once_and_is_not_late() {
    let house = House::before(minutes(-24 * 60), &[]).await;
    house.write(["\"always\"", &house.opens(0)], &[wish("ana plays", house.date(), &["1"], "17:00")]);
    let mut life = house.start();
    assert_eq!(life.ended().await, Outcome::Confirmed);
    let is_late = |what: &What| matches!(what, What::Sent { late: Some(_), .. });
    assert!(!life.heard.iter().any(is_late), "{:#?}", life.story);
    assert!(life.heard.iter().any(|what| matches!(what, What::TakenUp { open_already: true, .. })));
    let letters = house.store.due_letters(house.clock.now(), 9).await.expect("read");
    assert!(!letters[0].letter.text.contains("after the opening"), "{}", letters[0].letter.text);
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_was_wrong_and_a_booking_that_was_paused_over_its_opening_are_booked_at_once() {
    // Days that court 1's rule is wrong by, and what stands beside the wish, until it is mended.
    for (days, more) in [(-1, ""), (0, "paused = true\n")] {
        let house = House::before(minutes(120), &[]).await;
        let write = |days: i32, more: &str| {
            let wish = wish("ana plays", house.date(), &["1"], "17:00") + more;
            house.write([&house.opens(days), &house.opens(0)], &[wish]);
        };
        write(days, "");
        house.plan_only().await;
        write(days, more);
        let mut life = house.start();
        life.pass(SECOND).await;
        house.clock.step_to(house.opening() + 2 * HOUR);
        write(0, "");
        life.handle.reload(house.parts()).await;
        assert_eq!(life.ended().await, Outcome::Confirmed, "{more:?}: {:#?}", life.story);
        let words = if more.is_empty() { "opens a day earlier; 1 date moves" } else { "1 date is new" };
        let told =
            |what: &What| matches!(what, What::Reloaded(changes) if changes.iter().any(|one| one.contains(words)));
        assert!(life.heard.iter().any(told), "what it does to the attempts is said: {:#?}", life.story);
        life.stop().await;
    }
}

/// Whoever thinks again in the last minute has his court, whatever had been begun for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_taken_back_and_wanted_again_while_it_waits_logged_in_is_booked() {
    for taken_out in [false, true] {
        let house = House::before(minutes(2), &[]).await;
        let write = |more: Option<&str>| {
            let wishes = more.map(|more| wish("ana plays", house.date(), &["1"], "17:00") + more);
            house.write([&house.opens(0), &house.opens(0)], wishes.as_slice());
        };
        write(Some(""));
        let mut life = house.start();
        life.entered(State::Ready).await;
        write(if taken_out { None } else { Some("paused = true\n") });
        life.handle.reload(house.parts()).await;
        assert_eq!(life.ended().await, Outcome::Cancelled, "{:#?}", life.story);
        life.heard.clear();
        write(Some(""));
        life.handle.reload(house.parts()).await;
        assert_eq!(life.ended().await, Outcome::Confirmed, "taken out: {taken_out}; {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (1, 1));
        life.stop().await;
    }
}

/// The same over a restart, whose plan holds it no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_was_taken_out_while_nobody_looked_comes_back() {
    let house = House::before(minutes(2), &[]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Ready).await;
    life.kill().await;
    house.write([&house.opens(0), &house.opens(0)], &[]);
    let mut life = house.start();
    assert_eq!(life.ended().await, Outcome::Cancelled, "{:#?}", life.story);
    life.heard.clear();
    house.write_one(&["1"]);
    life.handle.reload(house.parts()).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_opening_that_passed_unattended_does_not_cost_the_second() {
    let house = House::before(minutes(3 * 24 * 60), &[]).await;
    // Court 1 opens two days before court 3.
    house.write([&house.opens(2), &house.opens(0)], &[wish("ana plays", house.date(), &["1", "3"], "17:00")]);
    house.plan_only().await;
    house.clock.step_to(house.opening() - 24 * HOUR);
    let mut life = house.start();
    life.until("waits for court 3", |what| matches!(what, What::Waiting { .. })).await;
    house.clock.step_to(house.opening() - 95 * SECOND);
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (1, 1));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_was_lost_before_a_restart_is_not_tried_after_it() {
    let house = House::before(minutes(120), &[]).await;
    house.write_one(&["1", "3"]);
    house.plan_only().await;
    let attempt = house.attempt("ana plays").await;
    house.store.lose(&attempt.id, &house.choice("1"), house.clock.now()).await.expect("written down");
    let mut life = house.start();
    assert_eq!(life.ended().await, Outcome::Confirmed);
    let tried: Vec<_> = life
        .heard
        .iter()
        .filter_map(|what| if let What::Sent { choice, .. } = what { Some(choice.court.as_str()) } else { None })
        .collect();
    assert_eq!(tried, ["3"]);
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_without_an_answer_is_looked_for_to_the_end_when_the_engine_stops() {
    let house = House::before(minutes(2), &[Fault::DropAfterCommit]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Unknown).await;
    life.stop().await;
    let attempt = house.attempt("ana plays").await;
    assert_eq!(attempt.state, State::Ended(Outcome::Confirmed), "settle and two reads fit into the grace");
    assert_eq!(house.submits_and_bookings().await.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_taken_out_after_its_opening_is_called_off() {
    let house = House::before(minutes(2), &[]).await;
    house.write_one(&["1"]);
    // Nothing is submitted without a permit: the attempt is still at it after its opening.
    house.sql("CREATE TRIGGER full BEFORE INSERT ON permit BEGIN SELECT RAISE(ABORT, 'disk full'); END").await;
    let mut life = house.start();
    life.until("no permit", |what| matches!(what, What::Degraded(_))).await;
    life.pass(5 * SECOND).await;
    let opens = house.opens(0);
    house.write([&opens, &opens], &[]);
    life.handle.reload(house.parts()).await;
    assert_eq!(life.ended().await, Outcome::Cancelled, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (0, 0));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_of_success_that_the_list_does_not_show_is_never_submitted_again() {
    let house = House::before(minutes(2), &[Fault::LiesConfirmed]).await;
    house.write_one(&["1", "3"]);
    let mut life = house.start();
    life.entered(State::Confirming).await;
    life.pace = SECOND;
    assert_eq!(life.ended().await, Outcome::NeedsAttention, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (1, 0));
    life.stop().await;
}
