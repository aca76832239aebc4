//! Each condition, of a live page and of an answer, in both browsers.

use std::time::Duration;

use firstserve::browser::stage::FailureKind;
use serde_json::{Value, json};

use super::steps::{condition, css, outcomes, step};
use super::world::{World, cases};

cases![
    visible_gone_enabled,
    text_and_matches,
    url,
    count,
    attribute,
    all_any_not,
    status_of_the_page,
    of_an_answer,
    json_of_an_answer,
    behind_the_page,
    race_takes_the_first_row_that_holds,
    race_ends_as_unknown,
    race_waits_for_the_page,
];

async fn check(world: &mut World<'_>, rows: &[(Value, bool)]) {
    for (value, wanted) in rows {
        let holds = world.stage.holds(&condition(value.clone())).await.expect("the page answers");
        assert_eq!(holds, *wanted, "{value}");
    }
}

/// The same conditions of a page that was fetched.
async fn check_answer(world: &mut World<'_>, url: &str, rows: &[(Value, bool)]) {
    for (value, wanted) in rows {
        let of = condition(value.clone());
        let holds = world.stage.fetched(url, &of, Duration::from_secs(3)).await.expect("the site answers");
        assert_eq!(holds, *wanted, "{value} of {url}");
    }
}

async fn visible_gone_enabled(world: &mut World<'_>) {
    world.open("conditions/visible.html").await;
    let rows = [
        (json!({ "visible": css(".notice") }), true),
        (json!({ "visible": css("#hidden") }), false),
        (json!({ "visible": css("#none") }), false),
        (json!({ "gone": css("#hidden") }), true),
        (json!({ "gone": css(".notice") }), false),
        (json!({ "enabled": css("#on") }), true),
        (json!({ "enabled": css("#off") }), false),
    ];
    check(world, &rows).await;
    check_answer(world, &world.site.page("conditions/visible.html"), &rows).await;
}

async fn text_and_matches(world: &mut World<'_>) {
    world.open("conditions/text.html").await;
    let rows = [
        (json!({ "text": { "text": "LA CANCHA ya está reservada" } }), true),
        (json!({ "text": { "text": "secreto oculto" } }), false),
        (json!({ "text": { "text": "otra", "within": css(".error") } }), false),
        (json!({ "text": { "text": "otra", "within": css(".aviso") } }), true),
        (json!({ "matches": { "pattern": "reserva: (R-\\d{6})" } }), true),
        (json!({ "matches": { "pattern": "^R-", "within": css("#ref") } }), false),
    ];
    check(world, &rows).await;
    check_answer(world, &world.site.page("conditions/text.html"), &rows).await;
    let wrong = world.stage.holds(&condition(json!({ "matches": { "pattern": "(" } }))).await;
    assert_eq!(wrong.map_err(|trouble| trouble.kind), Err(FailureKind::BadPattern));
}

async fn url(world: &mut World<'_>) {
    world.open("conditions/url.html?day=18&new=R-1#top").await;
    let exact = world.site.page("conditions/url.html?day=18&new=R-1#top");
    let rows = [
        (json!({ "url": exact }), true),
        (json!({ "url": "*/url.html?*new=R-*" }), true),
        (json!({ "url": "/pages/conditions/*" }), true),
        (json!({ "url": "*urlXhtml*" }), false),
        (json!({ "url": "*/url.html" }), false),
    ];
    check(world, &rows).await;
}

async fn count(world: &mut World<'_>) {
    world.open("conditions/count.html").await;
    let of = |min: u32, max: Option<u32>| json!({ "count": { "of": css("li"), "min": min, "max": max } });
    let rows = [(of(3, None), true), (of(3, Some(3)), true), (of(4, None), false), (of(0, Some(2)), false)];
    check(world, &rows).await;
    check_answer(world, &world.site.page("conditions/count.html"), &rows).await;
}

async fn attribute(world: &mut World<'_>) {
    world.open("conditions/attribute.html").await;
    let of =
        |id: &str, name: &str, equals: &str| json!({ "attribute": { "of": css(id), "name": name, "equals": equals } });
    check(
        world,
        &[
            (of("#slot", "data-state", "free"), true),
            (of("#slot", "class", "slot"), false),
            (of("#field", "value", "b"), true),
            (of("#none", "value", ""), false),
        ],
    )
    .await;
}

async fn all_any_not(world: &mut World<'_>) {
    world.open("conditions/visible.html").await;
    let (yes, no) = (json!({ "visible": css(".notice") }), json!({ "visible": css("#none") }));
    check(
        world,
        &[
            (json!({ "all": [yes, yes] }), true),
            (json!({ "all": [yes, no] }), false),
            (json!({ "any": [no, yes] }), true),
            (json!({ "any": [no, no] }), false),
            (json!({ "not": no }), true),
            (json!({ "not": yes }), false),
        ],
    )
    .await;
}

