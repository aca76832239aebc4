//! Not yet is a wait: covered, moving, disabled, late, replaced, doubled for a moment.

use firstserve::browser::stage::FailureKind;
use firstserve::flow::wire::Step;
use serde_json::json;

use super::steps::{css, step};
use super::world::{World, cases};

cases![covered, covered_for_good, moving, disabled, disabled_for_too_long, late_and_doubled];

async fn covered(world: &mut World<'_>) {
    world.open("waits/covered.html").await;
    world.run(step(json!({ "click": css("#under") }))).await;
    assert_eq!(world.log().await, "clicked", "the veil was never clicked");
}

async fn covered_for_good(world: &mut World<'_>) {
    world.open("waits/covered.html?for-good").await;
    // Whether it is covered is looked at when it is at rest, and a busy machine takes its time to draw the frames for that.
    let patient = Step { timeout_ms: 2_000, ..step(json!({ "click": css("#under") })) };
    let failure = world.fails(patient).await;
    assert_eq!((failure.kind, failure.reason.as_str()), (FailureKind::Covered, "<div#veil.veil> covers it"));
    assert_eq!(world.log().await, "");
}

async fn moving(world: &mut World<'_>) {
    world.open("waits/moving.html").await;
    world.run(step(json!({ "click": css("#runner") }))).await;
    assert_eq!(world.log().await, "clicked after the move");
}

async fn disabled(world: &mut World<'_>) {
    world.open("waits/disabled.html").await;
    world.run(step(json!({ "click": css("#button") }))).await;
    world.run(step(json!({ "click": css("#aria") }))).await;
    world.run(step(json!({ "fill": { "target": css("#text"), "with": "x" } }))).await;
    assert_eq!(world.log().await, "button aria");
}

async fn disabled_for_too_long(world: &mut World<'_>) {
    world.open("waits/disabled.html").await;
    let failure =
        world.fails(firstserve::flow::wire::Step { timeout_ms: 50, ..step(json!({ "click": css("#aria") })) }).await;
    assert_eq!((failure.kind, failure.reason.as_str()), (FailureKind::NotEnabled, "it is not enabled"));
}

async fn late_and_doubled(world: &mut World<'_>) {
    world.open("waits/late.html").await;
    world.run(step(json!({ "click": css(".b") }))).await;
    assert_eq!(world.log().await, "new", "the two old ones were ambiguous");
}
