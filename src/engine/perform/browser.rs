//! A site with pages: a browser session that is logged in, staged, and then fired.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use super::ends::{LooseEnd, Written};
use super::fire::Shooter;
use super::staging::{self, Stager, Staging, Standing};
use super::{Kit, Performer};
use crate::browser::stage::{FailureKind, Stage};
use crate::browser::{BrowserError, Options, Session, Trigger, open};
use crate::engine::What;
use crate::flow::rows::Row;
use crate::flow::wire::{Commit, Step, Verb};
use crate::flow::{Phase, Words};
use crate::model::{FireMode, Secret};
use crate::store::Mark;
use crate::timing::{Event, Listing, Trouble};

/// How long the check may take whether one is still logged in.
const LOGIN_CHECK: Duration = Duration::from_secs(5);

/// How long the commit's button may take to be there once everything is chosen.
const BUTTON: Duration = Duration::from_secs(5);

/// Does at a site with pages what was decided.
pub(in crate::engine) struct BrowserHands {
    pub(super) kit: Kit,
    pub(super) options: Options,
    /// How long a service keeps a session that nobody speaks to.
    pub(super) session_timeout: Duration,
    pub(super) live: Option<Live>,
    pub(super) loose: Vec<LooseEnd>,
    /// Whether the journal was asked for what an earlier process left.
    pub(super) asked_journal: bool,
    pub(super) marks: Vec<(Mark, Timestamp)>,
}

/// A session that is open.
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) stage: Stage,
    pub(super) words: Words,
    pub(super) trigger: Option<Trigger>,
    pub(super) written: Written,
    standing: Standing,
    _account: OwnedMutexGuard<()>,
}

impl BrowserHands {
    pub(super) fn new(kit: Kit, options: Options, session_timeout: Duration) -> Self {
        let (live, loose, marks) = (None, Vec::new(), Vec::new());
        Self { kit, options, session_timeout, live, loose, asked_journal: false, marks }
    }

    /// Opens a session and writes it down, if it would outlive us; then it may be used.
    async fn open_session(&mut self, account: OwnedMutexGuard<()>, words: Words) -> Result<(), Trouble> {
        let session = open(&self.options, self.kit.attempt.as_str()).await.map_err(browser_trouble)?;
        for warning in session.warnings() {
            tracing::warn!(%warning, "browser");
        }
        let written = self.write_down(&session).await?;
        let stage = Stage::begin(session.driver().clone()).await;
        let stage = stage.map_err(|error| Trouble::Browser(error.to_string()))?;
        let stage = stage.with_secrets(self.kit.secrets());
        let trigger = match self.kit.errand.mode() {
            FireMode::Native | FireMode::Script => {
                Some(session.trigger().map_err(|error| Trouble::Browser(error.to_string()))?)
            }
            _ => None,
        };
        let standing = Standing::Outside;
        self.live = Some(Live { session, stage, words, trigger, written, standing, _account: account });
        Ok(())
    }

    /// Does the steps of a phase; variables that they read are known to the later ones.
    async fn steps(&mut self, phase: Phase, choice: usize) -> Result<Vec<Row>, Trouble> {
        let flow = Arc::clone(&self.kit.errand.flow);
        let mut rows = Vec::new();
        for step in flow.steps(phase) {
            let live = self.live.as_mut().expect("steps run in a session");
            let words = live.words.clone().with_choice(&self.kit.errand.choices[choice]);
            let mut rendered = step.render(&words).map_err(|error| Trouble::Selector(error.to_string()))?;
            if phase == Phase::Verify {
                read_every_row(&mut rendered);
            }
            live.stage.set_words(for_scripts(&words));
            match live.stage.run(&rendered).await {
                Ok(done) => {
                    for (name, value) in &done.captured {
                        live.words.learn(phase, name, value);
                    }
                    if let Some(hit) = done.hit.filter(|hit| *hit > 0) {
                        self.kit.drifted(&done.place, hit);
                    }
                    self.kit.keep_pictures(&done.pictures).await;
                    rows.extend(done.rows.into_iter().flatten());
                    self.kit.done(phase, done.place, done.took);
                }
                Err(failure) => return Err(self.explain_step(phase, &failure, choice).await),
            }
        }
        Ok(rows)
    }

