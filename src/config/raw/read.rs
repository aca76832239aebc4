//! Walks the parsed tree beside the description of the keys.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::environment::{Environment, PREFIX, Variable, variable_name};
use crate::config::keys::{Key, Kind, ROOT, Table};
use crate::report::{Place, Problem, SourceFile, did_you_mean};

use super::scalar::{self, Wrong, quoted};
use super::secrets::names_a_secret;
use super::section::{At, Origin, Section, Value};

/// Letters by which a variable may differ from one of ours and still be taken for a misspelling of it.
const MAX_SLIPS: usize = 2;

/// So many of our variables are named to whoever has set another one.
const MOST_NAMED: usize = 8;

/// More entries of one kind in a file (`[[booking]]`, `[member.NAME]`, a site's courts) are a mistake, or an attack.
const MAX_ENTRIES: usize = 1000;

/// More sites are: each has its selector files checked.
const MAX_SITES: usize = 100;

/// Where in the file a reader stands, as words (`["site", "las-palmas"]`).
type Path = [String];

/// Reads one file.
pub(super) struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    environment: &'a Environment,
    /// Behind this byte the tree is not to be trusted.
    sound_until: Option<usize>,
    problems: Vec<Problem>,
    /// Whether entries were left unread because there are too many of them.
    too_many: bool,
    /// Every variable that was asked for, and for which path first.
    asked: BTreeMap<String, Vec<String>>,
}

impl<'a> Reader<'a> {
    /// A reader of that file.
    pub(super) fn new(file: &'a Arc<SourceFile>, environment: &'a Environment, sound_until: Option<usize>) -> Self {
        Self { file, environment, sound_until, problems: Vec::new(), too_many: false, asked: BTreeMap::new() }
    }

    /// The whole file.
    pub(super) fn file(&mut self, tree: &DeTable<'_>) -> Section {
        self.section(&ROOT, Some((tree, 0..0)), &[])
    }

    /// What was wrong, and whether everything was read.
    pub(super) fn finish(mut self) -> (Vec<Problem>, bool) {
        if !self.too_many {
            self.misspelt_variables();
        }
        (self.problems, !self.too_many)
    }

