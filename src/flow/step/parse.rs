//! Reading a step: one verb, its own keys, and the common ones.

use super::spec::{COMMON, Spec, verbs};
use super::verb::Verb;
use super::{Step, dialog, time};
use crate::flow::raw::{Reader, Table, Value, list};
use crate::flow::{condition, locator, request, rows, template, wire};
use crate::report::did_you_mean;

use condition::Condition;
use template::{Context, Template};

/// How deep steps may be nested.
const DEEPEST: u8 = 4;

/// The most rounds of a `repeat`.
const MOST_ROUNDS: i64 = 1_000;

/// Keys of the UI Events specification that a flow may press, beside single characters.
const PRESSED: [&str; 16] = [
    "Enter",
    "Tab",
    "Escape",
    "Backspace",
    "Delete",
    "Space",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "F5",
    "F2",
];

/// Reads a file of a phase: `[[step]]` tables.
pub(in crate::flow) fn steps_of_file(reader: &mut Reader<'_>, file: Table<'_>) -> Vec<Step> {
    for (key, span, _) in file.entries().into_iter().filter(|(key, ..)| *key != "step") {
        let help = if verbs().any(|spec| spec.verb == key) {
            "write [[step]] above it"
        } else {
            "a file of steps holds [[step]] tables only"
        };
        reader.error_with_help("unknown-key", format!("`{key}` stands in no step"), help, span);
    }
    let Some(value) = file.get("step") else {
        if file.entries().is_empty() {
            reader.error_with_help("no-steps", "this file holds no [[step]]", "begin with [[step]]", file.span());
        }
        return Vec::new();
    };
    steps(reader, value, 0)
}

fn steps(reader: &mut Reader<'_>, value: &Value<'_>, depth: u8) -> Vec<Step> {
    if depth > DEEPEST {
        reader.error("too-deep", "steps are nested too deeply", value.span());
        return Vec::new();
    }
    let tables = reader.tables(value);
    tables.into_iter().filter_map(|table| step(reader, table, depth)).collect()
}

fn step(reader: &mut Reader<'_>, table: Table<'_>, depth: u8) -> Option<Step> {
    let spec = the_verb(reader, table)?;
    refuse_strangers(reader, table, spec);
    let timeout = time::timeout(reader, table, spec);
    let optional = table.get("optional").map_or(Some(false), |value| reader.flag(value));
    let beside = table.get("dialog").filter(|_| spec.verb != "dialog");
    let dialog = beside.map_or(Some(None), |value| dialog::answer(reader, value).map(Some));
    if let Some(note) = table.get("note") {
        reader.text(note);
    }
    let verb = Read { reader, table, depth }.verb(spec.verb);
    let place = reader.place(table.line_of(spec.verb));
    let verb = verb?;
    let timeout_ms = own_time(&verb, table.has("timeout"), timeout?);
    Some(Step { verb, timeout_ms, optional: optional?, dialog: dialog?, place })
}

/// What holds steps may take as long as they do, unless it says otherwise; so may a pause.
fn own_time(verb: &Verb, written: bool, timeout_ms: u64) -> u64 {
    match verb {
        Verb::Pause { ms } => timeout_ms.max(ms.saturating_mul(2)),
        Verb::When { steps, .. } if !written => time::of_steps(steps, 1),
        Verb::Repeat { steps, at_most, .. } if !written => time::of_steps(steps, *at_most),
        _ => timeout_ms,
    }
}

/// Exactly one verb; `dialog` is one only where there is no other.
fn the_verb(reader: &mut Reader<'_>, table: Table<'_>) -> Option<&'static Spec> {
    let mut found: Vec<&Spec> = verbs().filter(|spec| table.has(spec.verb)).collect();
    if found.len() > 1 {
        found.retain(|spec| spec.verb != "dialog");
    }
    match found.as_slice() {
        [one] => Some(one),
        [] => {
            no_verb(reader, table);
            None
        }
        [first, second, ..] => {
            let help = "a step does one thing: begin a new [[step]]";
            let message = format!("two verbs in one step: `{}` and `{}`", first.verb, second.verb);
            reader.error_with_help("two-verbs", message, help, table.line_of(second.verb));
            None
        }
    }
}

/// A mistyped verb is the likeliest reason: the key nearest to a verb is named.
fn no_verb(reader: &mut Reader<'_>, table: Table<'_>) {
    let names: Vec<&str> = verbs().map(|spec| spec.verb).collect();
    let beside: Vec<&str> = verbs().flat_map(Spec::beside).collect();
    let strangers: Vec<_> = table.entries().into_iter().filter(|(key, ..)| !beside.contains(key)).collect();
    match strangers.iter().find(|(key, ..)| did_you_mean(key, names.iter().copied()).is_some()).or(strangers.first()) {
        Some((key, span, _)) => reader.unknown("unknown-verb", "verb", key, &names, span.clone()),
        None => {
            let help = format!("give it one of {}", list(&names));
            reader.error_with_help("no-verb", "this step does nothing", help, table.span());
        }
    }
}

