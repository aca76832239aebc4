//! The cases of `fixtures/chain`: what every chain must send.

pub(crate) mod case;

use std::collections::BTreeSet;

use case::{Case, Ends};
use firstserve::flow::opening::not_chained;
use firstserve::flow::wire::Send;

#[test]
fn every_case_can_be_read_and_says_how_it_ends() {
    let cases = Case::all();
    assert!(cases.len() >= 19, "{} cases only", cases.len());
    for case in &cases {
        assert!(
            case.site.contains_key(&format!("GET {}", case.page)),
            "{}: the page is there to begin with",
            case.name
        );
        assert!(case.requests.is_empty() == case.known, "{}: only what is known beforehand sends nothing", case.name);
    }
    let ends = cases.iter().map(|case| std::mem::discriminant(&case.ends)).collect::<Vec<_>>();
    assert_eq!(ends.iter().filter(|end| **end == std::mem::discriminant(&Ends::Says(String::new()))).count(), 3);
}

#[test]
fn what_is_known_beforehand_is_known_and_nothing_else() {
    for case in Case::all() {
        let not = not_chained(&case.steps, &case.commit(Send::Fetch));
        assert_eq!(not.is_some(), case.known, "{}: {not:?}", case.name);
        if let (Some(not), Ends::ByPage(why)) = (not, &case.ends) {
            assert!(not.why.contains(why.as_str()), "{}: {not}", case.name);
        }
    }
}

#[test]
fn together_the_cases_use_every_step_of_a_chain() {
    let cases = Case::all();
    let words: BTreeSet<_> = cases.iter().flat_map(|case| case.words()).collect();
    for word in [
        "go", "reload", "click", "submit", "fill", "set", "select", "check", "uncheck", "expect", "wait-for", "when",
        "repeat", "pause", "request",
    ] {
        assert!(words.contains(word), "no case has `{word}`");
    }
}
