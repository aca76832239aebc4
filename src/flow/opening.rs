//! Whether opening steps can be done as a chain of documents that nobody sees, as far as the steps themselves tell.
//!
//! `docs/chains.md` says what each step means in a chain. What only the documents tell is seen by whoever runs the chain.

use super::page::word;
use super::wire::{Commit, Dialog, Request, Step, Verb};

/// Why a chain cannot do the opening.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct NotChained {
    /// `file:line:column` of the step, or of the commit.
    pub place: String,
    /// A small-letter fragment.
    pub why: String,
}

/// The first reason why these steps and this commit cannot be a chain; none: they can.
pub fn not_chained(steps: &[Step], commit: &Commit) -> Option<NotChained> {
    begins_in_the_page(steps)
        .or_else(|| steps.iter().find_map(needs_live_page))
        .or_else(|| more_than_ok(commit.dialog.as_ref(), &commit.place))
}

fn begins_in_the_page(steps: &[Step]) -> Option<NotChained> {
    let first = steps.first().filter(|step| !matches!(step.verb, Verb::Go(_) | Verb::Reload))?;
    Some(because(&first.place, "a chain begins with `reload` or `go`"))
}

fn needs_live_page(step: &Step) -> Option<NotChained> {
    match &step.verb {
        Verb::When { steps, .. } | Verb::Repeat { steps, .. } => steps.iter().find_map(needs_live_page),
        Verb::Request(Request { read, .. }) if !read.is_empty() => {
            Some(because(&step.place, "nobody keeps what a `request` reads in a chain"))
        }
        verb if is_for_a_page(verb) => Some(because(&step.place, &format!("`{}` needs a live page", word(verb)))),
        _ => None,
    }
    .or_else(|| more_than_ok(step.dialog.as_ref(), &step.place))
}

fn is_for_a_page(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Type { .. }
            | Verb::Press { .. }
            | Verb::Upload { .. }
            | Verb::Frame(_)
            | Verb::Window(_)
            | Verb::Dialog(_)
            | Verb::Read { .. }
            | Verb::Rows(_)
            | Verb::Script { .. }
            | Verb::Screenshot(_)
    )
}

/// A question that is answered with OK can be passed over; nothing else can.
fn more_than_ok(dialog: Option<&Dialog>, place: &str) -> Option<NotChained> {
    let dialog = dialog.filter(|dialog| !matches!(dialog, Dialog::Accept(None)))?;
    let what = if *dialog == Dialog::Dismiss { "is dismissed" } else { "wants a text" };
    Some(because(place, &format!("a dialog that {what} needs a live page")))
}

fn because(place: &str, why: &str) -> NotChained {
    NotChained { place: place.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::wire::{Body, Condition, Send};

    fn step(verb: Verb) -> Step {
        Step { verb, timeout_ms: 1000, optional: false, dialog: None, place: "a.toml:1:1".into(), secret: false }
    }

    fn commit() -> Commit {
        Commit { click: Vec::new(), send: Send::Form, request: None, dialog: None, place: "commit.toml:1:1".into() }
    }

    fn request(read: Vec<(String, String)>) -> Verb {
        let (method, url) = ("GET".to_owned(), "/".to_owned());
        Verb::Request(Request { method, url, headers: Vec::new(), body: Body::Empty, read, expect: None })
    }

    fn why(steps: &[Step]) -> Option<String> {
        not_chained(steps, &commit()).map(|not| not.to_string())
    }

    #[test]
    fn a_chain_begins_with_a_document_of_its_own() {
        assert_eq!(why(&[]), None);
        assert_eq!(why(&[step(Verb::Reload), step(Verb::Click(Vec::new())), step(request(Vec::new()))]), None);
        let late = why(&[step(Verb::Click(Vec::new())), step(Verb::Reload)]);
        assert_eq!(late.as_deref(), Some("a.toml:1:1: a chain begins with `reload` or `go`"));
    }

    #[test]
    fn what_needs_a_page_is_found_however_deep_it_stands() {
        let script = step(Verb::Script { body: String::new(), into: None });
        let inside = step(Verb::When { condition: Condition::Url("*".into()), steps: vec![script] });
        let deep = step(Verb::Repeat { until: Condition::Url("*".into()), at_most: 2, steps: vec![inside] });
        let found = why(&[step(Verb::Go("/".into())), deep]);
        assert_eq!(found.as_deref(), Some("a.toml:1:1: `script` needs a live page"));
        assert!(why(&[step(Verb::Reload), step(request(vec![("a".into(), "/a".into())]))]).is_some());
    }

    #[test]
    fn only_an_ok_can_be_passed_over() {
        let asking = |dialog| vec![Step { dialog: Some(dialog), ..step(Verb::Reload) }];
        assert_eq!(why(&asking(Dialog::Accept(None))), None);
        assert!(why(&asking(Dialog::Accept(Some("a text".into())))).is_some());
        let dismissed = Commit { dialog: Some(Dialog::Dismiss), ..commit() };
        let not = not_chained(&[step(Verb::Reload)], &dismissed).expect("it cannot");
        assert_eq!(
            (not.place.as_str(), not.why.as_str()),
            ("commit.toml:1:1", "a dialog that is dismissed needs a live page")
        );
    }
}
