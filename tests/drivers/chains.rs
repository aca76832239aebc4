//! Chains of requests over real sockets: one connection, the session's cookies, never early, the commit once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firstserve::browser::shot::{self, ChainPlan, Chained, Run, ShotError, Visitor};
use firstserve::browser::{Jar, Trust};
use firstserve::clock::{Clock, SystemClock};
use firstserve::flow::chain::{Chain, Staged};
use firstserve::flow::wire::{By, Commit, Condition, Locator, Outcome, SelectBy, Send, Step, Target, Verb};
use firstserve::model::Answer;
use jiff::Timestamp;

use super::shots::{authority, micros};
use super::site::{Does, Receipt, Site, page};

/// What the site shows before and after the form was sent.
const FORM: &str = "<form action=/book method=post><input type=hidden name=csrf value=t><select id=day name=day>\
                    <option value=9>9<option value=10>10</select><button id=book>Book</button></form>";
const BOOKED: &str =
    "HTTP/1.1 303 See Other\r\nLocation: /list\r\nSet-Cookie: flash=1; Path=/\r\nContent-Length: 0\r\n\r\n";

fn css(css: &str) -> Target {
    let by = By::Css(css.to_owned());
    vec![Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false }]
}

fn step(verb: Verb) -> Step {
    Step {
        verb,
        timeout_ms: 3000,
        optional: false,
        dialog: None,
        place: "opening/10.toml:1:1".to_owned(),
        secret: false,
    }
}

fn choose_day() -> Vec<Step> {
    let select = Verb::Select { target: css("#day"), by: SelectBy::Value, options: vec!["10".to_owned()] };
    vec![step(Verb::Reload), step(select)]
}

fn plan(url: &str, steps: &[Step], trust: Trust) -> ChainPlan {
    let place = String::new();
    let commit = Commit { click: css("#book"), send: Send::Http, request: None, dialog: None, place: place.clone() };
    let quota = Condition::Text { text: "no more".to_owned(), within: Vec::new() };
    let outcomes = [Outcome { is: "quota".to_owned(), when: quota, place }];
    let form = format!("{url}form");
    let staged = Staged { url: form.parse().unwrap(), referrer: None, charset: "UTF-8".to_owned() };
    let chain = Chain::new(steps, &commit, &outcomes, staged).unwrap();
    let mut jar = Jar::default();
    jar.update(&url.parse().unwrap(), ["sid=1; Path=/"], SystemClock.now());
    let visitor = Visitor { user_agent: "test".to_owned(), jar, ..Visitor::default() };
    ChainPlan { chain, visitor, trust, warm_with: Some(url.parse().unwrap()), answer: Duration::from_secs(3) }
}

/// A club whose form is at `/form`.
fn club(receipt: &Receipt) -> Does {
    match (receipt.method.as_str(), receipt.path.as_str()) {
        ("POST", "/book") => Does::Answers(BOOKED.to_owned()),
        ("GET", "/form") => page(FORM),
        ("GET", "/list") => page("Booked"),
        _ => page(""),
    }
}

async fn run_in(lead: Duration, plan: ChainPlan) -> (Timestamp, Run) {
    let at = SystemClock.now() + lead;
    (at, shot::chain_at(Arc::new(SystemClock), at, plan).await)
}

