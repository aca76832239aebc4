//! `commit.toml`: the one irreversible step.

use crate::report::Place;

use super::locator::{self, Locator, Target};
use super::pen::Pen;
use super::raw::{Reader, Table, Value};
use super::request::{self, Request};
use super::step::dialog::{self, Dialog};
use super::template::{RenderError, Template};
use super::wire;
use super::words::Words;

/// The keys of the file.
const KEYS: [&str; 6] = ["click", "send", "opening", "request", "dialog", "note"];

/// How the form may be sent.
const WAYS: [(&str, wire::Send); 3] =
    [("form", wire::Send::Form), ("fetch", wire::Send::Fetch), ("http", wire::Send::Http)];

/// How the opening steps may be done.
const OPENING_WAYS: [(&str, wire::OpeningWay); 3] =
    [("page", wire::OpeningWay::Page), ("fetch", wire::OpeningWay::Fetch), ("http", wire::OpeningWay::Http)];

/// The commit with its templates.
#[derive(Clone, Debug)]
pub struct Commit {
    act: Act,
    opening: Option<wire::OpeningWay>,
    dialog: Option<Dialog>,
    place: Place,
}

#[derive(Clone, Debug)]
enum Act {
    Click(Target, wire::Send),
    Request(Box<Request>),
}

/// Reads the file.
pub(super) fn commit(reader: &mut Reader<'_>, file: Table<'_>) -> Option<Commit> {
    if refused_as_steps(reader, file) {
        return None;
    }
    reader.refuse_unknown(file, "in commit.toml", &KEYS);
    let key = the_one(reader, file)?;
    let dialog = file.get("dialog").map(|value| dialog::answer(reader, value));
    let opening =
        file.get("opening").map(|value| one_of(reader, value, &OPENING_WAYS, ("unknown-opening", "opening way")));
    let value = file.get(key)?;
    let act = if key == "click" { click(reader, file, value) } else { request_alone(reader, file, value) };
    Some(Commit {
        act: act?,
        opening: opening.map_or(Some(None), |opening| opening.map(Some))?,
        dialog: dialog.map_or(Some(None), |dialog| dialog.map(Some))?,
        place: reader.place(file.line_of(key)),
    })
}

fn refused_as_steps(reader: &mut Reader<'_>, file: Table<'_>) -> bool {
    let Some(steps) = file.get("step") else { return false };
    let count = steps.get_ref().as_array().map_or(1, |steps| steps.len());
    let help = "write the keys at the top of the file, without [[step]]: click = …, send = \"form\"; \
                what comes before it belongs in opening/ or choose/";
    if count > 1 {
        reader.error_with_help(
            "two-commits",
            format!("a flow commits once, these are {count} steps"),
            help,
            file.line_of("step"),
        );
    } else {
        reader.error_with_help("commit-as-step", "commit.toml holds no [[step]]", help, file.line_of("step"));
    }
    true
}

fn the_one(reader: &mut Reader<'_>, file: Table<'_>) -> Option<&'static str> {
    match (file.has("click"), file.has("request")) {
        (true, false) => Some("click"),
        (false, true) => Some("request"),
        (true, true) => {
            let help = "keep the one that makes the booking; what comes before it belongs in opening/";
            reader.error_with_help(
                "two-commits",
                "a flow commits once: `click` or `request`",
                help,
                file.line_of("request"),
            );
            None
        }
        (false, false) => {
            let help = "click = LOCATOR (the button that books), or request = { … } for a site without pages";
            reader.error_with_help("no-commit", "commit.toml commits nothing", help, file.span());
            None
        }
    }
}

fn click(reader: &mut Reader<'_>, file: Table<'_>, value: &Value<'_>) -> Option<Act> {
    let target = locator::target(reader, value);
    let send = file.get("send").map_or(Some(wire::Send::Form), |value| send(reader, value));
    Some(Act::Click(target?, send?))
}

fn send(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<wire::Send> {
    one_of(reader, value, &WAYS, ("unknown-send", "way to send"))
}

fn one_of<T: Copy>(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    known: &[(&str, T)],
    (code, what): (&'static str, &str),
) -> Option<T> {
    let word = reader.text(value)?;
    let found = known.iter().find(|(name, _)| *name == word).map(|(_, found)| *found);
    if found.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        reader.unknown(code, what, word, &names, value.span());
    }
    found
}

fn request_alone(reader: &mut Reader<'_>, file: Table<'_>, value: &Value<'_>) -> Option<Act> {
    for key in ["send", "opening", "dialog"] {
        if file.has(key) {
            let help = "`send`, `opening` and `dialog` go with `click`";
            reader.error_with_help(
                "misplaced-key",
                format!("`{key}` does not belong to a request"),
                help,
                file.line_of(key),
            );
        }
    }
    request::request(reader, value).map(|request| Act::Request(Box::new(request)))
}

impl Commit {
    /// Renders it for one choice.
    pub fn render(&self, words: &Words) -> Result<wire::Commit, RenderError> {
        let mut pen = Pen::new(words);
        let (click, send, request) = match &self.act {
            Act::Click(target, send) => (locator::render(target, &mut pen)?, *send, None),
            Act::Request(request) => (Vec::new(), wire::Send::Http, Some(request.render(&mut pen)?)),
        };
        let dialog = self.dialog.as_ref().map(|dialog| dialog.render(&mut pen)).transpose()?;
        Ok(wire::Commit { click, send, request, dialog, place: self.place.to_string() })
    }

    /// The address that it asks by itself; none: the page's form knows it.
    pub(super) fn address(&self) -> Option<&Template> {
        match &self.act {
            Act::Click(..) => None,
            Act::Request(request) => Some(request.address()),
        }
    }

    /// The elements that it clicks, in order of preference; none: it is a request.
    pub(super) fn clicked(&self) -> &[Locator] {
        match &self.act {
            Act::Click(target, _) => target,
            Act::Request(_) => &[],
        }
    }

    /// The request that it sends; none: it clicks.
    pub(super) fn request(&self) -> Option<&Request> {
        match &self.act {
            Act::Click(..) => None,
            Act::Request(request) => Some(request),
        }
    }

    /// Whether it is a request, for a site without pages.
    pub fn is_request(&self) -> bool {
        matches!(self.act, Act::Request(_))
    }

    /// The fastest way in which the site allows it to be sent.
    pub fn send(&self) -> wire::Send {
        match &self.act {
            Act::Click(_, send) => *send,
            Act::Request(_) => wire::Send::Http,
        }
    }

    /// The fastest way in which the site allows its opening steps to be done. Left out, it is the way in which the commit may be
    /// sent, `form` read as `page`.
    pub fn opening(&self) -> wire::OpeningWay {
        match (&self.opening, self.send()) {
            (Some(way), _) => *way,
            (None, wire::Send::Form) => wire::OpeningWay::Page,
            (None, wire::Send::Fetch) => wire::OpeningWay::Fetch,
            (None, wire::Send::Http) => wire::OpeningWay::Http,
        }
    }

    /// Whether `opening` is written.
    pub(super) fn names_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// Whether a dialog that it opens is refused or given a text: a chain can do neither.
    pub(super) fn answers_a_dialog(&self) -> bool {
        self.dialog.as_ref().is_some_and(Dialog::is_more_than_ok)
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.place
    }
}
