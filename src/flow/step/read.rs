//! Reading what a verb does: its value and the keys of its own.

use super::parse::steps;
use super::verb::{Verb, stays_inside};
use super::{Step, dialog, time};
use crate::flow::condition::{self, Condition};
use crate::flow::raw::{Reader, Table, Value};
use crate::flow::template::{Context, Template};
use crate::flow::{locator, request, rows, wire};

/// The most rounds of a `repeat`.
const MOST_ROUNDS: i64 = 1_000;

/// Keys of the UI Events specification that a flow may press, beside single characters and `F1` to `F12`.
const KEYS: [&str; 15] = [
    "Enter",
    "Tab",
    "Escape",
    "Space",
    "Backspace",
    "Delete",
    "Insert",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
];

/// Keys that are held while another is pressed (`Control+a`).
const HELD: [&str; 4] = ["Shift", "Control", "Alt", "Meta"];

/// One step being read.
pub(super) struct Read<'r, 'a, 't> {
    pub(super) reader: &'r mut Reader<'a>,
    pub(super) table: Table<'t>,
    pub(super) depth: u8,
}

impl<'t> Read<'_, '_, 't> {
    /// What stands behind the verb's key.
    pub(super) fn verb(mut self, verb: &str) -> Option<Verb> {
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
        if let Some(wrong) = wrong_key(&key) {
            let known: Vec<&str> = KEYS.into_iter().chain(HELD).collect();
            self.reader.unknown("unknown-key-name", "key", wrong, &known, value.span());
            return None;
        }
        let target = self.table.get("in").map_or(Some(Vec::new()), |value| self.target(value))?;
        Some(Verb::Press { key, target })
    }

    fn upload(&mut self, value: &Value<'_>) -> Option<Verb> {
        let target = self.target(value);
        let file = self.needed("upload", "file", "file = \"membership-card.pdf\", in the flow's folder")?;
        self.reader.filled_text(file)?;
        let place = file.span();
        let file = self.reader.template(file, Context::Text)?;
        if !stays_inside(&file.skeleton("x")) {
            let help = "put the file into the folder of the selector files, and name it from there: file = \"membership-card.pdf\"";
            self.reader.error_with_help("file-outside", "this file lies outside the flow's folder", help, place);
            return None;
        }
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
            let help = "write at least one step, or take the whole away: steps = [{ click = \"#accept\" }]";
            self.reader.error_with_help("empty-list", "`steps` is empty", help, value.span());
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

/// The part of `Control+Enter` that is no key.
fn wrong_key(text: &str) -> Option<&str> {
    let single = |key: &str| key.chars().count() == 1;
    if single(text) {
        return None;
    }
    let (held, last) = match text.strip_suffix("++") {
        Some(held) => (held, "+"),
        None => text.rsplit_once('+').unwrap_or(("", text)),
    };
    let function = last.strip_prefix('F').and_then(|number| number.parse::<u8>().ok());
    let known = single(last) || KEYS.contains(&last) || function.is_some_and(|number| (1..=12).contains(&number));
    let held_wrong = held.split('+').filter(|_| !held.is_empty()).find(|key| !HELD.contains(key));
    held_wrong.or_else(|| (!known).then_some(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_characters_and_chords() {
        for right in ["Enter", "a", "ñ", "+", "F1", "F12", "Control+a", "Control+Shift+Tab", "Control++"] {
            assert_eq!(wrong_key(right), None, "{right}");
        }
        for (text, wrong) in
            [("enter", "enter"), ("F13", "F13"), ("Ctrl+a", "Ctrl"), ("Control+", ""), ("Return", "Return")]
        {
            assert_eq!(wrong_key(text), Some(wrong), "{text}");
        }
    }
}
