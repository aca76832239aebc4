//! TOML with places: what every parser of this folder reads from, and the list it pushes problems onto.
//!
//! Nothing here knows a verb or a locator.

use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::report::{Grammar, Place, Problem, SourceFile, did_you_mean};

use super::Phase;
use super::names::Names;
use super::template::{Context, Template};

/// How mistakes of TOML's own grammar are told.
const GRAMMAR: Grammar = Grammar { code: "toml-syntax", lists: &["step", "outcome"] };

/// A value and where it stands.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A table and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Table<'t> {
    entries: &'t DeTable<'t>,
    span: (usize, usize),
}

impl<'t> Table<'t> {
    /// The table's own characters (of a `[header]`, the header).
    pub(super) fn span(self) -> Range<usize> {
        self.span.0..self.span.1
    }

    /// Keys and values, as they stand in the file.
    pub(super) fn entries(self) -> Vec<(&'t str, Range<usize>, &'t Value<'t>)> {
        let mut entries: Vec<_> =
            self.entries.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        entries
    }

    /// The value of a key.
    pub(super) fn get(self, key: &str) -> Option<&'t Value<'t>> {
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Whether the key is there.
    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether a key is there that is nearly this one.
    pub(super) fn misspells(self, key: &str) -> bool {
        let near = |name: &str| name != key && did_you_mean(name, [key]).is_some();
        self.entries.iter().any(|(name, _)| near(name.get_ref()))
    }

    /// From the key to the end of its value: what a person calls "the line".
    pub(super) fn line_of(self, key: &str) -> Range<usize> {
        let found = self.entries.iter().find(|(name, _)| name.get_ref() == key);
        found.map_or(self.span(), |(key, value)| key.span().start..value.span().end.max(key.span().end))
    }
}

/// One file being read.
pub(super) struct Reader<'a> {
    /// The file.
    pub(super) file: &'a Arc<SourceFile>,
    /// The flow's folder.
    pub(super) folder: &'a Path,
    /// Which phase the file belongs to; none for `commit.toml`, `outcomes.toml` and `logged-in.toml`.
    pub(super) phase: Option<Phase>,
    /// Every word that the flow uses and reads, in flow order.
    pub(super) names: &'a mut Names,
    /// What is wrong.
    pub(super) problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Parses the whole file and hands its top table to `read`; text that is not TOML becomes problems instead.
    pub(super) fn document<T>(&mut self, read: impl FnOnce(&mut Self, Table<'_>) -> T) -> Option<T> {
        let file: &'a Arc<SourceFile> = self.file;
        self.names.begin();
        let (table, errors) = DeTable::parse_recoverable(file.text());
        if errors.is_empty() {
            return Some(read(self, Table { entries: table.get_ref(), span: (0, 0) }));
        }
        self.problems.extend(GRAMMAR.problems(file, errors));
        None
    }

    /// A place in this file.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.file, span)
    }

    /// Pushes an error with a cure.
    pub(super) fn error_with_help(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
        span: Range<usize>,
    ) {
        self.tell(Problem::error(code, message), help, span);
    }

    /// Pushes a problem at its place, with a cure.
    pub(super) fn tell(&mut self, problem: Problem, help: impl Into<String>, span: Range<usize>) {
        let place = self.place(span);
        self.problems.push(problem.at(place).help(help));
    }

    /// Pushes an error that offers the word he meant, or else all of them.
    pub(super) fn unknown(&mut self, code: &'static str, what: &str, word: &str, known: &[&str], span: Range<usize>) {
        self.error_with_help(code, format!("unknown {what} `{word}`"), meant(word, known), span);
    }

    /// Refuses every key of the table that is not known; `whose` ends the sentence ("in a condition").
    pub(super) fn refuse_unknown(&mut self, table: Table<'_>, whose: &str, known: &[&str]) {
        for (key, span, _) in table.entries() {
            if !known.contains(&key) {
                self.unknown_key(whose, key, known, span);
            }
        }
    }

    /// Pushes an error about one key.
    pub(super) fn unknown_key(&mut self, whose: &str, key: &str, known: &[&str], span: Range<usize>) {
        self.error_with_help("unknown-key", format!("unknown key `{key}` {whose}"), meant(key, known), span);
    }

    /// Says that a key is missing, unless it is there with a slip of the pen: that is said already.
    pub(super) fn missing(&mut self, table: Table<'_>, key: &str, help: &str) {
        if !table.misspells(key) {
            self.error_with_help("missing-key", format!("`{key}` is missing"), help, table.span());
        }
    }

