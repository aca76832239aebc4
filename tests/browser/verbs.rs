//! Each verb, in both browsers.

use std::time::Duration;

use firstserve::browser::stage::FailureKind;
use firstserve::flow::page::Row;
use firstserve::flow::wire::Step;
use serde_json::{Value, json};

use super::steps::{PLACE, brief, css, step};
use super::world::{World, cases};

cases![
    go_and_what_cannot_be_reached,
    reload,
    click,
    fill,
    fill_says_why_not,
    type_with_real_keys,
    clear,
    set,
    select,
    select_says_what_there_is,
    check_and_uncheck,
    press,
    upload,
    submit,
    wait_for,
    expect,
    read,
    rows,
    rows_of_json,
    when,
    repeat,
    script_under_a_strict_policy,
    request,
    pause,
    optional_steps,
];

async fn go_and_what_cannot_be_reached(world: &mut World<'_>) {
    world.open("verbs/go.html").await;
    assert_eq!(world.ask("return document.title").await, "go");
    let refused = world.fails(step(json!({ "go": "http://127.0.0.1:1/" }))).await;
    assert_eq!((refused.kind, refused.place.as_str(), refused.verb), (FailureKind::Unreachable, PLACE, "go"));
    let slow = world.fails(Step { timeout_ms: 600, ..step(json!({ "go": world.site.url("/never") })) }).await;
    assert_eq!(slow.kind, FailureKind::Timeout, "{slow}");
}

async fn reload(world: &mut World<'_>) {
    world.open("verbs/reload.html").await;
    let times = world.ask("return Number(document.getElementById('times').textContent)").await.as_i64();
    world.run(step(json!("reload"))).await;
    assert_eq!(
        world.ask("return Number(document.getElementById('times').textContent)").await.as_i64(),
        times.map(|n| n + 1)
    );
}

async fn click(world: &mut World<'_>) {
    world.open("verbs/click.html").await;
    world.run(step(json!({ "click": css("#plain") }))).await;
    world.run(step(json!({ "click": css("#below") }))).await;
    assert_eq!(world.log().await, "plain:true below:true", "real clicks, scrolled into view");
    world.run(step(json!({ "click": css("#link") }))).await;
    world.run(brief(json!({ "expect": { "text": { "text": "here" } } }))).await;
}

fn fill_with(selector: &str, text: &str) -> Step {
    step(json!({ "fill": { "target": css(selector), "with": text } }))
}

async fn value(world: &World<'_>, selector: &str) -> Value {
    world.ask(&format!("const it = document.querySelector('{selector}'); return it.value ?? it.textContent")).await
}

async fn fill(world: &mut World<'_>) {
    world.open("verbs/fill.html").await;
    let filled = [
        ("#text", "Ana María"),
        ("#area", "two\nlines"),
        ("#rich", "rich"),
        ("#date", "2027-07-18"),
        ("#time", "17:00"),
        ("#number", "4"),
    ];
    for (selector, text) in filled {
        world.run(fill_with(selector, text)).await;
        assert_eq!(value(world, selector).await, text, "{selector}");
    }
    world.run(fill_with("#masked", "18072027")).await;
    assert_eq!(value(world, "#masked").await, "18/07/2027", "a mask may write it differently");
    world.run(fill_with("#framed", "court 1")).await;
    let log = world.log().await;
    for wanted in ["text-input text-change", "date-input date-change", "model=court 1"] {
        assert!(log.contains(wanted), "{wanted} is not in {log}");
    }
}

async fn fill_says_why_not(world: &mut World<'_>) {
    world.open("verbs/fill.html").await;
    for (selector, text, kind, reason) in [
        ("#date", "18/07/2027", FailureKind::Rejected, "<input#date> did not take “18/07/2027”"),
        ("#readonly", "x", FailureKind::NotEnabled, "<input#readonly> is read-only (set can change it)"),
        ("#box", "x", FailureKind::Rejected, "<input#box> does not take text"),
    ] {
        let failure = world.fails(Step { timeout_ms: 200, ..fill_with(selector, text) }).await;
        assert_eq!((failure.kind, failure.reason.as_str()), (kind, reason));
    }
    let secret = Step { secret: true, timeout_ms: 200, ..fill_with("#date", "no-date-secret") };
    assert!(!format!("{:?}", world.fails(secret).await).contains("no-date-secret"));
}

async fn type_with_real_keys(world: &mut World<'_>) {
    world.open("verbs/type.html").await;
    world.run(step(json!({ "type": { "target": css("#search"), "with": "a 1" } }))).await;
    assert_eq!((value(world, "#search").await, world.log().await.as_str()), (json!("a 1"), "a! !1!"));
}

