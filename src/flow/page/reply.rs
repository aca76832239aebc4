//! What the page answers.

use serde::{Deserialize, Serialize};

pub use crate::flow::rows::Row;

/// A form's fields in order, the pressed button's name and value included.
pub type Fields = Vec<(String, String)>;

/// An HTTP answer, as conditions look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The address after redirects.
    pub url: String,
    /// The body, bounded.
    pub text: String,
}

/// A text that the window shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shown {
    /// The text.
    pub text: String,
    /// Whether the next one may go on where it ends, as pieces of a paragraph do.
    pub flows: bool,
}

/// Why the page could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Problem {
    /// The kind's word.
    pub kind: String,
    /// A small-letter fragment.
    pub reason: String,
}

/// Where one try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriedState {
    /// It is done.
    Done,
    /// The driver's hands can do it now, on the element that came along.
    Ready,
    /// Not yet: ask again.
    Wait,
    /// Asking again is useless.
    Fail,
}

/// One try of a step or call; which fields are filled depends on what was asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tried {
    /// Where it ended.
    pub state: TriedState,
    /// The kind's word, when it is not done.
    pub kind: Option<String>,
    /// A small-letter fragment, when it is not done.
    pub reason: Option<String>,
    /// Which locator of the target hit, from 0.
    pub hit: Option<usize>,
    /// A WebDriver element reference.
    pub element: Option<serde_json::Value>,
    /// What a read step read.
    pub value: Option<String>,
    /// What a request step read.
    #[serde(default)]
    pub values: Vec<(String, String)>,
    /// What a rows step read.
    pub rows: Option<Vec<Row>>,
    /// What a request was answered.
    pub reply: Option<Reply>,
    /// Whether the condition of a look behind the page's back holds.
    pub holds: Option<bool>,
    /// When the commit began to act, in milliseconds of the Unix epoch.
    pub fired_at_ms: Option<f64>,
    /// When the browser had taken the commit over.
    pub sent_at_ms: Option<f64>,
}

/// What was found for a target.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Found {
    /// A WebDriver element reference.
    pub element: Option<serde_json::Value>,
    /// How many elements the locator matched.
    pub count: usize,
    /// Which locator hit, from 0.
    pub hit: Option<usize>,
    /// The kind's word, when there is no element.
    pub kind: Option<String>,
    /// Why there is no element.
    pub reason: Option<String>,
}

/// The document that is there now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct State {
    /// Its address.
    pub url: String,
    /// Differs for each document.
    pub document: String,
    /// Whether a navigation away from it has begun.
    pub leaving: bool,
    /// Whether it is still being read.
    pub loading: bool,
    /// Whether it is the browser's own page about a failed load.
    pub error_page: bool,
}

/// The request that the commit's button would make.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Prepared {
    /// `GET` or `POST`.
    pub method: String,
    /// Absolute address, without the fields of a `GET` form.
    pub action: String,
    /// The form's encoding.
    pub enctype: String,
    /// The fields, in order.
    pub fields: Fields,
    /// The page's character set, in which the browser would encode the fields.
    pub charset: String,
    /// The page's address without its fragment.
    pub referer: String,
    /// The page's origin.
    pub origin: String,
    /// The browser's `User-Agent`.
    pub user_agent: String,
    /// The browser's languages, preferred first.
    pub languages: Vec<String>,
    /// Which locator of the button hit.
    pub hit: Option<usize>,
}

/// How a race after a commit stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RaceAnswer {
    /// `wait` while nothing is known.
    pub state: TriedState,
    /// The outcome that holds; none with state `done`: the answer fits no outcome.
    pub answer: Option<Answered>,
    /// The answer of a commit that was sent as a request.
    pub reply: Option<Reply>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// When the answer was there.
    pub answered_at_ms: Option<f64>,
}

/// The outcome that held first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answered {
    /// The answer's word (`model::Answer::as_str`).
    pub is: String,
    /// `file:line:column` of its row.
    pub place: Option<String>,
}

/// How far an armed program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It waits for its instant.
    Armed,
    /// It does its opening steps.
    Opening,
    /// It has done the commit and waits for the answer.
    Committed,
    /// It has an answer (perhaps `unknown`).
    Answered,
    /// A step or the commit could not be done; nothing was submitted.
    Failed,
    /// It was called off before it fired.
    Disarmed,
}

/// A step that an armed program did.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ran {
    /// `file:line:column`.
    pub place: String,
    /// Which locator hit.
    pub hit: Option<usize>,
    /// Milliseconds.
    pub took_ms: f64,
}

/// Why an armed program gave up before its commit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GaveUp {
    /// `file:line:column`.
    pub place: String,
    /// The verb's word, or `commit`.
    pub verb: String,
    /// The kind's word.
    pub kind: String,
    /// A small-letter fragment.
    pub reason: String,
}

/// What an armed program tells. Instants are milliseconds of the Unix epoch by this machine's clock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// How far it is.
    pub phase: Phase,
    /// When it woke.
    pub woke_at_ms: Option<f64>,
    /// When it did the commit. Some: a submit may have happened.
    pub fired_at_ms: Option<f64>,
    /// When the browser had taken the commit over.
    pub sent_at_ms: Option<f64>,
    /// When the answer was known.
    pub answered_at_ms: Option<f64>,
    /// The answer; with [`Phase::Failed`] what the site says instead, of a commit that was not done.
    pub answer: Option<Answered>,
    /// The answer of a commit that was sent as a request.
    pub reply: Option<Reply>,
    /// Why the answer is unknown.
    pub error: Option<String>,
    /// Which locator of the commit's button hit.
    pub hit: Option<usize>,
    /// The opening steps that were done.
    #[serde(default)]
    pub steps: Vec<Ran>,
    /// The texts of dialogs that were answered.
    #[serde(default)]
    pub dialogs: Vec<String>,
    /// Why it gave up.
    pub failure: Option<GaveUp>,
    /// Why it left its chain and went on by page.
    pub left: Option<GaveUp>,
}

impl Report {
    /// Whether the program will do nothing any more.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Answered | Phase::Failed | Phase::Disarmed)
    }
}
