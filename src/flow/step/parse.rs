//! Reading a step: exactly one verb, the keys that go with it, and the common ones.

use super::read::Read;
use super::spec::{COMMON, Spec, VERBS};
use super::verb::Verb;
use super::{Step, dialog, time};
use crate::flow::raw::{Reader, Table, Value, list};
use crate::report::did_you_mean;

/// How deep steps may be nested.
const DEEPEST: u8 = 4;

/// Reads a file of a phase: `[[step]]` tables.
pub(in crate::flow) fn steps_of_file(reader: &mut Reader<'_>, file: Table<'_>) -> Vec<Step> {
    for (key, span, _) in file.entries().into_iter().filter(|(key, ..)| *key != "step") {
        let help = if VERBS.iter().any(|spec| spec.verb == key) {
            "write [[step]] above it"
        } else {
            "a file of steps holds [[step]] tables only"
        };
        reader.error_with_help("unknown-key", format!("`{key}` stands in no step"), help, span);
    }
    let Some(value) = file.get("step") else {
        if file.entries().is_empty() {
            reader.error_with_help("no-steps", "this file holds no [[step]]", "begin with [[step]]", file.span());
        }
        return Vec::new();
    };
    steps(reader, value, 0)
}

/// Reads a list of steps, at a depth of nesting.
pub(super) fn steps(reader: &mut Reader<'_>, value: &Value<'_>, depth: u8) -> Vec<Step> {
    if depth > DEEPEST {
        let help = format!("steps in steps go {DEEPEST} deep at most: write them one after the other");
        reader.error_with_help("too-deep", "steps are nested too deeply", help, value.span());
        return Vec::new();
    }
    let tables = if depth == 0 { reader.entries(value, "step") } else { reader.tables(value) };
    let mut found = Vec::new();
    for table in tables {
        if depth == 0 {
            reader.names.begin();
        }
        found.extend(step(reader, table, depth));
    }
    found
}

fn step(reader: &mut Reader<'_>, table: Table<'_>, depth: u8) -> Option<Step> {
    let spec = the_verb(reader, table)?;
    refuse_strangers(reader, table, spec);
    let timeout = time::timeout(reader, table, spec);
    let optional = table.get("optional").map_or(Some(false), |value| reader.flag(value));
    let beside = table.get("dialog").filter(|_| spec.verb != "dialog");
    let dialog = beside.map_or(Some(None), |value| dialog::answer(reader, value).map(Some));
    if let Some(note) = table.get("note") {
        reader.text(note);
    }
    let verb = Read { reader, table, depth }.verb(spec.verb);
    let place = reader.place(table.line_of(spec.verb));
    let verb = verb?;
    let timeout_ms = own_time(&verb, table.has("timeout"), timeout?);
    Some(Step { verb, timeout_ms, optional: optional?, dialog: dialog?, place })
}

/// What holds steps may take as long as they do, unless it says otherwise; so may a pause.
fn own_time(verb: &Verb, written: bool, timeout_ms: u64) -> u64 {
    match verb {
        Verb::Pause { ms } => timeout_ms.max(ms.saturating_mul(2)),
        Verb::When { steps, .. } if !written => time::of_steps(steps, 1),
        Verb::Repeat { steps, at_most, .. } if !written => time::of_steps(steps, *at_most),
        _ => timeout_ms,
    }
}

/// Exactly one verb; `dialog` is one only where there is no other.
fn the_verb(reader: &mut Reader<'_>, table: Table<'_>) -> Option<&'static Spec> {
    let mut found: Vec<&Spec> = VERBS.iter().filter(|spec| table.has(spec.verb)).collect();
    if found.len() > 1 {
        found.retain(|spec| spec.verb != "dialog");
    }
    match found.as_slice() {
        [one] => Some(one),
        [] => {
            no_verb(reader, table);
            None
        }
        [first, second, ..] => {
            let help = "a step does one thing: begin a new [[step]]";
            let message = format!("two verbs in one step: `{}` and `{}`", first.verb, second.verb);
            reader.error_with_help("two-verbs", message, help, table.line_of(second.verb));
            None
        }
    }
}

/// A mistyped verb is the likeliest reason: the key nearest to a verb is named.
fn no_verb(reader: &mut Reader<'_>, table: Table<'_>) {
    let names: Vec<&str> = VERBS.iter().map(|spec| spec.verb).collect();
    let beside: Vec<&str> = VERBS.iter().flat_map(Spec::beside).collect();
    let strangers: Vec<_> = table.entries().into_iter().filter(|(key, ..)| !beside.contains(key)).collect();
    match strangers.iter().find(|(key, ..)| did_you_mean(key, names.iter().copied()).is_some()).or(strangers.first()) {
        Some((key, span, _)) => reader.unknown("unknown-verb", "verb", key, &names, span.clone()),
        None => {
            let help = format!("give it one of {}", list(&names));
            reader.error_with_help("no-verb", "this step does nothing", help, table.span());
        }
    }
}

fn refuse_strangers(reader: &mut Reader<'_>, table: Table<'_>, spec: &Spec) {
    let elsewhere: Vec<&str> = VERBS.iter().flat_map(Spec::beside).collect();
    let beside = spec.beside();
    for (key, span, _) in table.entries().into_iter().filter(|(key, ..)| !spec.takes(key)) {
        if elsewhere.contains(&key) {
            let help = format!("beside `{}` can stand {}", spec.verb, list(&beside));
            reader.error_with_help("misplaced-key", format!("`{key}` does not go with `{}`", spec.verb), help, span);
        } else {
            reader.unknown_key(&format!("beside `{}`", spec.verb), key, &beside, span);
        }
    }
    debug_assert!(COMMON.iter().all(|key| spec.takes(key)), "every verb takes the common keys");
}
