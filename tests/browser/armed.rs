//! Programs that act in the page by themselves: never early, once, across documents.

use std::time::Duration;

use firstserve::browser::stage::FailureKind;
use firstserve::flow::page::{self, Phase, Report};
use firstserve::flow::wire::{Commit, Dialog, Program, Step};
use serde_json::{Value, json};

use super::commit::now_ms;
use super::site::Seen;
use super::steps::{PLACE, brief, commit, css, program, step};
use super::world::{Engine, World, cases};

cases![
    never_early,
    never_early_as_a_fetch,
    goes_on_after_a_reload,
    opening_steps_across_documents,
    steps_inside_steps,
    fires_once_whatever_reloads,
    a_program_without_memory_fires_again,
    frames_and_other_windows_do_not_fire,
    a_declared_dialog,
    an_undeclared_dialog_holds_the_page,
    disarmed,
    gives_up_before_the_commit,
    an_optional_step_is_left_out,
    a_script_step_under_a_strict_policy,
    no_answer_is_unknown,
    a_slow_answer_is_waited_for,
    lost_on_another_origin,
    what_cannot_be_armed,
];

const BOOK: &str = "#book";

fn nested(verb: Value) -> Value {
    json!({ "verb": verb, "timeout-ms": 2000, "place": PLACE })
}

fn posts(world: &World<'_>) -> Vec<Seen> {
    world.site.seen("POST", "/book")
}

