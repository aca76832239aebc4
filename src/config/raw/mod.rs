//! Written: the file as a tree of typed values that keep their places.
//!
//! What is checked here needs the description of the keys only: TOML's own grammar, unknown keys, kinds, missing keys,
//! secrets in the file, environment variables. Whether the values make sense together is `validate`'s business.

mod read;
mod scalar;
mod secrets;
mod section;

use std::sync::Arc;

use toml::de::DeTable;

use crate::report::{Grammar, Place, Problem, SourceFile};

use super::environment::Environment;
pub(super) use scalar::default_of;
pub(super) use secrets::password_in_address;
pub(super) use section::{At, Origin, Section, Value};

/// How mistakes of TOML's own grammar are told.
const GRAMMAR: Grammar = Grammar { code: "toml", lists: &["booking"] };

/// A file as it was written.
#[derive(Debug)]
pub(super) struct Raw {
    /// The whole file, defaults and variables filled in.
    pub(super) root: Section,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
    /// Whether the grammar was sound and everything was read: without that, what seems to be missing may be there.
    pub(super) sound: bool,
}

/// Reads a text; every place points into a copy of it whose secrets are starred out.
pub(super) fn read(file: &Arc<SourceFile>, environment: &Environment) -> Raw {
    let (tree, errors) = DeTable::parse_recoverable(file.text());
    let shown = secrets::masked(file, tree.get_ref());
    let mut problems = GRAMMAR.problems(&shown, errors);
    let sound_until = first_line_with(&problems, shown.text());
    let mut reader = read::Reader::new(&shown, environment, sound_until);
    let root = reader.file(tree.get_ref());
    if tree.get_ref().is_empty() && problems.is_empty() {
        problems.push(nothing(&shown));
    }
    let grammatical = problems.is_empty();
    let (mut found, whole) = reader.finish();
    problems.append(&mut found);
    let sound = grammatical && whole;
    Raw { root, problems, sound }
}

/// A file that lost its content must not call everything off.
fn nothing(file: &Arc<SourceFile>) -> Problem {
    Problem::error("empty-file", "there is nothing in this file")
        .at(Place::new(file, 0..0))
        .help("write at least a [site.NAME], a [member.NAME] and a [[booking]]")
}

/// Where the line of the first mistake begins: the tree is to be trusted before it only.
fn first_line_with(problems: &[Problem], text: &str) -> Option<usize> {
    let at = problems.iter().filter_map(|problem| problem.place.as_ref()).map(|place| place.span().start).min()?;
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    Some(before.rfind('\n').map_or(0, |newline| newline + 1))
}