async fn status_of_the_page(world: &mut World<'_>) {
    world.run(step(json!({ "go": world.site.url("/status-409") }))).await;
    let is = |from: u16, to: u16| json!({ "status": { "from": from, "to": to } });
    check(world, &[(is(409, 409), true), (is(400, 499), true), (is(200, 299), false)]).await;
}

async fn of_an_answer(world: &mut World<'_>) {
    world.open("verbs/request.html").await;
    let conflict = world.site.url("/status-409");
    let rows = [
        (json!({ "status": { "from": 409, "to": 409 } }), true),
        (json!({ "status": { "from": 200, "to": 299 } }), false),
        (json!({ "text": { "text": "conflict", "within": css(".aviso") } }), true),
        (json!({ "url": "*/status-409" }), true),
    ];
    check_answer(world, &conflict, &rows).await;
}

async fn json_of_an_answer(world: &mut World<'_>) {
    world.open("verbs/request.html").await;
    let is = |pointer: &str, equals: Option<&str>| json!({ "json": { "pointer": pointer, "equals": equals } });
    let rows = [
        (is("/bookings/0/reference", Some("R-1")), true),
        (is("/bookings/1/court", Some("7")), true),
        (is("/a~1b/m~0n", Some("true")), true),
        (is("/none", None), true),
        (is("/bookings/2", None), false),
        (is("/bookings/0/reference", Some("R-2")), false),
    ];
    check_answer(world, &world.site.url("/json/bookings"), &rows).await;
    check_answer(world, &world.site.page("verbs/go.html"), &[(is("", None), false)]).await;
}

async fn behind_the_page(world: &mut World<'_>) {
    world.open("verbs/request.html").await;
    let private = world.site.url("/private");
    let logged_in = condition(json!({ "visible": css("#socio") }));
    let soon = Duration::from_secs(3);
    world.run(step(json!({ "go": world.site.url("/logout") }))).await;
    assert_eq!(world.stage.fetched(&private, &logged_in, soon).await, Ok(false));
    world.run(step(json!({ "go": world.site.url("/login") }))).await;
    assert_eq!(world.stage.fetched(&private, &logged_in, soon).await, Ok(true));
    let never = world.stage.fetched(&world.site.url("/never"), &logged_in, Duration::from_millis(300)).await;
    assert_eq!(never.map_err(|trouble| trouble.kind), Err(FailureKind::Timeout));
}

async fn race_takes_the_first_row_that_holds(world: &mut World<'_>) {
    world.open("conditions/race.html").await;
    let rows = outcomes(&[
        ("confirmed", json!({ "text": { "text": "reserva confirmada" } })),
        ("taken", json!({ "text": { "text": "ya está reservada" } })),
        ("site-error", json!({ "text": { "text": "reserva" } })),
    ]);
    let raced = world.stage.race(&rows, Duration::from_secs(3)).await;
    assert_eq!((raced.answer.as_str(), raced.place.as_deref()), ("taken", Some("outcomes.toml:taken")));
    assert!(raced.after >= Duration::from_millis(200), "{raced:?}");
}

async fn race_ends_as_unknown(world: &mut World<'_>) {
    world.open("verbs/dialog.html").await;
    let rows = outcomes(&[("confirmed", json!({ "visible": css("#none") }))]);
    let raced = world.stage.race(&rows, Duration::from_millis(200)).await;
    assert_eq!((raced.answer.as_str(), raced.place), ("unknown", None));
    world.run(step(json!({ "click": css("#tell") }))).await;
    let raced = world.stage.race(&rows, Duration::from_secs(3)).await;
    assert_eq!(raced.answer, "unknown");
    let note = raced.note.unwrap_or_default();
    assert!(note.contains("The court is taken"), "{note}");
}

/// The old page still shows an old answer while the new one is on its way: it must not count.
async fn race_waits_for_the_page(world: &mut World<'_>) {
    world.open("conditions/text.html").await;
    world.stage.holds(&condition(json!({ "url": "*" }))).await.expect("the program is in the page");
    let rows = outcomes(&[
        ("taken", json!({ "text": { "text": "ya está reservada" } })),
        ("confirmed", json!({ "text": { "text": "slow but here" } })),
    ]);
    let slow = world.site.url("/slow?700");
    world.ask(&format!("setTimeout(() => location.assign('{slow}'), 0)")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.stage.race(&rows, Duration::from_secs(5)).await.answer, "confirmed");
}
