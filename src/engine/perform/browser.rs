//! A site with pages: a browser session that is logged in, staged, and then fired.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use super::fire::Shooter;
use super::{Kit, Performer};
use crate::browser::stage::{FailureKind, Stage, StepFailure};
use crate::browser::{BrowserError, Options, Session, Trigger, open};
use crate::engine::What;
use crate::flow::rows::Row;
use crate::flow::wire::{Step, Verb};
use crate::flow::{Phase, Words};
use crate::model::{Answer, FireMode, Secret};
use crate::store::Mark;
use crate::timing::{Event, Listing, Trouble};

/// How long a step that failed is asked for the site's own words about it.
const EXPLAIN: Duration = Duration::from_millis(300);

/// How long the check may take whether one is still logged in.
const LOGIN_CHECK: Duration = Duration::from_secs(5);

/// How long the commit's button may take to be there once everything is chosen.
const BUTTON: Duration = Duration::from_secs(5);

/// Does at a site with pages what was decided.
pub(in crate::engine) struct BrowserHands {
    pub(super) kit: Kit,
    options: Options,
    pub(super) live: Option<Live>,
    pub(super) marks: Vec<(Mark, Timestamp)>,
    /// A chain of requests was left for good: the opening needs the browser's page.
    pub(super) needs_page: bool,
}

/// A session that is open.
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) stage: Stage,
    pub(super) words: Words,
    pub(super) trigger: Option<Trigger>,
    _account: OwnedMutexGuard<()>,
}

impl BrowserHands {
    pub(super) fn new(kit: Kit, options: Options) -> Self {
        Self { kit, options, live: None, marks: Vec::new(), needs_page: false }
    }

    async fn try_stage(&mut self, choice: usize, reuse: bool) -> Result<Listing, Trouble> {
        if reuse && self.live.is_some() {
            self.steps(Phase::Retry, choice).await?;
        } else {
            self.log_in().await?;
            let listing = self.list().await?;
            if listing != Listing::Absent {
                return Ok(listing);
            }
            self.steps(Phase::Prepare, choice).await?;
        }
        self.steps(Phase::Choose, choice).await?;
        if self.kit.errand.flow.steps(Phase::Opening).is_empty() {
            self.look_at_button(choice).await?;
        }
        Ok(Listing::Absent)
    }

    /// Every reversible step in the order of a booking, and a look at the list, whatever it shows. The session is ended.
    pub(super) async fn walk(&mut self) -> Result<(), Trouble> {
        let walked = self.try_walk().await;
        self.end_session().await;
        walked
    }

    async fn try_walk(&mut self) -> Result<(), Trouble> {
        self.log_in().await?;
        for phase in [Phase::Prepare, Phase::Choose, Phase::Opening] {
            self.steps(phase, 0).await?;
        }
        self.look_at_button(0).await?;
        self.list().await.map(drop)
    }

    /// A fresh session, logged in. The old one is ended first.
    async fn log_in(&mut self) -> Result<(), Trouble> {
        self.end_session().await;
        let words = self.kit.words()?;
        let account = self.kit.locks.take(&self.kit.errand.member.id).await;
        let session = open(&self.options, self.kit.attempt.as_str()).await.map_err(browser_trouble)?;
        for warning in session.warnings() {
            tracing::warn!(%warning, "browser");
        }
        let secrets = self.kit.secrets();
        let stage = Stage::begin(session.driver().clone()).await;
        let stage = stage.map_err(|error| Trouble::Browser(error.to_string()))?;
        let stage = stage.with_secrets(secrets);
        let trigger = match self.kit.errand.mode() {
            FireMode::Native | FireMode::Script => {
                Some(session.trigger().map_err(|error| Trouble::Browser(error.to_string()))?)
            }
            _ => None,
        };
        self.live = Some(Live { session, stage, words, trigger, _account: account });
        self.steps(Phase::Login, 0).await.map(drop)
    }

