//! A WebDriver service that is only told of: it gives out one session, and refuses to end it as often as it was told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firstserve::browser::{Engine, Options, Remains, WebDriverAt, open};

use super::site::{Does, Receipt, Site};

const PATIENCE: Duration = Duration::from_secs(5);

/// Refuses the first `refusals` requests to end the session.
fn service(refusals: usize) -> Site {
    let asked = Arc::new(AtomicUsize::new(0));
    Site::new(move |receipt: &Receipt| match (receipt.method.as_str(), receipt.path.as_str()) {
        ("GET", "/status") => json(200, r#"{"value":{"ready":true,"message":""}}"#),
        ("POST", "/session") => {
            json(200, r#"{"value":{"sessionId":"s1","capabilities":{"browserName":"chrome","browserVersion":"1"}}}"#)
        }
        ("DELETE", "/session/s1") if asked.fetch_add(1, Ordering::SeqCst) < refusals => {
            json(500, r#"{"value":{"error":"unknown error","message":"the node does not answer","stacktrace":""}}"#)
        }
        _ => json(200, r#"{"value":null}"#),
    })
}

fn json(status: u16, body: &str) -> Does {
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    Does::Answers(head + body)
}

fn at(service: &Site) -> Options {
    let mut options = Options::new(Engine::Chromium, "/nowhere");
    options.webdriver = WebDriverAt::Url(service.url.clone());
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_not_ended_is_not_taken_for_ended() {
    let service = service(3);
    let session = open(&at(&service), "test").await.unwrap_or_else(|error| panic!("{error}"));
    assert!(session.is_remote());
    let error = session.quit().await.expect_err("the service refuses");
    let remains = error.remains.expect("it may still be there");
    for _ in 0..2 {
        let why = remains.end(PATIENCE).await.expect_err("it refuses still");
        assert!(why.contains("the node does not answer"), "{why}");
    }
    remains.end(PATIENCE).await.expect("now it ends");
    assert_eq!(service.with_method("DELETE").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_leaves_nothing() {
    let service = service(0);
    let session = open(&at(&service), "test").await.unwrap_or_else(|error| panic!("{error}"));
    session.quit().await.expect("the control: it ends");
    let nobody = Remains::of_session("http://127.0.0.1:1/".parse().expect("an address"), "s1");
    nobody.end(PATIENCE).await.expect_err("nobody there is not known to have ended");
}
