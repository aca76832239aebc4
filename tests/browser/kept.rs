//! The commit sends what was filled in, or nothing.

use std::time::Duration;

use firstserve::browser::stage::FailureKind;
use firstserve::flow::page::Report;
use firstserve::flow::wire::{Kept, Program};
use serde_json::json;

use super::armed::{answer, arm, over};
use super::commit::now_ms;
use super::steps::{booked_or_taken, commit, css, program, step};
use super::world::{World, cases};

cases![
    a_page_that_keeps_it,
    by_script,
    armed,
    by_the_drivers_hands,
    looked_at,
    a_click_stands_as_long_as_its_page,
    nobody_looks,
];

const PAGE: &str = "commit/resets.html";
const WANTED: &str = "court=5&note=ours&rules=on&do=book";

/// Opens the page and chooses; it changes in a moment.
async fn chosen(world: &mut World<'_>, how: &str) -> Kept {
    world.site.clear();
    world.open(PAGE).await;
    world.run(step(json!({ "select": { "target": css("#court"), "by": "value", "options": ["5"] } }))).await;
    world.run(step(json!({ "fill": { "target": css("#note"), "with": "ours" } }))).await;
    world.run(step(json!({ "check": css("#rules") }))).await;
    let kept = world.stage.remember().await.expect("the page answers");
    assert_eq!(kept.controls.len(), 3, "{kept:?}");
    change(world, how).await;
    kept
}

/// A moment later the page goes back to what it was.
async fn change(world: &World<'_>, how: &str) {
    match how {
        "reset" => world.ask("setTimeout(() => document.getElementById('booking').reset(), 300)").await,
        "anew" => world.ask("setTimeout(() => location.assign('?anew'), 300)").await,
        _ => return,
    };
}

const CHANGES: [&str; 2] = ["reset", "anew"];

async fn until_changed() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

fn sent(world: &World<'_>) -> Vec<String> {
    world.site.seen("POST", "/book").into_iter().map(|seen| seen.body).collect()
}

async fn a_page_that_keeps_it(world: &mut World<'_>) {
    world.kept = chosen(world, "").await;
    assert_eq!(world.stage.changed(&world.kept.clone()).await.expect("the page answers"), None);
    world.fire(&commit("#book", "form"), now_ms()).await.expect("it is sent");
    assert_eq!(world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await.answer, "confirmed");
    assert_eq!(sent(world), [WANTED]);
}

async fn by_script(world: &mut World<'_>) {
    for how in CHANGES {
        world.kept = chosen(world, how).await;
        until_changed().await;
        let refused = world.fire(&commit("#book", "form"), now_ms()).await.expect_err("it is another page now");
        assert_eq!(refused.kind, FailureKind::Changed, "{refused:?}");
        assert!(refused.reason.contains("no longer “5”"), "{refused:?}");
        assert!(sent(world).is_empty());
    }
}

async fn run_armed(world: &mut World<'_>, id: &str, kept: Kept) -> Report {
    let plan = program(id, now_ms() + 1500.0, Vec::new(), commit("#book", "form"));
    arm(world, &Program { kept, ..plan }).await;
    over(world, id).await
}

async fn armed(world: &mut World<'_>) {
    for how in CHANGES {
        let kept = chosen(world, how).await;
        let report = run_armed(world, &format!("kept-{how}"), kept).await;
        let failure = report.failure.clone().unwrap_or_else(|| panic!("{how}: {report:?} {:?}", sent(world)));
        assert_eq!((failure.kind.as_str(), report.fired_at_ms), ("changed", None), "{failure:?}");
        assert!(sent(world).is_empty());
    }
    let kept = chosen(world, "").await;
    assert_eq!(answer(&run_armed(world, "kept", kept).await), "confirmed", "the control");
    assert_eq!(sent(world), [WANTED]);
}

/// The driver's click is on its way when the page changes.
async fn by_the_drivers_hands(world: &mut World<'_>) {
    for (how, bodies) in [("reset", vec![]), ("", vec![WANTED.to_owned()])] {
        let kept = chosen(world, how).await;
        let plan = commit("#book", "form");
        let button = world.stage.commit_button(&plan, Duration::from_secs(1)).await.expect("it can be pressed");
        world.stage.last_look(&booked_or_taken(), &kept).await.expect("nothing has changed yet");
        until_changed().await;
        button.expect("there is a button").click().await.expect("it is clicked");
        let raced = world.stage.race(&booked_or_taken(), Duration::from_secs(2)).await;
        assert_eq!(raced.answer == "confirmed", how.is_empty(), "{raced:?}");
        assert_eq!(sent(world), bodies, "{how}");
    }
}

async fn looked_at(world: &mut World<'_>) {
    for how in CHANGES {
        let kept = chosen(world, how).await;
        until_changed().await;
        let trouble = world.stage.last_look(&booked_or_taken(), &kept).await.expect_err("it has changed");
        assert!(trouble.kind == FailureKind::Changed && trouble.is_before_acting(), "{trouble:?}");
        let why = world.stage.changed(&kept).await.expect("the page answers");
        assert_eq!(why.as_deref(), Some("<select#court> holds “1” and no longer “5”: the page has changed it"));
    }
}

async fn a_click_stands_as_long_as_its_page(world: &mut World<'_>) {
    world.open(PAGE).await;
    world.run(step(json!({ "click": css("#tile") }))).await;
    let kept = world.stage.remember().await.expect("the page answers");
    assert_eq!(world.stage.changed(&kept).await, Ok(None));
    world.run(step(json!("reload"))).await;
    let why = world.stage.changed(&kept).await.expect("the page answers");
    assert_eq!(why.as_deref(), Some("the page was loaded anew after it had been filled in"));
}

/// The control.
async fn nobody_looks(world: &mut World<'_>) {
    chosen(world, "reset").await;
    until_changed().await;
    world.fire(&commit("#book", "form"), now_ms()).await.expect("it is sent");
    assert_eq!(world.stage.race(&booked_or_taken(), Duration::from_secs(3)).await.answer, "confirmed");
    assert_eq!(sent(world), ["court=1&note=&do=book"], "another court than the one that was wanted");
}
