//! Keeps the agenda, starts what is due, takes a new configuration, and stops in order.

mod changes;
mod handle;
mod keeps;
mod tell;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument;

use super::agenda::{Agenda, plan, still_matters_from};
use super::crew::{Browsers, Crew, Rhythm};
use super::errand::{Errand, Reason};
use super::fault::Faults;
use super::letters::{letters, unrun};
use super::lock::AccountLocks;
use super::notebook::Notebook;
use super::report::Reporter;
use super::run::{Finish, Order, Run};
use super::site_clock::{SiteClocks, Watch};
use super::steps::Steps;
use super::{Event, What};
use crate::clock::{Clock, ZoneData};
use crate::config::Config;
use crate::flow::Flow;
use crate::model::{Attempt, AttemptId, Outcome, Site, SiteId, State};
use crate::store::{AttemptFilter, End, Planned, Store, StoreError};
use crate::telemetry::{Redactor, attempt_span};
use crate::timing::Machine;
use crate::vault::Vault;
use handle::Command;
pub use handle::Handle;
use keeps::Keeps;
use tell::{tell_how, tell_of};

/// More than any attempt is taken up before its opening; what opens later is not kept in memory until the next plan.
const LONGEST_LEAD: SignedDuration = SignedDuration::from_hours(2);

/// How soon a plan that the store did not take is tried again.
const REPLAN_SOON: SignedDuration = SignedDuration::from_secs(5);

/// How soon an attempt that could not be read from the store is looked at again.
const LOOK_SOON: SignedDuration = SignedDuration::from_secs(5);

/// How often the supervisor shows that it is alive before it goes round its loop.
const BEAT: Duration = Duration::from_secs(1);

/// How long a stop waits for attempts whose permit is spent: the list is read twice, with a settle time before each.
const STOP_GRACE: Duration = Duration::from_secs(50);

/// Everything an engine is made of; the edges are handed in.
#[derive(Clone)]
pub struct Parts {
    /// What is wanted.
    pub config: Arc<Config>,
    /// Zone data.
    pub zones: Arc<ZoneData>,
    /// What is kept.
    pub store: Store,
    /// Credentials; none: attempts that need some end by saying so.
    pub vault: Option<Arc<Vault>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The firstserve binary, which guards browsers.
    pub guardian: PathBuf,
    /// Told every secret before it is used.
    pub redactor: Redactor,
}

/// Where an engine is started.
#[derive(Debug)]
pub struct Engine;

impl Engine {
    /// Starts an engine; it runs until [`Handle::stop`], or until its database is lost.
    pub fn start(parts: Parts) -> (Handle, JoinHandle<()>) {
        start(parts, None, Browsers)
    }

    /// Starts an engine that works on one attempt only.
    pub(super) fn start_one(parts: Parts, only: AttemptId) -> (Handle, JoinHandle<()>) {
        start(parts, Some(only), Browsers)
    }
}

/// Starts an engine with whoever acts at the sites for it.
pub(super) fn start<C: Crew>(parts: Parts, only: Option<AttemptId>, crew: C) -> (Handle, JoinHandle<()>) {
    let (commands, inbox) = mpsc::channel(64);
    let rhythm = crew.rhythm();
    let (events, first) = broadcast::channel(rhythm.events);
    let (lost, is_lost) = watch::channel(None);
    let replan_at = parts.clock.now();
    let (zones, shown) = watch::channel(Arc::clone(&parts.zones));
    let supervisor = Supervisor {
        steps: Steps::new(replan_at, parts.clock.uptime()),
        zones,
        zones_before: None,
        moves: false,
        parts,
        crew,
        rhythm,
        agenda: Agenda::default(),
        running: BTreeMap::new(),
        faults: Faults::default(),
        tasks: JoinSet::new(),
        locks: AccountLocks::default(),
        site_clocks: SiteClocks::default(),
        events: events.clone(),
        replan_at,
        pulse: Arc::default(),
        lost,
        only,
    };
    let pulse = Arc::clone(&supervisor.pulse);
    let first = Arc::new(Mutex::new(Some(first)));
    (Handle { commands, events, first, pulse, zones: shown, lost: is_lost }, tokio::spawn(supervisor.run(inbox)))
}

