//! Compares what became of an attempt with what had to become of it, by the club's own ledger.

use std::ops::RangeInclusive;

use firstserve::browser::Engine;
use firstserve::model::{FireMode, Outcome, State};
use regex::Regex;
use serde_json::Value;

use super::cases::Expected;

/// Never more than this reach a club within one attempt, whatever it does.
const MOST_SUBMITS: usize = 8;

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) note: String,
    /// What the store says.
    pub(super) stored: State,
    /// Files that are kept of failed steps.
    pub(super) evidence: usize,
}

/// Everything that is wrong; empty: the promises hold.
pub(super) fn objections(expected: &Expected, way: (Engine, FireMode), ended: &Ended, ledger: &Value) -> Vec<String> {
    [
        state(expected, ended),
        bookings(expected, ledger),
        submits(&expected.submits_by(way), ledger),
        too_often(ledger),
        early(ledger),
        struck(expected, ledger),
        broken_selector(ended),
    ]
    .concat()
}

fn state(expected: &Expected, ended: &Ended) -> Vec<String> {
    let mut wrong = Vec::new();
    if ended.outcome != expected.outcome {
        wrong.push(format!("ended {} instead of {}", ended.outcome.as_str(), expected.outcome.as_str()));
    }
    if ended.stored != State::Ended(ended.outcome) {
        wrong.push(format!("the store says {}", ended.stored.as_str()));
    }
    if !ended.note.contains(expected.note) {
        wrong.push(format!("the note is “{}”, without “{}”", ended.note, expected.note));
    }
    wrong
}

/// Never more bookings than wanted, and none that nobody is told of.
fn bookings(expected: &Expected, ledger: &Value) -> Vec<String> {
    let held = list(ledger, "bookings").filter(|booking| booking["member"] == "ana" && booking["cancelled"] == false);
    let (held, wanted) = (held.count(), usize::from(expected.outcome == Outcome::Confirmed));
    if held == wanted { vec![] } else { vec![format!("the club holds {held} bookings instead of {wanted}")] }
}

fn submits(expected: &RangeInclusive<usize>, ledger: &Value) -> Vec<String> {
    let seen = submitted(ledger).count();
    let mut wrong = Vec::new();
    if !expected.contains(&seen) {
        wrong.push(format!("the club saw {seen} submits instead of {expected:?}"));
    }
    if ledger["submits"] != seen {
        wrong.push(format!("the club counts {} submits and shows {seen}", ledger["submits"]));
    }
    wrong
}

/// Whatever a fault makes of it: no club is asked without end.
fn too_often(ledger: &Value) -> Vec<String> {
    let seen = submitted(ledger).count();
    if seen <= MOST_SUBMITS { vec![] } else { vec![format!("{seen} submits are too many for one attempt")] }
}

/// The requests that were submits, as the club wrote them down.
fn submitted(ledger: &Value) -> impl Iterator<Item = &Value> {
    list(ledger, "requests").filter(|request| !request["submit"].is_null())
}

fn early(ledger: &Value) -> Vec<String> {
    let opening = ledger["opening_ns"].as_i64().expect("the club opens at an instant");
    let early = submitted(ledger).filter(|request| {
        request["submit"]["early"] == true || request["received_ns"].as_i64().is_none_or(|at| at < opening)
    });
    early.map(|request| format!("a submit was early: {request}")).collect()
}

/// A case in which the fault never struck proves nothing.
fn struck(expected: &Expected, ledger: &Value) -> Vec<String> {
    let Some(word) = expected.struck else { return vec![] };
    let mut answers = list(ledger, "requests").map(|request| &request["submit"]["answer"]);
    if answers.any(|answer| answer == word) { vec![] } else { vec![format!("no submit was answered {word}")] }
}

fn broken_selector(ended: &Ended) -> Vec<String> {
    if ended.outcome != Outcome::SelectorBroken {
        return vec![];
    }
    let mut wrong = Vec::new();
    if !Regex::new(r"\.toml:\d+:\d+").expect("it is well written").is_match(&ended.note) {
        wrong.push(format!("the note names no file, line and column: {}", ended.note));
    }
    if ended.evidence == 0 {
        wrong.push("no evidence is kept of the page".to_owned());
    }
    wrong
}

fn list<'l>(ledger: &'l Value, key: &str) -> impl Iterator<Item = &'l Value> {
    ledger[key].as_array().expect("a list").iter()
}

#[cfg(test)]
mod controls {
    use firstserve::club::Fault;
    use serde_json::json;

    use super::super::cases::EXPECTED;
    use super::*;

    const HTTP: (Engine, FireMode) = (Engine::Firefox, FireMode::Http);

