//! What the page is told: steps, locators and conditions with every template already rendered.
//!
//! These types are the border between the selector files and the one JavaScript program (`page.js`) that finds, waits and
//! acts, in staging and at the instant alike. They serialise to the JSON that the program reads.

use serde::{Deserialize, Serialize};

pub use crate::model::OpeningWay;

/// Ordered fallbacks: the first locator that finds its element wins.
pub type Target = Vec<Locator>;

/// How one element is found. Two matches are an error unless `first` or `nth` says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Locator {
    /// The way to look.
    pub by: By,
    /// Only inside this element.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Target,
    /// Only elements whose text holds this (normalised, any case).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_text: Option<String>,
    /// The n-th match, counted from 1; negative counts from the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<i32>,
    /// The first visible and enabled match.
    #[serde(default)]
    pub first: bool,
    /// Texts must be equal, not merely contained.
    #[serde(default)]
    pub exact: bool,
}

/// The ways to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A CSS selector.
    Css(String),
    /// An XPath expression.
    Xpath(String),
    /// The `id` attribute.
    Id(String),
    /// The `name` attribute.
    Name(String),
    /// The control of the label with this text (`for`, wrapping, `aria-label`, `aria-labelledby`).
    Label(String),
    /// An ARIA role, explicit or implied by the tag, and perhaps an accessible name.
    Role {
        /// `button`, `link`, `textbox`, …
        role: String,
        /// The accessible name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The innermost element with this text.
    Text(String),
    /// `data-testid`, `data-test-id` or `data-test`.
    TestId(String),
    /// The `title` attribute.
    Title(String),
    /// The `placeholder` attribute.
    Placeholder(String),
}

/// Something that holds or does not hold of a page or of an HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The target is there and visible.
    Visible(Target),
    /// No visible match is left.
    Gone(Target),
    /// The target is visible and enabled.
    Enabled(Target),
    /// The text is on the page, or inside the target (normalised, any case).
    Text {
        /// What to find.
        text: String,
        /// Where; empty: the whole page.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        within: Target,
    },
    /// The regular expression matches the page's text, or the target's.
    Matches {
        /// JavaScript syntax, flags `iu`.
        pattern: String,
        /// Where; empty: the whole page.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        within: Target,
    },
    /// The address: `*` stands for any characters.
    Url(String),
    /// The target matches this often.
    Count {
        /// What is counted (no strictness).
        of: Target,
        /// At least this many.
        min: u32,
        /// At most this many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// An attribute (or the property `value`) of the target.
    Attribute {
        /// Whose.
        of: Target,
        /// Which.
        name: String,
        /// The whole value, normalised.
        equals: String,
    },
    /// The HTTP status of the answer: 409, or 500 for a class when `class` is set. Holds only where a status is known.
    Status {
        /// The first status.
        from: u16,
        /// The last status.
        to: u16,
    },
    /// A value in a JSON answer.
    Json {
        /// RFC 6901 pointer.
        pointer: String,
        /// The value as text; none: it is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        equals: Option<String>,
    },
    /// Every one holds.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// One step, ready to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// What to do.
    pub verb: Verb,
    /// How long it may take, waits included.
    pub timeout_ms: u64,
    /// A target that is not there when its time is over skips the step.
    #[serde(default)]
    pub optional: bool,
    /// The answer to a native dialog that this step may open, declared before it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialog: Option<Dialog>,
    /// `file:line:column`, for messages.
    pub place: String,
    /// Whether a value in it is secret: it is then masked in logs and evidence.
    #[serde(default)]
    pub secret: bool,
}

/// The answer to a native dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialog {
    /// OK, with a text for a prompt.
    Accept(Option<String>),
    /// Cancel.
    Dismiss,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Opens an address.
    Go(String),
    /// Loads the page again.
    Reload,
    /// Clicks.
    Click(Target),
    /// Replaces the value of a control, with its events.
    Fill {
        /// Which control.
        target: Target,
        /// The new value.
        with: String,
    },
    /// Types with real keys.
    Type {
        /// Which control.
        target: Target,
        /// The keys.
        with: String,
    },
    /// Empties a control that can be edited.
    Clear(Target),
    /// Sets a hidden or read-only control by script, with its events.
    Set {
        /// Which control.
        target: Target,
        /// The new value.
        with: String,
    },
    /// Chooses options of a `<select>`.
    Select {
        /// Which control.
        target: Target,
        /// How the options are told apart.
        by: SelectBy,
        /// One option, or several for a multiple select.
        options: Vec<String>,
    },
    /// Ticks; does nothing when it is ticked.
    Check(Target),
    /// Unticks; does nothing when it is not ticked.
    Uncheck(Target),
    /// Presses a key (`Enter`, `Tab`, `Escape`, …) in the target or where the focus is.
    Press {
        /// The key's name in the UI Events specification.
        key: String,
        /// Where; empty: the focused element.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        target: Target,
    },
    /// Hands a file to a file control.
    Upload {
        /// Which control.
        target: Target,
        /// Its path: absolute, or relative to the process.
        file: String,
    },
    /// Submits the form that the target is or belongs to.
    Submit(Target),
    /// Goes into a frame; empty: back to the page.
    Frame(Target),
    /// Goes to the newest window, or back to the first one.
    Window(Window),
    /// Answers the native dialog that is open now.
    Dialog(Dialog),
    /// Waits until it holds.
    WaitFor(Condition),
    /// Fails unless it holds now.
    Expect(Condition),
    /// Reads a text or an attribute into a variable.
    Read {
        /// Of what.
        target: Target,
        /// Which attribute (or `value`); none: the text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attribute: Option<String>,
        /// Keeps the first group, or the whole match.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matches: Option<String>,
        /// The variable's name.
        into: String,
    },
    /// Reads a list into rows.
    Rows(Rows),
    /// Does the steps when the condition holds now.
    When {
        /// The condition.
        condition: Condition,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Does the steps until the condition holds, at most so often; fails when it never does.
    Repeat {
        /// The condition, asked before each round.
        until: Condition,
        /// Bound.
        at_most: u32,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Runs a function body in the page; its answer becomes a variable.
    Script {
        /// The body; `args[0]` holds the words without secrets.
        body: String,
        /// The variable's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        into: Option<String>,
    },
    /// An HTTP request with the session's cookies.
    Request(Request),
    /// Keeps a picture.
    Screenshot(String),
    /// Waits, bounded.
    Pause {
        /// Milliseconds.
        ms: u64,
    },
}

/// How options of a `<select>` are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelectBy {
    /// The `value` attribute.
    Value,
    /// The option's `label` or text, equal after normalising.
    Label,
    /// Part of the option's text.
    Text,
}

