//! The opening steps as a chain of requests over fetched documents: what is answered goes in, the next request comes out.
//!
//! A [`Chain`] is made of the rendered steps, the commit and the outcomes before it counts: selectors and expressions are
//! compiled then. At the instant each answer is parsed as a browser parses it, and the steps find, enter and press in the
//! document, until one leads to another document or the commit's form can be sent. What each step means here stands in
//! `docs/chains.md`; locators mean the same as in a page.
//!
//! What is absent: sending anything, cookies, redirects, and what the answer to the commit means. Scripts of the pages do not
//! run: where a step needs them the chain is left ([`Next::Leave`]), and nothing was committed.

mod act;
mod charset;
mod control;
mod find;
mod form;
mod holds;
mod load;
mod look;
mod next;
mod page;
mod program;
mod role;
mod steps;
mod text;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};

use super::wire;
use crate::model::Answer;
use act::At;
use holds::holds;
use look::{Condition, Target};
use page::Page;
use program::{Op, compile};
use steps::{Stuck, done_in};

pub use charset::decode;
pub use form::{Form, line_ends, urlencoded};
pub use next::{Ask, Leave, Next, Resume, Staged};
pub use page::Fetched;
pub use program::NotChainable;

/// A document of every kind of element, to have the parser and the locators in memory before they count.
const SAMPLE: &str = include_str!("sample.html");

/// The steps and the commit, and how far they are.
#[derive(Clone)]
pub struct Chain {
    code: Arc<[Op]>,
    outcomes: Arc<[(Answer, Condition)]>,
    commit: Commit,
    staged: Staged,
    at: usize,
    lines: u32,
    rounds: HashMap<usize, u32>,
    page: Option<Page>,
    loaded: Loaded,
    touched: bool,
    not_open: usize,
    waits: u32,
    waited: Duration,
    then: Option<Loaded>,
    coming: Coming,
    done: Vec<String>,
}

#[derive(Clone)]
struct Commit {
    what: What,
    asks: bool,
    place: String,
}

#[derive(Clone)]
enum What {
    Button(Target),
    Request(Box<wire::Request>),
}

/// How the document came that is there now, and where the program was then.
#[derive(Clone, Default)]
struct Loaded {
    from: Option<Ask>,
    /// Whether its address can be asked for again.
    again: bool,
    at: usize,
    rounds: HashMap<usize, u32>,
    /// The flow's step that is first done in it.
    step: Option<usize>,
    /// Whether a request was sent since.
    requested: bool,
}

/// What an answer will be.
#[derive(Clone)]
enum Coming {
    Nothing,
    Page(Box<Loaded>),
    /// The answer to a request step: it must satisfy this.
    Reply(String, Option<Condition>),
    /// Nothing more: the answer was not what its step expects.
    Misfit,
}

impl Chain {
    /// A chain of these steps, which begins with the staged page's address.
    ///
    /// # Errors
    /// The first thing that cannot be done without a live page. The first step of all must load a document.
    pub fn new(
        steps: &[wire::Step],
        commit: &wire::Commit,
        outcomes: &[wire::Outcome],
        staged: Staged,
    ) -> Result<Self, NotChainable> {
        if let Some(step) = steps.first().filter(|step| !loads_a_page(&step.verb)) {
            let why = "a chain begins with `reload` or `go`".to_owned();
            return Err(NotChainable { place: step.place.clone(), why });
        }
        Ok(Self {
            code: compile(steps)?.into(),
            outcomes: outcomes.iter().map(outcome).collect::<Result<_, _>>()?,
            commit: Commit::new(commit).map_err(|why| NotChainable { place: commit.place.clone(), why })?,
            staged,
            at: 0,
            lines: 0,
            rounds: HashMap::new(),
            page: None,
            loaded: Loaded::default(),
            touched: false,
            not_open: 0,
            waits: 0,
            waited: Duration::ZERO,
            then: None,
            coming: Coming::Nothing,
            done: Vec::new(),
        })
    }

    /// What is next. The first time it is known before the instant, for it depends on no answer.
    pub fn proceed(&mut self) -> Next {
        if let Some(loaded) = self.then.take() {
            return self.load(loaded);
        }
        self.advance().unwrap_or_else(|stuck| self.fail(stuck))
    }

    /// Takes the answer to the last [`Next::Fetch`].
    pub fn take(&mut self, fetched: &Fetched<'_>) {
        let before = self.page.as_ref().map(|page| page.charset);
        let before = before.or_else(|| Encoding::for_label(self.staged.charset.as_bytes())).unwrap_or(UTF_8);
        let read = Page::read(fetched, before);
        match std::mem::replace(&mut self.coming, Coming::Nothing) {
            Coming::Nothing | Coming::Misfit => {}
            Coming::Page(mut loaded) => {
                loaded.again = fetched.redirected || matches!(loaded.from, Some(Ask::Get { .. }));
                (self.page, self.loaded, self.touched) = (read, *loaded, false);
            }
            Coming::Reply(place, expect) => {
                let fits = expect.is_none_or(|expect| read.is_some_and(|reply| holds(&reply, &expect)));
                if fits {
                    self.pass(place);
                } else {
                    self.coming = Coming::Misfit;
                }
            }
        }
    }