    fn expected(fault: Fault) -> &'static Expected {
        EXPECTED.iter().find(|expected| expected.fault == fault).expect("every fault is expected")
    }

    fn ended(outcome: Outcome, note: &str) -> Ended {
        Ended { outcome, note: note.to_owned(), stored: State::Ended(outcome), evidence: 0 }
    }

    /// A ledger with one booking and the submit that made it.
    fn ledger() -> Value {
        json!({
            "opening_ns": 1_000,
            "submits": 1,
            "requests": [
                {"received_ns": 900, "submit": null},
                {"received_ns": 1_000, "submit": {"answer": "bad-gateway", "early": false}},
            ],
            "bookings": [
                {"member": "ana", "cancelled": false},
                {"member": "ana", "cancelled": true},
                {"member": "rival-0", "cancelled": false},
            ],
        })
    }

    /// What is said against a ledger, or an end, that was made wrong.
    fn against(change: impl FnOnce(&mut Ended, &mut Value)) -> Vec<String> {
        let mut ended = ended(Outcome::Confirmed, "it is on the site's own list");
        let mut ledger = ledger();
        change(&mut ended, &mut ledger);
        objections(expected(Fault::ErrorAfterCommit), HTTP, &ended, &ledger)
    }

    #[track_caller]
    fn objects(wrong: &[String], words: &str) {
        assert!(matches!(wrong, [one] if one.contains(words)), "{wrong:?}");
    }

    #[test]
    fn nothing_is_said_against_what_is_right() {
        assert!(against(|_, _| {}).is_empty());
    }

    #[test]
    fn a_double_booking_is_objected_to() {
        let double = json!({"member": "ana", "cancelled": false});
        objects(&against(|_, ledger| ledger["bookings"].as_array_mut().expect("a list").push(double)), "2 bookings");
    }

    #[test]
    fn a_booking_that_is_not_there_is_objected_to() {
        objects(&against(|_, ledger| ledger["bookings"] = json!([])), "0 bookings instead of 1");
    }

    #[test]
    fn a_booking_that_nobody_was_told_of_is_objected_to() {
        let wrong = objections(expected(Fault::Redesign), HTTP, &ended(Outcome::Missed, ""), &ledger());
        assert!(wrong.iter().any(|wrong| wrong.contains("1 bookings instead of 0")), "{wrong:?}");
    }

    #[test]
    fn an_early_submit_is_objected_to() {
        objects(&against(|_, ledger| ledger["requests"][1]["received_ns"] = json!(999)), "early");
        objects(&against(|_, ledger| ledger["requests"][1]["submit"]["early"] = json!(true)), "early");
    }

    #[test]
    fn one_submit_too_many_is_objected_to() {
        objects(&against(|_, ledger| submitted_again(ledger, 1)), "2 submits instead of 1..=1");
        objects(&against(|_, ledger| ledger["submits"] = json!(2)), "counts 2 submits and shows 1");
    }

    #[test]
    fn a_club_that_is_asked_without_end_is_objected_to_whatever_was_expected() {
        let mut many = ledger();
        submitted_again(&mut many, MOST_SUBMITS - 1);
        assert_eq!(too_often(&many), [""; 0]);
        submitted_again(&mut many, 1);
        objects(&too_often(&many), "9 submits are too many");
        assert!(EXPECTED.iter().all(|expected| *expected.submits.end() <= MOST_SUBMITS), "none expects that many");
    }

    #[test]
    fn a_browser_that_sends_again_is_not_excused_where_it_is_told_not_to() {
        let seen = |way, times: usize| {
            let mut ledger = ledger();
            submitted_again(&mut ledger, times - 1);
            submits(&expected(Fault::DropAfterCommit).submits_by(way), &ledger)
        };
        assert_eq!(seen((Engine::Chromium, FireMode::Script), 2), [""; 0]);
        assert_eq!(seen((Engine::Firefox, FireMode::Script), 1), [""; 0]);
        objects(&seen((Engine::Firefox, FireMode::Script), 2), "2 submits instead of 1..=1");
        objects(&seen((Engine::Chromium, FireMode::Http), 2), "2 submits instead of 1..=1");
    }

    fn submitted_again(ledger: &mut Value, times: usize) {
        let again = json!({"received_ns": 1_100, "submit": {"answer": "dropped", "early": false}});
        let requests = ledger["requests"].as_array_mut().expect("a list");
        requests.extend(std::iter::repeat_n(again, times));
        ledger["submits"] = json!(ledger["submits"].as_u64().expect("a number") + times as u64);
    }

    #[test]
    fn a_fault_that_never_struck_is_objected_to() {
        objects(&against(|_, ledger| ledger["requests"][1]["submit"]["answer"] = json!("confirmed")), "bad-gateway");
    }

    #[test]
    fn another_end_another_note_and_another_state_in_the_store_are_objected_to() {
        objects(&against(|ended, _| ended.note = "perhaps".to_owned()), "without");
        objects(&against(|ended, _| ended.stored = State::Verifying), "the store says verifying");
        let wrong = against(|ended, _| ended.outcome = Outcome::Missed);
        assert!(wrong.iter().any(|wrong| wrong.contains("missed instead of confirmed")), "{wrong:?}");
    }

    #[test]
    fn a_broken_selector_without_place_or_evidence_is_objected_to() {
        let mut bare = ended(Outcome::SelectorBroken, "something was not found");
        assert_eq!(broken_selector(&bare).len(), 2);
        bare.note = "selectors/club/login/10-open.toml:7:1: wait-for".to_owned();
        bare.evidence = 3;
        assert!(broken_selector(&bare).is_empty());
    }
}
