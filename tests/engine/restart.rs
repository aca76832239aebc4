//! A process that dies with a permit in hand, and a configuration that is another one when the next begins: what may have been
//! booked is looked for, whatever is asked for today.

use std::fs;
use std::time::Duration;

use firstserve::clock::Clock;
use firstserve::club::Fault;
use firstserve::engine::What;
use firstserve::model::{Choice, Outcome, State};
use firstserve::store::Evidence;
use jiff::{SignedDuration, ToSpan};

use super::sim::{House, Life, wish};

const COURT_1: &str = "[site.club.court.1]\nsite-id = \"5\"\n";

/// A house whose engine has died after a submit that was booked and never answered.
async fn died_after_the_submit() -> House {
    let house = House::before(SignedDuration::from_mins(2), &[Fault::DropAfterCommit]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Unknown).await;
    life.kill().await;
    assert_eq!(house.submits_and_bookings().await.1, 1, "control: it is booked");
    house
}

/// What the next process makes of it: the end, and its note.
async fn taken_up(house: &House) -> (Outcome, String) {
    let mut life: Life<'_> = house.start();
    let outcome = life.ended().await;
    let told = life.heard.iter().find_map(|what| if let What::Ended { note, .. } = what { Some(note) } else { None });
    let note = told.cloned().unwrap_or_default();
    life.stop().await;
    (outcome, note)
}

