//! Written: the file as a tree of typed values that keep their places.
//!
//! What is checked here needs the description of the keys only: TOML's own grammar, unknown keys, kinds, missing keys,
//! secrets in the file, environment variables. Whether the values make sense together is `validate`'s business.

mod read;
mod scalar;
mod secrets;
mod section;

use std::sync::Arc;

use toml::de::{DeTable, Error};

use crate::report::{Place, Problem, SourceFile};

use super::environment::Environment;
pub(super) use scalar::default_of;
pub(super) use secrets::password_in_address;
pub(super) use section::{At, Origin, Section, Value};

/// Mistakes of TOML's grammar that are shown at once; what follows the first ones is often their echo.
const MAX_GRAMMAR_PROBLEMS: usize = 8;

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
    let sound_until = first_line_with(&errors, shown.text());
    let mut reader = read::Reader::new(&shown, environment, sound_until);
    let root = reader.file(tree.get_ref());
    let mut problems = grammar_problems(&shown, errors);
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

fn grammar_problems(file: &Arc<SourceFile>, mut errors: Vec<Error>) -> Vec<Problem> {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut problems: Vec<Problem> = Vec::new();
    let mut told: Option<Place> = None;
    for error in errors {
        let place = Place::new(file, error.span().unwrap_or(0..0));
        if told.as_ref().is_some_and(|told| is_echo(file, told, &place, &error)) {
            continue;
        }
        let (message, help) = grammar_words(file, &place, &error);
        problems.push(Problem::error("toml", message).at(place.clone()).help(help));
        told = Some(place);
    }
    problems.truncate(MAX_GRAMMAR_PROBLEMS);
    problems
}

/// A second mistake on one line, or the keys of a table that stands twice.
fn is_echo(file: &SourceFile, told: &Place, place: &Place, error: &Error) -> bool {
    let between = file.text().get(told.span().start..place.span().start).unwrap_or_default();
    let same_table = !between.contains("\n[") && line_up_to(file, told).starts_with('[');
    told.line() == place.line() || (same_table && error.message().starts_with("duplicate key"))
}

fn line_up_to<'f>(file: &'f SourceFile, place: &Place) -> &'f str {
    let before = &file.text()[..place.span().start];
    before.rsplit('\n').next().unwrap_or_default().trim_start()
}

fn grammar_words(file: &SourceFile, place: &Place, error: &Error) -> (String, &'static str) {
    let message = error.message();
    if message.starts_with("duplicate key") {
        let key = &file.text()[place.span()];
        let help = "each key and each [table] is written once; [[booking]] starts another booking";
        (format!("`{key}` stands twice"), help)
    } else if message.contains("must be quoted") {
        ("text must stand in quotes".to_owned(), "write key = \"text\"")
    } else {
        (
            message.to_owned(),
            "see https://toml.io for the form of the file; what stands after this place was not checked",
        )
    }
}

/// Where the line of the first mistake begins: the tree is to be trusted before it only.
fn first_line_with(errors: &[Error], text: &str) -> Option<usize> {
    let at = errors.iter().map(|error| error.span().map_or(0, |span| span.start)).min()?;
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    Some(before.rfind('\n').map_or(0, |newline| newline + 1))
}
