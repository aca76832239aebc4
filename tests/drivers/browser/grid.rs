//! A Selenium Grid or container as the WebDriver service. It is not started here:
//! `FIRSTSERVE_TEST_GRID=http://127.0.0.1:4444 cargo test --test main grid -- --ignored`, for a Grid on this machine that has
//! both browsers.

use std::sync::Arc;
use std::time::Duration;

use firstserve::browser::{Command, Engine, Session, WebDriverAt, end_session, open};
use firstserve::clock::{Clock, SystemClock};
use thirtyfour::By;

use super::options;
use crate::drivers::site::{Site, page};

async fn opened_there(engine: Engine) -> Session {
    let url = std::env::var("FIRSTSERVE_TEST_GRID").expect("FIRSTSERVE_TEST_GRID names the service");
    let mut options = options(engine);
    options.webdriver = WebDriverAt::Url(url);
    open(&options, "attempt-1").await.unwrap_or_else(|error| panic!("{error}; {}", error.help()))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Selenium service, named by FIRSTSERVE_TEST_GRID"]
async fn the_same_session_is_had_from_a_grid() {
    let site = Site::new(|receipt| match receipt.method.as_str() {
        "POST" => page("booked"),
        _ => page("<form method=post><button id=go>Book</button></form><script>document.cookie = 'sid=1'</script>"),
    });
    for engine in [Engine::Firefox, Engine::Chromium] {
        let session = opened_there(engine).await;
        assert_eq!(session.facts().driver_pid, None);
        session.driver().goto(&site.url).await.unwrap();
        let cookies = session.cookies_for(&site.url.parse().unwrap()).await.unwrap();
        assert_eq!(cookies[0].value.expose(), "1");
        let element = session.driver().find(By::Id("go")).await.unwrap().element_id().to_string();
        let before = site.with_method("POST").len();
        let at = SystemClock.now() + Duration::from_millis(1500);
        let mut trigger = session.trigger().unwrap();
        let fired =
            trigger.fire_at(Arc::new(SystemClock), at, Command::Click(element), Duration::from_secs(10)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let posts = site.with_method("POST");
        assert_eq!(posts.len(), before + 1);
        assert!(fired.sent_at >= at && posts[before].at >= at);
        println!("{engine:?} by Grid: received {:#} late", posts[before].at.duration_since(at));
        let facts = session.facts().clone();
        session.quit().await.unwrap();
        end_session(&facts.webdriver, &facts.session_id, Duration::from_secs(5)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Selenium service, named by FIRSTSERVE_TEST_GRID"]
async fn a_dropped_session_does_not_keep_its_place() {
    for _ in 0..3 {
        let session = opened_there(Engine::Chromium).await;
        drop(session);
    }
    opened_there(Engine::Chromium).await.quit().await.unwrap();
}