    fn section(&mut self, table: &'static Table, found: Option<(&DeTable<'_>, Range<usize>)>, path: &Path) -> Section {
        let origin = found.as_ref().map_or(Origin::Default, |(_, span)| Origin::File(self.place(span.clone())));
        let tree = found.map(|(tree, _)| tree);
        let mut present = BTreeSet::new();
        let mut values = BTreeMap::new();
        for (key, value) in in_file_order(tree) {
            match table.key(key.get_ref()) {
                Some(known) if !matches!(known.kind, Kind::Secret) => {
                    present.insert(known.name);
                    values.extend(self.read(known, value, path).map(|value| (known.name, value)));
                }
                _ => self.unknown_key(table, key, path),
            }
        }
        for key in table.keys {
            self.ask_environment(key, path, &mut values, &mut present);
        }
        self.rules(table, &present, &origin, path);
        for key in table.keys {
            self.fill_in(key, path, &mut values);
        }
        Section { origin, values }
    }

    fn read(&mut self, key: &Key, value: &Spanned<DeValue<'_>>, path: &Path) -> Option<At<Value>> {
        if let Some((place, count, most)) = too_many(key, value) {
            self.too_many = true;
            let message = format!("there are {count} {} in this file, more than {most}", kind_title(key.kind));
            let help =
                format!("keep at most {most}: take out what is finished or doubled; until then they are not checked");
            self.say(Problem::error("too-many-entries", message).help(help), place);
            return None;
        }
        let below = deeper(path, key.name);
        let read = match (key.kind, value.get_ref()) {
            (Kind::Table(table) | Kind::WordOr(_, table), DeValue::Table(tree)) => {
                Value::Table(self.section(table, Some((tree, value.span())), &below))
            }
            (Kind::WordOr(word, _), DeValue::String(text)) if text == word => Value::Text(word.to_owned()),
            (Kind::Named(table), DeValue::Table(tree)) => Value::Named(self.named(table, (tree, value.span()), &below)),
            (Kind::Repeated(table), DeValue::Array(items)) => {
                Value::Repeated(items.iter().filter_map(|item| self.item(table, item, &below)).collect())
            }
            (Kind::List(inner), DeValue::Array(items)) => {
                let subject = format!("an item of `{}`", key.name);
                let read: Vec<_> = items.iter().filter_map(|item| self.scalar(*inner, &subject, item)).collect();
                if read.is_empty() && !items.is_empty() {
                    return None;
                }
                Value::List(read)
            }
            (Kind::Words, DeValue::Table(tree)) => Value::Words(self.words(tree)),
            (
                Kind::Table(_) | Kind::WordOr(..) | Kind::Named(_) | Kind::Repeated(_) | Kind::List(_) | Kind::Words,
                _,
            ) => {
                self.wrong(&quoted([key.name]), scalar::wrong_kind(key.kind, value.get_ref()), value.span());
                return None;
            }
            _ => return self.scalar(key.kind, &quoted([key.name]), value),
        };
        Some(At { value: read, origin: Origin::File(self.place(value.span())) })
    }

    fn scalar(&mut self, kind: Kind, subject: &str, value: &Spanned<DeValue<'_>>) -> Option<At<Value>> {
        match scalar::from_toml(kind, value.get_ref()) {
            Ok(read) => Some(At { value: read, origin: Origin::File(self.place(value.span())) }),
            Err(wrong) => {
                self.wrong(subject, wrong, value.span());
                None
            }
        }
    }

    fn named(
        &mut self,
        table: &'static Table,
        (tree, span): (&DeTable<'_>, Range<usize>),
        path: &Path,
    ) -> Vec<(At<String>, Section)> {
        let mut sections = Vec::new();
        let stray = |(key, value): &(&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
            !value.get_ref().is_table() && table.key(key.get_ref()).is_some()
        };
        if in_file_order(Some(tree)).iter().any(stray) {
            let message = format!("[{}] has no name", dotted(path));
            let help = format!("write {} with a name of your choice", table.title);
            self.say(Problem::error("missing-name", message).help(help), span);
        }
        for (name, value) in in_file_order(Some(tree)) {
            let below = deeper(path, name.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let name = At { value: name.get_ref().to_string(), origin: Origin::File(self.place(name.span())) };
                    sections.push((name, self.section(table, Some((inner, value.span())), &below)));
                }
                // Said once, of the whole table.
                _ if table.key(name.get_ref()).is_some() => {}
                DeValue::Array(_) => {
                    let title = dotted(&below);
                    let message = format!("`[[{title}]]` has two pairs of brackets");
                    let help = format!("write it with one: [{title}]");
                    self.say(Problem::error("wrong-kind", message).help(help), name.span());
                }
                _ => self.unknown_entry(table, name),
            }
        }
        sections
    }

    fn item(&mut self, table: &'static Table, item: &Spanned<DeValue<'_>>, path: &Path) -> Option<Section> {
        let DeValue::Table(tree) = item.get_ref() else {
            self.wrong(table.title, scalar::wrong_kind(Kind::Table(table), item.get_ref()), item.span());
            return None;
        };
        let word = |key: &str| tree.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        let path = match (word("member"), word("name")) {
            (Some(member), Some(name)) => deeper(&deeper(path, &member), &name),
            _ => deeper(&deeper(path, "?"), "?"),
        };
        Some(self.section(table, Some((tree, item.span())), &path))
    }

    fn words(&mut self, tree: &DeTable<'_>) -> BTreeMap<String, String> {
        let mut words = BTreeMap::new();
        for (key, value) in in_file_order(Some(tree)) {
            if names_a_secret(key.get_ref()) {
                self.secret(key);
            } else if let DeValue::String(text) = value.get_ref() {
                words.insert(key.get_ref().to_string(), text.to_string());
            } else {
                self.wrong(&quoted([&**key.get_ref()]), scalar::wrong_kind(Kind::Text, value.get_ref()), value.span());
            }
        }
        words
    }

    fn ask_environment(
        &mut self,
        key: &'static Key,
        path: &Path,
        values: &mut BTreeMap<&'static str, At<Value>>,
        present: &mut BTreeSet<&'static str>,
    ) {
        if matches!(key.kind, Kind::Words | Kind::Table(_) | Kind::WordOr(..) | Kind::Named(_) | Kind::Repeated(_)) {
            return;
        }
        let own = variable_name(path, key.name);
        self.ask(&own, path);
        for name in [Some(own.as_str()), key.older].into_iter().flatten() {
            let Some(variable) = self.environment.get(name) else { continue };
            present.insert(key.name);
            let origin = Origin::Variable(name.to_owned());
            let read = match variable {
                Variable::Text(text) => scalar::from_text(key.kind, older_spelling(key, text), &origin),
                Variable::NotText => Err(Wrong {
                    code: "wrong-value",
                    message: "is not UTF-8".into(),
                    help: "set it to plain text".into(),
                }),
            };
            match read {
                Ok(value) => drop(values.insert(key.name, At { value, origin })),
                Err(Wrong { code: _, message, help }) => {
                    let message = format!("environment variable {name} {message}");
                    self.problems.push(Problem::error("bad-variable", message).help(help));
                }
            }
            return;
        }
    }

    /// What is missing, and what does not go together.
    fn rules(&mut self, table: &Table, present: &BTreeSet<&'static str>, origin: &Origin, path: &Path) {
        if self.sound_until.is_some() {
            return;
        }
        let title = shown_title(table, path);
        let chosen: Vec<_> = table.one_of.iter().copied().filter(|key| present.contains(key)).collect();
        if !table.one_of.is_empty() && chosen.len() != 1 {
            self.problems.push(origin.blame(not_one(table, &title, &chosen)));
        }
        for key in table.keys {
            if key.required && !present.contains(key.name) {
                self.problems.push(origin.blame(missing(key, &title)));
            }
            let beside = key.beside.filter(|beside| present.contains(key.name) && !present.contains(beside));
            if let Some(beside) = beside.filter(|beside| !table.one_of.contains(beside) || chosen.len() == 1) {
                let message = format!("`{}` in {title} needs `{beside}` beside it", key.name);
                let help = table.key(beside).map_or_else(String::new, how_to_write);
                self.problems.push(origin.blame(Problem::error("missing-key", message)).help(help));
            }
        }
    }

    /// Defaults; a table of the program that is left out (or is no table, which was said) is one of defaults.
    fn fill_in(&mut self, key: &'static Key, path: &Path, values: &mut BTreeMap<&'static str, At<Value>>) {
        if values.contains_key(key.name) {
            return;
        }
        let value = match key.kind {
            Kind::Table(table) => Some(Value::Table(self.section(table, None, &deeper(path, key.name)))),
            _ => scalar::default_of(key),
        };
        values.extend(value.map(|value| (key.name, At { value, origin: Origin::Default })));
    }

    fn unknown_key(&mut self, table: &'static Table, key: &Spanned<DeString<'_>>, path: &Path) {
        let name = key.get_ref();
        if names_a_secret(name) {
            return self.secret(key);
        }
        let title = shown_title(table, path);
        let help = match (did_you_mean(&name.replace('_', "-"), table.names()), tables_with(name).first()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(home)) => format!("`{name}` belongs into {home}"),
            (None, None) => format!("known here: {}", quoted(table.names())),
        };
        self.say(Problem::error("unknown-key", format!("unknown key `{name}` in {title}")).help(help), key.span());
    }

    fn unknown_entry(&mut self, table: &Table, name: &Spanned<DeString<'_>>) {
        if names_a_secret(name.get_ref()) {
            return self.secret(name);
        }
        let message = format!("`{}` is not a table", name.get_ref());
        self.say(Problem::error("unknown-key", message).help(format!("write a table: {}", table.title)), name.span());
    }

    fn secret(&mut self, key: &Spanned<DeString<'_>>) {
        let message = format!("`{}` looks like a secret, and secrets do not belong into this file", key.get_ref());
        let help = "put it into the vault: firstserve vault set ENTRY; and change it, if others have read this file";
        self.say(Problem::error("secret-in-file", message).help(help), key.span());
    }

    fn wrong(&mut self, subject: &str, wrong: Wrong, span: Range<usize>) {
        self.say(Problem::error(wrong.code, format!("{subject} {}", wrong.message)).help(wrong.help), span);
    }

    fn say(&mut self, problem: Problem, span: Range<usize>) {
        if self.sound_until.is_none_or(|end| span.start < end) {
            let problem = problem.at(self.place(span));
            self.problems.push(problem);
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.file, span)
    }

    /// Two paths may share a variable's name; setting it is then a mistake.
    fn ask(&mut self, name: &str, path: &Path) {
        match self.asked.get(name) {
            Some(first) if first != path && self.environment.get(name).is_some() => {
                let message = format!("environment variable {name} fits both {} and {}", dotted(first), dotted(path));
                let help = "unset it and write the value into the file, or rename one of the two";
                self.problems.push(Problem::error("bad-variable", message).help(help));
            }
            Some(_) => {}
            None => drop(self.asked.insert(name.to_owned(), path.to_vec())),
        }
    }

    /// A variable that begins like ours and is none of ours; what orchestrators set for a service of our name is left alone.
    fn misspelt_variables(&mut self) {
        if self.sound_until.is_some() {
            return;
        }
        for name in self.environment.ours().filter(|name| !self.asked.contains_key(*name)) {
            let distance = |known: &&String| strsim::damerau_levenshtein(name, known);
            let alike = |known: &&String| known.len().abs_diff(name.len()) <= MAX_SLIPS && distance(known) <= MAX_SLIPS;
            let near = self.asked.keys().filter(alike).min_by_key(distance);
            if near.is_none() && is_of_an_orchestrator(name) {
                continue;
            }
            let message = format!("environment variable {name} is not used");
            let known = || format!("known here: {}", listed(self.asked.keys()));
            let help = near.map_or_else(known, |near| format!("did you mean {near}?"));
            self.problems.push(Problem::warning("unknown-variable", message).help(help));
        }
    }
}