fn refuse_strangers(reader: &mut Reader<'_>, table: Table<'_>, spec: &Spec) {
    let elsewhere: Vec<&str> = verbs().flat_map(Spec::beside).collect();
    let beside = spec.beside();
    for (key, span, _) in table.entries().into_iter().filter(|(key, ..)| !spec.takes(key)) {
        if elsewhere.contains(&key) {
            let help = format!("beside `{}` can stand {}", spec.verb, list(&beside));
            reader.error_with_help("misplaced-key", format!("`{key}` does not go with `{}`", spec.verb), help, span);
        } else {
            reader.unknown_key(&format!("beside `{}`", spec.verb), key, &beside, span);
        }
    }
    debug_assert!(COMMON.iter().all(|key| spec.takes(key)), "every verb takes the common keys");
}

/// One step being read.
struct Read<'r, 'a, 't> {
    reader: &'r mut Reader<'a>,
    table: Table<'t>,
    depth: u8,
}

impl<'t> Read<'_, '_, 't> {
    fn verb(mut self, verb: &str) -> Option<Verb> {
        let value = self.table.get(verb)?;
        match verb {
            "go" => request::address(self.reader, value).map(Verb::Go),
            "reload" => self.reload(value),
            "click" => self.target(value).map(Verb::Click),
            "fill" => self.with(value, |target, with| Verb::Fill { target, with }),
            "type" => self.with(value, |target, with| Verb::Type { target, with }),
            "clear" => self.target(value).map(Verb::Clear),
            "set" => self.with(value, |target, with| Verb::Set { target, with }),
            "select" => self.select(value),
            "check" => self.target(value).map(Verb::Check),
            "uncheck" => self.target(value).map(Verb::Uncheck),
            "press" => self.press(value),
            "upload" => self.upload(value),
            "submit" => self.target(value).map(Verb::Submit),
            "frame" => self.frame(value),
            "window" => self.window(value),
            "dialog" => dialog::answer(self.reader, value).map(Verb::Dialog),
            "wait-for" => condition::condition(self.reader, value).map(Verb::WaitFor),
            "expect" => condition::condition(self.reader, value).map(Verb::Expect),
            "read" => self.read(value),
            "rows" => rows::rows(self.reader, self.table, value).map(Verb::Rows),
            "if-present" => {
                let condition = self.target(value).map(Condition::Visible);
                self.when(condition)
            }
            "when" => {
                let condition = condition::condition(self.reader, value);
                self.when(condition)
            }
            "repeat" => self.repeat(value),
            "script" => self.script(value),
            "request" => request::request(self.reader, value).map(Verb::Request),
            "screenshot" => self.screenshot(value),
            _ => time::pause(self.reader, value).map(|ms| Verb::Pause { ms }),
        }
    }

    fn target(&mut self, value: &Value<'_>) -> Option<locator::Target> {
        locator::target(self.reader, value)
    }

    /// A key that the verb cannot do without.
    fn needed(&mut self, verb: &str, key: &str, example: &str) -> Option<&'t Value<'t>> {
        let value = self.table.get(key);
        if value.is_none() && !self.table.misspells(key) {
            let span = self.table.line_of(verb);
            self.reader.error_with_help("missing-key", format!("`{verb}` needs `{key}`"), example, span);
        }
        value
    }

    fn reload(&mut self, value: &Value<'_>) -> Option<Verb> {
        if self.reader.flag(value)? {
            return Some(Verb::Reload);
        }
        self.reader.error_with_help("no-verb", "this step does nothing", "reload = true", value.span());
        None
    }

    fn with(&mut self, value: &Value<'_>, verb: fn(locator::Target, Template) -> Verb) -> Option<Verb> {
        let target = self.target(value);
        let name = ["fill", "type", "set"].into_iter().find(|name| self.table.has(name)).unwrap_or("fill");
        let with = self.needed(name, "with", "with = \"{date:%d/%m/%Y}\"")?;
        let with = self.reader.template(with, Context::Text);
        Some(verb(target?, with?))
    }

    fn select(&mut self, value: &Value<'_>) -> Option<Verb> {
        let target = self.target(value);
        let ways = [("value", wire::SelectBy::Value), ("label", wire::SelectBy::Label), ("text", wire::SelectBy::Text)];
        let given: Vec<_> = ways.into_iter().filter(|(key, _)| self.table.has(key)).collect();
        let [(key, by)] = given.as_slice() else {
            let help = "say which option: value = \"…\" (the attribute), label = \"…\" (its whole text) or text = \"…\" (a part of it)";
            let message = if given.is_empty() {
                "`select` does not say which option"
            } else {
                "`select` looks for options in two ways"
            };
            let span = self.table.line_of("select");
            self.reader.error_with_help("which-option", message, help, span);
            return None;
        };
        let options = self.reader.one_or_more(self.table.get(key)?);
        let options: Vec<_> = options.into_iter().map(|option| self.reader.template(option, Context::Text)).collect();
        let options: Vec<_> = options.into_iter().collect::<Option<_>>()?;
        (!options.is_empty()).then_some(Verb::Select { target: target?, by: *by, options })
    }

