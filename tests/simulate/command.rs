//! The command as a person and a program meet it.

use std::process::{Command, Output};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_firstserve");

/// Runs it outside of the project: it needs no file.
fn simulate(words: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let span = ["simulate", "--from", "2027-03-01", "--to", "2027-04-15"];
    let command = Command::new(PROGRAM).args(span).args(words).current_dir(&folder).output().expect("it runs");
    let left = std::fs::read_dir(&folder).expect("the folder is there").count();
    assert_eq!(left, 0, "it leaves nothing behind");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn a_program_gets_one_document_and_the_code_0() {
    let output = simulate(&["--bookings", "10", "--seed", "7", "--seeds", "2", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(output.status.code(), Some(0), "{told:#}");
    assert_eq!((&told["from"], &told["violations"], &told["early"]), (&"2027-03-01".into(), &0.into(), &0.into()));
    let seeds = told["seeds"].as_array().expect("a list");
    assert_eq!(seeds.iter().map(|seed| seed["seed"].as_u64()).collect::<Vec<_>>(), [Some(7), Some(8)]);
    assert!(seeds.iter().all(|seed| seed["trace"].as_str().is_some_and(|trace| trace.len() == 64)), "{told:#}");
    assert!(seeds[0]["outcomes"]["confirmed"].as_u64() > Some(0), "{told:#}");
}

#[test]
fn a_person_reads_a_table() {
    let output = simulate(&["--bookings", "10"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    for word in ["occurrences", "openings fired at", "0 early", "confirmed", "trace", "Every promise was kept."] {
        assert!(out.contains(word), "{word:?} is not in\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
}

#[test]
fn a_broken_promise_is_told_with_its_story_and_the_command_that_tells_it_again() {
    let output = simulate(&["--bookings", "10", "--control", "dawdles"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    let again = "Again: firstserve simulate --from 2027-03-01 --to 2027-04-15 --bookings 10 --control dawdles --seed 1";
    for word in ["Broken: on time", "taken up; opens at", "the submit reaches the club", again] {
        assert!(out.contains(word), "{word:?} is not in\n{out}");
    }
}

#[test]
fn what_is_wrong_has_its_code_and_words() {
    let backwards = simulate(&["--bookings", "10", "--to", "2027-01-01"]);
    assert_eq!(backwards.status.code(), Some(64), "named twice");
    let control = simulate(&["--bookings", "10", "--control", "erly"]);
    assert_eq!(control.status.code(), Some(64));
    assert!(text(&control.stderr).contains("did you mean `early`?"), "{}", text(&control.stderr));
    let none = simulate(&[]);
    assert_eq!(none.status.code(), Some(74), "without --bookings the configuration is needed");
    let nothing = simulate(&["--bookings", "0"]);
    assert_eq!(nothing.status.code(), Some(64));
}
