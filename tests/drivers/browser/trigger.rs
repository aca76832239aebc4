//! The trigger: one command, at its instant, known to be sent or not.

use std::sync::Arc;
use std::time::Duration;

use firstserve::browser::{Command, Engine, FireError, Session};
use firstserve::clock::{Clock, SystemClock};

use super::opened;
use crate::drivers::site::{Site, page};

const FORM: &str = "<form method=post action=/book><button id=go>Book</button></form>
    <div id=cover style='position:fixed;inset:0;display:none'></div><button id=hidden style='display:none'>x</button>";

fn site() -> Site {
    Site::new(|receipt| if receipt.method == "POST" { page("booked") } else { page(FORM) })
}

async fn button(session: &Session, id: &str) -> String {
    session.driver().find(thirtyfour::By::Id(id)).await.unwrap().element_id().to_string()
}

async fn fire(
    session: &Session,
    command: Command,
    lead: Duration,
) -> (jiff::Timestamp, Result<firstserve::browser::Fired, FireError>) {
    let at = SystemClock.now() + lead;
    let mut trigger = session.trigger().unwrap();
    (at, trigger.fire_at(Arc::new(SystemClock), at, command, Duration::from_secs(10)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_and_a_script_land_once_and_never_early() {
    let site = site();
    for engine in [Engine::Firefox, Engine::Chromium] {
        let session = opened(engine).await;
        for round in 0..6 {
            session.driver().goto(&site.url).await.unwrap();
            let before = site.with_method("POST").len();
            let element = button(&session, "go").await;
            let command = if round % 2 == 0 {
                Command::Click(element)
            } else {
                let args = vec![serde_json::json!({ "element-6066-11e4-a52e-4f735466cecf": element })];
                Command::Execute { script: "arguments[0].click()".to_owned(), args }
            };
            let (at, fired) = fire(&session, command, Duration::from_millis(1000)).await;
            let fired = fired.unwrap();
            assert!(
                at <= fired.woke_at && fired.woke_at <= fired.sent_at && fired.sent_at <= fired.returned_at,
                "{fired:?}"
            );
            let gap = fired.sent_at.duration_since(at);
            assert!(gap.as_millis() < 250, "left {gap:#} late");
            tokio::time::sleep(Duration::from_millis(300)).await;
            let posts = site.with_method("POST");
            assert_eq!(posts.len(), before + 1);
            assert!(posts[before].at >= at);
            println!("{engine:?} {round}: sent {gap:#} late, received {:#} late", posts[before].at.duration_since(at));
        }
        assert!(session.alive().await, "the trigger leaves the session open");
        session.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trigger_fires_again_when_it_is_told_to() {
    let site = site();
    let session = opened(Engine::Firefox).await;
    let mut trigger = session.trigger().unwrap();
    for round in 1..=3 {
        session.driver().goto(&site.url).await.unwrap();
        let click = Command::Click(button(&session, "go").await);
        let at = SystemClock.now() + Duration::from_millis(100);
        trigger.fire_at(Arc::new(SystemClock), at, click, Duration::from_secs(10)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(site.with_method("POST").len(), round);
    }
    session.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_the_driver_refuses_has_certainly_not_happened() {
    let site = site();
    let session = opened(Engine::Firefox).await;
    session.driver().goto(&site.url).await.unwrap();
    let (_, hidden) = fire(&session, Command::Click(button(&session, "hidden").await), Duration::from_millis(50)).await;
    assert!(matches!(hidden, Err(FireError::Refused { .. })), "{hidden:?}");
    let go = button(&session, "go").await;
    session.driver().execute("document.getElementById('cover').style.display = 'block'", Vec::new()).await.unwrap();
    let (_, covered) = fire(&session, Command::Click(go.clone()), Duration::from_millis(50)).await;
    assert!(matches!(covered, Err(FireError::Refused { .. })), "{covered:?}");
    session.driver().refresh().await.unwrap();
    let (_, stale) = fire(&session, Command::Click(go), Duration::from_millis(50)).await;
    assert!(matches!(stale, Err(FireError::Refused { .. })), "{stale:?}");
    assert!(site.with_method("POST").is_empty());
    session.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_fails_half_way_is_unknown() {
    let site = site();
    let session = opened(Engine::Firefox).await;
    session.driver().goto(&site.url).await.unwrap();
    let script = "fetch('/book', { method: 'POST' }); throw new Error('after the fact')".to_owned();
    let (_, fired) = fire(&session, Command::Execute { script, args: Vec::new() }, Duration::from_millis(50)).await;
    assert!(matches!(fired, Err(FireError::Unknown { .. })), "{fired:?}");
    session.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_is_gone_gets_nothing_and_that_is_known() {
    let session = opened(Engine::Chromium).await;
    let pid = i32::try_from(session.facts().driver_pid.unwrap()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    let (_, fired) = fire(&session, Command::Click("none".to_owned()), Duration::from_millis(900)).await;
    assert!(matches!(fired, Err(FireError::NotSent { .. })), "{fired:?}");
    let _ = session.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_gone_is_told_before_the_instant() {
    let session = opened(Engine::Firefox).await;
    let facts = session.facts().clone();
    let at = SystemClock.now() + Duration::from_secs(2);
    let mut trigger = session.trigger().unwrap();
    firstserve::browser::end_session(&facts.webdriver, &facts.session_id, Duration::from_secs(5)).await.unwrap();
    let fired =
        trigger.fire_at(Arc::new(SystemClock), at, Command::Click("none".to_owned()), Duration::from_secs(5)).await;
    assert!(matches!(fired, Err(FireError::NotSent { .. })), "{fired:?}");
    assert!(SystemClock.now() < at, "there is still time to do something");
    let _ = session.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_stands_still_leaves_it_unknown_and_nothing_is_sent_later() {
    let site = site();
    let session = opened(Engine::Chromium).await;
    session.driver().goto(&site.url).await.unwrap();
    let click = Command::Click(button(&session, "go").await);
    let pid = rustix::process::Pid::from_raw(i32::try_from(session.facts().driver_pid.unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let at = SystemClock.now() + Duration::from_millis(50);
    let mut trigger = session.trigger().unwrap();
    let fired = trigger.fire_at(Arc::new(SystemClock), at, click, Duration::from_millis(500)).await;
    assert!(matches!(fired, Err(FireError::Unknown { .. })), "{fired:?}");
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    session.quit().await.unwrap();
    assert!(site.with_method("POST").len() <= 1, "the driver may do it late, but only once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_called_off_does_not_fire() {
    let site = site();
    let session = opened(Engine::Firefox).await;
    session.driver().goto(&site.url).await.unwrap();
    let click = Command::Click(button(&session, "go").await);
    let mut trigger = session.trigger().unwrap();
    let at = SystemClock.now() + Duration::from_millis(700);
    let firing = trigger.fire_at(Arc::new(SystemClock), at, click, Duration::from_secs(5));
    assert!(tokio::time::timeout(Duration::from_millis(300), firing).await.is_err());
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(site.with_method("POST").is_empty());
    session.quit().await.unwrap();
}