    /// The places of the steps that were done since this was asked before.
    pub fn done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }

    /// Does everything once with a document of our own, so that nothing of it is met for the first time when it counts.
    pub fn warm_up(&self) {
        let (url, body) = (&self.staged.url, SAMPLE.as_bytes());
        let fetched = Fetched { url, redirected: false, status: 200, content_type: Some("text/html"), body };
        let Some(page) = Page::read(&fetched, UTF_8) else { return };
        for op in self.code.iter() {
            // What cannot be done in that document is of no interest.
            match op {
                Op::Do(step) => drop(done_in(&mut page.clone(), step)),
                Op::Unless { condition, .. } | Op::Loop { until: condition, .. } => drop(holds(&page, condition)),
                Op::Jump(_) => {}
            }
        }
        if let What::Button(click) = &self.commit.what {
            let _ = At { page: &mut page.clone(), asks: true }.commit(click);
        }
    }

    /// What becomes of a chain with a step that could not be done.
    fn fail(&mut self, stuck: Stuck) -> Next {
        let said = self.page.as_ref().and_then(|page| {
            self.outcomes.iter().find(|(_, condition)| holds(page, condition)).map(|(answer, _)| *answer)
        });
        match said {
            Some(Answer::NotOpen) => self.ask_again(),
            Some(
                refusal @ (Answer::Taken
                | Answer::Quota
                | Answer::LoginRefused
                | Answer::LoginExpired
                | Answer::Captcha
                | Answer::Price),
            ) => Next::Says(refusal),
            _ => {
                Next::Leave(Leave { place: stuck.place, verb: stuck.verb, reason: stuck.reason, resume: self.resume() })
            }
        }
    }

    fn resume(&self) -> Option<Resume> {
        let page = self.page.as_ref().filter(|_| self.loaded.again && !self.loaded.requested)?;
        Some(Resume { url: page.url.clone(), step: self.loaded.step? })
    }
}

impl Commit {
    fn new(commit: &wire::Commit) -> Result<Self, look::Reason> {
        let what = match &commit.request {
            Some(request) => What::Request(Box::new(request.clone())),
            None => What::Button(look::target(&commit.click)?),
        };
        Ok(Self { what, asks: program::asks(commit.dialog.as_ref())?, place: commit.place.clone() })
    }
}

fn outcome(outcome: &wire::Outcome) -> Result<(Answer, Condition), NotChainable> {
    let condition = look::condition(&outcome.when);
    let condition = condition.map_err(|why| NotChainable { place: outcome.place.clone(), why })?;
    Ok((Answer::parse(&outcome.is).unwrap_or(Answer::Unknown), condition))
}