/// The supervisor's task.
struct Supervisor<C> {
    parts: Parts,
    crew: C,
    rhythm: Rhythm,
    agenda: Agenda,
    running: BTreeMap<AttemptId, Running>,
    faults: Faults,
    tasks: JoinSet<(AttemptId, Finish)>,
    locks: AccountLocks,
    site_clocks: SiteClocks,
    events: broadcast::Sender<Event>,
    replan_at: Timestamp,
    pulse: Arc<AtomicU64>,
    lost: watch::Sender<Option<String>>,
    /// The one attempt that is worked on; none: every one.
    only: Option<AttemptId>,
    zones: watch::Sender<Arc<ZoneData>>,
    steps: Steps,
    /// The zone data of before, for the running attempts that are planned again because of the new ones.
    zones_before: Option<String>,
    /// One of those has ended: the next plan moves it.
    moves: bool,
}

/// What the supervisor knows of an attempt that runs.
struct Running {
    orders: mpsc::Sender<Order>,
    files: watch::Sender<Arc<Flow>>,
    site: SiteId,
    planned_at: Timestamp,
    /// When its last slot begins.
    begins: Timestamp,
    /// It was told that no booking asks for it any more.
    withdrawn: bool,
    /// What no edit changes for it.
    keeps: Keeps,
}

impl Running {
    /// Never waits: an attempt that fires hears nothing until it is answered, and the others must not wait for it.
    fn tell(&self, id: &AttemptId, order: Order) -> bool {
        let told = self.orders.try_send(order);
        if let Err(error) = &told {
            tracing::debug!(%id, %error, "the attempt is over already, or busy with earlier orders");
        }
        told.is_ok()
    }
}

