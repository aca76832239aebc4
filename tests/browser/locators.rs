//! Each way to look, in both browsers.

use firstserve::browser::stage::FailureKind;
use serde_json::{Value, json};

use super::steps::{PLACE, brief, css, step};
use super::world::{World, cases};

cases![
    by_css,
    by_xpath,
    by_id,
    by_name,
    by_label,
    by_role,
    by_text,
    by_test_id,
    by_title,
    by_placeholder,
    within_has_text_and_nth,
    the_first_visible_and_enabled,
    ordered_fallbacks,
    open_shadow_roots,
    noise_between_the_words,
];

/// The id of the element that the target finds.
async fn id(world: &mut World<'_>, target: Value) -> String {
    let read = step(json!({ "read": { "target": target, "attribute": "id", "into": "id" } }));
    world.run(read).await.captured.remove(0).1
}

/// The kind and the reason with which the target is not found.
async fn miss(world: &mut World<'_>, target: Value) -> (FailureKind, String) {
    let failure = world.fails(brief(json!({ "read": { "target": target, "into": "id" } }))).await;
    assert_eq!((failure.place.as_str(), failure.verb), (PLACE, "read"));
    (failure.kind, failure.reason)
}

fn by(way: &str, what: impl Into<Value>) -> Value {
    json!([{ "by": { way: what.into() } }])
}

async fn by_css(world: &mut World<'_>) {
    world.open("locators/css.html").await;
    assert_eq!(id(world, css("#one")).await, "one");
    assert_eq!(id(world, css("li:has(b:first-child):nth-of-type(2) button")).await, "second");
    let (kind, reason) = miss(world, css(".twin")).await;
    assert_eq!((kind, reason.as_str()), (FailureKind::Ambiguous, "css “.twin” matches 2 elements"));
    let (kind, reason) = miss(world, css(".none")).await;
    assert_eq!((kind, reason.as_str()), (FailureKind::NotFound, "css “.none” matches 0 elements"));
    assert_eq!(miss(world, css("li[")).await, (FailureKind::BadLocator, "css “li[” cannot be read".into()));
}

async fn by_xpath(world: &mut World<'_>) {
    world.open("locators/xpath.html").await;
    assert_eq!(id(world, by("xpath", "//tr[td='Court 2']//a")).await, "second");
    let inside = json!([{ "by": { "xpath": "//p" }, "within": css("#box") }]);
    assert_eq!(id(world, inside).await, "inside");
    assert_eq!(miss(world, by("xpath", "//p")).await.0, FailureKind::Ambiguous);
    assert_eq!(miss(world, by("xpath", "//p[")).await.0, FailureKind::BadLocator);
}

async fn by_id(world: &mut World<'_>) {
    world.open("locators/id.html").await;
    assert_eq!(id(world, by("id", "5:from.date")).await, "5:from.date");
    assert_eq!(miss(world, by("id", "double")).await.0, FailureKind::Ambiguous);
}

async fn by_name(world: &mut World<'_>) {
    world.open("locators/name.html").await;
    assert_eq!(id(world, by("name", "court[]")).await, "court");
}

async fn by_label(world: &mut World<'_>) {
    world.open("locators/label.html").await;
    for (label, wanted) in [
        ("usuario", "user"),
        ("Clave", "wrapped"),
        ("Cancha", "court"),
        ("buscar socio", "said"),
        ("Fecha de juego", "referred"),
    ] {
        assert_eq!(id(world, by("label", label)).await, wanted, "{label}");
    }
    let exact = json!([{ "by": { "label": "Usuario" }, "exact": true }]);
    assert_eq!(miss(world, exact).await.0, FailureKind::NotFound);
}

async fn by_role(world: &mut World<'_>) {
    world.open("locators/role.html").await;
    let named = [
        ("link", "home", "home"),
        ("link", "My bookings", "bookings"),
        ("heading", "courts", "heading"),
        ("button", "book", "book"),
        ("button", "Cancel", "fake"),
        ("button", "Send", "send"),
        ("button", "Search", "picture"),
        ("button", "close the window", "close"),
        ("checkbox", "I agree", "agree"),
        ("combobox", "Time", "time"),
        ("option", "17:00", "option"),
        ("table", "Results", "table"),
        ("searchbox", "Find a court", "box"),
    ];
    for (role, name, wanted) in named {
        assert_eq!(id(world, by("role", json!({ "role": role, "name": name }))).await, wanted, "{role} {name}");
    }
    for (role, wanted) in [("navigation", "menu"), ("cell", "cell"), ("row", "tr")] {
        assert_eq!(id(world, by("role", json!({ "role": role }))).await, wanted, "{role}");
    }
    assert_eq!(miss(world, by("role", json!({ "role": "link" }))).await.0, FailureKind::Ambiguous);
    let wrong = by("role", json!({ "role": "link", "name": "no link" }));
    assert_eq!(miss(world, wrong).await, (FailureKind::NotFound, "role link “no link” matches 0 elements".into()));
}