    /// A table.
    pub(super) fn table<'t>(&mut self, value: &'t Value<'t>) -> Option<Table<'t>> {
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table { entries, span: (value.span().start, value.span().end) }),
            _ => self.wrong_type(value, "a table { … }"),
        }
    }

    /// The tables of a file that are written `[[name]]`.
    pub(super) fn entries<'t>(&mut self, value: &'t Value<'t>, name: &str) -> Vec<Table<'t>> {
        if value.get_ref().is_table() {
            let help = format!("write two, here and wherever else one begins: [[{name}]]");
            let message = format!("`[{name}]` has one pair of brackets");
            self.error_with_help("single-brackets", message, help, value.span());
            return Vec::new();
        }
        self.tables(value)
    }

    /// A list of tables.
    pub(super) fn tables<'t>(&mut self, value: &'t Value<'t>) -> Vec<Table<'t>> {
        self.array(value).map_or_else(Vec::new, |items| items.iter().filter_map(|item| self.table(item)).collect())
    }

    /// A list.
    pub(super) fn array<'t>(&mut self, value: &'t Value<'t>) -> Option<&'t DeArray<'t>> {
        match value.get_ref() {
            DeValue::Array(items) => Some(items),
            _ => self.wrong_type(value, "a list [ … ]"),
        }
    }

    /// One value, or a list of them.
    pub(super) fn one_or_more<'t>(&mut self, value: &'t Value<'t>) -> Vec<&'t Value<'t>> {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                self.error_with_help("empty-list", "this list is empty", "write at least one into it", value.span());
                Vec::new()
            }
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        }
    }

    /// A text.
    pub(super) fn text<'t>(&mut self, value: &'t Value<'t>) -> Option<&'t str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            _ => self.wrong_type(value, "a text"),
        }
    }

    /// A text that is not empty.
    pub(super) fn filled_text<'t>(&mut self, value: &'t Value<'t>) -> Option<&'t str> {
        let text = self.text(value)?;
        if text.trim().is_empty() {
            self.error_with_help(
                "empty-text",
                "this text is empty",
                "write something between the quotes",
                value.span(),
            );
            return None;
        }
        Some(text)
    }

    /// True or false.
    pub(super) fn flag(&mut self, value: &Value<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong_type(value, "true or false"),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, value: &Value<'_>, bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let DeValue::Integer(digits) = value.get_ref() else {
            return self.wrong_type(value, "a whole number");
        };
        let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok().filter(|n| bounds.contains(n));
        if number.is_none() {
            let message = format!("{digits} is not between {} and {}", bounds.start(), bounds.end());
            let help = format!("write a whole number from {} to {}", bounds.start(), bounds.end());
            self.error_with_help("out-of-bounds", message, help, value.span());
        }
        number
    }

    /// A template; its words are noted in the flow's names.
    pub(super) fn template(&mut self, value: &Value<'_>, context: Context) -> Option<Template> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            _ => return self.wrong_type(value, "a text"),
        };
        let at = self.place(value.span());
        match Template::parse_as(text, context) {
            Ok(template) => {
                let template = template.placed(text, &at);
                self.names.used(&template, self.phase, &at);
                Some(template)
            }
            Err(errors) => {
                self.problems.extend(errors.into_iter().map(|error| error.into_problem(text, &at)));
                None
            }
        }
    }

    /// Notes that a variable is read here.
    pub(super) fn reads(&mut self, name: &str, span: Range<usize>) {
        if !super::words::is_variable_name(name) {
            let help = "a variable is written in small letters, digits, `-` and `_`, begins with a letter, \
                        and is none of the words that are always there (date, start, slot, user, …)";
            return self.error_with_help("variable-name", format!("`{name}` cannot name a variable"), help, span);
        }
        let place = self.place(span);
        self.names.read(name, place);
    }

    /// Says what is there and what should be.
    pub(super) fn wrong_type<T>(&mut self, value: &Value<'_>, wanted: &str) -> Option<T> {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let written = self.file.text().get(value.span()).unwrap_or_default();
        let help = type_cure(wanted, value, written);
        self.error_with_help("wrong-type", format!("expected {wanted}, found {found}"), help, value.span());
        None
    }
}

/// What to write instead of a value of another kind.
fn type_cure(wanted: &str, found: &Value<'_>, written: &str) -> String {
    let quoted = found.get_ref().is_str();
    match wanted {
        "a text" if found.get_ref().is_table() || found.get_ref().is_array() => "write one text: \"…\"".to_owned(),
        "a text" => format!("write it in quotes: \"{written}\""),
        "true or false" | "a whole number" if quoted => format!("write {wanted}, without quotes"),
        "a list [ … ]" => "put it into square brackets: [ … ]".to_owned(),
        "a table { … }" => "write it in braces: { key = … }".to_owned(),
        _ => format!("write {wanted}; docs/selectors.md shows every form"),
    }
}

/// Offers the word he meant, or else all of them.
fn meant(word: &str, known: &[&str]) -> String {
    match did_you_mean(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", list(known)),
    }
}

/// `a`, `b`, `c`.
pub(super) fn list<T: Display>(words: &[T]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
