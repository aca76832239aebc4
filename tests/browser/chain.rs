//! Opening steps as a chain of fetches: what it sends, when it goes on by page, and that it sends once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use firstserve::browser::stage::FailureKind;
use firstserve::flow::page::{Phase, Report};
use firstserve::flow::wire::{OpeningWay, Program, Send, Step};
use serde_json::json;

use super::armed::{answer, arm, over};
use super::commit::now_ms;
use super::site::ICON;
use super::steps::{commit, css, program, step};
use super::world::{Engine, World, cases};
use crate::chain::case::{Answer, Case, Ends, Routes};

cases![
    every_case_sent_as_a_fetch,
    every_case_sent_as_a_form,
    a_wrong_expectation_would_be_caught,
    nothing_but_looking_before_the_instant,
    a_page_that_goes_away_is_taken_over,
    a_form_that_was_never_answered_is_not_sent_again,
    sent_once_whatever_reloads,
    the_referer_is_the_page_of_the_form,
    another_character_set,
    a_form_is_answered_by_the_next_page_only,
];

/// From arming to the instant.
const LEAD_MS: f64 = 350.3;

/// What became of a case.
struct Ran {
    at_ms: f64,
    report: Report,
    requests: Vec<String>,
}

async fn every_case_sent_as_a_fetch(world: &mut World<'_>) {
    every_case(world, Send::Fetch).await;
}

async fn every_case_sent_as_a_form(world: &mut World<'_>) {
    every_case(world, Send::Form).await;
}

async fn every_case(world: &mut World<'_>, send: Send) {
    let mut wrong = Vec::new();
    for case in Case::all() {
        wrong.extend(wrong_with(world, &case, send).await.map(|why| format!("{}\n  {why}", case.name)));
    }
    assert!(wrong.is_empty(), "{send:?}:\n{}", wrong.join("\n"));
}

async fn wrong_with(world: &mut World<'_>, case: &Case, send: Send) -> Option<String> {
    if case.known {
        return refused(world, case, send).await;
    }
    let ran = run(world, case, send).await;
    let sent = &ran.requests[..ran.requests.len().min(case.requests.len())];
    let whole = matches!(case.ends, Ends::ByPage(_)) || ran.requests.len() == case.requests.len();
    if sent != case.requests || !whole {
        return Some(format!("it sent {:#?}, {:?}", ran.requests, ran.report));
    }
    let (fired, report) = (ran.report.fired_at_ms, &ran.report);
    let as_wanted = match &case.ends {
        Ends::Answer(word) => answer(report) == word && fired.is_some_and(|at| at >= ran.at_ms - 1.0),
        Ends::Says(word) => answer(report) == word && fired.is_none() && report.phase == Phase::Failed,
        Ends::ByPage(why) => report.left.as_ref().is_some_and(|left| left.reason.contains(why.as_str())),
    };
    (!as_wanted).then(|| format!("it ended otherwise: {report:?}"))
}

async fn refused(world: &mut World<'_>, case: &Case, send: Send) -> Option<String> {
    open(world, &case.page, case.site.clone()).await;
    let trouble = world.stage.arm(&chain(case, send, "known", now_ms() + LEAD_MS)).await.err();
    let known = trouble.as_ref().is_some_and(|trouble| trouble.kind == FailureKind::Unsupported);
    (!known).then(|| format!("it is not refused: {trouble:?}"))
}

async fn run(world: &mut World<'_>, case: &Case, send: Send) -> Ran {
    open(world, &case.page, case.site.clone()).await;
    let at_ms = now_ms() + LEAD_MS;
    let id = unused(&case.name);
    arm(world, &chain(case, send, &id, at_ms)).await;
    let armed = world.site.requests_since(0.0).len();
    let report = match case.ends {
        Ends::ByPage(_) => left(world, &case.page, &id).await,
        _ => over(world, &id).await,
    };
    let requests = world.site.requests_since(at_ms);
    assert_eq!(armed + requests.len(), world.site.requests_since(0.0).len(), "{id}: something was early");
    Ran { at_ms, report, requests }
}

fn chain(case: &Case, send: Send, id: &str, at_ms: f64) -> Program {
    let program = program(id, at_ms, case.steps.clone(), case.commit(send));
    Program { opening: OpeningWay::Fetch, outcomes: case.outcomes.clone(), ..program }
}