    fn press(&mut self, value: &Value<'_>) -> Option<Verb> {
        let key = self.reader.filled_text(value)?.to_owned();
        if key.chars().count() > 1 && !PRESSED.contains(&key.as_str()) {
            self.reader.unknown("unknown-key-name", "key", &key, &PRESSED, value.span());
            return None;
        }
        let target = self.table.get("in").map_or(Some(Vec::new()), |value| self.target(value))?;
        Some(Verb::Press { key, target })
    }

    fn upload(&mut self, value: &Value<'_>) -> Option<Verb> {
        let target = self.target(value);
        let file = self.needed("upload", "file", "file = \"membership-card.pdf\", beside the selector folders")?;
        self.reader.filled_text(file)?;
        let file = self.reader.template(file, Context::Text)?;
        Some(Verb::Upload { target: target?, folder: self.reader.folder.to_owned(), file })
    }

    fn frame(&mut self, value: &Value<'_>) -> Option<Verb> {
        if value.get_ref().as_str() == Some("out") {
            return Some(Verb::Frame(Vec::new()));
        }
        self.target(value).map(Verb::Frame)
    }

    fn window(&mut self, value: &Value<'_>) -> Option<Verb> {
        match self.reader.text(value)? {
            "new" => Some(Verb::Window(wire::Window::New)),
            "main" => Some(Verb::Window(wire::Window::Main)),
            other => {
                self.reader.unknown("unknown-window", "window", other, &["new", "main"], value.span());
                None
            }
        }
    }

    fn read(&mut self, value: &Value<'_>) -> Option<Verb> {
        let target = self.target(value);
        let attribute = self.table.get("attribute").map(|value| self.reader.filled_text(value).map(str::to_owned));
        let matches = self.table.get("matches").map(|value| condition::pattern(self.reader, value));
        let into = self.needed("read", "into", "into = \"reference\", to be used as {reference} further on")?;
        let into = self.variable(into);
        let attribute = attribute.map_or(Some(None), |attribute| attribute.map(Some));
        let matches = matches.map_or(Some(None), |matches| matches.map(Some));
        Some(Verb::Read { target: target?, attribute: attribute?, matches: matches?, into: into? })
    }

    fn variable(&mut self, value: &Value<'_>) -> Option<String> {
        let name = self.reader.text(value)?;
        self.reader.reads(name, value.span());
        Some(name.to_owned())
    }

    fn when(&mut self, condition: Option<Condition>) -> Option<Verb> {
        let verb = if self.table.has("when") { "when" } else { "if-present" };
        let steps = self.inner_steps(verb)?;
        Some(Verb::When { condition: condition?, steps })
    }

    fn inner_steps(&mut self, verb: &str) -> Option<Vec<Step>> {
        let value = self.needed(verb, "steps", "steps = [{ click = \"#accept\" }], or [[step.steps]] tables below")?;
        let inner = steps(self.reader, value, self.depth + 1);
        if value.get_ref().as_array().is_some_and(|steps| steps.is_empty()) {
            self.reader.error("empty-list", "`steps` is empty", value.span());
        }
        Some(inner)
    }

    fn repeat(&mut self, value: &Value<'_>) -> Option<Verb> {
        let table = self.reader.table(value)?;
        self.reader.refuse_unknown(table, "in `repeat`", &["until", "at-most"]);
        let until = match table.get("until") {
            Some(until) => condition::condition(self.reader, until),
            None => {
                self.reader.missing(table, "until", "repeat = { until = { visible = \"#slot\" }, at-most = 5 }");
                None
            }
        };
        let at_most = match table.get("at-most") {
            Some(most) => self.reader.whole(most, 1..=MOST_ROUNDS).and_then(|most| u32::try_from(most).ok()),
            None => {
                let help = "say how often at most: at-most = 5";
                self.reader.error_with_help(
                    "unbounded-repeat",
                    "this `repeat` could go on for ever",
                    help,
                    table.span(),
                );
                None
            }
        };
        let steps = self.inner_steps("repeat");
        Some(Verb::Repeat { until: until?, at_most: at_most?, steps: steps? })
    }

    fn script(&mut self, value: &Value<'_>) -> Option<Verb> {
        let body = self.reader.filled_text(value)?.to_owned();
        let into = match self.table.get("into") {
            Some(into) => Some(self.variable(into)?),
            None => None,
        };
        Some(Verb::Script { body, into })
    }

    fn screenshot(&mut self, value: &Value<'_>) -> Option<Verb> {
        self.reader.filled_text(value)?;
        self.reader.template(value, Context::Text).map(Verb::Screenshot)
    }
}
