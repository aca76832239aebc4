//! What TOML's own grammar refuses, in words: the same for every file that a user writes.

use std::sync::Arc;

use toml::de::Error;

use super::calendar::date_help;
use super::quote::left_open;
use super::{Place, Problem, SourceFile};

/// Mistakes of the grammar that are shown at once; what follows the first ones is often their echo.
const MAX_SHOWN: usize = 8;

/// What is said of a mistake that has no words of its own here.
const FORM: &str = "see https://toml.io for the form of the file; what stands after this place was not checked";

/// How a kind of file speaks of its mistakes.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// The code of the problems.
    pub code: &'static str,
    /// The tables that are written with two pairs of brackets.
    pub lists: &'static [&'static str],
}

impl Grammar {
    /// A problem for each mistake that is not the echo of another, in the file's order.
    pub fn problems(self, file: &Arc<SourceFile>, mut errors: Vec<Error>) -> Vec<Problem> {
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let mut problems: Vec<Problem> = Vec::new();
        let mut told: Option<Place> = None;
        let mut open_line = None;
        for error in errors {
            let place = Place::new(file, error.span().unwrap_or(0..0));
            let quote = open_quote(file, &place);
            // An open quote swallows the bracket or brace behind it, which is then missed line by line.
            let missed = quote.is_none()
                && open_line.is_some_and(|line| place.line() == line + 1 || error.message().starts_with("missing"));
            if missed || told.as_ref().is_some_and(|told| is_echo(file, told, &place, &error)) {
                continue;
            }
            open_line = quote.as_ref().map(|(.., shown)| shown.line()).or(open_line);
            let (message, help, shown) = quote.unwrap_or_else(|| self.words(file, &place, &error));
            problems.push(Problem::error(self.code, message).at(shown).help(help));
            told = Some(place);
        }
        problems.truncate(MAX_SHOWN);
        problems
    }

    fn words(self, file: &Arc<SourceFile>, place: &Place, error: &Error) -> (String, String, Place) {
        let message = error.message();
        let (message, help) = if message.starts_with("duplicate key") {
            self.twice(file, place)
        } else {
            let line = line_around(file, place);
            let date = line.split_once('=').and_then(|(_, value)| date_help(uncommented(value)));
            match date {
                Some(help) => ("this is not a date".to_owned(), help),
                None => (sentence(message), cure(message, line).to_owned()),
            }
        };
        (message, help, place.clone())
    }

    /// A table that stands twice is often an entry of a list with half of its brackets.
    fn twice(self, file: &SourceFile, place: &Place) -> (String, String) {
        let key = &file.text()[place.span()];
        let line = line_around(file, place).trim_start();
        if self.lists.contains(&key) && line.starts_with('[') && !line.starts_with("[[") {
            let message = format!("`[{key}]` has one pair of brackets");
            return (message, format!("write two, here and wherever else one begins: [[{key}]]"));
        }
        let lists: Vec<String> = self.lists.iter().map(|list| format!("[[{list}]]")).collect();
        let help = format!("each key and each [table] is written once; {} starts another entry", lists.join(" or "));
        (format!("`{key}` stands twice"), help)
    }
}

/// The problem at the quote itself: the parser sees it only where the line or the file ends.
fn open_quote(file: &Arc<SourceFile>, place: &Place) -> Option<(String, String, Place)> {
    let (before, after) = file.text().split_at(place.span().start);
    if !(after.is_empty() || after.starts_with(['\n', '\r'])) {
        return None;
    }
    let start = left_open(before)?;
    let line_end = file.text()[start..].find(['\n', '\r']).map_or(file.text().len(), |end| start + end);
    let opened = &file.text()[start..line_end];
    let quote = &opened[..1];
    let help = match opened.strip_prefix(&quote.repeat(3)) {
        Some(_) => format!("three quotes end with three: write {} after the text", quote.repeat(3)),
        None => format!("write the same quote after the text: {quote}…{quote}"),
    };
    Some(("this quote is never closed".to_owned(), help, Place::new(file, start..line_end)))
}

/// A second mistake on one line, or the keys of a table that stands twice.
fn is_echo(file: &SourceFile, told: &Place, place: &Place, error: &Error) -> bool {
    let between = file.text().get(told.span().start..place.span().start).unwrap_or_default();
    let same_table = !between.contains("\n[") && line_around(file, told).trim_start().starts_with('[');
    told.line() == place.line() || (same_table && error.message().starts_with("duplicate key"))
}

fn line_around<'f>(file: &'f SourceFile, place: &Place) -> &'f str {
    let (before, after) = file.text().split_at(place.span().start);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(file.text().len(), |newline| before.len() + newline);
    &file.text()[start..end]
}

fn uncommented(value: &str) -> &str {
    value.split('#').next().unwrap_or_default()
}

fn sentence(message: &str) -> String {
    if message.contains("must be quoted") { "text must stand in quotes".to_owned() } else { message.to_owned() }
}

/// The cure for what the parser says, on a line.
fn cure(message: &str, line: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let curly = line.contains(['“', '”', '„', '‘', '’', '«', '»']);
    match () {
        () if curly => "write straight quotes, as a text editor does and a word processor does not: \"text\"",
        () if has(&["must be quoted", "missing value"]) => "write key = \"text\"",
        () if has(&["unclosed table", "unclosed array table"]) => {
            "close the brackets on the same line: [NAME], or [[NAME]] for an entry of a list"
        }
        () if has(&["inline table", "between key-value pairs"]) => {
            "a table in braces is written { key = \"text\", other = \"text\" }: with commas between, and } at its end"
        }
        () if has(&["unclosed array", "array elements", "in array"]) => {
            "a list is written [\"one\", \"two\"]: with commas between, and ] at its end"
        }
        () if has(&["escape"]) => {
            "a backslash stands for itself between single quotes: '…'; between double quotes write it twice"
        }
        () if has(&["key"]) && line.contains(':') => "write key = value, with an equals sign and not a colon",
        () if has(&["key"]) => "write key = value, on a line of its own",
        () => FORM,
    }
}
