//! How lines look, and where they go.

use std::os::unix::fs::PermissionsExt;

use firstserve::telemetry::{Format, LogError, LogOptions, Redactor, attempt_span, dispatch};
use serde_json::Value;

use super::{Console, Logged};

fn say() {
    tracing::info!("outside");
    let span = attempt_span(&"01ATTEMPT".into());
    let _entered = span.enter();
    tracing::info!(court = "2", "inside");
    tracing::warn!(answer = %"first\nsecond\r\nthird", "a site's text");
}

#[test]
fn people_read_lines_with_the_attempt_in_them() {
    let mut logged = Logged::new("debug", Format::Human, &Redactor::new());
    logged.under(say);
    let (console, files) = logged.read();
    for text in [console, files] {
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "one event, one line: {text}");
        assert!(!lines[0].contains("01ATTEMPT") && lines[1..].iter().all(|line| line.contains("01ATTEMPT")), "{text}");
        assert!(!text.contains('\x1b'), "no colours in files: {text}");
    }
}

#[test]
fn programs_read_json_with_the_attempt_in_it() {
    let mut logged = Logged::new("debug", Format::Json, &Redactor::new());
    logged.under(say);
    let (console, files) = logged.read();
    assert_eq!(console.lines().count(), files.lines().count());
    let lines: Vec<Value> = files.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["court"], "2");
    assert_eq!(lines[1]["spans"][0]["id"], "01ATTEMPT");
    assert_eq!(lines[2]["answer"], "first\nsecond\r\nthird");
}

/// A page's text and a name of the configuration are shown, not obeyed.
#[test]
fn nothing_that_is_logged_moves_a_terminal() {
    const TEXT: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gpj.exe\nINFO confirmed\u{9b}2J";
    let log = |format| {
        let mut logged = Logged::new("debug", format, &Redactor::new());
        logged.under(|| tracing::info!(name = %TEXT, text = TEXT, "{TEXT}"));
        logged.read()
    };
    let (console, files) = log(Format::Human);
    for text in [console, files] {
        assert_eq!(text.lines().count(), 1, "{text:?}");
        let hidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!text.contains(hidden), "{text:?}");
        assert!(!text.contains("firstserve") && !text.contains("telemetry"), "no path of a module: {text}");
    }
    let (console, _) = log(Format::Json);
    let line: Value = serde_json::from_str(&console).expect("JSON");
    assert_eq!((line["text"].as_str(), line["name"].as_str()), (Some(TEXT), Some(TEXT)), "JSON keeps what was said");
    assert!(line["target"].is_string(), "{line}");
}

#[test]
fn the_attempt_is_named_even_when_only_errors_are_logged() {
    let mut logged = Logged::new("error", Format::Human, &Redactor::new());
    logged.under(|| {
        say();
        attempt_span(&"01ATTEMPT".into()).in_scope(|| tracing::error!("lost"));
    });
    let (console, _) = logged.read();
    assert_eq!(console.lines().count(), 1, "{console}");
    assert!(console.contains("01ATTEMPT"), "{console}");
}

#[test]
fn old_days_are_thrown_away_and_the_folder_is_its_owners() {
    let mut logged = Logged::new("debug", Format::Human, &Redactor::new());
    let folder = logged.logs();
    assert_eq!(std::fs::metadata(&folder).expect("there").permissions().mode() & 0o777, 0o700);
    logged.read();
    for day in 1..=9 {
        std::fs::write(folder.join(format!("firstserve.2020-01-0{day}.log")), "old").expect("written");
    }
    std::fs::write(folder.join("notes.txt"), "mine").expect("written");
    let options = LogOptions { folder: Some(folder.clone()), keep_days: 3, ..LogOptions::default() };
    drop(dispatch(&options, &Redactor::new(), Console::default()).expect("it starts"));
    let left: Vec<_> = std::fs::read_dir(&folder)
        .expect("there")
        .map(|one| one.expect("readable").file_name().into_string().expect("plain"))
        .collect();
    assert!(left.contains(&"notes.txt".to_owned()), "what is not ours stays: {left:?}");
    assert!((2..=4).contains(&left.len()), "{left:?}");
}

#[test]
fn what_cannot_be_logged_is_said() {
    let wrong = LogOptions { level: "loud".into(), ..LogOptions::default() };
    let told = dispatch(&wrong, &Redactor::new(), Console::default()).expect_err("refused").to_string();
    assert!(told.starts_with("\"loud\" is neither a level"), "{told}");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let blocked = LogOptions { folder: Some(file.path().join("logs")), ..LogOptions::default() };
    let refused = dispatch(&blocked, &Redactor::new(), Console::default()).expect_err("refused");
    assert!(matches!(refused, LogError::Folder { .. }), "{refused}");
}
