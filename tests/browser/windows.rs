//! Frames, windows, tabs and native dialogs, in both browsers.

use std::time::Duration;

use firstserve::browser::PageClock;
use firstserve::browser::stage::FailureKind;
use firstserve::clock::{Clock, SystemClock};
use firstserve::flow::wire::{Dialog, Step};
use jiff::SignedDuration;
use serde_json::json;

use super::steps::{brief, css, step};
use super::world::{World, cases};

cases![
    a_look_elsewhere_leaves_the_page_as_it_is,
    the_page_shows_the_time_of_this_machine,
    frames_in_and_out,
    a_new_window_and_back,
    a_late_window_and_none,
    declared_dialogs,
    an_undeclared_dialog_is_named,
    an_undeclared_dialog_is_dismissed_a_few_times_where_that_is_allowed,
    a_late_dialog,
    the_dialog_verb,
];

pub(super) fn accept() -> Dialog {
    Dialog::Accept(None)
}

/// What `retry/` begins on after the list was read.
async fn a_look_elsewhere_leaves_the_page_as_it_is(world: &mut World<'_>) {
    world.open("verbs/window.html").await;
    is_at(world, "main").await;
    world.ask("window.staged = 'as it was'; document.cookie = 'who=ana'").await;
    let tab = world.stage.open_tab().await.expect("a tab opens");
    world.open("verbs/window.html").await;
    assert_eq!(world.ask("return [typeof window.staged, document.cookie]").await, json!(["undefined", "who=ana"]));
    world.run(step(json!({ "click": css("#open") }))).await;
    world.run(step(json!({ "window": "new" }))).await;
    world.run(step(json!({ "window": "main" }))).await;
    assert_eq!(world.ask("return typeof window.staged").await, "undefined", "the tab is the main window meanwhile");
    world.stage.close_tab(tab).await.expect("it closes");
    assert_eq!(world.ask("return window.staged").await, "as it was");
    assert_eq!(world.driver.windows().await.expect("there are windows").len(), 1, "nothing is left open");
    is_at(world, "main").await;
}

/// A browser on this machine has our clock: what is proven of it holds nought, and is narrow.
async fn the_page_shows_the_time_of_this_machine(world: &mut World<'_>) {
    world.open("verbs/window.html").await;
    let asked = world.stage.ask_time(&SystemClock, 5, Duration::from_secs(5)).await;
    assert_eq!(asked.len(), 5);
    let clock = PageClock::proven_by(&asked).expect("they agree");
    let now = SystemClock.now();
    assert!(clock.shows(now) >= now, "never early: {clock:?}");
    assert!(
        clock.shows(now).duration_since(now) <= clock.width(),
        "the offset of nought is among what is possible: {clock:?}"
    );
    assert!(clock.width() < SignedDuration::from_millis(500), "{clock:?}");
    assert!(world.stage.ask_time(&SystemClock, 5, Duration::ZERO).await.is_empty(), "the control: there was no time");
}

async fn is_at(world: &mut World<'_>, place: &str) {
    world.run(step(json!({ "wait-for": { "text": { "text": place, "within": css("#where") } } }))).await;
}

async fn frames_in_and_out(world: &mut World<'_>) {
    world.open("verbs/frame.html").await;
    is_at(world, "outside").await;
    world.run(step(json!({ "frame": [{ "by": { "title": "Booking" } }] }))).await;
    is_at(world, "inside").await;
    world.run(step(json!({ "click": css("#press") }))).await;
    is_at(world, "pressed").await;
    world.run(step(json!({ "frame": css("#deep") }))).await;
    is_at(world, "deep inside").await;
    world.run(step(json!({ "frame": [] }))).await;
    is_at(world, "outside").await;
    assert_eq!(world.fails(brief(json!({ "frame": css("#none") }))).await.kind, FailureKind::NotFound);
}