fn words(receipts: &[Receipt]) -> Vec<String> {
    receipts.iter().map(|receipt| format!("{} {}", receipt.method, receipt.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_one_warm_connection_with_the_session() {
    let site = Site::new(|receipt| match receipt.path.as_str() {
        "/form" => Does::Answers(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: seen=yes; Path=/\r\nContent-Length: {}\r\n\r\n{FORM}",
            FORM.len()
        )),
        _ => club(receipt),
    });
    let (at, run) = run_in(Duration::from_millis(1_500), plan(&site.url, &choose_day(), Trust::Platform)).await;
    let Chained::Landed(landed) = run.end else { panic!("{:?}", run.end) };
    assert_eq!(landed.reply.status, 303, "the commit itself follows nothing");
    let receipts = site.receipts();
    assert_eq!(words(&receipts), ["HEAD /", "GET /form", "POST /book"]);
    assert!(receipts.iter().all(|receipt| receipt.connection == 0), "one connection");
    assert!(receipts[1].at >= at && landed.woke_at >= at);
    assert!(receipts[1].text.contains("Cookie: sid=1\r\n"));
    assert!(receipts[2].text.contains("sid=1; seen=yes") || receipts[2].text.contains("seen=yes; sid=1"));
    assert!(receipts[2].text.ends_with("csrf=t&day=10"), "{}", receipts[2].text);
    assert!(receipts[2].text.contains(&format!("Referer: {}form\r\n", site.url)));
    assert_eq!(run.steps.len(), 2);
    assert!(run.visitor.jar.cookies().iter().any(|cookie| cookie.name == "seen"), "the browser will want it");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_chains_are_never_early_and_hardly_late() {
    for tls in [false, true] {
        let (server, trust) = authority();
        let (site, trust) =
            if tls { (Site::with_tls(server, club), trust) } else { (Site::new(club), Trust::Platform) };
        let mut lateness = Vec::new();
        for round in 0..50_u64 {
            let lead = Duration::from_millis(260 + (round * 7) % 13);
            let (at, run) = run_in(lead, plan(&site.url, &choose_day(), trust.clone())).await;
            assert!(matches!(run.end, Chained::Landed(_)), "{:?}", run.end);
            let get = site.with_method("GET").into_iter().rev().find(|receipt| receipt.path == "/form").unwrap();
            assert!(get.at >= at, "received {} µs early", -micros(get.at, at));
            lateness.push(micros(site.with_method("POST").pop().unwrap().at, at));
        }
        assert_eq!(site.with_method("POST").len(), 50, "one commit for each chain");
        lateness.sort_unstable();
        println!(
            "50 chains, tls {tls}: median {} µs, p95 {} µs, worst {} µs",
            lateness[25], lateness[47], lateness[49]
        );
        // Usually below 1 ms when compiled for release; the bound allows for a machine that is busy with other tests.
        assert!(lateness[25] < 20_000, "the median commit was {} µs late", lateness[25]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_for_again_when_its_connection_was_closed_and_a_form_is_not() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let site = Site::new(move |receipt| match receipt.path.as_str() {
        "/form" if counted.fetch_add(1, Ordering::SeqCst) == 0 => Does::HangsUp,
        _ => club(receipt),
    });
    let (_, run) = run_in(Duration::from_millis(300), plan(&site.url, &choose_day(), Trust::Platform)).await;
    assert!(matches!(run.end, Chained::Landed(_)), "{:?}", run.end);
    assert_eq!(words(&site.receipts()), ["GET /form", "GET /form", "POST /book"]);

    let hold = "<form action=/hold method=post><button>Hold</button></form>";
    let site = Site::new(move |receipt| match receipt.path.as_str() {
        "/form" => page(hold),
        "/hold" => Does::HangsUp,
        _ => club(receipt),
    });
    let steps = [step(Verb::Reload), step(Verb::Click(css("button")))];
    let (_, run) = run_in(Duration::from_millis(300), plan(&site.url, &steps, Trust::Platform)).await;
    assert!(matches!(run.end, Chained::Failed(ShotError::NotSent { .. })), "{:?}", run.end);
    assert_eq!(words(&site.receipts()), ["GET /form", "POST /hold"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_an_answer_is_unknown_and_is_not_sent_again() {
    for does in [Does::HangsUp, Does::Sleeps] {
        let after = does.clone();
        let site = Site::new(move |receipt| if receipt.method == "POST" { after.clone() } else { club(receipt) });
        let plan = ChainPlan { answer: Duration::from_millis(700), ..plan(&site.url, &choose_day(), Trust::Platform) };
        let (at, run) = run_in(Duration::from_millis(300), plan).await;
        let Chained::Failed(ShotError::Unknown { sent_at, .. }) = run.end else { panic!("{does:?}: {:?}", run.end) };
        assert!(sent_at >= at);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(site.with_method("POST").len(), 1, "{does:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_says_on_the_way_is_the_end_and_a_missing_element_needs_a_page() {
    let site = Site::new(|_| page("No more this week"));
    let (_, run) = run_in(Duration::from_millis(260), plan(&site.url, &choose_day(), Trust::Platform)).await;
    assert_eq!(run.end, Chained::Says(Answer::Quota));

    let site = Site::new(|_| page("<main></main>"));
    let (_, run) = run_in(Duration::from_millis(260), plan(&site.url, &choose_day(), Trust::Platform)).await;
    let Chained::Left(leave) = run.end else { panic!("{:?}", run.end) };
    assert_eq!(leave.resume.map(|resume| resume.step), Some(1));
    assert!(site.with_method("POST").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_called_off_sends_nothing() {
    let site = Site::new(club);
    let at = SystemClock.now() + Duration::from_millis(600);
    let running = shot::chain_at(Arc::new(SystemClock), at, plan(&site.url, &choose_day(), Trust::Platform));
    assert!(tokio::time::timeout(Duration::from_millis(300), running).await.is_err());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(site.with_method("GET").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_origin_gets_nothing_of_ours() {
    let other = Site::new(club);
    let elsewhere = other.url.clone();
    let site = Site::new(move |_| {
        Does::Answers(format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}form\r\nContent-Length: 0\r\n\r\n"))
    });
    let (_, run) = run_in(Duration::from_millis(260), plan(&site.url, &choose_day(), Trust::Platform)).await;
    assert!(matches!(run.end, Chained::Failed(ShotError::NotSent { .. })), "{:?}", run.end);
    assert!(other.receipts().is_empty());
}
