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
mod look;
mod page;
mod program;
mod role;
mod text;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use url::Url;

use super::wire;
use crate::model::Answer;
use act::{At, Did, Trouble, without_fragment};
use holds::holds;
use look::{Condition, Target};
use page::Page;
use program::{Act, Op, Step, compile};

pub use charset::decode;
pub use form::{Form, line_ends, urlencoded};
pub use page::Fetched;
pub use program::NotChainable;

/// When a document that came too early is asked for again.
const NOT_OPEN: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(800)];

/// How often a document is asked for again that a step waits for.
const MOST_WAITS: u32 = 10;

/// The first of these waits; each is twice the one before it, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest of these waits.
const LONGEST_WAIT: Duration = Duration::from_millis(1_600);

/// More lines than any chain has use for, rounds of loops counted.
const MOST_LINES: u32 = 10_000;

/// A document of every kind of element, to have the parser and the locators in memory before they count.
const SAMPLE: &str = include_str!("sample.html");

/// A document could not be read, or there was none.
const NO_PAGE: &str = "there is no document that could be read";

/// What the chain wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A page.
    Get {
        /// Its address.
        url: Url,
        /// The page that led to it; none where no page did.
        from: Option<Url>,
    },
    /// A form, which leads to another page.
    Form(Form),
    /// A request behind the page's back.
    Request(Box<wire::Request>),
}

/// What is next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Send this, and give the answer to [`Chain::take`].
    Fetch(Ask),
    /// Wait so long, and ask again.
    Pause(Duration),
    /// Everything is done but this, which needs a permit.
    Commit(Ask),
    /// The site says one of its outcomes on the way. Nothing was committed.
    Says(Answer),
    /// It cannot go on without a live page. Nothing was committed.
    Leave(Leave),
}

/// Why a chain is left, and how its steps can go on in a live page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {verb}: {reason}")]
pub struct Leave {
    /// `file:line:column` of the step.
    pub place: String,
    /// The verb's word, or `commit`.
    pub verb: &'static str,
    /// A small-letter fragment; no value that was entered.
    pub reason: String,
    /// Where the steps can go on; none: they must begin anew.
    pub resume: Option<Resume>,
}

/// A document that a browser can open, and what is to be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The document's address.
    pub url: Url,
    /// The first of the steps that is done there, counted from 0.
    pub step: usize,
}