async fn a_new_window_and_back(world: &mut World<'_>) {
    world.open("verbs/window.html").await;
    world.run(step(json!({ "click": css("#blank") }))).await;
    world.run(step(json!({ "window": "new" }))).await;
    is_at(world, "new").await;
    world.run(step(json!({ "click": css("#close") }))).await;
    let closed = world.fails(brief(json!({ "click": css("#close") }))).await;
    assert_eq!(closed.kind, FailureKind::NoWindow);
    world.run(step(json!({ "window": "main" }))).await;
    is_at(world, "main").await;
}

async fn a_late_window_and_none(world: &mut World<'_>) {
    world.open("verbs/window.html").await;
    let none = world.fails(brief(json!({ "window": "new" }))).await;
    assert_eq!((none.kind, none.reason.as_str()), (FailureKind::NoWindow, "no new window has opened"));
    world.run(step(json!({ "click": css("#open") }))).await;
    world.run(step(json!({ "window": "new" }))).await;
    world.run(step(json!({ "wait-for": { "url": "*window-new.html?late" } }))).await;
}

async fn declared_dialogs(world: &mut World<'_>) {
    world.open("verbs/dialog.html").await;
    let click = |id: &str, dialog: Dialog| Step { dialog: Some(dialog), ..step(json!({ "click": css(id) })) };
    world.run(click("#ask", accept())).await;
    world.run(click("#ask", Dialog::Dismiss)).await;
    world.run(click("#name", Dialog::Accept(Some("Luis".into())))).await;
    world.run(click("#name", Dialog::Dismiss)).await;
    world.run(click("#tell", accept())).await;
    assert_eq!(world.log().await, "confirm=true confirm=false prompt=Luis prompt=null alerted");
}

async fn an_undeclared_dialog_is_named(world: &mut World<'_>) {
    world.open("verbs/dialog.html").await;
    world.run(step(json!({ "click": css("#tell") }))).await;
    let failure = world.fails(step(json!({ "click": css("#ask") }))).await;
    assert_eq!(failure.kind, FailureKind::Dialog);
    assert_eq!(failure.reason, "a dialog is open that no step declared: “The court is taken”");
    assert_eq!(world.stage.open_dialog().await, Ok(Some("The court is taken".to_owned())));
    world.driver.dismiss_alert().await.expect("it is open");
    assert_eq!(world.stage.open_dialog().await, Ok(None));
}

/// A page that greets again and again.
const GREETS: &str =
    "setInterval(() => { document.getElementById('log').textContent += ' hello'; alert('hello'); }, 150)";

async fn an_undeclared_dialog_is_dismissed_a_few_times_where_that_is_allowed(world: &mut World<'_>) {
    world.open("verbs/dialog.html").await;
    world.stage.dismiss_undeclared(true);
    world.run(step(json!({ "click": css("#ask") }))).await;
    world.run(step(json!({ "wait-for": { "text": { "text": "confirm=false" } } }))).await;
    world.ask(&format!("{{ {GREETS} }}")).await;
    let never = json!({ "wait-for": { "text": { "text": "no such words" } } });
    let failure = world.fails(step(never)).await;
    assert_eq!((failure.kind, failure.reason.contains("“hello”")), (FailureKind::Dialog, true), "bounded: {failure}");
    world.driver.dismiss_alert().await.expect("the last one is still open");
    world.open("verbs/dialog.html").await;
}

async fn a_late_dialog(world: &mut World<'_>) {
    world.open("verbs/dialog.html").await;
    world.run(Step { dialog: Some(accept()), ..step(json!({ "click": css("#late") })) }).await;
    world.run(step(json!({ "wait-for": { "text": { "text": "late=true" } } }))).await;
}

async fn the_dialog_verb(world: &mut World<'_>) {
    world.open("verbs/dialog.html").await;
    world.run(step(json!({ "click": css("#late") }))).await;
    world.run(step(json!({ "dialog": "dismiss" }))).await;
    assert_eq!(world.log().await, "late=false");
    let none = world.fails(brief(json!({ "dialog": { "accept": null } }))).await;
    assert_eq!((none.kind, none.reason.as_str()), (FailureKind::Dialog, "no dialog is open"));
}
