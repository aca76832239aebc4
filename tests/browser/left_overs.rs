//! What stood on the page before the commit is no answer to it.

use std::time::Duration;

use firstserve::browser::stage::Raced;
use firstserve::flow::wire::Kept;
use serde_json::json;

use super::armed::{answer, arm, over};
use super::commit::now_ms;
use super::steps::{booked_or_taken, commit, css, program, step};
use super::world::{World, cases};

cases![
    by_script,
    armed,
    armed_behind_an_opening_step,
    by_the_drivers_hands,
    a_page_that_never_answers,
    without_a_look_before_the_old_refusal_is_the_answer,
];

/// How the page sends, and what it is answered: a refusal that is written once more counts too.
const WAYS: [(&str, &str); 3] = [("fetch", "confirmed"), ("timer", "confirmed"), ("same", "taken")];

const PATIENCE: Duration = Duration::from_secs(4);

async fn open(world: &mut World<'_>, by: &str) {
    world.site.clear();
    world.open(&format!("commit/left-over.html?by={by}")).await;
}

/// The answer came from the site, and it was asked once.
fn answered_by_the_site(world: &World<'_>, by: &str, have: &str, want: &str) {
    assert_eq!((have, world.site.seen("POST", "/book").len()), (want, 1), "{by}");
}

async fn by_script(world: &mut World<'_>) {
    for (by, want) in WAYS {
        open(world, by).await;
        world.fire(&commit("#book", "form"), now_ms()).await.expect("it is sent");
        let raced = world.stage.race(&booked_or_taken(), PATIENCE).await;
        answered_by_the_site(world, by, &raced.answer, want);
    }
}

async fn armed(world: &mut World<'_>) {
    for (by, want) in WAYS {
        open(world, by).await;
        let id = format!("left-over-{by}");
        arm(world, &program(&id, now_ms() + 600.0, Vec::new(), commit("#book", "form"))).await;
        let report = over(world, &id).await;
        answered_by_the_site(world, by, answer(&report), want);
    }
}

async fn armed_behind_an_opening_step(world: &mut World<'_>) {
    for (by, want) in WAYS {
        open(world, by).await;
        let id = format!("left-over-behind-{by}");
        let steps = vec![step(json!({ "fill": { "target": css("input[name=day]"), "with": "2027-07-19" } }))];
        arm(world, &program(&id, now_ms() + 300.0, steps, commit("#book", "form"))).await;
        let report = over(world, &id).await;
        answered_by_the_site(world, by, answer(&report), want);
    }
}

/// A person's click, as the driver does it.
async fn click(world: &mut World<'_>) -> Raced {
    let button = world.stage.commit_button(&commit("#book", "form"), PATIENCE).await.expect("it can be pressed");
    button.expect("there is a button").click().await.expect("it is clicked");
    world.stage.race(&booked_or_taken(), PATIENCE).await
}

async fn by_the_drivers_hands(world: &mut World<'_>) {
    for (by, want) in WAYS {
        open(world, by).await;
        world.stage.last_look(&booked_or_taken(), &Kept::default()).await.expect("the page can be looked at");
        let raced = click(world).await;
        answered_by_the_site(world, by, &raced.answer, want);
    }
}

async fn a_page_that_never_answers(world: &mut World<'_>) {
    open(world, "fetch").await;
    world.ask("window.fetch = () => new Promise(() => {})").await;
    world.fire(&commit("#book", "form"), now_ms()).await.expect("the button is pressed");
    let raced = world.stage.race(&booked_or_taken(), Duration::from_secs(1)).await;
    assert_eq!(raced.answer, "unknown", "{raced:?}");
}

/// The control.
async fn without_a_look_before_the_old_refusal_is_the_answer(world: &mut World<'_>) {
    open(world, "fetch").await;
    let raced = click(world).await;
    assert_eq!(raced.answer, "taken", "{raced:?}");
    assert!(raced.after < Duration::from_millis(1400), "the page itself had not answered: {raced:?}");
}