async fn open(world: &mut World<'_>, page: &str, routes: Routes) {
    world.site.clear();
    world.site.answers(routes);
    world.run(step(json!({ "go": world.site.url(page) }))).await;
}

/// Asks until the program has left its chain, and calls it off.
async fn left(world: &mut World<'_>, page: &str, id: &str) -> Report {
    for _ in 0..200 {
        match world.stage.armed_report(id).await {
            Ok(Some(report)) if report.left.is_some() || report.is_over() => {
                let _ = world.stage.disarm(id).await;
                return report;
            }
            // It went on to another origin, which cannot know.
            Ok(None) => drop(world.run(step(json!({ "go": world.site.url(page) }))).await),
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not leave its chain: {:?}", world.stage.armed_report(id).await)
}

/// A program remembers its id for as long as the tab is there.
fn unused(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The control of the cases: each of them has something that a wrong chain would miss.
async fn a_wrong_expectation_would_be_caught(world: &mut World<'_>) {
    let good = Case::all().into_iter().find(|case| case.name.contains("12-cart")).expect("the case");
    let mut wrong = [good.clone(), good.clone(), good.clone()];
    wrong[0].requests.truncate(2);
    wrong[1].ends = Ends::Answer("taken".to_owned());
    wrong[2].ends = Ends::ByPage("script".to_owned());
    for wrong in wrong {
        assert!(wrong_with(world, &wrong, Send::Fetch).await.is_some());
    }
    assert_eq!(wrong_with(world, &good, Send::Fetch).await, None);
}

/// A form two steps behind the page; what follows the first of them is slow.
fn slow_form(delay: u64) -> Routes {
    let moved = Answer { status: 303, location: Some("/held".to_owned()), delay, ..Answer::page("") };
    Routes::from([
        (
            "GET /day".to_owned(),
            vec![Answer::page("<form method=post action=/hold><button id=hold>Hold</button></form>")],
        ),
        ("POST /hold".to_owned(), vec![moved]),
        ("GET /held".to_owned(), vec![Answer::page(LAST_FORM)]),
        ("POST /book".to_owned(), vec![Answer::page("<p>Reserva confirmada</p>")]),
    ])
}

const LAST_FORM: &str = "<form method=post action=/book><button id=book>Book</button></form>";

fn steps() -> Vec<Step> {
    vec![step(json!("reload")), step(json!({ "click": css("#hold") }))]
}

fn fetching(id: &str, at_ms: f64, steps: Vec<Step>, send: &str) -> Program {
    Program { opening: OpeningWay::Fetch, ..program(id, at_ms, steps, commit("#book", send)) }
}

async fn nothing_but_looking_before_the_instant(world: &mut World<'_>) {
    for (way, send) in [(OpeningWay::Fetch, "fetch"), (OpeningWay::Page, "form")] {
        open(world, "/day", slow_form(0)).await;
        let at_ms = now_ms() + 3000.0;
        let id = format!("warm-{send}");
        arm(world, &Program { opening: way, ..fetching(&id, at_ms, steps(), send) }).await;
        let report = over(world, &id).await;
        assert_eq!(answer(&report), "confirmed", "{report:?}");
        let before = |method: &str| world.site.seen(method, "/").into_iter().filter(|each| each.at_ms < at_ms);
        let pages: Vec<_> = before("GET").filter(|each| each.target != ICON).collect();
        assert_eq!(pages.len(), 1, "{send}: the page was opened, and no page since: {pages:?}");
        assert_eq!(before("POST").count(), 0, "{send}");
        // A busy site that answers late is not asked again in the last moment.
        assert!((1..=2).contains(&before("HEAD").count()), "{send}: it is knocked at");
        assert!(before("HEAD").all(|each| each.target == ICON), "{send}");
        let frames =
            before("GET").filter(|each| each.headers.to_lowercase().contains("sec-fetch-dest: iframe")).count();
        // Firefox may have the icon already, and then asks nobody for it.
        assert!(frames == 0 || world.engine == Engine::Firefox && send == "form", "{send}: {frames} frames");
    }
}

async fn a_page_that_goes_away_is_taken_over(world: &mut World<'_>) {
    open(world, "/day", slow_form(0)).await;
    let mut routes = slow_form(0);
    let day = routes["GET /day"][0].clone();
    routes.insert("GET /day".to_owned(), vec![Answer { delay: 900, ..day.clone() }, day]);
    world.site.answers(routes);
    arm(world, &fetching("gone", now_ms() + 300.0, steps(), "fetch")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.run(step(json!("reload"))).await;
    let report = over(world, "gone").await;
    assert_eq!(answer(&report), "confirmed", "{report:?}");
    assert_eq!(report.left.expect("it says so").reason, "the page went away");
    assert_eq!(posts(world), ["/hold", "/book"]);
}

fn posts(world: &World<'_>) -> Vec<String> {
    world.site.seen("POST", "/").into_iter().map(|post| post.target).collect()
}

async fn a_form_that_was_never_answered_is_not_sent_again(world: &mut World<'_>) {
    open(world, "/day", slow_form(700)).await;
    let at_ms = now_ms() + 300.0;
    arm(world, &fetching("unanswered", at_ms, steps(), "fetch")).await;
    tokio::time::sleep(Duration::from_millis(550)).await;
    assert_eq!(world.site.seen("POST", "/hold").len(), 1, "it is on its way");
    world.run(step(json!("reload"))).await;
    let report = over(world, "unanswered").await;
    assert_eq!((report.phase, report.fired_at_ms), (Phase::Failed, None), "{report:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(posts(world), ["/hold"]);
}

async fn sent_once_whatever_reloads(world: &mut World<'_>) {
    for send in ["fetch", "form"] {
        open(world, "/day", slow_form(0)).await;
        let id = format!("once-{send}");
        let plan = fetching(&id, now_ms() + LEAD_MS, steps(), send);
        arm(world, &plan).await;
        over(world, &id).await;
        for _ in 0..2 {
            world.run(step(json!({ "go": world.site.url("/day") }))).await;
            world.stage.arm(&plan).await.expect("arming it again changes nothing");
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        assert_eq!(world.site.seen("POST", "/book").len(), 1, "{send}");
        assert_eq!(world.site.seen("POST", "/hold").len(), 1, "{send}");
        world.stage.disarm(&id).await.expect("the preload script goes");
    }
}

async fn the_referer_is_the_page_of_the_form(world: &mut World<'_>) {
    open(world, "/day", slow_form(0)).await;
    arm(world, &fetching("referer", now_ms() + LEAD_MS, steps(), "fetch")).await;
    over(world, "referer").await;
    for (target, from) in [("/hold", "/day"), ("/book", "/held")] {
        let post = world.site.seen("POST", target).remove(0);
        let referer = format!("referer: {}\r\n", world.site.url(from));
        assert!(post.headers.to_lowercase().contains(&referer), "{target}: {}", post.headers);
        assert!(post.headers.contains("text/html"), "it asks for a page: {}", post.headers);
    }
}

/// What is written in another character set is read in it; only what all sets share is sent.
async fn another_character_set(world: &mut World<'_>) {
    for (value, leaves) in [("plain", false), ("ñandú", true)] {
        let form = LAST_FORM.replace("<button", &format!("<input name=a value='{value}'><button"));
        let day = Answer { kind: "text/html".to_owned(), ..Answer::page(&format!("<meta charset=iso-8859-2>{form}")) };
        let mut routes = slow_form(0);
        routes.insert("GET /day".to_owned(), vec![day]);
        open(world, "/day", routes).await;
        let id = format!("set-{value}");
        arm(world, &fetching(&id, now_ms() + LEAD_MS, vec![step(json!("reload"))], "fetch")).await;
        let report = if leaves { left(world, "/day", &id).await } else { over(world, &id).await };
        assert_eq!(report.left.is_some(), leaves, "{report:?}");
    }
}

/// The page that sends the form of a chain never showed it: what it says is no answer.
async fn a_form_is_answered_by_the_next_page_only(world: &mut World<'_>) {
    let mut routes = slow_form(0);
    routes.insert("POST /book".to_owned(), vec![Answer { delay: 600, ..routes["POST /book"][0].clone() }]);
    let day = routes["GET /day"][0].clone();
    let stale = Answer { body: format!("{} ya está reservada", day.body), ..day };
    routes.insert("GET /stale".to_owned(), vec![stale]);
    open(world, "/stale", routes).await;
    let go = step(json!({ "go": world.site.url("/day") }));
    let plan = fetching("stale", now_ms() + LEAD_MS, vec![go, steps().remove(1)], "form");
    arm(world, &plan).await;
    assert_eq!(answer(&over(world, "stale").await), "confirmed");
}