/// What Kubernetes and Docker tell every container of a service called `firstserve`; and what our own tests are told.
fn is_of_an_orchestrator(name: &str) -> bool {
    let rest = name.trim_start_matches(PREFIX);
    rest == "PORT" || ["PORT_", "SERVICE_", "ENV_", "TEST_"].iter().any(|start| rest.starts_with(start))
}

/// Those of ours, in the alphabet's order.
fn listed<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let mut names: Vec<&str> = names.map(String::as_str).filter(|name| name.starts_with(PREFIX)).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(MOST_NAMED);
    names.truncate(MOST_NAMED);
    let listed = names.join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more: one for each table and key") }
}

/// The first entry above the limit, how many there are, and the limit.
fn too_many(key: &Key, value: &Spanned<DeValue<'_>>) -> Option<(Range<usize>, usize, usize)> {
    let most = if key.name == "site" { MAX_SITES } else { MAX_ENTRIES };
    match (key.kind, value.get_ref()) {
        (Kind::Repeated(_), DeValue::Array(items)) => Some((items.get(most)?.span(), items.len(), most)),
        (Kind::Named(_), DeValue::Table(tree)) if tree.len() > most => {
            Some((in_file_order(Some(tree)).get(most)?.0.span(), tree.len(), most))
        }
        _ => None,
    }
}