async fn clear(world: &mut World<'_>) {
    world.open("verbs/clear.html").await;
    world.run(step(json!({ "clear": css("#text") }))).await;
    assert_eq!((value(world, "#text").await, world.log().await.as_str()), (json!(""), "changed"));
    assert_eq!(world.fails(brief(json!({ "clear": css("#readonly") }))).await.kind, FailureKind::NotEnabled);
}

async fn set(world: &mut World<'_>) {
    world.open("verbs/set.html").await;
    world.run(step(json!({ "set": { "target": css("#court"), "with": "7" } }))).await;
    world.run(step(json!({ "set": { "target": css("#picker"), "with": "18/07/2027" } }))).await;
    assert_eq!(world.log().await, "court=7 picker=18/07/2027");
}

fn choose(selector: &str, by: &str, options: &[&str]) -> Value {
    json!({ "select": { "target": css(selector), "by": by, "options": options } })
}

async fn select(world: &mut World<'_>) {
    world.open("verbs/select.html").await;
    world.run(step(choose("#court", "value", &["7"]))).await;
    world.run(step(choose("#court", "label", &["cancha 1"]))).await;
    world.run(step(choose("#court", "text", &["20"]))).await;
    world.run(step(choose("#court", "text", &["20"]))).await;
    world.run(step(choose("#hours", "text", &["05:00 pm a", "a 07:00"]))).await;
    assert_eq!(world.log().await, "court:7 court:5 court:17 hours:17,18", "no event for what is chosen already");
    world.run(step(choose("#late", "value", &["2027-07-18"]))).await;
}

async fn select_says_what_there_is(world: &mut World<'_>) {
    world.open("verbs/select.html").await;
    for (verb, kind, reason) in [
        (
            choose("#court", "label", &["Cancha 3"]),
            FailureKind::Rejected,
            "<select#court> has no option “Cancha 3”; it has “Choose”, “Cancha 1”, “Cancha 2”, “Cancha 20”",
        ),
        (
            choose("#court", "text", &["Cancha 2"]),
            FailureKind::Ambiguous,
            "2 options of <select#court> match “Cancha 2”",
        ),
        (choose("#court", "value", &["5", "7"]), FailureKind::Rejected, "<select#court> takes one option only"),
        (choose("#hours", "value", &["19"]), FailureKind::NotEnabled, "the option “19” is not enabled"),
    ] {
        let failure = world.fails(brief(verb)).await;
        assert_eq!((failure.kind, failure.reason.as_str()), (kind, reason));
    }
}

async fn check_and_uncheck(world: &mut World<'_>) {
    world.open("verbs/check.html").await;
    let check = |selector: &str| step(json!({ "check": css(selector) }));
    let uncheck = |selector: &str| step(json!({ "uncheck": css(selector) }));
    for _ in 0..2 {
        world.run(check("#terms")).await;
        world.run(uncheck("#news")).await;
        world.run(check("#styled")).await;
        world.run(check("#double")).await;
        world.run(check("#aria")).await;
    }
    assert_eq!(world.log().await, "terms:true news:false styled:true double:true", "each once");
    assert_eq!(world.ask("return document.getElementById('aria').getAttribute('aria-checked')").await, "true");
    assert_eq!(world.fails(uncheck("#double")).await.reason, "a radio button cannot be unticked");
    assert_eq!(world.fails(check("#log")).await.kind, FailureKind::Rejected);
}

async fn press(world: &mut World<'_>) {
    world.open("verbs/press.html").await;
    world.run(step(json!({ "press": { "key": "ArrowDown", "target": css("#keys") } }))).await;
    world.run(step(json!({ "press": { "key": "Control+b" } }))).await;
    assert_eq!(world.log().await, "ArrowDown Control+Control Control+b");
    assert_eq!(world.fails(step(json!({ "press": { "key": "enter" } }))).await.kind, FailureKind::Unsupported);
    world.run(step(json!({ "press": { "key": "Enter", "target": css("#search") } }))).await;
    world.run(brief(json!({ "expect": { "text": { "text": "by=button" } } }))).await;
}

async fn upload(world: &mut World<'_>) {
    world.open("verbs/upload.html").await;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("card.txt");
    std::fs::write(&file, "member 7").expect("it can be written");
    let upload = |path: &str| step(json!({ "upload": { "target": css("#file"), "file": path } }));
    world.run(upload(file.to_str().expect("it is text"))).await;
    world.run(step(json!({ "wait-for": { "text": { "text": "card.txt:member 7" } } }))).await;
    // As a flow gives it whose configuration was named by a relative path.
    world.run(upload("fixtures/pages/verbs/upload.html")).await;
    world.run(step(json!({ "wait-for": { "text": { "text": "upload.html:<!doctype" } } }))).await;
    assert_eq!(world.fails(upload("/no/such/file")).await.kind, FailureKind::NoFile);
}