async fn by_text(world: &mut World<'_>) {
    world.open("locators/text.html").await;
    assert_eq!(id(world, by("text", "reservar ahora")).await, "inner");
    assert_eq!(id(world, by("text", "Mostrar")).await, "button");
    assert_eq!(miss(world, by("text", "libre")).await.0, FailureKind::Ambiguous);
    let exact = json!([{ "by": { "text": "Libre" }, "exact": true }]);
    assert_eq!(id(world, exact).await, "exact");
}

async fn by_test_id(world: &mut World<'_>) {
    world.open("locators/test-id.html").await;
    for (test_id, wanted) in [("alpha", "a"), ("beta", "b"), ("gamma", "c")] {
        assert_eq!(id(world, by("test-id", test_id)).await, wanted);
    }
}

async fn by_title(world: &mut World<'_>) {
    world.open("locators/title.html").await;
    assert_eq!(id(world, by("title", "17:00: FREE")).await, "free");
    assert_eq!(miss(world, by("title", "17:00")).await.0, FailureKind::Ambiguous);
}

async fn by_placeholder(world: &mut World<'_>) {
    world.open("locators/placeholder.html").await;
    assert_eq!(id(world, by("placeholder", "nombre del compañero")).await, "partner");
}

async fn within_has_text_and_nth(world: &mut World<'_>) {
    world.open("locators/within.html").await;
    let row = |text: &str| json!([{ "by": { "css": "tr" }, "has-text": text }]);
    let in_row =
        |text: &str| json!([{ "by": { "role": { "role": "button", "name": "Reservar" } }, "within": row(text) }]);
    assert_eq!(id(world, in_row("Cancha 1")).await, "b1");
    let (kind, reason) = miss(world, in_row("cancha 2")).await;
    assert_eq!(kind, FailureKind::Ambiguous);
    assert_eq!(reason, "inside it: css “tr” with the text “cancha 2” matches 2 elements");
    for (nth, wanted) in [(1, "b1"), (3, "b3"), (-1, "b3"), (-2, "b2")] {
        assert_eq!(id(world, json!([{ "by": { "css": "button" }, "nth": nth }])).await, wanted, "nth {nth}");
    }
    assert_eq!(miss(world, json!([{ "by": { "css": "button" }, "nth": 4 }])).await.0, FailureKind::NotFound);
}

async fn the_first_visible_and_enabled(world: &mut World<'_>) {
    world.open("locators/first.html").await;
    let first = |selector: &str| json!([{ "by": { "css": selector }, "first": true }]);
    assert_eq!(id(world, first(".book")).await, "on");
    assert_eq!(id(world, first(".other")).await, "seen");
    assert_eq!(miss(world, css(".book")).await.0, FailureKind::Ambiguous);
}

async fn ordered_fallbacks(world: &mut World<'_>) {
    world.open("locators/fallback.html").await;
    let target = |ids: &[&str]| ids.iter().map(|id| json!({ "by": { "id": id } })).collect::<Value>();
    let click = |ids: &[&str]| step(json!({ "click": target(ids) }));
    assert_eq!(world.run(click(&["new", "old"])).await.hit, Some(0));
    assert_eq!(world.run(click(&["gone", "old", "new"])).await.hit, Some(2), "a hidden match is no usable one");
    let failure = world.fails(brief(json!({ "click": target(&["gone", "old"]) }))).await;
    assert_eq!(failure.kind, FailureKind::NotVisible);
    assert_eq!(failure.reason, "id “gone” matches 0 elements; id “old” is not visible");
}

async fn open_shadow_roots(world: &mut World<'_>) {
    world.open("locators/shadow.html").await;
    assert_eq!(id(world, css("#deep")).await, "deep");
    assert_eq!(id(world, by("text", "precio 12")).await, "price");
    assert_eq!(id(world, by("label", "Socio")).await, "deeper");
    world.run(step(json!({ "click": by("role", json!({ "role": "button", "name": "Reservar aquí" })) }))).await;
    assert_eq!(world.ask("return document.title").await, "clicked");
    world.run(step(json!({ "expect": { "text": { "text": "precio 12" } } }))).await;
}

async fn noise_between_the_words(world: &mut World<'_>) {
    world.open("locators/noise.html").await;
    for (text, wanted) in [("de 05:00 pm a 06:00 pm", "nbsp"), ("Reservar cancha", "icon"), ("confirmar", "glyph")] {
        assert_eq!(id(world, by("role", json!({ "role": "button", "name": text }))).await, wanted, "{text}");
        assert_eq!(id(world, json!([{ "by": { "css": "button" }, "has-text": text }])).await, wanted, "{text}");
    }
    assert_eq!(id(world, by("text", "De 05:00 PM a 06:00 PM")).await, "nbsp");
}
