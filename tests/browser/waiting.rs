//! Programs that wait long, or in a page that nobody sees, with a browser as the product starts it: on time, and never early.

use std::time::Duration;

use firstserve::browser::stage::Stage;
use firstserve::browser::{Engine, Options, Session, open};
use firstserve::clock::{Clock, SystemClock};
use serde_json::json;

use super::commit::now_ms;
use super::site::Site;
use super::steps::{commit, program, step};

/// How far ahead a page is armed, in seconds; `.ci/nightly` waits longer.
const AHEAD_SECONDS: u64 = 20;

/// The variable that sets it.
const AHEAD: &str = "FIRSTSERVE_ARMED_SECONDS";

/// Timers that are held back wake a page up to a second late, or several; a machine that is busy with other tests, a tenth.
const LATE_MS: f64 = 400.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firefox() {
    waits(Engine::Firefox).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium() {
    waits(Engine::Chromium).await;
}

/// Without the preferences, nobody lets the hidden page's timers go on time: the page must help itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firefox_as_everybody_has_it() {
    let mut options = options(Engine::Firefox);
    for (name, value) in [
        ("dom.min_background_timeout_value", json!(1000)),
        ("dom.min_background_timeout_value_without_budget_throttling", json!(1000)),
        ("dom.timeout.enable_budget_timer_throttling", json!(true)),
    ] {
        options.prefs.push((name.to_owned(), value));
    }
    let session = open(&options, "waiting").await.expect("the browser starts");
    let site = Site::open();
    hide(&session, &site).await;
    let slow = timer(&session).await;
    assert!(slow > 400.0, "the control: a timer of 100 ms is held back, it took {slow} ms");
    on_time(&session, &site, "hidden", Duration::from_secs(8)).await;
    session.quit().await.expect("the session ends");
}

async fn waits(engine: Engine) {
    let ahead = std::env::var(AHEAD).map_or(AHEAD_SECONDS, |text| text.parse().expect("a count of seconds"));
    let session = open(&options(engine), "waiting").await.expect("the browser starts");
    let site = Site::open();
    on_time(&session, &site, "seen", Duration::from_secs(ahead)).await;
    hide(&session, &site).await;
    on_time(&session, &site, "hidden", Duration::from_secs(ahead)).await;
    session.quit().await.expect("the session ends");
}

fn options(engine: Engine) -> Options {
    Options::new(engine, env!("CARGO_BIN_EXE_firstserve"))
}

/// Opens another tab, and goes back to the first without showing it.
async fn hide(session: &Session, site: &Site) {
    let driver = session.driver();
    driver.goto(site.page("commit/armed.html")).await.expect("it opens");
    let bidi = driver.bidi().await.expect("the session has BiDi");
    let tab = json!({ "type": "tab", "background": false });
    bidi.send_raw("browsingContext.create", tab).await.expect("another tab opens");
    for _ in 0..50 {
        let hidden = driver.execute("return document.visibilityState", Vec::new()).await.expect("it answers");
        if hidden.json() == "hidden" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the first page is still seen");
}

/// How long a timer of 100 ms takes in the page, at worst of five.
async fn timer(session: &Session) -> f64 {
    let script = "return new Promise(done => {
        let worst = 0, turns = 0;
        const turn = from => setTimeout(() => {
            worst = Math.max(worst, performance.now() - from);
            turns += 1;
            if (turns === 5) done(worst); else turn(performance.now());
        }, 100);
        turn(performance.now());
    });";
    let took = session.driver().execute(script, Vec::new()).await.expect("it answers");
    took.json().as_f64().expect("a number")
}

/// Arms the page so far ahead, and looks when its submit arrived.
async fn on_time(session: &Session, site: &Site, id: &str, ahead: Duration) {
    let mut stage = Stage::begin(session.driver().clone()).await.expect("the window answers");
    stage.run(&step(json!({ "go": site.page("commit/armed.html") }))).await.expect("the page opens");
    site.clear();
    let at_ms = now_ms() + ahead.as_secs_f64() * 1000.0;
    stage.arm(&program(id, at_ms, Vec::new(), commit("#book", "fetch"))).await.expect("it can be armed");
    tokio::time::sleep(ahead + Duration::from_millis(700)).await;
    let posts = site.seen("POST", "/book");
    assert_eq!(posts.len(), 1, "{id}: {:?}", stage.armed_report(id).await);
    let late = posts[0].at_ms - at_ms;
    println!("{id}, armed {} s ahead: {late:.2} ms late at {}", ahead.as_secs(), SystemClock.now());
    assert!((0.0..LATE_MS).contains(&late), "{id}, armed {} s ahead: {late} ms late", ahead.as_secs());
}