    /// What of the commit is needed to fire it, rendered.
    pub(super) fn commit(&self, choice: usize) -> Result<Commit, Trouble> {
        let commit = self.kit.errand.flow.commit().render(&self.words(choice)?);
        commit.map_err(|error| Trouble::Selector(error.to_string()))
    }

    /// The words of a choice, with everything that was read so far.
    pub(super) fn words(&self, choice: usize) -> Result<Words, Trouble> {
        let live = self.live.as_ref().ok_or_else(|| Trouble::Browser("the session is gone".to_owned()))?;
        Ok(live.words.clone().with_choice(&self.kit.errand.choices[choice]))
    }

    /// Reads the list without leaving the page where that matters: `retry/` begins on the page that shows the refusal.
    async fn list_beside(&mut self) -> Result<Listing, Trouble> {
        if self.way_back_begins_anywhere() {
            return self.list().await;
        }
        let live = self.live.as_mut().expect("the list is read in a session");
        let Ok(tab) = live.stage.open_tab().await else { return self.list().await };
        let listing = self.list().await;
        let live = self.live.as_mut().expect("nothing has ended the session");
        match (live.stage.close_tab(tab).await, listing) {
            (Ok(()), Ok(listing)) => Ok(listing),
            // A log-in that a site keeps for one window only does not hold in a tab.
            _ => self.list().await,
        }
    }

    /// Whether the first step of `retry/` opens an address: then it is all the same which page it begins on.
    fn way_back_begins_anywhere(&self) -> bool {
        let first = self.kit.errand.flow.steps(Phase::Retry).first();
        let rendered = first.and_then(|step| step.render(&self.words(0).ok()?).ok());
        rendered.is_some_and(|step| matches!(step.verb, Verb::Go(_)))
    }
}

impl Stager for BrowserHands {
    fn kit(&self) -> &Kit {
        &self.kit
    }

    fn standing(&self) -> Standing {
        self.live.as_ref().map_or(Standing::Outside, |live| live.standing)
    }

    fn stands(&mut self, standing: Standing) {
        if let Some(live) = self.live.as_mut() {
            live.standing = standing;
        }
    }

    async fn log_in(&mut self) -> Result<(), Trouble> {
        self.end_session().await;
        self.end_what_is_loose().await;
        let words = self.kit.words()?;
        let account = self.kit.locks.take(&self.kit.errand.member.id).await;
        self.open_session(account, words).await?;
        self.steps(Phase::Login, 0).await?;
        self.stands(Standing::LoggedIn);
        Ok(())
    }

    async fn do_steps(&mut self, phase: Phase, choice: usize) -> Result<(), Trouble> {
        self.steps(phase, choice).await.map(drop)
    }

    async fn list(&mut self) -> Result<Listing, Trouble> {
        let rows = self.steps(Phase::Verify, 0).await?;
        let live = self.live.as_ref().expect("the list is read in a session");
        self.kit.listing(&live.words, &rows)
    }

    async fn look_at_commit(&mut self, choice: usize) -> Result<(), Trouble> {
        let commit = self.commit(choice)?;
        let live = self.live.as_mut().expect("staged in a session");
        match live.stage.commit_button(&commit, BUTTON).await {
            Ok(_) => Ok(()),
            Err(trouble) => Err(self.explain_commit(&commit, &trouble, choice).await),
        }
    }
}

/// What `script` steps get as `args[0]`.
pub(super) fn for_scripts(words: &Words) -> serde_json::Value {
    serde_json::json!(words.for_scripts())
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
        let from = if reuse { Staging::Retry } else { Staging::LogIn };
        match staging::stage(self, choice, from).await {
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
        match (Shooter { hands: self, choice, at }.fire().await) {
            Event::NotSent(trouble) => Event::NotSent(self.kit.told(trouble)),
            event => event,
        }
    }

    async fn fence(&mut self) -> Event {
        self.end_session().await;
        self.outlast_what_is_loose().await;
        Event::Fenced
    }

    async fn read_list(&mut self) -> Event {
        let listing = match self.live {
            None => match self.log_in().await {
                Ok(()) => self.list().await,
                Err(trouble) => Err(trouble),
            },
            Some(_) => self.list_beside().await,
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