/// Asks until the program is over.
pub(super) async fn over(world: &mut World<'_>, id: &str) -> Report {
    for _ in 0..300 {
        // A page that is changing is asked again.
        if let Ok(Some(report)) = world.stage.armed_report(id).await
            && report.is_over()
        {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the program is not over: {:?}", world.stage.armed_report(id).await)
}

pub(super) async fn arm(world: &mut World<'_>, program: &Program) {
    world.stage.arm(program).await.expect("it can be armed");
}

pub(super) fn answer(report: &Report) -> &str {
    report.answer.as_ref().map_or("none", |answer| answer.is.as_str())
}

async fn rounds(world: &mut World<'_>, send: &str, rounds: usize) {
    for round in 0..rounds {
        world.site.clear();
        world.open("commit/armed.html").await;
        // Not a whole millisecond: the page must not round it down.
        let at_ms = now_ms() + 350.3;
        let id = format!("{send}-{round}");
        arm(world, &program(&id, at_ms, Vec::new(), commit(BOOK, send))).await;
        let report = over(world, &id).await;
        assert_eq!((answer(&report), posts(world).len()), ("confirmed", 1), "{report:?}");
        let received = posts(world)[0].at_ms - at_ms;
        let fired = report.fired_at_ms.expect("it has fired") - at_ms;
        assert!(received >= 0.0 && fired >= -1.0, "early: received {received} ms, fired {fired} ms");
        assert!(received < 1000.0, "late by {received} ms");
    }
}

async fn never_early(world: &mut World<'_>) {
    rounds(world, "form", 5).await;
}

async fn never_early_as_a_fetch(world: &mut World<'_>) {
    rounds(world, "fetch", 5).await;
    let report = world.stage.armed_report("fetch-4").await.expect("the page answers").expect("the page knows");
    let reply = report.reply.expect("the answer is kept");
    assert_eq!((reply.status, reply.url), (200, world.site.url("/booked")));
    assert!(reply.text.contains("Reserva confirmada"));
}

async fn goes_on_after_a_reload(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    let at_ms = now_ms() + 1200.0;
    arm(world, &program("reloaded", at_ms, Vec::new(), commit(BOOK, "form"))).await;
    for _ in 0..2 {
        world.run(step(json!("reload"))).await;
    }
    assert!(posts(world).is_empty() && now_ms() < at_ms, "the reloads were before the instant");
    assert_eq!(answer(&over(world, "reloaded").await), "confirmed");
    assert_eq!(posts(world).len(), 1);
    assert!(posts(world)[0].at_ms >= at_ms);
}

/// The date appears only on a page that was loaded after the instant.
async fn opening_steps_across_documents(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    world.ask("sessionStorage.loads = 1").await;
    let steps = vec![
        step(json!({ "go": world.site.page("commit/reload.html") })),
        step(json!("reload")),
        step(json!({ "select": { "target": css("#day"), "by": "value", "options": ["2027-07-18"] } })),
    ];
    let at_ms = now_ms() + 300.0;
    arm(world, &program("opening", at_ms, steps, commit(BOOK, "form"))).await;
    let report = over(world, "opening").await;
    assert_eq!((answer(&report), report.steps.len()), ("confirmed", 3), "{report:?}");
    let sent = posts(world);
    assert_eq!((sent.len(), sent[0].body.as_str()), (1, "day=2027-07-18&do=book"));
    let loads = world.site.seen("GET", "/pages/commit/reload.html");
    assert_eq!(loads.len(), 2);
    assert!(loads[0].at_ms >= at_ms, "opening steps are not early either");
}

async fn steps_inside_steps(world: &mut World<'_>) {
    world.open("commit/reload.html").await;
    world.ask("sessionStorage.loads = 0").await;
    let until = json!({ "text": { "text": "open", "within": css("#notice") } });
    let not_yet = json!({ "not": { "text": { "text": "not open", "within": css("#notice") } } });
    let until = json!({ "all": [until, not_yet] });
    let choose = json!({ "select": { "target": css("#day"), "by": "value", "options": ["2027-07-18"] } });
    let steps = vec![
        step(
            json!({ "repeat": { "until": until, "at_most": 5, "steps": [nested(json!({ "pause": { "ms": 30 } })), nested(json!("reload"))] } }),
        ),
        step(
            json!({ "when": { "condition": { "visible": css("#none") }, "steps": [nested(json!({ "click": css("#none") }))] } }),
        ),
        step(json!({ "when": { "condition": { "visible": css("#day") }, "steps": [nested(choose)] } })),
    ];
    arm(world, &program("nested", now_ms() + 300.0, steps, commit(BOOK, "form"))).await;
    let report = over(world, "nested").await;
    assert_eq!(answer(&report), "confirmed", "{report:?}");
    assert_eq!(posts(world)[0].body, "day=2027-07-18&do=book");
}

/// Reloads and returns to the form after the program has fired.
async fn provoke(world: &mut World<'_>) {
    for _ in 0..3 {
        world.open("commit/armed.html").await;
        world.run(step(json!("reload"))).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn fires_once_whatever_reloads(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    let plan = program("once", now_ms() + 300.0, Vec::new(), commit(BOOK, "form"));
    arm(world, &plan).await;
    over(world, "once").await;
    provoke(world).await;
    world.stage.arm(&plan).await.expect("arming it again changes nothing");
    provoke(world).await;
    assert_eq!(posts(world).len(), 1);
    world.stage.disarm("once").await.expect("the preload script goes");
}

/// The control: the same program, but each document forgets what an earlier one did.
async fn a_program_without_memory_fires_again(world: &mut World<'_>) {
    let plan = program("forgetful", now_ms() + 300.0, Vec::new(), commit(BOOK, "form"));
    let (guard, none) = ("`__firstserve:${id}`", "`__firstserve:${id}:${documentId}`");
    let (resume, arm) = (
        "function resume(program, scripts = [], words = {}) {",
        "function resume(program, scripts = [], words = {}) { arm(program, scripts, words);",
    );
    let told = page::preload(&plan, &json!({}));
    assert!(told.contains(guard) && told.contains(resume), "the control knows what it breaks");
    let params = json!({ "functionDeclaration": told.replace(guard, none).replace(resume, arm) });
    let bidi = world.driver.bidi().await.expect("the session has BiDi");
    let script = bidi.send_raw("script.addPreloadScript", params).await.expect("it is installed");
    world.open("commit/armed.html").await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    for _ in 0..2 {
        let _ = world.driver.goto(world.site.page("commit/armed.html")).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    bidi.send_raw("script.removePreloadScript", script).await.expect("it is removed");
    assert!(posts(world).len() > 1, "the guard is what keeps a program from firing again");
}

/// A frame and a window opened by the page share its session storage, or get a copy.
async fn frames_and_other_windows_do_not_fire(world: &mut World<'_>) {
    world.open("commit/framed.html").await;
    arm(world, &program("company", now_ms() + 1000.0, Vec::new(), commit(BOOK, "form"))).await;
    world.run(step(json!({ "click": css("#open") }))).await;
    world.run(step(json!({ "window": "new" }))).await;
    world.run(step(json!("reload"))).await;
    world.run(step(json!({ "window": "main" }))).await;
    assert_eq!(answer(&over(world, "company").await), "taken");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(posts(world).iter().map(|post| post.target.as_str()).collect::<Vec<_>>(), ["/book?taken"]);
}

async fn a_declared_dialog(world: &mut World<'_>) {
    world.open("commit/asking.html").await;
    let asking = Commit { dialog: Some(Dialog::Accept(None)), ..commit(BOOK, "form") };
    arm(world, &program("asked", now_ms() + 300.0, Vec::new(), asking)).await;
    let report = over(world, "asked").await;
    assert_eq!((answer(&report), posts(world).len()), ("confirmed", 1));
    assert_eq!(report.dialogs, ["Book it?"]);
}

async fn an_undeclared_dialog_holds_the_page(world: &mut World<'_>) {
    world.open("commit/asking.html").await;
    arm(world, &program("unasked", now_ms() + 300.0, Vec::new(), commit(BOOK, "form"))).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let trouble = world.stage.armed_report("unasked").await.expect_err("the dialog is in the way");
    assert_eq!(trouble.kind, FailureKind::Dialog);
    assert_eq!(trouble.reason, "a dialog is open that no step declared: “Book it?”");
    world.driver.dismiss_alert().await.expect("it is open");
    assert_eq!(posts(world).len(), 0);
}

async fn disarmed(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    arm(world, &program("called-off", now_ms() + 700.0, Vec::new(), commit(BOOK, "form"))).await;
    let report = world.stage.disarm("called-off").await.expect("the page answers").expect("the page knows");
    assert_eq!((report.phase, report.fired_at_ms), (Phase::Disarmed, None));
    world.run(step(json!("reload"))).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(posts(world).len(), 0);
}

async fn gives_up_before_the_commit(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    let steps = vec![brief(json!({ "click": css("#none") }))];
    arm(world, &program("broken", now_ms() + 200.0, steps, commit(BOOK, "form"))).await;
    let report = over(world, "broken").await;
    let failure = report.failure.expect("it says why");
    assert_eq!((failure.place.as_str(), failure.verb.as_str(), failure.kind.as_str()), (PLACE, "click", "not-found"));
    assert_eq!((report.phase, report.fired_at_ms, posts(world).len()), (Phase::Failed, None, 0));
    let hidden =
        Program { answer_ms: 300, ..program("no-button", now_ms() + 100.0, Vec::new(), commit("#none", "form")) };
    arm(world, &hidden).await;
    let failure = over(world, "no-button").await.failure.expect("it says why");
    assert_eq!((failure.verb.as_str(), failure.place.as_str()), ("commit", "commit.toml:1:1"));
}

async fn an_optional_step_is_left_out(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    let optional = Step { optional: true, ..brief(json!({ "click": css("#none") })) };
    let fill = step(json!({ "fill": { "target": css("#day"), "with": "2027-07-18" } }));
    arm(world, &program("optional", now_ms() + 200.0, vec![optional, fill], commit(BOOK, "fetch"))).await;
    let report = over(world, "optional").await;
    assert_eq!(answer(&report), "confirmed", "{report:?}");
    assert_eq!(posts(world)[0].body, "csrf=t1&day=2027-07-18&do=book");
}

/// A page's policy forbids making functions of texts; the bodies come as functions.
async fn a_script_step_under_a_strict_policy(world: &mut World<'_>) {
    world.open("verbs/script.html").await;
    let body = "const form = document.createElement('form'); form.method = 'post'; form.action = '/book';
        form.innerHTML = '<button id=book name=do value=scripted>Book</button>'; document.body.append(form);";
    let steps = vec![step(json!({ "script": { "body": body } }))];
    arm(world, &program("scripted", now_ms() + 300.0, steps, commit(BOOK, "form"))).await;
    assert_eq!(answer(&over(world, "scripted").await), "confirmed");
    assert_eq!(posts(world)[0].body, "do=scripted");
}

async fn no_answer_is_unknown(world: &mut World<'_>) {
    for send in ["form", "fetch"] {
        world.open("commit/armed.html").await;
        world.ask("document.getElementById('booking').action = '/never'").await;
        let id = format!("never-{send}");
        let plan = Program { answer_ms: 800, ..program(&id, now_ms() + 250.0, Vec::new(), commit(BOOK, send)) };
        arm(world, &plan).await;
        // A driver may wait for the page that never comes: the report is asked with patience.
        let report = over(world, &id).await;
        assert_eq!(answer(&report), "unknown", "{report:?}");
        assert!(report.fired_at_ms.is_some() && report.error.is_some());
        assert_eq!(world.site.seen("POST", "/never").len(), 1, "{send}");
        world.site.clear();
        world.ask("window.stop()").await;
    }
}

/// While the answer is on its way, the old page must not be taken for it.
async fn a_slow_answer_is_waited_for(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    world.ask("document.body.append('Reserva anterior: ya está reservada'); document.getElementById('booking').action = '/slow?900'").await;
    let mut plan = program("slow", now_ms() + 250.0, Vec::new(), commit(BOOK, "form"));
    plan.outcomes.extend(super::steps::outcomes(&[("waitlisted", json!({ "text": { "text": "slow but here" } }))]));
    arm(world, &plan).await;
    assert_eq!(answer(&over(world, "slow").await), "waitlisted");
}

async fn lost_on_another_origin(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    arm(world, &program("lost", now_ms() + 500.0, Vec::new(), commit(BOOK, "form"))).await;
    world.run(step(json!({ "go": world.site.page("commit/armed.html").replace("127.0.0.1", "localhost") }))).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(world.stage.armed_report("lost").await, Ok(None));
    assert_eq!(posts(world).len(), 0, "a document without a state only looks on");
}

async fn what_cannot_be_armed(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    let press = step(json!({ "press": { "key": "Enter", "target": css(BOOK) } }));
    let trouble = world.stage.arm(&program("keys", now_ms() + 300.0, vec![press], commit(BOOK, "form"))).await;
    let trouble = trouble.expect_err("it has no hands");
    assert_eq!(trouble.kind, FailureKind::Unsupported);
    assert_eq!(trouble.reason, format!("{PLACE}: press cannot be done without the driver"));
    world.run(step(json!({ "go": "about:blank" }))).await;
    let nowhere = world.stage.arm(&program("blank", now_ms() + 300.0, Vec::new(), commit(BOOK, "form"))).await;
    if world.engine == Engine::Chromium {
        assert_eq!(nowhere.expect_err("there is no storage").kind, FailureKind::Unsupported);
    }
}