/// A window to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// The newest one.
    New,
    /// The one the session began with.
    Main,
}

/// A list on a page, or in a JSON answer: the site's own "my bookings".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rows {
    /// The rows: every match counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Target,
    /// Where the rows are in the last JSON answer (RFC 6901 pointer to an array), instead of `of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// What is read of each row, by name.
    pub columns: Vec<Column>,
    /// Must hold for the page to count as the list at all (a login page has no rows either).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_if: Option<Condition>,
}

/// One column of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Column {
    /// Its name (`date`, `reference`).
    pub name: String,
    /// Where in the row; empty: the row itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target: Target,
    /// Pointer within the row's JSON object, instead of `target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// Which attribute; none: the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Keeps the first group, or the whole match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// The row is ours only if the normalised text equals this (any case).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
}

/// An HTTP request of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Absolute address.
    pub url: String,
    /// Name and value.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Body,
    /// Variables taken from the JSON answer: name and RFC 6901 pointer.
    #[serde(default)]
    pub read: Vec<(String, String)>,
    /// Fails unless it holds of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Condition>,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// Nothing.
    Empty,
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// `application/json`, as text.
    Json(String),
}

/// The one irreversible step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Commit {
    /// The button that a person would press; its form is what is sent. Empty for a site without pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub click: Target,
    /// The fastest way in which the site allows it to be sent; each way allows the slower ones before it.
    pub send: Send,
    /// The request of a site without pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The answer to a native dialog that the click may open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialog: Option<Dialog>,
    /// `file:line:column`, for messages.
    pub place: String,
}

/// How the commit may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Send {
    /// As the form itself.
    Form,
    /// As a `fetch` of the form's fields from the page.
    Fetch,
    /// As a request of ours with the browser's session.
    Http,
}

/// One row of the outcome table: conditions are raced in order, the first that holds is the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// The answer's word (`model::Answer::as_str`).
    pub is: String,
    /// When.
    pub when: Condition,
    /// `file:line:column`, for messages.
    pub place: String,
}

/// How to tell that one is still logged in, without leaving the staged page: the answer to a request, judged as a page of
/// its own (a document that was fetched) or, for a site without pages, as an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoggedIn {
    /// Sent with the session's cookies.
    pub request: Request,
    /// Holds while one is logged in.
    pub when: Condition,
    /// `file:line:column`, for messages.
    pub place: String,
}

/// What steps have put into a page, to be compared before the commit is done there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kept {
    /// The document, where something in it was clicked: in another one that is not done. None: any will do.
    pub document: Option<String>,
    /// The controls that steps have set, but for secret ones.
    pub controls: Vec<KeptControl>,
}

/// A control and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeptControl {
    /// How it was found.
    pub target: Target,
    /// Its value, or whether it is ticked, as the page tells it.
    pub value: String,
}

/// What is installed in a page to act at an instant by itself (fire mode `armed`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Program {
    /// Unique per firing: a program acts once, whatever the page reloads.
    pub id: String,
    /// The instant, in milliseconds of the Unix epoch by this machine's clock.
    pub at_ms: f64,
    /// The opening steps.
    pub steps: Vec<Step>,
    /// How they are done: by page, or as a chain of fetches, which goes on by page where it cannot go.
    #[serde(default)]
    pub opening: OpeningWay,
    /// The commit.
    pub commit: Commit,
    /// What the page must still hold at the instant, where no opening steps stand before the commit.
    #[serde(default)]
    pub kept: Kept,
    /// The outcome table, raced after the commit.
    pub outcomes: Vec<Outcome>,
    /// How long the answer is waited for.
    pub answer_ms: u64,
}
