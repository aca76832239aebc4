//! The one JavaScript program, and the calls that are made into it.
//!
//! The same program finds, waits and acts while staging (through WebDriver) and at the instant (installed in the page), so a
//! locator means the same everywhere. Its parts stand in `page/*.js` in reading order. Here are only texts: who sends them to
//! a browser is `browser::stage` and the trigger.

mod reply;

use serde::Serialize;
use serde_json::{Value, json};

use super::wire::{Body, Commit, Condition, Kept, Outcome, Program, Rows, Step, Target, Verb};

pub use reply::{
    Answered, Fields, Found, GaveUp, Phase, Prepared, Problem, RaceAnswer, Ran, Reply, Report, Row, Shown, State,
    Tried, TriedState,
};

/// The program. Running it defines `window.__firstserve` (once: a second run changes nothing).
pub const PAGE_JS: &str = concat!(
    "(() => {\n'use strict';\nif (window.__firstserve) return;\n\n",
    include_str!("page/text.js"),
    include_str!("page/role.js"),
    include_str!("page/find.js"),
    include_str!("page/ready.js"),
    include_str!("page/act.js"),
    include_str!("page/condition.js"),
    include_str!("page/before.js"),
    include_str!("page/kept.js"),
    include_str!("page/form.js"),
    include_str!("page/clock.js"),
    include_str!("page/commit.js"),
    include_str!("page/chain.js"),
    include_str!("page/armed.js"),
    include_str!("page/chaining.js"),
    include_str!("page/warm.js"),
    include_str!("page/cover.js"),
    include_str!("page/main.js"),
    "})();\n",
);

/// A call into the program: `{"value": …}` or `{"problem": {…}}` comes back, or `{"missing": true}` where the document does not
/// have the program yet ([`PAGE_JS`] is then run and the call repeated).
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The body of a function; it takes [`Call::args`].
    pub script: String,
    /// JSON values.
    pub args: Vec<Value>,
}

impl Call {
    fn new(name: &str, args: Value) -> Self {
        Self { script: CALL.to_owned(), args: vec![json!(name), args] }
    }
}

const CALL: &str =
    "const page = window.__firstserve; return page ? page.call(arguments[0], arguments[1]) : { missing: true };";

/// One try of a step, with real keys and a real pointer at hand. `ticket` tells one run of a step from the next, `reply` is
/// the last answer of a request step. Comes back as [`Tried`].
pub fn act(step: &Step, ticket: &str, reply: Option<&Reply>) -> Call {
    Call::new("act", json!([step, { "real": true, "ticket": ticket, "reply": reply }]))
}

/// Looks for a target. Comes back as [`Found`].
pub fn locate(target: &Target, visible: bool) -> Call {
    Call::new("locate", json!([target, if visible { "visible" } else { "there" }]))
}

/// Whether the commit could be done now; nothing is sent. Comes back as [`Tried`], `ready` with the button.
pub fn ready(commit: &Commit) -> Call {
    Call::new("ready", json!([commit, { "real": true }]))
}

/// What the commit's button would send. Comes back as [`Tried`] with [`Prepared`] in it.
pub fn prepared(commit: &Commit) -> Call {
    Call::new("prepared", json!([commit]))
}

/// The commit at once (fire mode `script`), held in the page until `at_ms` and never done before it; refused (`early`) when
/// that is more than 60 ms away, and where the page no longer holds what was kept (`changed`). What holds of the outcomes until
/// then is no answer to it. Comes back as [`Tried`] with `fired-at-ms` and `sent-at-ms`.
pub fn fire(commit: &Commit, outcomes: &[Outcome], kept: &Kept, at_ms: f64) -> Call {
    Call::new("fire", json!([commit, outcomes, kept, at_ms]))
}

/// The last look before the commit: notes which outcomes hold (what stands there unchanged is no answer to it), and fails
/// (`changed`) where the page no longer holds what was kept. Comes back as [`Tried`].
pub fn look(outcomes: &[Outcome], kept: &Kept) -> Call {
    Call::new("look", json!([outcomes, kept]))
}

/// What the steps have put into the document that is there. Comes back as [`Kept`].
pub fn remember() -> Call {
    Call::new("remember", json!([]))
}

/// Why the page no longer holds what was kept. Comes back as text, or null while it does.
pub fn changed(kept: &Kept) -> Call {
    Call::new("changed", json!([kept]))
}

/// The race after a commit that was sent from this page by any way. Comes back as [`Tried`] with a [`RaceAnswer`] in it.
pub fn race(outcomes: &[Outcome]) -> Call {
    Call::new("raceCommit", json!([outcomes]))
}

/// Gives up a page that is on its way and does not come.
pub fn stop_loading() -> Call {
    Call::new("stopLoading", json!([]))
}

