//! Does the steps of a flow in a browser: locators, waits, real clicks and keys, dialogs, frames, windows.
//!
//! What a locator means and whether an element can be acted on is decided by the program in the page (`flow::page`), which is
//! asked every few milliseconds until the step's time is over. Here is what only the driver can do, and the patience. When to
//! do it, and what an answer means for an attempt, is decided elsewhere. Every wait is bounded.

mod afresh;
mod armed;
mod aside;
mod call;
mod commit;
mod covered;
mod evidence;
mod hands;
mod keys;
mod mask;
mod navigate;
mod origin;
mod residue;
mod tab;
mod time;
mod trouble;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use thirtyfour::{WebDriver, WindowHandle};

use crate::clock::Stopwatch;
use crate::flow::page::{self, Reply, Row, Tried, TriedState};
use crate::flow::wire::{Condition, Dialog, Step, Verb};
use crate::model::{Origins, Secret};

pub use commit::Raced;
pub use evidence::{Evidence, keep_picture};
pub use tab::Tab;
pub use trouble::{FailureKind, Trouble};

/// How often a waiting step is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// How often a step is tried again that only waits for its element to stand still.
const AGAIN_STILL: Duration = Duration::from_millis(17);

/// So many dialogs that no step declared are dismissed in one session: a page can open them for ever.
const DISMISSALS: u8 = 5;

/// How long a page that is still loading is waited for before a condition is looked at.
const LOADING_PATIENCE: Duration = Duration::from_secs(5);

/// A browser session that steps are done in. It remembers windows, declared dialogs and secrets between steps.
pub struct Stage {
    driver: WebDriver,
    main: WindowHandle,
    window: WindowHandle,
    in_frame: bool,
    seen: Vec<WindowHandle>,
    words: Value,
    secrets: Vec<Secret>,
    /// Those of them that must not be readable in any form; a user's name, which pages write in their own way, is none.
    strict: Vec<Secret>,
    trusted: Origins,
    declared: Option<Dialog>,
    /// How many dialogs that nobody declared are still dismissed where that is allowed.
    dismissals: u8,
    may_dismiss: bool,
    reply: Option<Reply>,
    tickets: u64,
    page_load: Option<Duration>,
    preloads: HashMap<String, String>,
    source: afresh::Source,
}

/// A step that was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// `file:line:column` of the step.
    pub place: String,
    /// Variables it read, those of inner steps included, in order.
    pub captured: Vec<(String, String)>,
    /// Which locator of its target hit, from 0; above 0 the site has drifted from the file.
    pub hit: Option<usize>,
    /// The rows it read (a later inner step's win).
    pub rows: Option<Vec<Row>>,
    /// Pictures it took: name and PNG.
    pub pictures: Vec<(String, Vec<u8>)>,
    /// Whether it was left out because its target was not there.
    pub skipped: bool,
    /// The steps inside it that were done.
    pub inner: Vec<Done>,
    /// How long it took.
    pub took: Duration,
}

/// A step that could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {verb}: {reason}")]
pub struct StepFailure {
    /// `file:line:column` of the step.
    pub place: String,
    /// The verb's word.
    pub verb: &'static str,
    /// What kind of failure.
    pub kind: FailureKind,
    /// A small-letter fragment, secrets masked.
    pub reason: String,
    /// The page's address then, without query and fragment; empty where it could not be had.
    pub page_url: String,
}

impl Stage {
    /// A stage in the driver's current window, which is the main one from now on.
    pub async fn begin(driver: WebDriver) -> Result<Self, Trouble> {
        let main = call::bounded(driver.window()).await?;
        let seen = call::bounded(driver.windows()).await?;
        Ok(Self {
            driver,
            window: main.clone(),
            main,
            in_frame: false,
            seen,
            words: Value::Object(serde_json::Map::new()),
            secrets: Vec::new(),
            strict: Vec::new(),
            trusted: Origins::default(),
            declared: None,
            dismissals: DISMISSALS,
            may_dismiss: false,
            reply: None,
            tickets: 0,
            page_load: None,
            preloads: HashMap::new(),
            source: afresh::Source::default(),
        })
    }

