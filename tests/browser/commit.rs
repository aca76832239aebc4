//! The commit: its button, what it would send, firing it by script.

use std::time::Duration;

use firstserve::browser::stage::FailureKind;
use firstserve::clock::{Clock, SystemClock};
use firstserve::flow::wire::{Commit, Dialog};
use serde_json::json;

use super::steps::{booked_or_taken, commit, css, step};
use super::world::{World, cases};

cases![
    prepared_as_the_browser_would_send_it,
    prepared_by_another_button,
    what_cannot_be_prepared,
    the_button_for_the_trigger,
    an_invalid_form_is_not_fired,
    fired_as_a_form,
    fired_as_a_fetch,
    fired_through_a_script_of_the_page,
    an_earlier_answer_explains_nothing,
    fired_with_a_declared_dialog,
    held_until_the_instant,
];

/// How long after its instant a page lets a commit go that it has held, at the best of some tries.
const HELD_AT_MOST_MS: f64 = 1.5;

const SOON: Duration = Duration::from_millis(300);

pub(super) fn now_ms() -> f64 {
    SystemClock.now().as_nanosecond() as f64 / 1e6
}

/// The prepared request equals what the browser sends when the button is pressed.
async fn prepared_as_the_browser_would_send_it(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    let prepared = world.stage.prepared(&commit("#book", "http")).await.expect("it is a form");
    assert_eq!((prepared.method.as_str(), prepared.charset.as_str()), ("POST", "UTF-8"));
    assert_eq!(prepared.action, world.site.url("/book?from=page"));
    assert_eq!(prepared.referer, world.site.page("commit/form.html"));
    assert_eq!(world.site.seen("POST", "/book").len(), 0, "nothing was sent");
    world.run(step(json!({ "click": css("#book") }))).await;
    let sent = world.site.seen("POST", "/book").remove(0);
    let ours = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&prepared.fields).finish();
    assert_eq!(ours, sent.body);
    assert!(sent.body.ends_with("&do=book"), "the control: the button is part of it");
    assert!(sent.headers.contains(&prepared.user_agent));
}

async fn prepared_by_another_button(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    let prepared = world.stage.prepared(&commit("#draft", "fetch")).await.expect("it is a form");
    assert_eq!((prepared.method.as_str(), prepared.action), ("GET", world.site.url("/draft")));
    assert_eq!(prepared.fields.last().map(|(_, value)| value.as_str()), Some("draft"));
}

async fn what_cannot_be_prepared(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    for (button, reason) in [
        ("#send-file", "the form is sent as multipart/form-data"),
        ("#loose", "<button#loose> is not the button of a form"),
        ("#link", "<a#link> is not the button of a form"),
    ] {
        let trouble = world.stage.prepared(&commit(button, "http")).await.expect_err("it cannot");
        assert_eq!((trouble.kind, trouble.reason.as_str()), (FailureKind::Unsupported, reason));
        assert!(trouble.is_before_acting());
    }
}

async fn the_button_for_the_trigger(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    let button = world.stage.commit_button(&commit("#book", "form"), SOON).await.expect("it can be pressed");
    assert_eq!(button.expect("there is a page").attr("id").await.expect("it answers").as_deref(), Some("book"));
    let missing = world.stage.commit_button(&commit("#none", "form"), SOON).await;
    assert_eq!(missing.map(drop).map_err(|trouble| trouble.kind), Err(FailureKind::NotFound));
    assert_eq!(world.site.seen("POST", "/book").len(), 0);
}

async fn an_invalid_form_is_not_fired(world: &mut World<'_>) {
    world.open("commit/required.html").await;
    let refused = world.fire(&commit("#book", "form"), now_ms()).await.expect_err("it is not filled in");
    assert_eq!(refused.kind, FailureKind::Rejected);
    assert!(refused.reason.starts_with("<input#partner> is not filled in rightly"), "{refused:?}");
    world.run(step(json!({ "fill": { "target": css("#partner"), "with": "Luis" } }))).await;
    world.fire(&commit("#book", "form"), now_ms()).await.expect("now it can be sent");
    assert_eq!(world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await.answer, "confirmed");
}