/// Whether a condition holds of the page, or of an answer. Comes back as `{"holds": bool, "tells": text}`.
pub fn holds(condition: &Condition, reply: Option<&Reply>) -> Call {
    Call::new("holds", json!([condition, reply]))
}

/// The first outcome that holds of a fetched answer, or null.
pub fn race_reply(outcomes: &[Outcome], reply: &Reply) -> Call {
    Call::new("race", json!([outcomes, reply]))
}

/// The first outcome that holds of the page itself, or null.
pub fn race_page(outcomes: &[Outcome]) -> Call {
    Call::new("race", json!([outcomes, null]))
}

/// Reads rows of the page, or of an answer. Comes back as a list of [`Row`].
pub fn rows(rows: &Rows, reply: Option<&Reply>) -> Call {
    Call::new("rows", json!([rows, reply]))
}

/// One look at a request behind the page's back. Comes back as [`Tried`] with `holds` in it.
pub fn fetched(url: &str, condition: &Condition, ticket: &str) -> Call {
    Call::new("fetched", json!([url, condition, ticket]))
}

/// What the clock shows by which programs in the page wait, in milliseconds of the Unix epoch.
pub fn now() -> Call {
    Call::new("now", json!([]))
}

/// What the document is doing. Comes back as [`State`].
pub fn state() -> Call {
    Call::new("state", json!([]))
}

/// The same after the tasks that stand in the page's queue: browsers submit forms and follow links in tasks of their own.
pub fn state_in_a_moment() -> Call {
    let script = format!(
        "const args = arguments; const look = function () {{ {CALL} }};
        return new Promise(done => setTimeout(() => setTimeout(() => done(look(...args)), 1), 1));"
    );
    Call { script, ..state() }
}

/// Hides what secret controls show, or shows it again.
pub fn conceal(on: bool) -> Call {
    Call::new("conceal", json!([on]))
}

/// Every text that the window shows. Comes back as a list of [`Shown`].
pub fn shown() -> Call {
    Call::new("shown", json!([]))
}

/// Puts other texts into places of the last [`shown`], as (place, what stands there, what shall), and hides what cannot be
/// looked into; [`uncover`] puts everything back.
pub fn cover(changes: &[(usize, &str, String)]) -> Call {
    Call::new("cover", json!([changes]))
}

/// Puts back what [`cover`] has changed.
pub fn uncover() -> Call {
    Call::new("uncover", json!([]))
}

/// The page's source with passwords and tokens masked.
pub fn source() -> Call {
    Call::new("source", json!([]))
}

/// Installs an armed program in the document that is there now. Comes back as `{"armed": bool}` or `{"refused": reason}`.
pub fn arm(program: &Program, words: &Value) -> Call {
    let script = format!(
        "const page = window.__firstserve; return page ? page.call('arm', [arguments[0], {}, arguments[1]]) : {{ missing: true }};",
        scripts(&program.steps)
    );
    Call { script, args: vec![json!(program), words.clone()] }
}

/// The preload script (a function declaration) that lets an armed program go on in every later document.
pub fn preload(program: &Program, words: &Value) -> String {
    let (told, scripts) = (embedded(program), scripts(&program.steps));
    format!("() => {{ {PAGE_JS}\nwindow.__firstserve.resume({told}, {scripts}, {}); }}", embedded(words))
}

/// How far an armed program is. Comes back as [`Report`], or null where this document cannot know (another origin, an error page).
pub fn report(id: &str) -> Call {
    Call::new("report", json!([id]))
}

/// Stops an armed program that has not fired. Comes back as its [`Report`], or null.
pub fn disarm(id: &str) -> Call {
    Call::new("disarm", json!([id]))
}

/// A step that only a driver can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedsDriver {
    /// `file:line:column`.
    pub place: String,
    /// The verb's word.
    pub verb: &'static str,
}

/// The opening steps of a program that cannot be done in a page by itself (real keys, files, frames, windows, pictures); empty:
/// the program can be armed.
pub fn needs_driver(steps: &[Step]) -> Vec<NeedsDriver> {
    let mut needs = Vec::new();
    for step in steps {
        match &step.verb {
            Verb::When { steps, .. } | Verb::Repeat { steps, .. } => needs.extend(needs_driver(steps)),
            Verb::Type { .. }
            | Verb::Press { .. }
            | Verb::Upload { .. }
            | Verb::Frame(_)
            | Verb::Window(_)
            | Verb::Dialog(_)
            | Verb::Screenshot(_) => needs.push(NeedsDriver { place: step.place.clone(), verb: word(&step.verb) }),
            _ => {}
        }
    }
    needs
}