    /// The words that script steps get as `args[0]` from now on; no secrets among them.
    pub fn set_words(&mut self, words: Value) {
        self.words = words;
    }

    /// Secrets to be masked in reasons and evidence, besides those of secret steps.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        secrets.into_iter().for_each(|secret| self.hide(secret));
        self
    }

    /// Another secret to be masked from now on, for example a token that a step has read.
    pub fn hide(&mut self, secret: Secret) {
        if !self.strict.contains(&secret) {
            self.strict.push(secret.clone());
        }
        self.mask_too(secret);
    }

    fn mask_too(&mut self, secret: Secret) {
        if !self.secrets.contains(&secret) {
            self.secrets.push(secret);
        }
    }

    /// The answer to a native dialog that may open from now on; none: an open dialog is a failure. A step's own declaration
    /// replaces it.
    pub fn declare(&mut self, dialog: Option<Dialog>) {
        self.declared = dialog;
    }

    /// Whether a dialog that nobody declared is dismissed from now on, a few times and told in the log, instead of ending the
    /// step: for steps that can be undone. Left out, and in a race after a commit, it is never.
    pub fn dismiss_undeclared(&mut self, may: bool) {
        self.may_dismiss = may;
    }

    /// Does one step, inner steps included.
    pub fn run<'s>(&'s mut self, step: &'s Step) -> BoxFuture<'s, Result<Done, StepFailure>> {
        async move {
            let watch = Stopwatch::start();
            self.remember_secrets(step);
            self.expect_dialog(step);
            let done = match self.perform(step, watch).await {
                Ok(done) => done,
                Err(Stop::Inner(failure)) => return Err(failure),
                Err(Stop::Here(trouble)) if step.optional && trouble.is_absence() => {
                    Done { skipped: true, ..Done::default() }
                }
                Err(Stop::Here(trouble)) => return Err(self.failure(step, trouble).await),
            };
            Ok(Done { place: step.place.clone(), took: watch.elapsed(), ..done })
        }
        .boxed()
    }

    /// Whether the condition holds now; a page that is still loading is waited for a moment.
    pub async fn holds(&mut self, condition: &Condition) -> Result<bool, Trouble> {
        Ok(self.looked_at(condition).await?["holds"] == true)
    }

    async fn looked_at(&mut self, condition: &Condition) -> Result<Value, Trouble> {
        self.settle(Stopwatch::start(), LOADING_PATIENCE).await?;
        self.patient(&page::holds(condition, None)).await
    }

    async fn perform(&mut self, step: &Step, watch: Stopwatch) -> Result<Done, Stop> {
        self.refuse_address(step)?;
        let done = match &step.verb {
            Verb::When { condition, steps } => return self.when(condition, steps).await,
            Verb::Repeat { until, at_most, steps } => return self.repeat(until, *at_most, steps).await,
            Verb::Go(address) => self.go(address, limit(step)).await?,
            Verb::Reload => self.reload(limit(step)).await?,
            Verb::Frame(target) if target.is_empty() => self.leave_frame().await?,
            Verb::Press { key, target } if target.is_empty() => self.press_focused(key).await?,
            Verb::Window(window) => self.go_to_window(*window, watch, limit(step)).await?,
            Verb::Dialog(answer) => self.answer_open_dialog(answer, watch, limit(step)).await?,
            Verb::Script { body, into } => self.script(body, into.as_deref(), limit(step)).await?,
            Verb::Screenshot(name) => self.picture(name).await?,
            Verb::Pause { ms } => {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
                Done::default()
            }
            _ => self.poll(step, watch).await?,
        };
        Ok(done)
    }

    /// Tries a step until it is done, fails, or its time is over.
    async fn poll(&mut self, step: &Step, watch: Stopwatch) -> Result<Done, Trouble> {
        self.tickets += 1;
        let ticket = format!("stage/{}", self.tickets);
        self.allow_page_load(limit(step)).await?;
        loop {
            let trouble = match self.attempt(step, &ticket, watch).await {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            let answered = trouble.kind == FailureKind::Dialog && self.answer_declared().await?;
            if !answered && (!trouble.passing || watch.elapsed() >= limit(step)) {
                return Err(trouble);
            }
            let again = if trouble.kind == FailureKind::Moving { AGAIN_STILL } else { AGAIN };
            tokio::time::sleep(again.min(limit(step).saturating_sub(watch.elapsed()))).await;
        }
    }

    async fn attempt(&mut self, step: &Step, ticket: &str, watch: Stopwatch) -> Result<Done, Trouble> {
        let act = self.only_where_trusted(step, page::act(step, ticket, self.reply.as_ref()));
        let tried: Tried = self.call(&act).await?;
        match tried.state {
            TriedState::Wait | TriedState::Fail => Err(self.trouble_of(tried)),
            TriedState::Ready => self.lay_hands_on(step, tried, watch).await,
            TriedState::Done => {
                if matches!(step.verb, Verb::Submit(_)) {
                    self.after_submit(step, watch).await?;
                }
                Ok(self.harvest(step, tried))
            }
        }
    }

    fn harvest(&mut self, step: &Step, tried: Tried) -> Done {
        let mut captured = tried.values;
        if let (Verb::Read { into, .. }, Some(value)) = (&step.verb, tried.value) {
            captured.push((into.clone(), value));
        }
        if tried.reply.is_some() {
            self.reply = tried.reply;
        }
        Done { captured, hit: tried.hit, rows: tried.rows, ..Done::default() }
    }

    async fn when(&mut self, condition: &Condition, steps: &[Step]) -> Result<Done, Stop> {
        let mut whole = Done::default();
        if self.holds(condition).await? {
            self.inside(steps, &mut whole).await?;
        }
        Ok(whole)
    }

    async fn repeat(&mut self, until: &Condition, at_most: u32, steps: &[Step]) -> Result<Done, Stop> {
        let mut whole = Done::default();
        for _ in 0..at_most {
            if self.holds(until).await? {
                return Ok(whole);
            }
            self.inside(steps, &mut whole).await?;
        }
        let answer = self.looked_at(until).await?;
        if answer["holds"] == true {
            return Ok(whole);
        }
        let tells = answer["tells"].as_str().unwrap_or_default();
        let reason = format!("after {at_most} rounds it does not hold that {tells}");
        Err(Trouble::new(FailureKind::Expectation, reason).into())
    }

    async fn inside(&mut self, steps: &[Step], whole: &mut Done) -> Result<(), Stop> {
        for step in steps {
            let mut done = self.run(step).await.map_err(Stop::Inner)?;
            whole.captured.extend(done.captured.iter().cloned());
            whole.rows = done.rows.clone().or(whole.rows.take());
            whole.pictures.append(&mut done.pictures);
            whole.inner.push(done);
        }
        Ok(())
    }

    async fn failure(&mut self, step: &Step, trouble: Trouble) -> StepFailure {
        let url = match call::bounded(self.driver.current_url()).await {
            Ok(mut url) => {
                url.set_query(None);
                url.set_fragment(None);
                url.to_string()
            }
            Err(_) => String::new(),
        };
        StepFailure {
            place: step.place.clone(),
            verb: page::word(&step.verb),
            kind: trouble.kind,
            reason: mask::mask(&trouble.reason, &self.secrets),
            page_url: mask::mask(&url, &self.secrets),
        }
    }

    fn remember_secrets(&mut self, step: &Step) {
        if step.secret {
            page::texts_of(&step.verb).into_iter().for_each(|text| self.mask_too(Secret::new(text)));
        }
    }

    /// A declared answer stands until it is used or until the next step that may itself open a dialog.
    fn expect_dialog(&mut self, step: &Step) {
        if step.dialog.is_some() || page::may_open_dialog(&step.verb) {
            self.declared.clone_from(&step.dialog);
        }
    }
}

/// Why a step did not end well: its own trouble, or a step inside it.
enum Stop {
    Here(Trouble),
    Inner(StepFailure),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Here(trouble)
    }
}

fn limit(step: &Step) -> Duration {
    Duration::from_millis(step.timeout_ms)
}