async fn submit(world: &mut World<'_>) {
    for (target, action) in [("#save", "action=save"), ("#day", "day=2027-07-18")] {
        world.open("verbs/submit.html").await;
        world.run(step(json!({ "submit": css(target) }))).await;
        world.run(brief(json!({ "expect": { "text": { "text": action } } }))).await;
    }
    world.open("verbs/submit.html").await;
    let asked = Step { dialog: Some(super::windows::accept()), ..step(json!({ "submit": css("#asked") })) };
    world.run(asked).await;
    world.run(brief(json!({ "wait-for": { "text": { "text": "sure=yes" } } }))).await;
    assert_eq!(world.site.seen("POST", "/echo").len(), 3, "each form once");
}

async fn wait_for(world: &mut World<'_>) {
    world.open("verbs/wait-for.html").await;
    world.run(step(json!({ "wait-for": { "all": [{ "visible": css(".free") }, { "gone": css("#spinner") }] } }))).await;
    let failure = world.fails(brief(json!({ "wait-for": { "visible": css(".taken") } }))).await;
    assert_eq!(failure.kind, FailureKind::Expectation);
    assert_eq!(failure.reason, "it does not hold that css “.taken” is visible");
}

async fn expect(world: &mut World<'_>) {
    world.open("verbs/wait-for.html").await;
    world.run(step(json!({ "expect": { "text": { "text": "loading" } } }))).await;
    let failure = world.fails(step(json!({ "expect": { "visible": css(".free") } }))).await;
    assert_eq!(failure.kind, FailureKind::Expectation, "expect does not wait");
}

async fn read(world: &mut World<'_>) {
    world.open("verbs/read.html").await;
    for (target, attribute, matches, wanted) in [
        ("#text", None, None, "Reserva confirmada: R-000123"),
        ("#text", None, Some(r"(R-\d+)"), "R-000123"),
        ("#text", None, Some(r"r-\d{3}"), "R-000"),
        ("#link", Some("href"), Some("code=(.*)"), "ABC"),
        ("#field", Some("value"), None, "typed"),
        ("#late", None, Some(r"code (\d+)"), "77"),
    ] {
        let read =
            json!({ "read": { "target": css(target), "attribute": attribute, "matches": matches, "into": "it" } });
        assert_eq!(world.run(step(read)).await.captured, [("it".to_owned(), wanted.to_owned())]);
    }
    let missing = json!({ "read": { "target": css("#text"), "matches": "X-(\\d+)", "into": "it" } });
    assert_eq!(world.fails(brief(missing)).await.reason, "<p#text> does not match “X-(\\d+)”");
    let wrong = json!({ "read": { "target": css("#text"), "matches": "(", "into": "it" } });
    assert_eq!(world.fails(step(wrong)).await.kind, FailureKind::BadPattern);
}

