//! The ledger and the reset: what tests of every other part rely on.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn the_ledger_tells_every_request_in_order() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    let date = world.date(1);
    let before = world.now();
    ana.book("5", &date, "17:00").await.expect("the club answers").reference();
    ana.book("5", &date, "17:00").await.expect("the club answers");
    let after = world.now();

    let ledger = world.ledger().await;
    let told: Vec<_> = ledger["requests"].as_array().expect("a list").iter().collect();
    let lines: Vec<_> = told
        .iter()
        .map(|entry| format!("{} {} {} {}", entry["seq"], entry["method"], entry["path"], entry["status"]))
        .collect();
    assert_eq!(
        lines,
        [
            r#"1 "GET" "/ingresar" 200"#,
            r#"2 "POST" "/ingresar" 303"#,
            r#"3 "GET" "/reservar" 200"#,
            r#"4 "POST" "/reservar" 303"#,
            r#"5 "GET" "/reservar" 200"#,
            r#"6 "POST" "/reservar" 200"#,
        ]
    );
    let submit = |answer: &str| json!({"court": "5", "date": date, "start": "17:00", "answer": answer, "early": false});
    assert_eq!(
        [&told[2]["submit"], &told[3]["submit"], &told[5]["submit"]],
        [&Value::Null, &submit("confirmed"), &submit("taken")]
    );
    assert_eq!(
        [&told[0]["member"], &told[1]["member"], &told[3]["member"]],
        [&Value::Null, &json!("ana"), &json!("ana")]
    );
    let stamps: Vec<_> = told.iter().map(|entry| entry["received_ns"].as_i64().expect("nanoseconds")).collect();
    assert!(stamps.is_sorted());
    let within = before.as_nanosecond()..=after.as_nanosecond();
    assert!(stamps[2..].iter().all(|at| within.contains(&i128::from(*at))));
    assert_eq!(
        (&ledger["submits"], &ledger["opening_ns"], &ledger["clock_offset_ms"]),
        (&json!(2), &Value::Null, &json!(0))
    );
    let booking = json!({"reference": "R-000001", "member": "ana", "court": "5", "date": date, "start": "17:00", "end": "18:00", "cancelled": false});
    assert_eq!(ledger["bookings"], json!([booking]));
}

#[tokio::test]
async fn a_reset_empties_everything_and_sets_what_it_names() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    ana.book("5", &world.date(1), "17:00").await.expect("the club answers").reference();
    let before = world.now();
    let settings = json!({"opens_in_ms": 1000, "shape": "reload", "faults": ["double-list"], "latency_ms": [1, 2], "clock_offset_ms": 5000});
    let (status, answer) = world.reset(settings).await;
    let opening =
        Timestamp::from_nanosecond(answer["opening_ns"].as_i64().expect("an opening").into()).expect("an instant");
    let after = before + SignedDuration::from_secs(5 + 3);
    assert!(status == 200 && opening > before + SignedDuration::from_secs(5) && opening < after, "{opening}");
    assert_eq!(opening.subsec_nanosecond(), 0);

    let ledger = world.ledger().await;
    assert_eq!([&ledger["requests"], &ledger["bookings"]], [&json!([]), &json!([])]);
    assert_eq!((&ledger["opening_ns"], &ledger["clock_offset_ms"]), (&answer["opening_ns"], &json!(5000)));
    assert_eq!(ana.get("/reservas").await.status, 303, "sessions are gone");
    assert!(world.member("ana").await.get("/reservar").await.html.contains(r#"<select id="fecha""#));

    world.reset(json!({})).await;
    let ledger = world.ledger().await;
    assert_eq!(
        (&ledger["opening_ns"], &ledger["clock_offset_ms"]),
        (&answer["opening_ns"], &json!(5000)),
        "what is not named stays"
    );
    world.reset(json!({"shape": "submit"})).await;
    assert!(
        world.member("ana").await.get("/reservar").await.html.contains(r#"<input id="fecha" name="fecha" type="date""#)
    );
}

#[tokio::test]
async fn a_reset_that_is_wrong_says_so_and_changes_nothing() {
    let world = World::new().await;
    world.member("ana").await;
    for (settings, told) in [
        (json!({"faults": ["takn"]}), "did you mean `taken`?"),
        (json!({"fault": ["taken"]}), "unknown field `fault`"),
        (json!({"latency_ms": [60, 20]}), "ends before it begins"),
        (json!({"shape": "round"}), "unknown variant `round`"),
    ] {
        let (status, answer) = world.reset(settings).await;
        assert!(status == 400 && answer["error"].as_str().is_some_and(|error| error.contains(told)), "{answer}");
    }
    assert_eq!(world.ledger().await["requests"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn every_answer_shows_the_clubs_own_clock() {
    let world = World::new().await;
    world.reset(json!({"clock_offset_ms": 86_400_000})).await;
    for path in ["/", "/ingresar", "/_club/echo", "/nada", "/api/courts"] {
        let answer = world.visitor().client.get(world.url(path)).send().await.expect("the club answers");
        let date = answer.headers()["date"].to_str().expect("plain text").to_owned();
        let shown = jiff::fmt::rfc2822::parse(&date).expect("a date").timestamp();
        let off = shown.duration_since(world.now() + SignedDuration::from_hours(24)).abs();
        assert!(off < SignedDuration::from_secs(3), "{path}: {date}");
        assert_eq!(answer.headers().get_all("date").iter().count(), 1);
    }
}

#[tokio::test]
async fn the_ready_line_says_where_and_when() {
    use firstserve::club::{COURTS, Options};
    let world = World::with(Options { opens_in: Some(SignedDuration::from_secs(30)), ..Options::default() }).await;
    let line = world.ready.to_string();
    let form = regex::Regex::new(r"^club ready at http://127\.0\.0\.1:\d+/ opening=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        .expect("well written");
    assert!(form.is_match(&line), "{line}");
    let ledger = world.ledger().await;
    assert_eq!(
        ledger["opening_dates"]["5"].as_str().map(str::to_owned),
        world.ready.date(&COURTS[0]).map(|date| date.to_string())
    );
    assert!(!World::new().await.ready.to_string().contains("opening"));
}

#[tokio::test]
async fn a_shutdown_waits_for_nobody_who_is_idle_or_held() {
    use firstserve::club::{Fault, Options};
    let world = World::with(Options { faults: vec![Fault::NeverAnswers], ..Options::default() }).await;
    let address = world.ready.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let idle = tokio::net::TcpStream::connect(&address).await.expect("the club listens");
    let token = world.program("ana").await.token;
    let body = json!({"court": "5", "date": world.date(1), "start": "17:00"});
    let request = world.visitor().client.post(world.url("/api/bookings")).bearer_auth(token).json(&body);
    let held = tokio::spawn(request.send());
    while world.ledger().await["submits"] == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(!held.is_finished());
    world.close().await;
    assert!(held.await.expect("no panic").is_err(), "it was hung up on");
    drop(idle);
    assert!(tokio::net::TcpStream::connect(&address).await.is_err(), "nobody listens any more");
}