    /// Does the steps of a phase; variables that they read are known to the later ones.
    pub(super) async fn steps(&mut self, phase: Phase, choice: usize) -> Result<Vec<Row>, Trouble> {
        let flow = Arc::clone(&self.kit.errand.flow);
        let mut rows = Vec::new();
        for step in flow.steps(phase) {
            let live = self.live.as_mut().expect("steps run in a session");
            let words = live.words.clone().with_choice(&self.kit.errand.choices[choice]);
            let mut rendered = step.render(&words).map_err(|error| Trouble::Selector(error.to_string()))?;
            if phase == Phase::Verify {
                read_every_row(&mut rendered);
            }
            rows.extend(self.step(phase, &rendered, choice).await?);
        }
        Ok(rows)
    }

    /// Does steps that are rendered already.
    pub(super) async fn rendered_steps(&mut self, phase: Phase, steps: &[Step], choice: usize) -> Result<(), Trouble> {
        for step in steps {
            self.step(phase, step, choice).await?;
        }
        Ok(())
    }

    async fn step(&mut self, phase: Phase, step: &Step, choice: usize) -> Result<Vec<Row>, Trouble> {
        let live = self.live.as_mut().expect("steps run in a session");
        match live.stage.run(step).await {
            Ok(done) => {
                for (name, value) in &done.captured {
                    live.words.learn(phase, name, value);
                }
                if let Some(hit) = done.hit.filter(|hit| *hit > 0) {
                    self.kit.drifted(&done.place, hit);
                }
                self.kit.done(phase, done.place, done.took);
                Ok(done.rows.into_iter().flatten().collect())
            }
            Err(failure) => Err(self.explain(phase, &failure, choice).await),
        }
    }

    /// Why a step failed: what the site itself says on its page, or the place in the selector file.
    async fn explain(&mut self, phase: Phase, failure: &StepFailure, choice: usize) -> Trouble {
        let said = self.ask_outcomes(choice, EXPLAIN).await;
        // The log-in's own page always looks like that of somebody who is not logged in.
        let says_nothing = phase == Phase::Login && said == Answer::LoginExpired;
        if !says_nothing && !matches!(said, Answer::Unknown | Answer::Confirmed) {
            self.kit.told(Trouble::Selector(format!("{failure}; the site says {}", said.as_str())));
            return Trouble::Answer(said);
        }
        self.keep_evidence().await;
        let text = format!("{failure} (at {})", failure.page_url);
        match failure.kind {
            FailureKind::Unreachable | FailureKind::Timeout => Trouble::Unreachable(text),
            FailureKind::Driver | FailureKind::NoWindow => Trouble::Browser(text),
            _ => Trouble::Selector(text),
        }
    }

    pub(super) async fn ask_outcomes(&mut self, choice: usize, within: Duration) -> Answer {
        let Some(live) = self.live.as_mut() else { return Answer::Unknown };
        let words = live.words.clone().with_choice(&self.kit.errand.choices[choice]);
        let Ok(outcomes) = self.kit.errand.flow.render_outcomes(&words) else { return Answer::Unknown };
        let raced = live.stage.race(&outcomes, within).await;
        Answer::parse(&raced.answer).unwrap_or(Answer::Unknown)
    }

    async fn keep_evidence(&mut self) {
        let Some(live) = self.live.as_mut() else { return };
        let kept = live.stage.evidence(&self.kit.evidence).await;
        for note in kept.notes {
            tracing::info!(note, "evidence");
        }
    }

    async fn look_at_button(&mut self, choice: usize) -> Result<(), Trouble> {
        let live = self.live.as_mut().expect("staged in a session");
        let words = live.words.clone().with_choice(&self.kit.errand.choices[choice]);
        let commit = self.kit.errand.flow.commit().render(&words);
        let commit = commit.map_err(|error| Trouble::Selector(error.to_string()))?;
        match live.stage.commit_button(&commit, BUTTON).await {
            Ok(_) => Ok(()),
            Err(trouble) => {
                let said = self.ask_outcomes(choice, EXPLAIN).await;
                if !matches!(said, Answer::Unknown | Answer::Confirmed) {
                    return Err(Trouble::Answer(said));
                }
                self.keep_evidence().await;
                Err(Trouble::Selector(format!("{}: {}", commit.place, trouble.reason)))
            }
        }
    }

