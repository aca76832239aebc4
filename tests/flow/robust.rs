//! Whatever a user types, reading it ends in a flow or in problems, never in a panic.

use firstserve::flow::Template;
use firstserve::flow::template::Context;
use proptest::prelude::*;

use super::support::{parse_with, words};

const CONTEXTS: [Context; 5] = [Context::Text, Context::Css, Context::Xpath, Context::Pattern, Context::Json];

/// Pieces that selector files are made of, to be thrown together.
const PIECES: [&str; 40] = [
    "[[step]]\n",
    "[step.columns]\n",
    "click = ",
    "go = ",
    "fill = ",
    "with = ",
    "select = ",
    "rows = ",
    "repeat = ",
    "when = ",
    "steps = ",
    "request = ",
    "read = ",
    "into = ",
    "dialog = ",
    "timeout = ",
    "optional = ",
    "pause = ",
    "until = ",
    "at-most = ",
    "{ ",
    " }",
    "[ ",
    " ]",
    ", ",
    "\"",
    "'",
    "{date",
    "{start+30m:%H",
    ":epoch}",
    "}",
    "{",
    "css = ",
    "within = ",
    "nth = ",
    "-1",
    "true",
    "\n",
    "é",
    "\\",
];

proptest! {
    #[test]
    fn any_text_is_a_template_or_has_mistakes_within_it(text in "\\PC{0,60}", context in 0..CONTEXTS.len()) {
        match Template::parse_as(&text, CONTEXTS[context]) {
            Ok(template) => drop(template.render(&words())),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
                }
            }
        }
    }

    #[test]
    fn any_hole_is_filled_or_refused(
        word in "(date|start|end|length|slot|user|site\\.url|x)",
        shift in "([+-][0-9]{1,6}[dwhms]){0,3}",
        format in "(:(es|de|url|week-start-monday|month-end|hour-index-[0-9]{1,3}|%[-^_0]?[A-Za-z%]|epoch)){0,3}",
    ) {
        if let Ok(template) = Template::parse(&format!("{{{word}{shift}{format}}}")) {
            drop(template.render(&words()));
        }
    }

    #[test]
    fn any_file_is_read_to_its_end(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        for path in ["choose/50-x.toml", "commit.toml", "outcomes.toml", "login/logged-in.toml"] {
            let (flow, problems) = parse_with(path, &text);
            prop_assert!(flow.is_some() || !problems.is_empty());
            for problem in problems {
                if let Some(place) = problem.place {
                    prop_assert!(place.span().end <= place.file().text().len());
                }
            }
        }
    }

    #[test]
    fn a_cut_or_doubled_file_is_read_to_its_end(from in 0usize..900, length in 0usize..40, double in any::<bool>()) {
        let text = include_str!("../../selectors/club/verify/10-list.toml");
        let from = floor(text, from.min(text.len()));
        let to = floor(text, (from + length).min(text.len()));
        let middle = if double { text[from..to].repeat(2) } else { String::new() };
        let (flow, problems) = parse_with("verify/10-list.toml", &format!("{}{middle}{}", &text[..from], &text[to..]));
        prop_assert!(flow.is_some() || !problems.is_empty());
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
