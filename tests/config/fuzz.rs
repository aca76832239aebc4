//! Whatever somebody types, the answer is problems, not a panic.

use std::fs;
use std::sync::LazyLock;

use firstserve::report::{Severity, json, render};
use proptest::prelude::*;

use super::world::World;

static EVERYTHING: LazyLock<String> =
    LazyLock::new(|| fs::read_to_string("fixtures/config/valid/everything.toml").expect("the fixture is there"));

/// Pieces that mean something to the parser, and some that mean nothing.
const PIECES: [&str; 22] = [
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "#",
    "\\",
    "\u{0}",
    "ñ",
    "🎾",
    "-1",
    "2027-02-30",
    "99999999999999999999",
    "password = \"x\"\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutations_of_a_right_file_never_panic(edits in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, 0..PIECES.len() + 1), 1..6)) {
        let mut text = EVERYTHING.clone();
        for (at, cut, piece) in edits {
            let start = boundary(&text, at.index(text.len() + 1));
            let end = boundary(&text, (start + cut).min(text.len()));
            text.replace_range(start..end, PIECES.get(piece).copied().unwrap_or(""));
        }
        answers(&text);
    }

    #[test]
    fn lines_in_any_order_never_panic(order in prop::collection::vec(any::<prop::sample::Index>(), 0..60)) {
        let lines: Vec<_> = EVERYTHING.lines().collect();
        let text: Vec<_> = order.iter().map(|at| lines[at.index(lines.len())]).collect();
        answers(&text.join("\n"));
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let world = World::with("");
        fs::write(world.file(), bytes).expect("the file can be written");
        let loaded = world.load();
        prop_assert!(loaded.config.is_some() || !loaded.problems.is_empty());
    }
}

/// The property itself: a configuration, or at least one error; and both ways to show it work.
fn answers(text: &str) {
    let loaded = World::with(text).load();
    let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    assert_eq!(loaded.config.is_none(), errors > 0, "{text}");
    assert!(loaded.config.is_some() || !render(&loaded.problems, false).is_empty());
    assert!(json(&loaded.problems)["problems"].is_array());
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
