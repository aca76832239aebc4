//! Steps, locators and conditions as a flow file would render them, so that the wire format itself is tested.

use firstserve::flow::wire::{Commit, Condition, Kept, OpeningWay, Outcome, Program, Step};
use serde_json::{Value, json};

pub(crate) const PLACE: &str = "selectors/test/10-step.toml:3:7";

/// A target of one CSS locator.
pub(crate) fn css(selector: &str) -> Value {
    json!([{ "by": { "css": selector } }])
}

/// A step with three seconds.
pub(crate) fn step(verb: Value) -> Step {
    from(json!({ "verb": verb, "timeout-ms": 3000, "place": PLACE }))
}

/// A step that gives up soon.
pub(crate) fn brief(verb: Value) -> Step {
    Step { timeout_ms: 250, ..step(verb) }
}

pub(crate) fn condition(value: Value) -> Condition {
    from(value)
}

/// Outcomes of (word, condition).
pub(crate) fn outcomes(rows: &[(&str, Value)]) -> Vec<Outcome> {
    rows.iter()
        .map(|(is, when)| from(json!({ "is": is, "when": when, "place": format!("outcomes.toml:{is}") })))
        .collect()
}

/// The outcomes of the small site.
pub(crate) fn booked_or_taken() -> Vec<Outcome> {
    outcomes(&[
        ("confirmed", json!({ "text": { "text": "reserva confirmada" } })),
        ("taken", json!({ "text": { "text": "ya está reservada" } })),
    ])
}

pub(crate) fn commit(button: &str, send: &str) -> Commit {
    from(json!({ "click": css(button), "send": send, "place": "commit.toml:1:1" }))
}

pub(crate) fn program(id: &str, at_ms: f64, steps: Vec<Step>, commit: Commit) -> Program {
    let (outcomes, kept) = (booked_or_taken(), Kept::default());
    Program { id: id.to_owned(), at_ms, steps, opening: OpeningWay::Page, commit, kept, outcomes, answer_ms: 4000 }
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    let text = value.to_string();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {text}"))
}
