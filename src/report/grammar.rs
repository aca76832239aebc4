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
        if message.starts_with("duplicate key") {
            return self.twice(file, place);
        }
        if let Some(found) = comma_missing(file, place, message) {
            return found;
        }
        let line = line_around(file, place);
        let date = line.split_once('=').and_then(|(_, value)| date_help(uncommented(value)));
        let (message, help) = match (date, unquoted(message, line)) {
            (Some(help), _) => ("this is not a date".to_owned(), help),
            (_, Some(value)) => ("text must stand in quotes".to_owned(), format!("write it in quotes: \"{value}\"")),
            _ => (sentence(message), cure(message, line).to_owned()),
        };
        (message, help, place.clone())
    }

    /// A table that stands twice is often an entry of a list with half of its brackets.
    fn twice(self, file: &Arc<SourceFile>, place: &Place) -> (String, String, Place) {
        let key = &file.text()[place.span()];
        let line = line_around(file, place).trim_start();
        let half = format!("[{key}]");
        let is_half = line.starts_with('[') && !line.starts_with("[[");
        // The one with half of its brackets may be the first of the two.
        let start = place.span().start;
        let earlier = || {
            let starts = file.text()[..start].match_indices(&half).map(|(at, _)| at);
            starts.filter(|at| begins_line(file.text(), *at)).last()
        };
        let half_at = if is_half {
            Some(place.clone())
        } else {
            earlier().map(|at| Place::new(file, at + 1..at + half.len() - 1))
        };
        if let Some(shown) = half_at.filter(|_| self.lists.contains(&key)) {
            let message = format!("`{half}` has one pair of brackets");
            return (message, format!("write two, here and wherever else one begins: [[{key}]]"), shown);
        }
        let lists: Vec<String> = self.lists.iter().map(|list| format!("[[{list}]]")).collect();
        let help = format!("each key and each [table] is written once; {} starts another entry", lists.join(" or "));
        (format!("`{key}` stands twice"), help, place.clone())
    }
}

/// Whether nothing but blanks stands before it on its line.
fn begins_line(text: &str, at: usize) -> bool {
    text[..at].rsplit('\n').next().is_none_or(|before| before.trim().is_empty())
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

/// `9 at` before an equals sign, within braces: two entries without a comma.
fn comma_missing(file: &Arc<SourceFile>, place: &Place, message: &str) -> Option<(String, String, Place)> {
    let (text, span) = (file.text(), place.span());
    let (value, key) = text.get(span.clone())?.trim().split_once(char::is_whitespace)?;
    let key = key.trim();
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
    let is_followed = text[span.end..].trim_start_matches(' ').starts_with('=');
    let line = &text[..span.start][text[..span.start].rfind('\n').map_or(0, |at| at + 1)..];
    let is_inside = line.matches('{').count() > line.matches('}').count();
    (message.contains("quoted") && is_key && is_followed && is_inside).then(|| {
        ("a comma is missing".to_owned(), format!("put one between the two: {value}, {key} = …"), place.clone())
    })
}

/// A text of digits and other signs, such as an address, which the parser takes for a number.
fn unquoted<'l>(message: &str, line: &'l str) -> Option<&'l str> {
    let is_number = message.starts_with("invalid float") || message.starts_with("invalid integer");
    let value = uncommented(line.split_once('=')?.1).trim();
    let is_text = value.matches(['.', ':', '/']).count() > 1 && !value.contains(['"', '\'', '[', '{', ' ']);
    (is_number && is_text).then_some(value)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The first problem of a text, and the line that it blames.
    fn said(text: &str) -> (String, String, usize) {
        let file = SourceFile::new(std::path::Path::new("booking.toml"), text);
        let (_, errors) = toml::de::DeTable::parse_recoverable(text);
        let grammar = Grammar { code: "toml", lists: &["booking"] };
        let problem = grammar.problems(&file, errors).into_iter().next().expect("a mistake");
        (problem.message, problem.help.unwrap_or_default(), problem.place.expect("a place").line())
    }

    #[test]
    fn a_comma_that_is_missing_is_named() {
        let (message, help, _) = said("opens = { days-before = 9 at = \"00:00\" }\n");
        assert_eq!((message.as_str(), help.as_str()), ("a comma is missing", "put one between the two: 9, at = …"));
    }

    #[test]
    fn an_address_without_quotes_is_a_text() {
        let (message, help, _) = said("listen = 127.0.0.1:8080\n");
        assert_eq!(message, "text must stand in quotes");
        assert_eq!(help, "write it in quotes: \"127.0.0.1:8080\"");
        assert_eq!(said("date = 2027.07.18\n").0, "this is not a date", "the control");
    }

    #[test]
    fn of_two_entries_the_one_with_half_of_its_brackets_is_blamed() {
        for (text, line) in [("[booking]\nname = 1\n\n[[booking]]\n", 1), ("[[booking]]\nname = 1\n\n[booking]\n", 4)] {
            let (message, _, blamed) = said(text);
            assert_eq!((message.as_str(), blamed), ("`[booking]` has one pair of brackets", line), "{text}");
        }
        assert_eq!(said("a = 1\na = 2\n").0, "`a` stands twice", "the control");
    }
}
