//! Selector files that are mended under an attempt that stumbles, and what it asks of the site meanwhile.

use std::time::Duration;

use firstserve::club::Fault;
use firstserve::engine::What;
use firstserve::model::{Outcome, State};
use jiff::SignedDuration;

use super::sim::{House, IN_TIME, MINUTE, house, is_trouble};

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_file_reaches_the_attempt_that_stumbles_over_it() {
    let house = house().await;
    let login = "selectors/club-api/login/10-token.toml";
    house.edit(login, "api/login", "api/entrar");
    let mut life = house.start();
    life.until("it stumbles", is_trouble).await;
    house.edit(login, "api/entrar", "api/login");
    life.handle.reload(house.parts()).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    let sent = life.heard.iter().find_map(|what| if let What::Sent { late, .. } = what { *late } else { None });
    assert!(sent.is_some_and(|late| late < IN_TIME), "{:#?}", life.story);
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_all_is_staged_is_staged_anew_without_another_log_in() {
    let house = house().await;
    let mut life = house.start();
    life.entered(State::Ready).await;
    house.edit("selectors/club-api/commit.toml", "api/bookings", "api/bookings?note=mended");
    life.handle.reload(house.parts()).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    assert_eq!((life.times(State::Ready), house.asked("/api/login").await), (2, 1), "{:#?}", life.story);
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_waited_for_politely_and_ends_as_broken() {
    let house = house().await;
    let step = "[[step]]\n[step.request]\nurl = \"{site.url}api/nowhere\"\nexpect = { status = 200 }\n";
    std::fs::create_dir_all(house.path("selectors/club-api/prepare")).expect("a folder");
    std::fs::write(house.path("selectors/club-api/prepare/10-form.toml"), step).expect("it is written");
    let mut life = house.start();
    life.until("it stumbles", is_trouble).await;
    life.pace = Duration::from_millis(500);
    life.pass(12 * MINUTE).await;
    assert!((10..40).contains(&house.asked("/api/nowhere").await), "{:#?}", life.story);
    house.clock.step_to(house.opening() + 29 * MINUTE);
    assert_eq!(life.ended().await, Outcome::SelectorBroken, "{:#?}", life.story);
    assert_eq!(house.asked("/api/login").await, 1, "what fails after the log-in costs no other one");
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_dropped_costs_one_log_in() {
    let house = House::before(SignedDuration::from_mins(2), &[Fault::UnavailableAtOpening]).await;
    house.write_one(&["1"]);
    let mut life = house.start();
    let ended = life.ended().await;
    assert!(matches!(ended, Outcome::Confirmed | Outcome::SiteError), "{:#?}", life.story);
    let log_ins = house.asked("/api/login").await;
    assert!(log_ins <= 3, "one to stage, and at most one for each submit without an answer: {:#?}", life.story);
    life.stop().await;
}