/// Whether a step begins with a document of its own.
fn loads_a_page(verb: &wire::Verb) -> bool {
    matches!(verb, wire::Verb::Go(_) | wire::Verb::Reload)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn url(path: &str) -> Url {
        format!("https://club.example{path}").parse().expect("an address")
    }

    fn step(verb: wire::Verb) -> wire::Step {
        let place = format!("opening/10.toml:{}", crate::flow::page::word(&verb));
        wire::Step { verb, timeout_ms: 1000, optional: false, dialog: None, place, secret: false }
    }

    fn css(css: &str) -> wire::Target {
        let by = wire::By::Css(css.into());
        vec![wire::Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false }]
    }

    fn visible(of: &str) -> wire::Condition {
        wire::Condition::Visible(css(of))
    }

    fn commit() -> wire::Commit {
        let place = "commit.toml:1".to_owned();
        wire::Commit { click: css("#book"), send: wire::Send::Http, request: None, dialog: None, place }
    }

    fn made(verbs: Vec<wire::Verb>) -> Result<Chain, NotChainable> {
        let steps: Vec<wire::Step> = verbs.into_iter().map(step).collect();
        let staged = Staged { url: url("/day?on=9#x"), referrer: Some(url("/")), charset: "UTF-8".to_owned() };
        let said = wire::Outcome { is: "quota".into(), when: visible("#quota"), place: String::new() };
        Chain::new(&steps, &commit(), &[said], staged)
    }

    fn chain(verbs: Vec<wire::Verb>) -> Chain {
        made(verbs).expect("it can be chained")
    }

    fn answer(chain: &mut Chain, path: &str, html: &str) {
        let (url, body) = (url(path), html.as_bytes());
        chain.take(&Fetched { url: &url, redirected: false, status: 200, content_type: Some("text/html"), body });
    }

    fn get(path: &str, from: Option<&str>) -> Next {
        Next::Fetch(Ask::Get { url: url(path), from: from.map(url) })
    }

    fn left(next: Next) -> Leave {
        let Next::Leave(leave) = next else { panic!("{next:?}") };
        leave
    }

    const FORM: &str =
        "<form method=post action=/book><select name=d><option value=9></select><button id=book>Go</button></form>";

    #[test]
    fn the_first_request_is_known_before_and_bears_what_led_to_the_page() {
        assert_eq!(chain(vec![wire::Verb::Reload]).proceed(), get("/day?on=9", Some("/")));
        assert_eq!(chain(vec![wire::Verb::Go("night#y".into())]).proceed(), get("/night", Some("/day?on=9")));
    }

    #[test]
    fn steps_that_are_left_go_on_in_the_document_that_is_there() {
        let form = "<form method=post action=/cart><button>Add</button></form>";
        let mut chain = chain(vec![
            wire::Verb::Reload,
            wire::Verb::Click(css("button")),
            wire::Verb::Expect(visible("#basket")),
            wire::Verb::Click(css("#only-a-script-makes-it")),
        ]);
        chain.proceed();
        answer(&mut chain, "/day", form);
        assert!(matches!(chain.proceed(), Next::Fetch(Ask::Form(_))));
        let (cart, body) = (url("/basket"), b"<p id=basket>");
        let mut redirected = chain.clone();
        redirected.take(&Fetched { url: &cart, redirected: true, status: 200, content_type: None, body });
        let leave = left(redirected.proceed());
        assert_eq!(leave.place, "opening/10.toml:click");
        assert_eq!(leave.resume, Some(Resume { url: cart.clone(), step: 2 }));
        chain.take(&Fetched { url: &cart, redirected: false, status: 200, content_type: None, body });
        assert_eq!(left(chain.proceed()).resume, None, "what was posted is not posted again");
    }

    #[test]
    fn a_refusal_on_the_way_is_the_answer() {
        let mut chain = chain(vec![wire::Verb::Reload, wire::Verb::Click(css("button"))]);
        chain.proceed();
        answer(&mut chain, "/day", "<p id=quota>No more this week");
        assert_eq!(chain.proceed(), Next::Says(Answer::Quota));
    }

    #[test]
    fn the_commit_needs_its_button() {
        for html in
            ["<p>Closed", "<form><input required><button id=book>Go</button></form>", "<a id=book href=x>Go</a>"]
        {
            let mut chain = chain(vec![wire::Verb::Reload]);
            chain.proceed();
            answer(&mut chain, "/day", html);
            assert_eq!(left(chain.proceed()).verb, "commit", "{html}");
        }
        let mut chain = chain(vec![wire::Verb::Reload]);
        chain.proceed();
        answer(&mut chain, "/day", FORM);
        assert!(matches!(chain.proceed(), Next::Commit(Ask::Form(form)) if form.page == url("/day")));
    }

    #[test]
    fn a_loop_without_end_ends() {
        let next = || vec![step(wire::Verb::Click(css("a.next")))];
        let until = visible("#book");
        let mut chain = chain(vec![wire::Verb::Reload, wire::Verb::Repeat { until, at_most: 1, steps: next() }]);
        chain.proceed();
        answer(&mut chain, "/1", "<a class=next href=/2>Next</a>");
        assert_eq!(chain.proceed(), get("/2", Some("/1")));
        answer(&mut chain, "/2", "<a class=next href=/3>Next</a>");
        let leave = left(chain.proceed());
        assert_eq!((leave.verb, leave.resume), ("repeat", None), "nobody can begin in the middle of a loop");
    }

    #[test]
    fn a_request_between_must_be_answered_as_it_expects() {
        let request = wire::Request {
            method: "POST".into(),
            url: "/hold".into(),
            headers: Vec::new(),
            body: wire::Body::Empty,
            read: Vec::new(),
            expect: Some(wire::Condition::Json { pointer: "/held".into(), equals: Some("true".into()) }),
        };
        for (said, goes_on) in [(r#"{"held":true}"#, true), (r#"{"held":false}"#, false)] {
            let mut chain = chain(vec![wire::Verb::Reload, wire::Verb::Request(request.clone())]);
            chain.proceed();
            answer(&mut chain, "/day", FORM);
            let Next::Fetch(Ask::Request(sent)) = chain.proceed() else { panic!("a request") };
            assert_eq!(sent.url, "https://club.example/hold");
            answer(&mut chain, "/hold", said);
            let next = chain.proceed();
            assert_eq!(matches!(next, Next::Commit(_)), goes_on, "{next:?}");
            assert_eq!(matches!(next, Next::Leave(_)), !goes_on);
        }
    }

    #[test]
    fn what_needs_a_live_page_is_known_before() {
        let script = || wire::Verb::Script { body: "x".into(), into: None };
        assert!(made(vec![wire::Verb::Reload, script()]).is_err());
        let nested = wire::Verb::When { condition: visible("a"), steps: vec![step(script())] };
        let said = made(vec![wire::Verb::Reload, nested]).err().expect("a script is inside").to_string();
        assert_eq!(said, "opening/10.toml:script: `script` needs a live page");
        assert!(made(vec![wire::Verb::Click(css("a"))]).is_err(), "the page that stands there may change until then");
        assert!(made(vec![wire::Verb::Reload]).is_ok());
    }

    #[test]
    fn warming_up_changes_nothing() {
        let mut chain = chain(vec![wire::Verb::Reload, wire::Verb::Click(css("a"))]);
        chain.warm_up();
        assert_eq!(chain.proceed(), get("/day?on=9", Some("/")));
    }
}
