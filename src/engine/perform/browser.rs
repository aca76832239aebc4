//! A site with pages: a browser session that is logged in, staged, and then fired.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::api::hide_learnt;
use super::ends::{LooseEnd, Written};
use super::fire::Shooter;
use super::prove::{Tried, prove};
use super::staging::{self, Account, Stager, Standing};
use super::{Kit, Performer};
use crate::browser::stage::{FailureKind, Stage};
use crate::browser::{BrowserError, Options, Session, Trigger, open};
use crate::engine::What;
use crate::engine::lock::Pressed;
use crate::flow::rows::Row;
use crate::flow::wire::{Commit, Kept, Step, Verb};
use crate::flow::{Flow, Phase, Words};
use crate::model::{Announced, Answer, FireMode, Secret};
use crate::store::Mark;
use crate::telemetry::Learnt;
use crate::timing::{Event, Hold, Listing, Staging, Trouble, Way};

/// How long the check may take whether one is still logged in.
const LOGIN_CHECK: Duration = Duration::from_secs(5);

/// How long the commit's button may take to be there once everything is chosen.
const BUTTON: Duration = Duration::from_secs(5);

/// Between two looks at a list that does not show what is ours.
const LIST_AGAIN: Duration = Duration::from_millis(500);

/// How often a list may be another one than at the look before.
const LIST_LOOKS: u32 = 8;

/// Does at a site with pages what was decided.
pub(in crate::engine) struct BrowserHands {
    pub(super) kit: Kit,
    pub(super) options: Options,
    /// How long a service keeps a session that nobody speaks to.
    pub(super) session_timeout: Duration,
    pub(super) live: Option<Live>,
    account: Account,
    pub(super) loose: Vec<LooseEnd>,
    /// Whether the journal was asked for what an earlier process left.
    pub(super) asked_journal: bool,
    pub(super) marks: Vec<(Mark, Timestamp)>,
    /// A chain of requests was left for good: the opening needs the browser's page.
    pub(super) needs_page: bool,
    /// The last submit was refused in so many words: one look at the list is enough then, and the next choice waits for it.
    refused: bool,
}

/// A session that is open.
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) stage: Stage,
    pub(super) words: Words,
    pub(super) trigger: Option<Trigger>,
    pub(super) written: Written,
    /// What the steps have put into the page where the commit is done.
    pub(super) kept: Kept,
    standing: Standing,
    /// Masked in logs while the session lasts.
    learnt: Vec<Learnt>,
}

impl Live {
    /// A mode that is fired by a command has its trigger.
    pub(super) fn arm(&mut self, mode: FireMode) -> Result<(), String> {
        if matches!(mode, FireMode::Native | FireMode::Script) && self.trigger.is_none() {
            self.trigger = Some(self.session.trigger().map_err(|error| error.to_string())?);
        }
        Ok(())
    }
}

