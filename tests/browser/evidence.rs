//! What is kept of a failed step: a picture and the source, without secrets.

use firstserve::browser::stage::{FailureKind, Stage};
use firstserve::flow::wire::Step;
use firstserve::model::Secret;
use serde_json::json;

use super::steps::{brief, css, step};
use super::world::{World, cases};

cases![masked_and_bounded, a_picture_of_a_step, nothing_to_be_had];

/// Secrets that the page, or the flow, holds.
const CANARIES: [&str; 5] =
    ["typed-secret-1", "handed-secret-2", "markup-password", "hidden-token-456", "meta-token-123"];

async fn masked_and_bounded(world: &mut World<'_>) {
    let dir = tempfile::tempdir().expect("a folder");
    let stage = Stage::begin(world.driver.clone()).await.expect("the window answers");
    world.stage = stage.with_secrets([Secret::new("handed-secret-2")]);
    world.open("verbs/screenshot.html").await;
    let fill = |text: &str, secret: bool| Step {
        secret,
        ..step(json!({ "fill": { "target": css("#plain"), "with": text } }))
    };
    world.run(fill("handed-secret-2 and typed-secret-1", false)).await;
    world.run(fill("typed-secret-1", true)).await;
    let plain = world.driver.source().await.expect("there is a source");
    assert!(plain.contains("typed-secret-1"), "the control: the page does show it");
    assert_eq!(world.fails(brief(json!({ "click": css("#none") }))).await.kind, FailureKind::NotFound);
    let kept = world.stage.evidence(dir.path()).await;
    assert_eq!(kept.notes, Vec::<String>::new());
    let source = std::fs::read_to_string(kept.source.expect("a source")).expect("it can be read");
    for canary in CANARIES {
        assert!(!source.contains(canary), "{canary} is in the evidence");
    }
    assert!(source.contains("id=\"user\"") && source.contains("[masked]"), "{source}");
    let picture = std::fs::read(kept.picture.expect("a picture")).expect("it can be read");
    assert!(picture.starts_with(b"\x89PNG") && picture.len() < 2 * 1024 * 1024);
    let colour = world.ask("return document.getElementById('password').style.color").await;
    assert_eq!(colour, "", "what was concealed for the picture is shown again");
}

async fn a_picture_of_a_step(world: &mut World<'_>) {
    world.open("verbs/screenshot.html").await;
    let done = world.run(step(json!({ "screenshot": "before" }))).await;
    let (name, png) = &done.pictures[0];
    assert!(name == "before" && png.starts_with(b"\x89PNG"));
}

async fn nothing_to_be_had(world: &mut World<'_>) {
    let dir = tempfile::tempdir().expect("a folder");
    world.open("verbs/dialog.html").await;
    world.run(step(json!({ "click": css("#tell") }))).await;
    let kept = world.stage.evidence(&dir.path().join("inner")).await;
    assert_eq!(
        (kept.picture, kept.source, kept.notes.len()),
        (None, None, 2),
        "a dialog is in the way, and that is said"
    );
}