impl<C: Crew> Supervisor<C> {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        self.arrive().await;
        while self.lasts() {
            self.look_for_a_step().await;
            if self.parts.clock.now() >= self.replan_at {
                self.replan().await;
            }
            self.start_what_is_due().await;
            self.beat();
            let wake = self.agenda.next().unwrap_or(self.replan_at).min(self.replan_at);
            let clock = Arc::clone(&self.parts.clock);
            tokio::select! {
                // In this order, so that what happens at one instant happens in the same order each time.
                biased;
                command = inbox.recv() => match command {
                    Some(Command::Reload(parts)) => self.reload(*parts).await,
                    Some(Command::Cancel(id)) => self.cancel(&id).await,
                    Some(Command::Stop) | None => break,
                },
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.finished(done).await,
                () = clock.sleep_until(wake) => {}
                // Whatever the wall clock shows: it may be put back.
                () = clock.sleep_for(self.rhythm.pulse) => {}
            }
        }
        self.stop().await;
    }

    /// Shows meanwhile that it is alive.
    async fn arrive(&self) {
        let mut arriving = pin!(self.crew.arrive(&self.parts));
        loop {
            self.beat();
            tokio::select! {
                biased;
                () = &mut arriving => return,
                () = self.parts.clock.sleep_for(BEAT) => {}
            }
        }
    }

    /// Without files that are there after a restart nothing is to be begun; a permit finds that out by itself.
    fn lasts(&self) -> bool {
        let Err(error) = self.parts.store.lasts() else { return true };
        if !error.is_lost() {
            return true;
        }
        let why = format!("{}; nothing is booked any more", error.kind);
        tracing::error!(why, "the database is lost");
        self.say(What::Degraded(format!("the database is lost: {why}")));
        self.lost.send_replace(Some(why));
        false
    }

    /// Makes store and agenda agree with the configuration.
    async fn replan(&mut self) {
        let now = self.parts.clock.now();
        self.replan_at = match self.try_replan(now).await {
            Ok(()) => now + self.rhythm.replan,
            Err(error) => {
                tracing::error!(%error, "the plan could not be stored; trying again");
                self.say(What::Degraded(format!("the plan could not be stored: {error}")));
                now + REPLAN_SOON
            }
        };
    }

    async fn try_replan(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let announced = self.parts.store.announced(still_matters_from(now)).await?;
        let planned = plan(&self.parts.config, &self.parts.zones, &announced, now);
        let wanted: Vec<Planned> = planned.iter().map(Planned::from).collect();
        let before = self.zones_before.as_deref().filter(|_| self.moves);
        let change = self.parts.store.plan_with_zones(&wanted, &self.parts.zones.to_string(), before, now).await?;
        self.moves = false;
        tell_of(&change);
        let horizon = now + self.rhythm.replan + LONGEST_LEAD;
        let near = AttemptFilter { live: true, opens_by: Some(horizon), ..AttemptFilter::default() };
        let live = self.parts.store.attempts(&near).await?;
        self.agenda.replan(planned);
        for attempt in live {
            let is_ours = self.only.as_ref().is_none_or(|only| *only == attempt.id);
            if is_ours && !self.running.contains_key(&attempt.id) {
                let at = self.look_at(&attempt, now);
                self.agenda.look_at(attempt, at);
            }
        }
        self.cancel_what_is_unwanted(now).await?;
        if change.zones_before.is_some() {
            self.zones_before = change.zones_before;
            self.take_up_anew_what_moved().await;
        }
        self.agenda.forget_later_than(horizon);
        Ok(())
    }

    /// When an attempt is next looked at: logged in ahead of time, or at once when something was begun.
    fn look_at(&self, attempt: &Attempt, now: Timestamp) -> Timestamp {
        let lead = self.parts.config.site(&attempt.site).map_or(SignedDuration::ZERO, |site| site.patience.login_lead);
        if attempt.state == State::Planned { (attempt.opening - lead).max(now) } else { now }
    }

    /// Running attempts that no booking asks for any more are called off, if nothing was submitted. A date whose slots have
    /// begun is in no plan either, and is left to its attempt.
    async fn cancel_what_is_unwanted(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let ahead = self.running.iter().filter(|(_, running)| running.begins > now);
        let ids: Vec<AttemptId> = ahead.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(attempt) = self.parts.store.attempt(&id).await? else { continue };
            if self.agenda.occurrence(&attempt).is_none() {
                self.withdraw(&id);
            }
        }
        Ok(())
    }

    async fn start_what_is_due(&mut self) {
        for attempt in self.agenda.take_due(self.parts.clock.now()) {
            if let Some((outcome, note)) = self.faults.end(&attempt) {
                self.close(attempt, outcome, note, false).await;
                continue;
            }
            let errand = Errand::of(&attempt, self.agenda.occurrence(&attempt), &self.parts).await;
            match errand {
                Ok(errand) => self.launch(attempt, errand),
                // It passes, or a person is told that the store is down: no reason to give an attempt up.
                Err(Reason::Store(error)) => self.look_later(attempt, &error),
                Err(reason) => {
                    let withdrawn = matches!(reason, Reason::Vanished);
                    self.close(attempt, reason.outcome(), &reason.to_string(), withdrawn).await;
                }
            }
        }
    }

    fn look_later(&mut self, attempt: Attempt, error: &StoreError) {
        tracing::error!(%error, "the attempt could not be read; looking again");
        self.say(What::Degraded(format!("the store could not be read: {error}")));
        let at = self.parts.clock.now() + LOOK_SOON;
        self.agenda.look_at(attempt, at);
    }

    fn launch(&mut self, attempt: Attempt, errand: Errand) {
        let (orders, inbox) = mpsc::channel(8);
        let (files, changed) = watch::channel(Arc::clone(&errand.flow));
        let begins = errand.choices.iter().map(|choice| choice.starts_at).max().unwrap_or(Timestamp::MIN);
        let (site, planned_at) = (attempt.site.clone(), attempt.planned_at);
        let keeps = Keeps::of(&attempt, &errand);
        let running = Running { orders, files, site, planned_at, begins, withdrawn: false, keeps };
        let id = attempt.id.clone();
        let reporter = Reporter::new(self.events.clone()).of(&id).with_files(changed.clone());
        let now = self.parts.clock.now();
        // Its booking went while nobody was there to be told: with the booking it comes back.
        let withdrawn = errand.is_called_off() && begins > now;
        reporter.say(now, What::taken_up(&attempt));
        let site_clock = self.watch(&errand, &id, reporter.clone());
        tell_how(&errand, &reporter, now);
        let facts = errand.facts();
        let run = Run {
            site_clock,
            notes: Notebook::new(facts.learned),
            machine: Machine::new(facts, errand.past(&attempt)),
            stored: attempt.state,
            permit: errand.permit.clone(),
            letter: letters(&errand, &attempt, &self.parts),
            says_whom: false,
            performer: self.crew.hands(errand.clone(), &attempt, &self.parts, reporter.clone(), self.locks.clone()),
            store: self.parts.store.clone(),
            clock: Arc::clone(&self.parts.clock),
            orders: inbox,
            files: changed,
            errand,
            reporter,
            submits: attempt.submits,
            stopping: false,
            doubtful: false,
            moving: false,
            withdrawn,
            called_off: false,
            is_told: false,
            id: attempt.id,
        };
        self.running.insert(id.clone(), running);
        let span = attempt_span(&id);
        self.tasks.spawn(Box::pin(async move { (id, run.run().await) }.instrument(span)));
    }

    fn watch(&self, errand: &Errand, id: &AttemptId, reporter: Reporter) -> Watch {
        let (clock, store) = (Arc::clone(&self.parts.clock), self.parts.store.clone());
        let site = Site { clock: self.crew.clock_rule(&errand.site), ..errand.site.clone() };
        Watch::new(&site, id, self.site_clocks.clone(), clock, store, reporter)
    }

    /// Ends an attempt that cannot be run at all.
    async fn close(&mut self, attempt: Attempt, outcome: Outcome, note: &str, withdrawn: bool) {
        let now = self.parts.clock.now();
        let letter = unrun(&attempt, outcome, note, &self.parts);
        let end = End { from: attempt.state, outcome, note: Some(note), slot: None, letter, withdrawn, at: now };
        match self.parts.store.end(&attempt.id, end).await {
            Ok(()) => Reporter::new(self.events.clone())
                .of(&attempt.id)
                .say(now, What::Ended { outcome, note: note.to_owned(), won: None }),
            Err(error) if error.is_conflict() => tracing::debug!(%error, "the attempt was over already"),
            Err(error) => {
                tracing::error!(%error, "the end could not be stored; trying again");
                self.agenda.look_at(attempt, now + REPLAN_SOON);
            }
        }
    }

    async fn finished(&mut self, done: Result<(AttemptId, Finish), tokio::task::JoinError>) {
        match done {
            Ok((id, Finish::Died)) => self.died(&id),
            Ok((id, finish)) => {
                self.running.remove(&id);
                match finish {
                    Finish::Parked(until) => self.look_again(&id, until).await,
                    Finish::Moved => {
                        self.moves = true;
                        self.replan_at = self.parts.clock.now();
                    }
                    Finish::Ended(outcome) => {
                        self.faults.forget(&id);
                        // Its booking may have come back meanwhile.
                        if outcome == Outcome::Cancelled {
                            self.replan_at = self.parts.clock.now();
                        }
                    }
                    Finish::Stopped => self.faults.forget(&id),
                    // Told above.
                    Finish::Died => {}
                }
            }
            Err(error) => {
                tracing::error!(%error, "an attempt's task did not come to its end");
                self.running.retain(|_, running| !running.orders.is_closed());
                self.replan_at = self.parts.clock.now() + REPLAN_SOON;
            }
        }
    }

    /// A bug in one attempt must not cost the others; the store knows where it stood, and what it has cost.
    fn died(&mut self, id: &AttemptId) {
        tracing::error!(%id, "an attempt's task died by a fault of firstserve; it is taken up again once");
        if let Some(running) = self.running.remove(id) {
            self.faults.died(id, running.planned_at);
        }
        self.replan_at = self.parts.clock.now() + REPLAN_SOON;
    }

    async fn look_again(&mut self, id: &AttemptId, until: Timestamp) {
        match self.parts.store.attempt(id).await {
            Ok(attempt) => attempt.into_iter().for_each(|attempt| self.agenda.look_at(attempt, until)),
            Err(error) => {
                tracing::error!(%error, "the attempt could not be read again; the plan is worked out anew");
                self.replan_at = self.parts.clock.now() + REPLAN_SOON;
            }
        }
    }

    fn withdraw(&mut self, id: &AttemptId) {
        if let Some(running) = self.running.get_mut(id).filter(|running| !running.withdrawn) {
            running.withdrawn = running.tell(id, Order::Withdraw);
        }
    }

    async fn cancel(&mut self, id: &AttemptId) {
        if let Some(running) = self.running.get(id) {
            running.tell(id, Order::Cancel);
            return;
        }
        if let Ok(Some(attempt)) = self.parts.store.attempt(id).await
            && attempt.state == State::Planned
        {
            self.agenda.forget(id);
            self.close(attempt, Outcome::Cancelled, "called off before its opening", false).await;
        }
    }

    async fn stop(mut self) {
        for (id, running) in &self.running {
            running.tell(id, Order::Stop);
        }
        let clock = Arc::clone(&self.parts.clock);
        tokio::select! {
            biased;
            () = async { while self.tasks.join_next().await.is_some() {} } => {}
            () = clock.sleep_for(STOP_GRACE) => {
                tracing::warn!("stopped with attempts under way; the next start verifies them");
            }
        }
    }

    fn beat(&self) {
        let uptime = u64::try_from(self.parts.clock.uptime().as_millis()).unwrap_or(u64::MAX);
        self.pulse.store(uptime, Ordering::Relaxed);
    }

    fn say(&self, what: What) {
        Reporter::new(self.events.clone()).say(self.parts.clock.now(), what);
    }
}