    /// Reads the site's list and compares it with every choice.
    async fn list(&mut self) -> Result<Listing, Trouble> {
        let rows = self.steps(Phase::Verify, 0).await?;
        let live = self.live.as_ref().expect("the list is read in a session");
        self.kit.listing(&live.words, &rows)
    }

    /// Ends the session; true when it is certain that the browser is gone.
    async fn end_session(&mut self) -> bool {
        let Some(live) = self.live.take() else { return true };
        drop(live.stage);
        match live.session.quit().await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the browser session did not end in order");
                error.browser_ended()
            }
        }
    }
}

/// The page would leave out the rows of every choice but the one that the step was rendered for, and a booking of another one
/// would not be seen. Which rows are ours is decided afterwards, choice by choice.
fn read_every_row(step: &mut Step) {
    if let Verb::Rows(rows) = &mut step.verb {
        for column in &mut rows.columns {
            column.equals = None;
        }
    }
}

fn browser_trouble(error: BrowserError) -> Trouble {
    Trouble::Browser(format!("{error}; {}", error.help()))
}

impl Performer for BrowserHands {
    async fn stage(&mut self, choice: usize, reuse: bool) -> Event {
        match self.try_stage(choice, reuse).await {
            Ok(listing) => Event::Staged(listing),
            Err(trouble) => Event::StageFailed(self.kit.told(trouble)),
        }
    }

    async fn check_login(&mut self) -> Event {
        let Some(live) = self.live.as_mut() else { return Event::BrowserLost("there is no session".to_owned()) };
        let Some(check) = self.kit.errand.flow.logged_in() else { return Event::LoginChecked(true) };
        let Ok(check) = check.render(&live.words) else { return Event::LoginChecked(true) };
        match live.stage.fetched(&check.request.url, &check.when, LOGIN_CHECK).await {
            Ok(holds) => Event::LoginChecked(holds),
            Err(trouble) if trouble.kind == FailureKind::Driver => Event::BrowserLost(trouble.reason),
            // A check that could not be made says nothing; the submit itself will tell.
            Err(trouble) => {
                tracing::info!(%trouble, "whether one is still logged in could not be asked");
                Event::LoginChecked(true)
            }
        }
    }

    async fn open(&mut self, choice: usize, at: Timestamp) -> Event {
        self.kit.clock.sleep_until(at).await;
        match self.steps(Phase::Opening, choice).await {
            Ok(_) => Event::Opened,
            Err(trouble) => Event::OpeningFailed(self.kit.told(trouble)),
        }
    }

    async fn fire(&mut self, choice: usize, at: Timestamp) -> Event {
        self.marks.push((Mark::Planned, at));
        Shooter { hands: self, choice, at }.fire().await
    }

    async fn fence(&mut self) -> Event {
        while !self.end_session().await {
            // A session that cannot be reached may still submit; the settle time begins only when it is gone.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Event::Fenced
    }

    async fn read_list(&mut self) -> Event {
        let listing = match self.live {
            None => match self.log_in().await {
                Ok(()) => self.list().await,
                Err(trouble) => Err(trouble),
            },
            Some(_) => self.list().await,
        };
        let listing = listing.unwrap_or_else(|trouble| Listing::CannotTell(trouble.words()));
        if matches!(listing, Listing::CannotTell(_)) {
            self.end_session().await;
        }
        self.marks.push((Mark::Verified, self.kit.clock.now()));
        self.kit.reporter.say(self.kit.clock.now(), What::listed(&listing));
        Event::Listed(listing)
    }

    async fn rest(&mut self) {
        self.end_session().await;
    }

    fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
        std::mem::take(&mut self.marks)
    }
}

impl Kit {
    /// What must not be seen in reasons and evidence.
    fn secrets(&self) -> Vec<Secret> {
        let credentials = self.vault.as_ref().and_then(|vault| vault.get(&self.errand.member.vault).ok());
        credentials.map(|credentials| vec![credentials.password]).unwrap_or_default()
    }

    /// A later locator of a step found the element: the site has changed.
    fn drifted(&self, place: &str, hit: usize) {
        tracing::warn!(place, locator = hit + 1, "the first locator no longer finds its element; a later one did");
    }
}