impl BrowserHands {
    pub(super) fn new(kit: Kit, options: Options, session_timeout: Duration) -> Self {
        let (live, loose, marks) = (None, Vec::new(), Vec::new());
        Self {
            kit,
            options,
            session_timeout,
            live,
            account: Account::default(),
            loose,
            asked_journal: false,
            marks,
            needs_page: false,
            refused: false,
        }
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
            let found = self.step(phase, &rendered, choice).await?;
            rows.extend(if reads_the_page(&rendered) { self.settled(&rendered, found).await? } else { found });
        }
        Ok(rows)
    }

    /// Rows in which nothing is ours, read again until two looks agree: a page's own scripts may bring its rows late, and what is
    /// absent is submitted. What is there needs one look.
    async fn settled(&mut self, rendered: &Step, mut found: Vec<Row>) -> Result<Vec<Row>, Trouble> {
        if self.refused {
            return Ok(found);
        }
        for _ in 0..LIST_LOOKS {
            let words = &self.live.as_ref().expect("rows are read in a session").words;
            if self.kit.listing(words, &found)? != Listing::Absent {
                return Ok(found);
            }
            tokio::time::sleep(LIST_AGAIN).await;
            let again = self.look_again(rendered).await?;
            if again == found {
                return Ok(found);
            }
            found = again;
        }
        Err(Trouble::Selector(format!("{}: the list does not come to rest", rendered.place)))
    }

    async fn look_again(&mut self, rendered: &Step) -> Result<Vec<Row>, Trouble> {
        let live = self.live.as_mut().expect("rows are read in a session");
        match live.stage.run(rendered).await {
            Ok(done) => Ok(done.rows.into_iter().flatten().collect()),
            Err(failure) => Err(self.explain_step(Phase::Verify, &failure, 0).await),
        }
    }

    /// What of the commit is needed to fire it, rendered.
    pub(super) fn commit(&self, choice: usize) -> Result<Commit, Trouble> {
        let commit = self.kit.errand.flow.commit().render(&self.words(choice)?);
        commit.map_err(|error| Trouble::Selector(error.to_string()))
    }

    /// Does steps that are rendered already.
    pub(super) async fn rendered_steps(&mut self, phase: Phase, steps: &[Step], choice: usize) -> Result<(), Trouble> {
        for step in steps {
            self.step(phase, step, choice).await?;
        }
        Ok(())
    }

    async fn step(&mut self, phase: Phase, step: &Step, choice: usize) -> Result<Vec<Row>, Trouble> {
        let words = self.words(choice)?;
        let live = self.live.as_mut().expect("steps run in a session");
        if phase == Phase::Login && live.standing.log_in.begins(step) {
            self.kit.note_log_in(self.account.verifies).await?;
            self.account.logins += 1;
        }
        live.stage.set_words(for_scripts(&words));
        live.stage.trust(self.kit.origins());
        live.stage
            .dismiss_undeclared(matches!(phase, Phase::Login | Phase::Announced | Phase::Prepare | Phase::Choose));
        match live.stage.run(step).await {
            Ok(done) => {
                live.learnt.extend(hide_learnt(&self.kit.redactor, phase, &done.captured));
                for (name, value) in &done.captured {
                    if phase == Phase::Login {
                        live.stage.hide(Secret::new(value.clone()));
                    }
                    live.words.learn(phase, name, value);
                }
                if let Some(hit) = done.hit.filter(|hit| *hit > 0) {
                    self.kit.drifted(&done.place, hit);
                }
                self.kit.keep_pictures(&done.pictures).await;
                self.kit.done(phase, done.place, done.took);
                Ok(done.rows.into_iter().flatten().collect())
            }
            Err(failure) => Err(self.explain_step(phase, &failure, choice).await),
        }
    }

    /// The words of a choice, with everything that was read so far.
    pub(super) fn words(&self, choice: usize) -> Result<Words, Trouble> {
        let live = self.live.as_ref().ok_or_else(|| Trouble::Browser("the session is gone".to_owned()))?;
        Ok(live.words.clone().with_choice(&self.kit.errand.choices[choice]))
    }

    /// A list out of the browser's cache would be from before the submit.
    async fn bypass_cache(&mut self) {
        let Some(live) = self.live.as_mut() else { return };
        if let Err(trouble) = live.stage.bypass_cache().await {
            let words =
                format!("the browser cannot be told to leave out its cache, so the list is opened twice: {trouble}");
            tracing::warn!("{words}");
            self.kit.reporter.say(self.kit.clock.now(), What::Trouble(words));
        }
    }

    /// The pages of the next choice may come from the cache again: they are staged sooner.
    async fn use_cache(&mut self) {
        let Some(live) = self.live.as_mut() else { return };
        if let Err(trouble) = live.stage.use_cache().await {
            tracing::warn!(%trouble, "the browser goes on without its cache");
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

    fn account(&mut self) -> &mut Account {
        &mut self.account
    }

    fn kit_mut(&mut self) -> &mut Kit {
        &mut self.kit
    }

    fn read_words(&mut self) -> Option<&mut Words> {
        self.live.as_mut().map(|live| &mut live.words)
    }

    fn standing(&mut self) -> Option<&mut Standing> {
        self.live.as_mut().map(|live| &mut live.standing)
    }

    fn mark(&mut self, mark: Mark, at: Timestamp) {
        self.marks.push((mark, at));
    }

    /// A session that would outlive us is written down before it is used.
    async fn open_session(&mut self) -> Result<(), Trouble> {
        self.end_what_is_loose().await;
        let words = self.kit.words()?;
        self.kit.turn.take(self.account.verifies).await.map_err(Trouble::Account)?;
        let session = open(&self.options, self.kit.attempt.as_str()).await.map_err(browser_trouble)?;
        for warning in session.warnings() {
            tracing::warn!(%warning, "browser");
        }
        let written = self.write_down(&session).await?;
        let stage = Stage::begin(session.driver().clone()).await;
        let stage = stage.map_err(|error| Trouble::Browser(error.to_string()))?;
        let stage = stage.with_secrets(self.kit.secrets());
        let (trigger, standing, learnt) = (None, Standing::default(), Vec::new());
        let kept = Kept::default();
        let mut live = Live { session, stage, words, trigger, written, kept, standing, learnt };
        live.arm(self.kit.errand.mode()).map_err(Trouble::Browser)?;
        self.live = Some(live);
        Ok(())
    }

    async fn end_session(&mut self) {
        self.end_live().await;
    }

    async fn do_steps(&mut self, phase: Phase, choice: usize) -> Result<(), Trouble> {
        if let Some(live) = self.live.as_mut().filter(|_| phase == Phase::Choose) {
            live.kept = Kept::default();
        }
        self.steps(phase, choice).await.map(drop)
    }

    fn session_words(&mut self) -> Option<&mut Words> {
        self.live.as_mut().map(|live| &mut live.words)
    }

    async fn rows(&mut self) -> Result<Vec<Row>, Trouble> {
        self.bypass_cache().await;
        let rows = self.steps(Phase::Verify, 0).await;
        self.use_cache().await;
        rows
    }

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

    async fn look_at_commit(&mut self, choice: usize) -> Result<(), Trouble> {
        let commit = self.commit(choice)?;
        let live = self.live.as_mut().expect("staged in a session");
        let looked = match live.stage.commit_button(&commit, BUTTON).await {
            Ok(_) => live.stage.remember().await,
            Err(trouble) => Err(trouble),
        };
        match looked {
            Ok(kept) => live.kept = kept,
            Err(trouble) => return Err(self.explain_commit(&commit, &trouble, choice).await),
        }
        Ok(())
    }

    async fn prove(&mut self, way: Way, at: Timestamp) -> Tried {
        prove(self, way, at).await
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

fn reads_the_page(step: &Step) -> bool {
    matches!(&step.verb, Verb::Rows(rows) if rows.json.is_none())
}

fn browser_trouble(error: BrowserError) -> Trouble {
    Trouble::Browser(format!("{error}; {}", error.help()))
}

impl Performer for BrowserHands {
    async fn stage(&mut self, choice: usize, from: Staging) -> Event {
        staging::stage(self, choice, from).await
    }

    async fn check_login(&mut self) -> Event {
        let Some(live) = self.live.as_mut() else { return Event::BrowserLost("there is no session".to_owned()) };
        // A page that cannot be asked now is asked once more before the commit.
        if let Ok(Some(why)) = live.stage.changed(&live.kept).await {
            return Event::StageFailed(self.kit.told(Trouble::Unreachable(format!("it is staged anew: {why}"))));
        }
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
        staging::open(self, choice, at).await
    }

    async fn fire(&mut self, choice: usize, at: Timestamp) -> Event {
        self.marks.push((Mark::Planned, at));
        let event = match (Shooter { hands: self, choice, at }.fire().await) {
            Event::NotSent(trouble) => staging::not_sent(self, trouble).await,
            event => event,
        };
        self.refused = matches!(event, Event::Answered(Answer::Taken | Answer::NotOpen));
        event
    }

    async fn fence(&mut self) -> Event {
        self.rest().await;
        self.outlast_what_is_loose().await;
        Event::Fenced
    }

    async fn read_list(&mut self, may_log_in: bool) -> Event {
        staging::read_list(self, may_log_in).await
    }

    async fn rest(&mut self) {
        self.end_live().await;
        self.kit.turn.end();
    }

    fn pressed(&self, pressed: Pressed) -> BoxFuture<'static, String> {
        self.kit.turn.pressed(pressed)
    }

    async fn give_way(&mut self) -> bool {
        staging::give_way(self).await
    }

    fn take(&mut self, flow: Arc<Flow>) {
        self.kit.errand.take(flow);
        let mode = self.kit.errand.mode();
        if let Some(Err(why)) = self.live.as_mut().map(|live| live.arm(mode)) {
            tracing::warn!(why, "the session has no trigger for the new fire mode");
        }
    }

    fn held(&mut self, held: &[Hold]) {
        self.kit.errand.held = held.to_vec();
    }

    fn logins(&mut self) -> u8 {
        std::mem::take(&mut self.account.logins)
    }

    fn announced(&mut self) -> Vec<(usize, Announced)> {
        self.account.moved = false;
        std::mem::take(&mut self.account.announced)
    }

    fn has_moved(&self) -> bool {
        self.account.moved
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