/// The verb's word in selector files.
pub fn word(verb: &Verb) -> &'static str {
    match verb {
        Verb::Go(_) => "go",
        Verb::Reload => "reload",
        Verb::Click(_) => "click",
        Verb::Fill { .. } => "fill",
        Verb::Type { .. } => "type",
        Verb::Clear(_) => "clear",
        Verb::Set { .. } => "set",
        Verb::Select { .. } => "select",
        Verb::Check(_) => "check",
        Verb::Uncheck(_) => "uncheck",
        Verb::Press { .. } => "press",
        Verb::Upload { .. } => "upload",
        Verb::Submit(_) => "submit",
        Verb::Frame(_) => "frame",
        Verb::Window(_) => "window",
        Verb::Dialog(_) => "dialog",
        Verb::WaitFor(_) => "wait-for",
        Verb::Expect(_) => "expect",
        Verb::Read { .. } => "read",
        Verb::Rows(_) => "rows",
        Verb::When { .. } => "when",
        Verb::Repeat { .. } => "repeat",
        Verb::Script { .. } => "script",
        Verb::Request(_) => "request",
        Verb::Screenshot(_) => "screenshot",
        Verb::Pause { .. } => "pause",
    }
}

/// Whether doing it may open a native dialog, so that only its own declaration counts.
pub fn may_open_dialog(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Go(_)
            | Verb::Reload
            | Verb::Click(_)
            | Verb::Submit(_)
            | Verb::Check(_)
            | Verb::Uncheck(_)
            | Verb::Press { .. }
            | Verb::Script { .. }
    )
}

/// What a step types, chooses or sends: the texts that must be masked when the step is secret.
pub fn texts_of(verb: &Verb) -> Vec<&str> {
    match verb {
        Verb::Fill { with, .. } | Verb::Type { with, .. } | Verb::Set { with, .. } => vec![with],
        Verb::Select { options, .. } => options.iter().map(String::as_str).collect(),
        Verb::Request(request) => {
            let headers = request.headers.iter().map(|(_, value)| value.as_str());
            headers.chain(body_texts(&request.body)).collect()
        }
        _ => Vec::new(),
    }
}

fn body_texts(body: &Body) -> Vec<&str> {
    match body {
        Body::Empty => Vec::new(),
        Body::Form(fields) => fields.iter().map(|(_, value)| value.as_str()).collect(),
        Body::Json(text) => vec![text],
    }
}

/// The bodies of script steps as functions, in the order in which the program meets them: a page's content policy may forbid
/// making functions of texts.
fn scripts(steps: &[Step]) -> String {
    format!("[{}]", bodies(steps).into_iter().map(function).collect::<Vec<_>>().join(", "))
}

/// A script step's body as a function expression whose `args` are its arguments.
pub fn function(body: &str) -> String {
    format!("function () {{ const args = arguments;\n{body}\n}}")
}

fn bodies(steps: &[Step]) -> Vec<&str> {
    let mut found = Vec::new();
    for step in steps {
        match &step.verb {
            Verb::Script { body, .. } => found.push(body.as_str()),
            Verb::When { steps, .. } | Verb::Repeat { steps, .. } => found.extend(bodies(steps)),
            _ => {}
        }
    }
    found
}

/// JSON is JavaScript; `<` is escaped for the sake of whoever embeds the script in markup.
fn embedded(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data can be written as JSON").replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(verb: Verb) -> Step {
        Step { verb, timeout_ms: 1000, optional: false, dialog: None, place: "a.toml:1:1".into(), secret: false }
    }

    fn script(body: &str) -> Step {
        step(Verb::Script { body: body.into(), into: None })
    }

    #[test]
    fn nested_scripts_are_embedded_in_the_order_of_the_steps() {
        let nested = step(Verb::Repeat {
            until: Condition::Url("*".into()),
            at_most: 2,
            steps: vec![script("second"), step(Verb::Pause { ms: 1 })],
        });
        assert_eq!(bodies(&[script("first"), nested, script("third")]), ["first", "second", "third"]);
    }

    #[test]
    fn steps_for_hands_are_named_with_their_places() {
        let keys = step(Verb::Press { key: "Enter".into(), target: Vec::new() });
        let nested = step(Verb::When { condition: Condition::Url("*".into()), steps: vec![keys] });
        let needs = needs_driver(&[step(Verb::Reload), nested]);
        assert_eq!(needs, [NeedsDriver { place: "a.toml:1:1".into(), verb: "press" }]);
    }

    #[test]
    fn an_embedded_text_cannot_end_a_script_element() {
        assert_eq!(embedded(&json!("</script>")), "\"\\u003c/script>\"");
    }

    #[test]
    fn the_word_is_the_wire_name() {
        for verb in
            [Verb::Reload, Verb::Go("x".into()), Verb::WaitFor(Condition::Url("x".into())), Verb::Pause { ms: 1 }]
        {
            let wire = json!(verb);
            let key = wire.as_str().or_else(|| wire.as_object()?.keys().next().map(String::as_str));
            assert_eq!(key, Some(word(&verb)));
        }
    }
}
