//! A page may lead anywhere; secrets go nowhere but to the origins that the person named.

use firstserve::browser::stage::FailureKind;
use firstserve::flow::wire::Step;
use firstserve::model::Origins;
use serde_json::{Value, json};

use super::steps::{brief, css, step};
use super::world::{World, cases};
use crate::chain::case::{Answer, Routes};

cases![
    a_log_in_page_that_leads_elsewhere_gets_nothing,
    a_host_that_was_named_gets_them,
    a_frame_of_another_origin_gets_nothing,
    a_page_that_is_on_its_way_is_waited_for,
    no_address_elsewhere_gets_a_secret,
    a_redirect_takes_no_secret_along,
];

const PASSWORD: &str = "s3cret-pass-1";

const FORM: &str = "<!doctype html><form action=/echo method=post><input id=user name=user><input id=password type=password name=password>\
    </form><script>addEventListener('input', () => fetch('/stolen'))</script>";

fn secret(verb: Value) -> Step {
    Step { secret: true, ..brief(verb) }
}

fn typings() -> [Value; 3] {
    ["fill", "type", "set"].map(|verb| json!({ verb: { "target": css("#password"), "with": PASSWORD } }))
}

/// The small site by its other name: another origin.
fn other(world: &World<'_>) -> String {
    world.site.url("").replace("127.0.0.1", "localhost")
}

fn answer(status: u16, location: Option<String>, body: &str) -> Vec<Answer> {
    vec![Answer { status, location, body: body.to_owned(), delay: 0, kind: "text/html".to_owned() }]
}

fn leads_elsewhere(world: &World<'_>) {
    let routes = [
        ("GET /sign-in".to_owned(), answer(302, Some(format!("{}/form", other(world))), "")),
        ("GET /form".to_owned(), answer(200, None, FORM)),
    ];
    world.site.answers(Routes::from(routes));
}

async fn open(world: &mut World<'_>, path: &str) {
    let url = world.site.url(path);
    world.run(step(json!({ "go": url }))).await;
}

async fn typed(world: &World<'_>) -> Value {
    world.ask("return document.getElementById('password').value").await
}

async fn a_log_in_page_that_leads_elsewhere_gets_nothing(world: &mut World<'_>) {
    leads_elsewhere(world);
    open(world, "/sign-in").await;
    assert_eq!(world.ask("return location.hostname").await, "localhost", "the control: it leads there");
    for verb in typings() {
        let failure = world.fails(secret(verb.clone())).await;
        assert_eq!(failure.kind, FailureKind::Origin, "{verb}");
        for part in [world.site.url(""), other(world), "login-hosts = [\"localhost:".to_owned()] {
            assert!(failure.reason.contains(&part), "{}", failure.reason);
        }
        assert_eq!(typed(world).await, "", "{verb}");
    }
    assert!(world.site.seen("GET", "/stolen").is_empty());
    world.run(step(json!({ "fill": { "target": css("#user"), "with": "no secret" } }))).await;
}

async fn a_host_that_was_named_gets_them(world: &mut World<'_>) {
    leads_elsewhere(world);
    let host = other(world)["http://".len()..].to_owned();
    world.stage.trust(Origins::of(&world.site.url("/"), [], &[host]));
    for verb in typings() {
        open(world, "/sign-in").await;
        world.run(Step { timeout_ms: 3000, ..secret(verb) }).await;
        assert_eq!(typed(world).await, PASSWORD);
    }
}

async fn a_frame_of_another_origin_gets_nothing(world: &mut World<'_>) {
    let whole = "<!doctype html><iframe id=one src='{other}/form'></iframe><iframe id=own src='/form'></iframe>";
    let routes =
        [("GET /frames".to_owned(), answer(200, None, whole)), ("GET /form".to_owned(), answer(200, None, FORM))];
    world.site.answers(Routes::from(routes));
    open(world, "/frames").await;
    world.run(step(json!({ "frame": css("#one") }))).await;
    for verb in typings() {
        assert_eq!(world.fails(secret(verb)).await.kind, FailureKind::Origin);
        assert_eq!(typed(world).await, "");
    }
    world.run(step(json!({ "frame": [] }))).await;
    world.run(step(json!({ "frame": css("#own") }))).await;
    world.run(Step { timeout_ms: 3000, ..secret(typings()[0].clone()) }).await;
    assert_eq!(typed(world).await, PASSWORD, "the control");
}

async fn a_page_that_is_on_its_way_is_waited_for(world: &mut World<'_>) {
    let home = world.site.url("/form");
    let on = format!("<!doctype html>{FORM}<script>setTimeout(() => location = '{home}', 700)</script>");
    let routes = [
        ("GET /sign-in".to_owned(), answer(302, Some(format!("{}/way", other(world))), "")),
        ("GET /way".to_owned(), answer(200, None, &on)),
        ("GET /form".to_owned(), answer(200, None, FORM)),
    ];
    world.site.answers(Routes::from(routes));
    open(world, "/sign-in").await;
    world.run(Step { timeout_ms: 5000, ..secret(typings()[0].clone()) }).await;
    assert_eq!(
        (world.ask("return location.hostname").await, typed(world).await),
        (json!("127.0.0.1"), json!(PASSWORD))
    );
}

async fn no_address_elsewhere_gets_a_secret(world: &mut World<'_>) {
    world.site.answers(Routes::from([("GET /form".to_owned(), answer(200, None, FORM))]));
    open(world, "/form").await;
    let there = format!("{}/caught", other(world));
    let request = json!({ "method": "POST", "url": there, "headers": [], "body": { "form": [["password", PASSWORD]] }, "read": [] });
    for verb in [json!({ "go": format!("{there}?user={PASSWORD}") }), json!({ "request": request })] {
        assert_eq!(world.fails(secret(verb)).await.kind, FailureKind::Origin);
    }
    for method in ["GET", "POST", "OPTIONS"] {
        assert!(world.site.seen(method, "/caught").is_empty(), "{method}");
    }
}

async fn a_redirect_takes_no_secret_along(world: &mut World<'_>) {
    let routes = [
        ("GET /form".to_owned(), answer(200, None, FORM)),
        ("POST /login-307".to_owned(), answer(307, Some(format!("{}/caught", other(world))), "")),
        ("POST /login-own".to_owned(), answer(307, Some("/caught".to_owned()), "")),
    ];
    world.site.answers(Routes::from(routes));
    open(world, "/form").await;
    let request = |path: &str| {
        let body = json!({ "form": [["password", PASSWORD]] });
        json!({ "request": { "method": "POST", "url": world.site.url(path), "headers": [], "body": body, "read": [] } })
    };
    let (elsewhere, own) = (request("/login-307"), request("/login-own"));
    let _ = world.fails(Step { timeout_ms: 3000, ..secret(elsewhere) }).await;
    assert!(!world.site.seen("POST", "/login-307").is_empty() && world.site.seen("POST", "/caught").is_empty());
    let _ = world.stage.run(&Step { timeout_ms: 3000, ..secret(own) }).await;
    assert!(world.site.seen("POST", "/caught")[0].body.contains(PASSWORD), "the control");
}
