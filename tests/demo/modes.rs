//! Every fire mode books, at both shapes of the club, in both browsers, with one submit and never early.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Ended, Process, turn};

/// The keys that `demo --json` promises, in this order.
const KEYS: [&str; 9] =
    ["outcome", "fire", "browser", "opening", "received_at", "lateness_ms", "early", "submits", "attempts"];

const MODES: [&str; 4] = ["native", "script", "armed", "http"];

/// How soon the club opens: a browser must have started and logged in.
const FIREFOX: &str = "9s";
const CHROMIUM: &str = "6s";

/// A demo with one browser is over by then, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn firefox_books_in_every_mode_when_the_form_can_be_filled_ahead() {
    every_mode("firefox", "submit", FIREFOX);
}

#[test]
fn firefox_books_in_every_mode_when_only_a_page_after_the_opening_has_the_date() {
    every_mode("firefox", "reload", FIREFOX);
}

#[test]
fn chromium_books_in_every_mode_when_the_form_can_be_filled_ahead() {
    every_mode("chromium", "submit", CHROMIUM);
}

#[test]
fn chromium_books_in_every_mode_when_only_a_page_after_the_opening_has_the_date() {
    every_mode("chromium", "reload", CHROMIUM);
}

#[test]
fn five_members_book_at_the_same_instant() {
    let _turn = turn();
    let words = ["demo", "--json", "--browser", "firefox", "--fire", "armed", "--bookings", "5", "--opens-in", "30s"];
    let ended = Process::start(&words, &[]).ended(LIMIT);
    let wanted = Wanted { browser: "firefox", fire: "armed", bookings: 5 };
    let wrong = wrong_with(&ended, &wanted);
    assert!(wrong.is_empty(), "{}\n{ended:?}", wrong.join("\n"));
    report("firefox armed submit, five at once", &ended.json());
}

/// What the checks of the other tests would let through, they must not.
#[test]
fn a_wrong_answer_would_be_caught() {
    let wanted = Wanted { browser: "firefox", fire: "http", bookings: 1 };
    let good = json!({
        "outcome": "confirmed", "fire": "http", "browser": "firefox", "opening": "2027-07-09T06:00:00Z",
        "received_at": "2027-07-09T06:00:00.0004Z", "lateness_ms": 0.4, "early": false, "submits": 1,
        "attempts": [{ "outcome": "confirmed", "fire": "http", "submits": 1 }],
    });
    assert_eq!(wrong_in(&good, &wanted), [""; 0]);
    let bad = [
        ("outcome", json!("taken")),
        ("fire", json!("script")),
        ("opening", json!("soon")),
        ("received_at", json!("2027-07-09T05:59:59.9999Z")),
        ("lateness_ms", json!(-0.1)),
        ("lateness_ms", json!(30_000)),
        ("early", json!(true)),
        ("submits", json!(2)),
        ("attempts", json!([])),
        ("more", json!(1)),
    ];
    for (key, value) in bad {
        let mut wrong = good.clone();
        wrong[key] = value;
        assert!(!wrong_in(&wrong, &wanted).is_empty(), "{wrong}");
    }
    let chatty = Ended { code: Some(0), stdout: format!("hello\n{good}"), stderr: String::new() };
    assert!(!wrong_with(&chatty, &wanted).is_empty());
    let failed = Ended { code: Some(1), stdout: good.to_string(), ..chatty };
    assert!(!wrong_with(&failed, &wanted).is_empty());
}

struct Wanted<'w> {
    browser: &'w str,
    fire: &'w str,
    bookings: usize,
}

fn every_mode(browser: &str, shape: &str, opens_in: &str) {
    let mut wrong = Vec::new();
    for fire in MODES {
        let _turn = turn();
        let words = ["demo", "--json", "--browser", browser, "--fire", fire, "--shape", shape, "--opens-in", opens_in];
        let ended = Process::start(&words, &[]).ended(LIMIT);
        let found = wrong_with(&ended, &Wanted { browser, fire, bookings: 1 });
        match found.is_empty() {
            true => report(&format!("{browser} {fire} {shape}"), &ended.json()),
            false => wrong.push(format!("{fire}: {}\n{}\n{}", found.join("; "), ended.stdout, ended.stderr)),
        }
    }
    assert!(wrong.is_empty(), "{browser}, {shape}:\n{}", wrong.join("\n"));
}

/// Everything that is wrong with how a demo ended.
fn wrong_with(ended: &Ended, wanted: &Wanted<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    if ended.code != Some(0) {
        wrong.push(format!("exit code {:?}", ended.code));
    }
    match serde_json::from_str(&ended.stdout) {
        Ok(result) => wrong.extend(wrong_in(&result, wanted)),
        Err(error) => wrong.push(format!("stdout is not one JSON document: {error}")),
    }
    wrong
}

fn wrong_in(result: &Value, wanted: &Wanted<'_>) -> Vec<String> {
    let keys: Vec<&str> = result.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let attempts = result["attempts"].as_array().map_or(&[][..], Vec::as_slice);
    let instant = |key: &str| result[key].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let received_after = instant("opening").zip(instant("received_at")).is_some_and(|(at, received)| received >= at);
    let late = result["lateness_ms"].as_f64().unwrap_or(-1.0);
    let is_won = |attempt: &Value| {
        attempt["outcome"] == "confirmed" && attempt["fire"] == wanted.fire && attempt["submits"] == 1
    };
    let checks = [
        ("the keys", keys == KEYS),
        ("outcome", result["outcome"] == "confirmed"),
        ("fire", result["fire"] == wanted.fire),
        ("browser", result["browser"] == wanted.browser),
        ("received before the opening", received_after),
        ("lateness", (0.0..10_000.0).contains(&late)),
        ("early", result["early"] == false),
        ("submits", result["submits"] == wanted.bookings),
        ("attempts", attempts.len() == wanted.bookings && attempts.iter().all(is_won)),
    ];
    checks.into_iter().filter(|(_, holds)| !holds).map(|(what, _)| what.to_owned()).collect()
}

/// Shown with `--nocapture`, or where the test fails.
fn report(what: &str, result: &Value) {
    let late = result["lateness_ms"].as_f64().unwrap_or(f64::NAN);
    println!("lateness: {what}: {late:.3} ms");
}