/// The page on which everything was staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its address.
    pub url: Url,
    /// What led to it, as the page says (`document.referrer`).
    pub referrer: Option<Url>,
    /// Its character set (`document.characterSet`).
    pub charset: String,
}

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

    fn advance(&mut self) -> Result<Next, Stuck> {
        let code = Arc::clone(&self.code);
        while let Some(op) = code.get(self.at) {
            self.lines += 1;
            if self.lines > MOST_LINES {
                return Err(Stuck::at(&self.commit.place, "repeat", format!("more than {MOST_LINES} steps")));
            }
            match op {
                Op::Jump(to) => self.at = *to,
                Op::Unless { condition, to, place } => {
                    self.at = if self.holds(condition, place, "when")? { self.at + 1 } else { *to };
                }
                Op::Loop { until, most, to, place } => self.round(until, *most, *to, place)?,
                Op::Do(step) => {
                    if let Some(next) = self.step(step)? {
                        return Ok(next);
                    }
                }
            }
        }
        self.commit()
    }

    fn holds(&self, condition: &Condition, place: &str, verb: &'static str) -> Result<bool, Stuck> {
        let page = self.page.as_ref().ok_or_else(|| Stuck::at(place, verb, NO_PAGE))?;
        Ok(holds(page, condition))
    }

    fn round(&mut self, until: &Condition, most: u32, to: usize, place: &str) -> Result<(), Stuck> {
        let over = self.holds(until, place, "repeat")?;
        let rounds = self.rounds.entry(self.at).or_default();
        if over {
            *rounds = 0;
            self.at = to;
            return Ok(());
        }
        if *rounds >= most {
            let reason = format!("after {most} rounds its condition does not hold");
            return Err(Stuck::at(place, "repeat", reason));
        }
        *rounds += 1;
        self.at += 1;
        Ok(())
    }

    /// Does a step; something is next where it leads out of the document.
    fn step(&mut self, step: &Step) -> Result<Option<Next>, Stuck> {
        let stuck = |reason: String| Stuck::at(&step.place, step.verb, reason);
        let did = match &step.act {
            Act::Go(address) => self.go(address).map_err(stuck)?,
            Act::Reload => Did::Leaves(Box::new(self.reload().map_err(stuck)?)),
            Act::Pause(ms) => {
                self.pass(step.place.clone());
                return Ok(Some(Next::Pause(Duration::from_millis(*ms))));
            }
            Act::WaitFor(condition) if !self.holds(condition, &step.place, step.verb)? => {
                return self.wait(step).map(Some);
            }
            Act::Request { request, expect } => return self.request(step, request, expect.clone()).map(Some),
            _ => {
                let page = self.page.as_mut().ok_or_else(|| stuck(NO_PAGE.to_owned()))?;
                match done_in(page, step) {
                    Ok(did) => did,
                    Err(trouble) if step.optional && trouble.absent => Did::Stays,
                    Err(trouble) => return Err(stuck(trouble.reason)),
                }
            }
        };
        self.touched |= step.act.enters();
        self.pass(step.place.clone());
        let Did::Leaves(ask) = did else { return Ok(None) };
        let step = step.number.map(|number| number + 1);
        let loaded = Loaded { from: Some(*ask), at: self.at, rounds: self.rounds.clone(), step, ..Loaded::default() };
        Ok(Some(self.load(loaded)))
    }

    fn load(&mut self, loaded: Loaded) -> Next {
        let ask = loaded.from.clone().expect("only what was asked for is loaded");
        self.coming = Coming::Page(Box::new(loaded));
        Next::Fetch(ask)
    }

    fn pass(&mut self, place: String) {
        self.done.push(place);
        self.at += 1;
        (self.waits, self.waited) = (0, Duration::ZERO);
    }

    fn go(&self, address: &str) -> Result<Did, String> {
        let url = self.url().join(address).map_err(|error| error.to_string())?;
        if url.origin() != self.staged.url.origin() {
            return Err(format!("{} is on another origin", url.origin().ascii_serialization()));
        }
        match &self.page {
            Some(page) => act::go(page, url).map_err(|trouble| trouble.reason),
            None => Ok(Did::Leaves(Box::new(Ask::Get {
                url: without_fragment(&url),
                from: Some(without_fragment(&self.staged.url)),
            }))),
        }
    }

    fn reload(&self) -> Result<Ask, String> {
        let from = match &self.page {
            None => self.staged.referrer.clone(),
            Some(_) if !self.loaded.again => return Err("the answer to a form cannot be loaded again".to_owned()),
            Some(_) => self.led_by(),
        };
        Ok(Ask::Get { url: without_fragment(self.url()), from })
    }

    /// The page that led to the one that is there now.
    fn led_by(&self) -> Option<Url> {
        match &self.loaded.from {
            Some(Ask::Get { from, .. }) => from.clone(),
            Some(Ask::Form(form)) => Some(form.page.clone()),
            _ => None,
        }
    }

    fn url(&self) -> &Url {
        self.page.as_ref().map_or(&self.staged.url, |page| &page.url)
    }

    /// Asks for the document again a little later: it does not change by itself. What was entered would be lost.
    fn wait(&mut self, step: &Step) -> Result<Next, Stuck> {
        let wait = FIRST_WAIT.saturating_mul(1 << self.waits.min(8)).min(LONGEST_WAIT);
        let over = self.waits >= MOST_WAITS || self.waited + wait > step.timeout;
        if over || self.touched || !self.loaded.again {
            return Err(Stuck::at(&step.place, step.verb, "what it waits for does not hold of the document"));
        }
        self.waits += 1;
        self.waited += wait;
        let from = Some(Ask::Get { url: without_fragment(self.url()), from: self.led_by() });
        let (at, rounds, step) = (self.at, self.rounds.clone(), step.number);
        self.then = Some(Loaded { from, at, rounds, step, ..Loaded::default() });
        Ok(Next::Pause(wait))
    }

    fn request(&mut self, step: &Step, request: &wire::Request, expect: Option<Condition>) -> Result<Next, Stuck> {
        if matches!(self.coming, Coming::Misfit) {
            return Err(Stuck::at(&step.place, step.verb, "its answer is not what it expects"));
        }
        let stuck = |reason: String| Stuck::at(&step.place, step.verb, reason);
        let url = self.url().join(&request.url).map_err(|error| stuck(error.to_string()))?;
        self.coming = Coming::Reply(step.place.clone(), expect);
        self.loaded.requested = true;
        Ok(Next::Fetch(Ask::Request(Box::new(wire::Request { url: url.into(), ..request.clone() }))))
    }

    fn commit(&mut self) -> Result<Next, Stuck> {
        match &self.commit.what {
            What::Request(request) => Ok(Next::Commit(Ask::Request(request.clone()))),
            What::Button(click) => {
                let stuck = |reason: String| Stuck::at(&self.commit.place, "commit", reason);
                let page = self.page.as_mut().ok_or_else(|| stuck(NO_PAGE.to_owned()))?;
                let form = At { page, asks: self.commit.asks }.commit(click);
                Ok(Next::Commit(Ask::Form(form.map_err(|trouble| stuck(trouble.reason))?)))
            }
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

    /// A document that came too early is asked for again, and the steps since are done again.
    fn ask_again(&mut self) -> Next {
        let own = || self.loaded.again.then(|| Ask::Get { url: without_fragment(self.url()), from: self.led_by() });
        let ask = match &self.loaded.from {
            Some(get @ Ask::Get { .. }) => Some(get.clone()),
            _ => own(),
        };
        let (Some(ask), Some(wait)) = (ask, NOT_OPEN.get(self.not_open)) else { return Next::Says(Answer::NotOpen) };
        self.not_open += 1;
        self.at = self.loaded.at;
        self.rounds.clone_from(&self.loaded.rounds);
        self.then = Some(Loaded { from: Some(ask), requested: false, ..self.loaded.clone() });
        Next::Pause(*wait)
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

/// A step that could not be done.
struct Stuck {
    place: String,
    verb: &'static str,
    reason: String,
}

impl Stuck {
    fn at(place: &str, verb: &'static str, reason: impl Into<String>) -> Self {
        Self { place: place.to_owned(), verb, reason: reason.into() }
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

fn done_in(page: &mut Page, step: &Step) -> Result<Did, Trouble> {
    let mut at = At { page, asks: step.asks };
    match &step.act {
        Act::Click(target) => at.click(target),
        Act::Submit(target) => at.submit(target),
        Act::Fill { target, with } => at.fill(target, with),
        Act::Set { target, with } => at.set(target, with),
        Act::Select { target, by, options } => at.select(target, *by, options),
        Act::Tick { target, wanted } => at.tick(target, *wanted),
        Act::Expect(condition) if !holds(at.page, condition) => {
            Err(Trouble::other("what it expects does not hold of the document"))
        }
        _ => Ok(Did::Stays),
    }
}

#[cfg(test)]
mod tests {
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