async fn fired_as_a_form(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    let fired = world.fire(&commit("#book", "form"), now_ms()).await.expect("it is sent");
    let raced = world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await;
    assert_eq!((raced.answer.as_str(), raced.reply), ("confirmed", None));
    let sent = world.site.seen("POST", "/book");
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].body.contains("do=book") && sent[0].at_ms >= fired.fired_at_ms.expect("it says when") - 1.5,
        "{} {fired:?}",
        sent[0].at_ms
    );
}

async fn fired_as_a_fetch(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    let plan = commit("#book", "fetch");
    let as_form = world.stage.prepared(&plan).await.expect("it is a form");
    world.fire(&plan, now_ms()).await.expect("it is sent");
    let raced = world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await;
    let reply = raced.reply.expect("the answer is kept");
    assert_eq!((raced.answer.as_str(), reply.status, reply.url), ("confirmed", 200, world.site.url("/booked")));
    let sent = world.site.seen("POST", "/book");
    assert_eq!(sent.len(), 1);
    let body = url::form_urlencoded::parse(sent[0].body.as_bytes()).into_owned().collect::<Vec<_>>();
    assert_eq!(body, as_form.fields);
    world.run(step(json!({ "wait-for": { "visible": css("#booking") } }))).await;
}

async fn fired_through_a_script_of_the_page(world: &mut World<'_>) {
    world.open("commit/script-form.html").await;
    world.fire(&commit("#book", "form"), now_ms()).await.expect("it is sent");
    assert_eq!(world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await.answer, "taken");
    assert_eq!(world.site.seen("POST", "/book").len(), 1);
}

/// The page of a commit that was sent behind it is still the form: what it shows is no answer to anything.
async fn an_earlier_answer_explains_nothing(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    world.fire(&commit("#book", "fetch"), now_ms()).await.expect("it is sent");
    let raced = world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await;
    assert_eq!(raced.answer, "confirmed", "the control: the answer was heard");
    assert_eq!(world.stage.says(&booked_or_taken(), SOON).await, None);
    world.run(step(json!({ "go": world.site.url("/booked") }))).await;
    assert_eq!(world.stage.says(&booked_or_taken(), SOON).await.as_deref(), Some("confirmed"), "a page that shows it");
}

async fn fired_with_a_declared_dialog(world: &mut World<'_>) {
    for (dialog, sent) in [(Dialog::Accept(None), 1), (Dialog::Dismiss, 0)] {
        world.site.clear();
        world.open("commit/asking.html").await;
        let plan = Commit { dialog: Some(dialog), ..commit("#book", "form") };
        world.fire(&plan, now_ms()).await.expect("the button is pressed");
        let raced = world.stage.race(&booked_or_taken(), Duration::from_millis(600)).await;
        assert_eq!(raced.answer == "confirmed", sent == 1, "{raced:?}");
        assert_eq!(world.site.seen("POST", "/book").len(), sent);
    }
}

async fn held_until_the_instant(world: &mut World<'_>) {
    world.open("commit/form.html").await;
    let plan = commit("#book", "fetch");
    let refused = world.fire(&plan, now_ms() + 5000.0).await.expect_err("it is far too early");
    assert_eq!(refused.kind, FailureKind::Early);
    let mut held = f64::INFINITY;
    for _ in 0..5 {
        world.site.clear();
        world.open("commit/form.html").await;
        let at_ms = now_ms() + 45.0;
        let tried = world.fire(&plan, at_ms).await.expect("it is sent");
        held = held.min(tried.fired_at_ms.expect("it has an instant") - at_ms);
        assert_eq!(world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await.answer, "confirmed");
        let lateness = world.site.seen("POST", "/book")[0].at_ms - at_ms;
        assert!(lateness >= 0.0, "{lateness} ms early");
    }
    // Whatever a document does for the first time is done before: the edges of the clock alone take more than that.
    assert!(held < HELD_AT_MOST_MS, "{held} ms after the instant at the best");
}