fn kind_title(kind: Kind) -> &'static str {
    match kind {
        Kind::Named(table) | Kind::Repeated(table) => table.title,
        _ => "",
    }
}

fn in_file_order<'t, 'i>(tree: Option<&'t DeTable<'i>>) -> Vec<(&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = tree.into_iter().flat_map(|tree| tree.iter()).collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn deeper(path: &Path, name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn dotted(path: &Path) -> String {
    path.join(".")
}

/// The table as this file writes it: `[site.las-palmas]` for `[site.NAME]`.
fn shown_title(table: &Table, path: &Path) -> String {
    if table.title.starts_with('[') && table.title.contains("NAME") {
        format!("[{}]", dotted(path))
    } else {
        table.title.to_owned()
    }
}

fn missing(key: &Key, title: &str) -> Problem {
    Problem::error("missing-key", format!("`{}` is missing in {title}", key.name)).help(how_to_write(key))
}

fn not_one(table: &Table, title: &str, chosen: &[&str]) -> Problem {
    if chosen.is_empty() {
        let message = format!("one of {} is missing in {title}", quoted(table.one_of.iter().copied()));
        let ways: Vec<_> = table.one_of.iter().filter_map(|name| table.key(name)).map(how_to_write).collect();
        return Problem::error("missing-key", message).help(ways.join("\n"));
    }
    let message = format!("{} exclude each other in {title}", quoted(chosen.iter().copied()));
    Problem::error("too-many-keys", message).help("keep one of them")
}

/// `write date = 2027-07-18: the date, for a single booking`.
fn how_to_write(key: &Key) -> String {
    let doc = as_fragment(key.doc);
    match key.example {
        Some(example) if example.starts_with("a table") => format!("write {example}: {doc}"),
        Some(example) => format!("write {} = {example}: {doc}", key.name),
        None => doc,
    }
}

/// A sentence without its capital and its full stop.
fn as_fragment(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// Older deployments write log levels as Python does.
fn older_spelling<'t>(key: &Key, text: &'t str) -> &'t str {
    match (key.older, text.to_ascii_lowercase().as_str()) {
        (Some("LOG_LEVEL"), "warning") => "warn",
        (Some("LOG_LEVEL"), "critical" | "fatal") => "error",
        _ => text,
    }
}

/// The titles of the tables that know a key.
fn tables_with(key: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut next: Vec<&'static Table> = vec![&ROOT];
    while let Some(table) = next.pop() {
        if table.names().any(|name| name == key) {
            found.push(table.title);
        }
        next.extend(table.keys.iter().filter_map(|key| match key.kind {
            Kind::Table(inner) | Kind::WordOr(_, inner) | Kind::Named(inner) | Kind::Repeated(inner) => Some(inner),
            _ => None,
        }));
    }
    found
}
