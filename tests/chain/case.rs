//! One case: `fixtures/chain/README.md` says what each key means.

use std::collections::BTreeMap;

use firstserve::flow::page::word;
use firstserve::flow::wire::{Commit, Outcome, Send, Step, Verb};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const FOLDER: &str = "fixtures/chain";

/// How a case ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ends {
    /// With this answer to the commit.
    Answer(String),
    /// With this word of the site, before the commit.
    Says(String),
    /// The chain was left, for a reason that holds this.
    ByPage(String),
}

/// One answer of the site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    #[serde(default = "fine")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) body: String,
    /// Milliseconds until it comes.
    #[serde(default)]
    pub(crate) delay: u64,
    /// `Content-Type`.
    #[serde(default = "html")]
    pub(crate) kind: String,
}

/// The answers by method and address: one after the other, the last for ever.
pub(crate) type Routes = BTreeMap<String, Vec<Answer>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    what: String,
    page: String,
    steps: Vec<Value>,
    commit: Value,
    #[serde(default)]
    outcomes: Vec<(String, Value)>,
    site: Routes,
    requests: Vec<String>,
    #[serde(default)]
    known: bool,
    ends: Ends,
}

/// A case, ready to be run.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The file's name, and the case in words.
    pub(crate) name: String,
    pub(crate) page: String,
    pub(crate) steps: Vec<Step>,
    commit: Value,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) site: Routes,
    /// `METHOD ADDRESS BODY`, the body left out where there is none.
    pub(crate) requests: Vec<String>,
    pub(crate) known: bool,
    pub(crate) ends: Ends,
}

fn fine() -> u16 {
    200
}

fn html() -> String {
    "text/html; charset=utf-8".to_owned()
}

impl Answer {
    /// A page with status 200.
    pub(crate) fn page(body: &str) -> Self {
        Self { status: fine(), location: None, body: body.to_owned(), delay: 0, kind: html() }
    }
}

impl Case {
    /// All of them, in the order of their names.
    pub(crate) fn all() -> Vec<Self> {
        let entries = std::fs::read_dir(FOLDER).expect("the folder is there");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths.sort();
        paths.iter().map(|path| Self::read(&path.display().to_string())).collect()
    }

    fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let written: Written = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let outcomes = if written.outcomes.is_empty() { usual_outcomes() } else { written.outcomes };
        Self {
            name: format!("{path}: {}", written.what),
            page: written.page,
            steps: written.steps.into_iter().map(|step| from(path, completed(step))).collect(),
            commit: written.commit,
            outcomes: outcomes
                .into_iter()
                .map(|(is, when)| from(path, json!({ "is": is, "when": when, "place": format!("outcomes.toml:{is}") })))
                .collect(),
            site: written.site,
            requests: written.requests,
            known: written.known,
            ends: written.ends,
        }
    }

    /// The commit, sent in that way.
    pub(crate) fn commit(&self, send: Send) -> Commit {
        let mut commit = self.commit.clone();
        commit["send"] = json!(send);
        commit["place"] = json!("commit.toml:1:1");
        from(&self.name, commit)
    }

    /// The words of its steps, inner ones too.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        words(&self.steps)
    }
}

fn words(steps: &[Step]) -> Vec<&'static str> {
    let inner = |step: &Step| match &step.verb {
        Verb::When { steps, .. } | Verb::Repeat { steps, .. } => words(steps),
        _ => Vec::new(),
    };
    steps.iter().flat_map(|step| [vec![word(&step.verb)], inner(step)].concat()).collect()
}

fn usual_outcomes() -> Vec<(String, Value)> {
    let text = |text: &str| json!({ "text": { "text": text } });
    vec![("confirmed".to_owned(), text("Reserva confirmada")), ("taken".to_owned(), text("ya está reservada"))]
}

/// With what every step needs, inner ones too.
fn completed(mut step: Value) -> Value {
    step["timeout-ms"] = json!(3000);
    step["place"] = json!("opening/10-steps.toml:1:1");
    for verb in ["when", "repeat"] {
        if let Some(steps) = step["verb"].get_mut(verb).and_then(|verb| verb["steps"].as_array_mut()) {
            for inner in steps {
                *inner = completed(inner.take());
            }
        }
    }
    step
}

fn from<T: DeserializeOwned>(place: &str, value: Value) -> T {
    let text = value.to_string();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{place}: {error}: {text}"))
}
