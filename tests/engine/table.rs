//! `docs/faults.md` says what the test expects, fault by fault.

use std::ops::RangeInclusive;

use firstserve::browser::Engine;
use firstserve::model::FireMode;

use super::cases::{EXPECTED, Expected};

const DOCUMENT: &str = include_str!("../../docs/faults.md");

/// Everything in which the document differs from what is expected.
fn differences(document: &str) -> Vec<String> {
    let rows: Vec<Vec<&str>> = document.lines().filter(|line| line.starts_with("| `")).map(cells).collect();
    let mut wrong: Vec<String> = EXPECTED
        .iter()
        .zip(rows.iter().map(Some).chain(std::iter::repeat(None)))
        .filter_map(|(expected, row)| difference(expected, row))
        .collect();
    if rows.len() != EXPECTED.len() {
        wrong.push(format!("{} rows for {} faults", rows.len(), EXPECTED.len()));
    }
    wrong
}

/// Fault, what the club does, terminal state, what the user reads, submits, the ways to fire in which it is tried.
fn difference(expected: &Expected, row: Option<&Vec<&str>>) -> Option<String> {
    let fault = expected.fault.as_str();
    let Some([name, does, state, reads, submits, tried]) = row.map(Vec::as_slice) else {
        return Some(format!("{fault}: no row of six cells"));
    };
    let is = [
        *name == format!("`{fault}`"),
        *does == expected.fault.sentence(),
        *state == format!("`{}`", expected.outcome.as_str()),
        reads.contains(expected.note),
        *submits == in_words(&expected.submits),
        *tried == ways(expected.ways),
    ];
    is.contains(&false).then(|| format!("{fault}: {row:?} is not as expected: {is:?}"))
}

fn in_words(submits: &RangeInclusive<usize>) -> String {
    if submits.start() == submits.end() {
        submits.start().to_string()
    } else {
        format!("{} to {}", submits.start(), submits.end())
    }
}

/// `http, script, script in Chromium`: Firefox is not named.
fn ways(ways: &[(Engine, FireMode)]) -> String {
    let word = |(browser, fire): &(Engine, FireMode)| match browser {
        Engine::Firefox => fire.as_str().to_owned(),
        Engine::Chromium => format!("{} in Chromium", fire.as_str()),
    };
    ways.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn the_document_says_what_is_tested() {
    assert_eq!(differences(DOCUMENT), Vec::<String>::new());
}

#[test]
fn a_document_that_is_wrong_is_caught() {
    let wrong = |from: &str, to: &str| differences(&DOCUMENT.replacen(from, to, 1));
    assert_eq!(wrong("`selector-broken`", "`missed`").len(), 1);
    assert_eq!(wrong("| `lies-taken`", "| lies-taken").len(), 5, "a row is missing, and those after it are others");
    assert_eq!(wrong("it is on the site's own list", "fine").len(), 1);
    assert_eq!(wrong("| http, script, armed |", "| http, script |").len(), 1, "a way that is not tried, or not told");
    let more = format!("{DOCUMENT}\n| `invented` | x | `taken` | y | 1 | http |\n");
    assert_eq!(differences(&more).len(), 1);
}