fn row(cells: &[(&str, &str)]) -> Row {
    cells.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

async fn rows(world: &mut World<'_>) {
    world.open("verbs/rows.html").await;
    let list = |fresh: &str| {
        json!({ "rows": {
            "of": css("tr.booking"), "fresh-if": { "text": { "text": fresh } },
            "columns": [
                { "name": "id", "attribute": "data-id" },
                { "name": "date", "target": css(".date") },
                { "name": "reference", "target": css(".ref"), "matches": "R-\\d+" },
                { "name": "who", "target": css(".who"), "equals": "ana" },
            ],
        } })
    };
    let found = world.run(step(list("mis reservas"))).await.rows.expect("there are rows");
    let first = row(&[("id", "b1"), ("date", "18/07/2027"), ("reference", "R-000123"), ("who", "Ana")]);
    let third = row(&[("id", "b3"), ("date", "20/07/2027"), ("reference", ""), ("who", "ANA")]);
    assert_eq!(found, [first, third]);
    assert_eq!(
        world.fails(brief(list("Ingresar"))).await.kind,
        FailureKind::Expectation,
        "another page has no rows either"
    );
}

fn get(url: String) -> Value {
    json!({ "request": { "method": "GET", "url": url, "body": "empty" } })
}

async fn rows_of_json(world: &mut World<'_>) {
    world.open("verbs/request.html").await;
    let columns =
        json!([{ "name": "reference", "json": "/reference" }, { "name": "court", "json": "/court", "equals": "7" }]);
    let list = |pointer: &str| step(json!({ "rows": { "json": pointer, "columns": columns } }));
    assert_eq!(world.fails(list("/bookings")).await.kind, FailureKind::Expectation, "there is no answer yet");
    world.run(step(get(world.site.url("/json/bookings")))).await;
    let found = world.run(list("/bookings")).await.rows.expect("there are rows");
    assert_eq!(found, [row(&[("reference", "R-2"), ("court", "7")])]);
    assert_eq!(world.fails(list("/none")).await.kind, FailureKind::Expectation);
}

async fn when(world: &mut World<'_>) {
    world.open("verbs/when.html").await;
    let accept = json!({ "verb": { "click": css("#accept") }, "timeout-ms": 1000, "place": PLACE });
    let banner = step(json!({ "when": { "condition": { "visible": css("#cookies") }, "steps": [accept] } }));
    assert_eq!(world.run(banner.clone()).await.inner.len(), 1);
    assert_eq!(world.run(banner).await.inner.len(), 0);
    assert_eq!(world.log().await, "accepted");
}

async fn repeat(world: &mut World<'_>) {
    world.open("verbs/repeat.html").await;
    let next = json!({ "verb": { "click": css("#next") }, "timeout-ms": 1000, "place": PLACE });
    let until = |month: &str, at_most: u32| {
        let until = json!({ "text": { "text": month, "within": css("#month") } });
        step(json!({ "repeat": { "until": until, "at_most": at_most, "steps": [next] } }))
    };
    assert_eq!(world.run(until("4", 5)).await.inner.len(), 3);
    let failure = world.fails(until("99", 2)).await;
    assert_eq!((failure.kind, failure.verb), (FailureKind::Expectation, "repeat"));
    assert_eq!(failure.reason, "after 2 rounds it does not hold that the text “99” is there in css “#month”");
}

async fn script_under_a_strict_policy(world: &mut World<'_>) {
    world.stage.set_words(json!({ "limit": 20 }));
    world.open("verbs/script.html").await;
    let body = "return parseFloat(document.getElementById('price').textContent.replace(',', '.')) < args[0].limit;";
    let run = |body: &str| step(json!({ "script": { "body": body, "into": "cheap" } }));
    assert_eq!(world.run(run(body)).await.captured, [("cheap".to_owned(), "true".to_owned())]);
    let failure = world.fails(run("throw new Error('too dear')")).await;
    assert_eq!(failure.kind, FailureKind::Script);
    assert!(failure.reason.contains("too dear"), "{failure}");
}

async fn request(world: &mut World<'_>) {
    world.run(step(json!({ "go": world.site.url("/login") }))).await;
    world.open("verbs/request.html").await;
    let ask = |body: Value, read: Value, expect: Value| {
        step(json!({ "request": {
            "method": "POST", "url": world.site.url("/json/echo"), "headers": [["X-Club", "las-palmas"]],
            "body": body, "read": read, "expect": expect,
        } }))
    };
    let read = json!([
        ["token", "/deep/list/1/token"],
        ["body", "/body"],
        ["type", "/type"],
        ["cookie", "/cookie"],
        ["club", "/club"]
    ]);
    let ok = json!({ "all": [{ "status": { "from": 200, "to": 299 } }, { "json": { "pointer": "/method", "equals": "POST" } }] });
    let form = ask(json!({ "form": [["day", "18 & 19"]] }), read.clone(), ok.clone());
    let captured = world.run(form).await.captured;
    let wanted =
        ["T-77", "day=18+%26+19", "application/x-www-form-urlencoded;charset=UTF-8", "member=ana", "las-palmas"];
    assert_eq!(captured.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), wanted);
    let typed = ask(json!({ "json": "{\"court\":5}" }), json!([["body", "/body"], ["type", "/type"]]), ok);
    let captured = world.run(typed).await.captured;
    assert_eq!(captured[0].1, "{\"court\":5}");
    assert_eq!(captured[1].1, "application/json");
    let refused = world.fails(ask(json!("empty"), json!([]), json!({ "status": { "from": 201, "to": 201 } }))).await;
    assert_eq!(refused.kind, FailureKind::Expectation);
    assert!(refused.reason.ends_with("it does not hold that the status is 201"), "{refused}");
    assert_eq!(world.fails(step(get("http://127.0.0.1:1/".into()))).await.kind, FailureKind::Unreachable);
}

async fn pause(world: &mut World<'_>) {
    world.open("verbs/pause.html").await;
    let done = world.run(step(json!({ "pause": { "ms": 400 } }))).await;
    assert!(done.took >= Duration::from_millis(400));
    world.run(step(json!({ "expect": { "text": { "text": "over" } } }))).await;
}

async fn optional_steps(world: &mut World<'_>) {
    world.open("verbs/click.html").await;
    let optional = |target: Value| Step { optional: true, ..brief(json!({ "click": target })) };
    assert!(world.run(optional(css("#none"))).await.skipped);
    assert!(!world.run(optional(css("#plain"))).await.skipped);
    assert_eq!(
        world.fails(optional(css("button"))).await.kind,
        FailureKind::Ambiguous,
        "optional does not mean careless"
    );
}