fn without_court_1(house: &House) {
    let opens = house.opens(0);
    house.edit("config/booking.toml", &format!("{COURT_1}opens = {opens}\n"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_court_that_is_taken_out_is_looked_for_before_another_one_is_tried() {
    let house = died_after_the_submit().await;
    let opens = house.opens(0);
    house.write([&opens, &opens], &[wish("ana plays", house.date(), &["3"], "17:00")]);
    without_court_1(&house);
    assert_eq!(taken_up(&house).await.0, Outcome::Confirmed);
    assert_eq!(house.submits_and_bookings().await.1, 1);
}

/// The site's list is read for the court that was submitted, not for the one that the file names by now.
#[tokio::test(flavor = "multi_thread")]
async fn a_court_that_has_another_id_by_now_is_looked_for_by_the_id_that_was_submitted() {
    let house = died_after_the_submit().await;
    house.edit("config/booking.toml", "site-id = \"5\"", "site-id = \"7\"");
    assert_eq!(taken_up(&house).await.0, Outcome::Confirmed);
    assert_eq!(house.submits_and_bookings().await.1, 1);
}

/// The list of one account says nothing of what was submitted with another.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_submitted_with_another_account_is_a_persons_to_look_at() {
    let house = died_after_the_submit().await;
    house.edit("config/booking.toml", "vault = \"club/ana\"", "vault = \"club/beto\"");
    let (outcome, note) = taken_up(&house).await;
    assert_eq!(outcome, Outcome::NeedsAttention, "{note}");
    assert!(note.contains("court 1") && note.contains("club/ana"), "{note}");
    assert_eq!(house.submits_and_bookings().await.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_taken_out_is_looked_for_with_its_court_and_without() {
    for with_its_court in [true, false] {
        let house = died_after_the_submit().await;
        let opens = house.opens(0);
        house.write([&opens, &opens], &[]);
        if !with_its_court {
            without_court_1(&house);
        }
        assert_eq!(taken_up(&house).await.0, Outcome::Confirmed, "with its court: {with_its_court}");
        assert_eq!(house.submits_and_bookings().await.1, 1);
    }
}

/// What was submitted is found absent while no booking asks for it; then one does.
#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_out_over_a_restart_is_planned_again_when_it_is_put_back() {
    let house = House::before(SignedDuration::from_mins(2), &[Fault::DropBeforeCommit]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Unknown).await;
    life.kill().await;
    let opens = house.opens(0);
    house.write([&opens, &opens], &[]);
    let mut life = house.start();
    assert_eq!(life.ended().await, Outcome::Cancelled, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (1, 0), "control: nothing follows while it is out");
    house.write_one(&["1"]);
    life.handle.reload(house.parts()).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!(house.submits_and_bookings().await, (2, 1));
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_renamed_or_taken_out_is_a_persons_to_look_at() {
    for renamed in [true, false] {
        let house = died_after_the_submit().await;
        let path = house.path("config/booking.toml");
        let text = fs::read_to_string(&path).expect("it can be read");
        let other = if renamed {
            text.replace("[site.club", "[site.centre").replace("site = \"club\"", "site = \"centre\"")
        } else {
            text[..text.find("[site.club]").expect("the site")].to_owned()
        };
        fs::write(&path, other).expect("it can be written");
        let (outcome, note) = taken_up(&house).await;
        assert_eq!(outcome, Outcome::NeedsAttention, "renamed: {renamed}; {note}");
        let slot = house.date().at(17, 0, 0, 0).strftime("%Y-%m-%d %H:%M").to_string();
        for word in ["court 1", &slot, "the list of club"] {
            assert!(note.contains(word), "{word:?} is not in {note}");
        }
        assert_eq!(house.submits_and_bookings().await.1, 1);
    }
}

/// The same configuration with every name changed at once: nothing tells the new booking from the old one but its slot.
fn renamed(text: &str, member: bool, site: bool) -> String {
    let mut text = text.replace("ana plays", "ana runs");
    if site {
        text = text.replace("[site.club", "[site.centre").replace("site = \"club\"", "site = \"centre\"");
    }
    if member {
        text = text.replace("[member.ana]", "[member.eva]").replace("member = \"ana\"", "member = \"eva\"");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_renamed_with_its_site_and_its_member_is_not_booked_again() {
    for (member, site) in [(false, true), (true, false), (true, true)] {
        let house = died_after_the_submit().await;
        let path = house.path("config/booking.toml");
        let text = fs::read_to_string(&path).expect("it can be read");
        fs::write(&path, renamed(&text, member, site)).expect("it can be written");
        let mut life = house.start();
        let skipped = |what: &What| matches!(what, What::Ended { outcome: Outcome::Skipped, .. });
        life.until("the renamed booking is skipped", skipped).await;
        life.stop().await;
        assert_eq!(house.submits_and_bookings().await, (1, 1), "member renamed: {member}, site renamed: {site}");
    }
}

/// Somebody else was quicker, and the process died with the answer on disk: one look, and the next choice.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_on_disk_is_not_settled_again() {
    let house = House::before(SignedDuration::from_mins(2), &[Fault::Taken]).await;
    house.write_one(&["1", "3"]);
    let mut life = house.start();
    life.entered(State::Verifying).await;
    let died_at = house.clock.now();
    life.kill().await;
    let mut life = house.start();
    life.until("the next choice", |what| matches!(what, What::Sent { choice, .. } if choice.court.as_str() == "3"))
        .await;
    let took = house.clock.now().duration_since(died_at);
    assert!(took < SignedDuration::from_secs(15), "less than one settle time: {took:#}");
    assert_eq!(life.times(State::Unknown), 0, "{:#?}", life.story);
    assert_eq!(life.ended().await, Outcome::Confirmed);
    life.stop().await;
}

/// A process that is killed after each log-in: the site sees the credentials as often as it may, not once a start.
#[tokio::test(flavor = "multi_thread")]
async fn log_ins_are_counted_over_restarts() {
    let house = House::before(SignedDuration::from_secs(80), &[]).await;
    house.write_one(&["1"]);
    for _ in 0..5 {
        let before = house.asked("/api/login").await;
        let mut life = house.start();
        let step = "a log-in or an end";
        life.until(step, |what| matches!(what, What::Step { phase: "login", .. } | What::Ended { .. })).await;
        life.kill().await;
        assert!(house.asked("/api/login").await <= before + 1);
        if house.attempt("ana plays").await.state.is_ended() {
            break;
        }
    }
    assert_eq!(house.asked("/api/login").await, 2, "max-logins");
    let attempt = house.attempt("ana plays").await;
    assert_eq!(attempt.state, State::Ended(Outcome::SiteError));
}

/// The same where the log-ins read the list after a submit.
#[tokio::test(flavor = "multi_thread")]
async fn log_ins_that_verify_are_counted_over_restarts() {
    let house = died_after_the_submit().await;
    let staged = house.asked("/api/login").await;
    for _ in 0..5 {
        let mut life = house.start();
        life.pace = std::time::Duration::from_secs(1);
        let step = "a log-in or an end";
        life.until(step, |what| matches!(what, What::Step { phase: "login", .. } | What::Ended { .. })).await;
        life.kill().await;
        if house.attempt("ana plays").await.state.is_ended() {
            break;
        }
    }
    assert_eq!((staged, house.asked("/api/login").await), (1, 4), "three to verify");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_cannot_be_written_down_is_not_made() {
    let house = House::before(SignedDuration::from_secs(80), &[]).await;
    house.write_one(&["1"]);
    let full = "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.event = 'log-in' BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    house.sql(full).await;
    let mut life = house.start();
    life.until("it is told", |what| matches!(what, What::Trouble(words) if words.contains("written down"))).await;
    assert_eq!(house.asked("/api/login").await, 0);
    house.sql("DROP TRIGGER full").await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!(house.asked("/api/login").await, 1);
    life.stop().await;
}

/// The process dies after it has written that the submit did not count, and before the next state: one submit was made, and two
/// are allowed.
#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_was_found_absent_before_a_crash_is_not_counted_again_after_it() {
    let house = House::before(SignedDuration::from_mins(2), &[Fault::DropBeforeCommit]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    life.entered(State::Unknown).await;
    life.kill().await;
    let permit = house.store.open_permits().await.expect("read").remove(0);
    let settled = house.store.settle_permit(&permit.id, Evidence::Absent, State::Verifying, house.clock.now()).await;
    settled.expect("the list has shown it twice");
    assert_eq!(taken_up(&house).await.0, Outcome::Confirmed);
    assert_eq!(house.submits_and_bookings().await, (2, 1));
}

/// The place is for 18:00, the second choice: the first one's hour is no reason to give it up.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_on_the_waiting_list_is_kept_until_its_own_hour() {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    let opens = house.opens(0);
    let wish = wish("ana plays", house.date(), &["1"], "17:00").replace("[\"17:00\"]", "[\"17:00\", \"18:00\"]");
    house.write([&opens, &opens], &[wish]);
    house.plan_only().await;
    let first = house.choice("1");
    let hour = Duration::from_secs(3_600);
    let second = Choice { start: first.start + 1.hour(), starts_at: first.starts_at + hour, ..first.clone() };
    house.is_on_the_waiting_list("ana plays", &second).await;
    house.clock.step_to(first.starts_at - Duration::from_secs(60));
    let mut life = house.start();
    life.pace = Duration::from_secs(2);
    life.pass(hour / 2).await;
    assert_eq!(house.attempt("ana plays").await.state, State::Waitlisted, "{:#?}", life.story);
    assert_eq!(life.ended().await, Outcome::Missed, "the control");
    assert!(house.clock.now() >= second.starts_at);
    life.stop().await;
}
