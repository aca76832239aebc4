//! Keeps the agenda, starts what is due, takes a new configuration, and stops in order.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument;

use super::agenda::{Agenda, plan};
use super::errand::Errand;
use super::letters::letters;
use super::lock::AccountLocks;
use super::notebook::Notebook;
use super::perform::hands;
use super::report::Reporter;
use super::run::{Finish, Manner, Order, Run};
use super::steps::Steps;
use super::{Event, What};
use crate::clock::{Clock, ZoneData};
use crate::config::{Config, diff};
use crate::model::{Attempt, AttemptId, FireMode, Occurrence, Outcome, State};
use crate::store::{AttemptFilter, End, PlanChange, Planned, Store, StoreError};
use crate::telemetry::{Redactor, attempt_span};
use crate::timing::Machine;
use crate::vault::Vault;

/// Events that a slow listener may fall behind.
const EVENTS_KEPT: usize = 4_096;

/// How often the plan is worked out anew without being told to, so that new dates come within sight.
const REPLAN_EVERY: SignedDuration = SignedDuration::from_hours(6);

/// More than any attempt is taken up before its opening; what opens later is not kept in memory until the next plan.
const LONGEST_LEAD: SignedDuration = SignedDuration::from_hours(2);

/// How soon a plan that the store did not take is tried again.
const REPLAN_SOON: SignedDuration = SignedDuration::from_secs(5);

/// How often the supervisor shows that it is alive.
const PULSE: Duration = Duration::from_secs(1);

/// How long a stop waits for attempts whose permit is spent.
const STOP_GRACE: Duration = Duration::from_secs(25);

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

/// Talks to a running engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    events: broadcast::Sender<Event>,
    pulse: Arc<AtomicU64>,
    zones: watch::Receiver<Arc<ZoneData>>,
}

impl Handle {
    /// Everything that happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Puts other parts in force: a valid configuration, zone data read anew, a vault. Running attempts keep those that they
    /// were started with.
    pub async fn reload(&self, parts: Parts) {
        self.tell(Command::Reload(Box::new(parts))).await;
    }

    /// Says that a configuration was refused and the old one kept.
    pub fn refused(&self, at: Timestamp, errors: usize) {
        Reporter::new(self.events.clone()).say(at, What::Refused { errors });
    }

    /// Calls an attempt off, if nothing was submitted.
    pub async fn cancel(&self, id: AttemptId) {
        self.tell(Command::Cancel(id)).await;
    }

    /// The clock's uptime, in milliseconds, at which the supervisor last went round its loop.
    pub fn pulse(&self) -> Duration {
        Duration::from_millis(self.pulse.load(Ordering::Relaxed))
    }

    /// The zone data that openings are worked out with.
    pub fn zones(&self) -> Arc<ZoneData> {
        Arc::clone(&self.zones.borrow())
    }

    /// Stops: nothing new is begun, what is spent is finished within a grace.
    pub async fn stop(&self) {
        self.tell(Command::Stop).await;
    }

    async fn tell(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::debug!("the engine has stopped");
        }
    }
}

enum Command {
    Reload(Box<Parts>),
    Cancel(AttemptId),
    Stop,
}

/// The supervisor's task.
pub struct Engine {
    parts: Parts,
    agenda: Agenda,
    running: HashMap<AttemptId, mpsc::Sender<Order>>,
    tasks: JoinSet<(AttemptId, Finish)>,
    locks: AccountLocks,
    events: broadcast::Sender<Event>,
    replan_at: Timestamp,
    pulse: Arc<AtomicU64>,
    zones: watch::Sender<Arc<ZoneData>>,
    steps: Steps,
    /// The zone data of before, for the running attempts that are planned again because of the new ones.
    zones_before: Option<String>,
    /// One of those has ended: the next plan moves it.
    moves: bool,
}

impl Engine {
    /// Starts an engine; it runs until [`Handle::stop`].
    pub fn start(parts: Parts) -> (Handle, JoinHandle<()>) {
        let (commands, inbox) = mpsc::channel(64);
        let events = broadcast::Sender::new(EVENTS_KEPT);
        let replan_at = parts.clock.now();
        let (zones, shown) = watch::channel(Arc::clone(&parts.zones));
        let engine = Self {
            steps: Steps::new(replan_at, parts.clock.uptime()),
            zones,
            parts,
            agenda: Agenda::default(),
            running: HashMap::new(),
            tasks: JoinSet::new(),
            locks: AccountLocks::default(),
            events: events.clone(),
            replan_at,
            pulse: Arc::default(),
            zones_before: None,
            moves: false,
        };
        let pulse = Arc::clone(&engine.pulse);
        (Handle { commands, events, pulse, zones: shown }, tokio::spawn(engine.run(inbox)))
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        loop {
            self.look_for_a_step().await;
            if self.parts.clock.now() >= self.replan_at {
                self.replan().await;
            }
            self.start_what_is_due().await;
            self.beat();
            let wake = self.agenda.next().unwrap_or(self.replan_at).min(self.replan_at);
            let clock = Arc::clone(&self.parts.clock);
            tokio::select! {
                () = clock.sleep_until(wake) => {}
                // Whatever the wall clock shows: it may be put back.
                () = clock.sleep_for(PULSE) => {}
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.finished(done).await,
                command = inbox.recv() => match command {
                    Some(Command::Reload(parts)) => self.reload(*parts).await,
                    Some(Command::Cancel(id)) => self.cancel(&id).await,
                    Some(Command::Stop) | None => break,
                },
            }
        }
        self.stop().await;
    }

    /// A clock that was set is written down, and the plan worked out anew: what was reckoned before may lie years away.
    async fn look_for_a_step(&mut self) {
        let now = self.parts.clock.now();
        let Some(by) = self.steps.look(now, self.parts.clock.uptime()) else { return };
        self.replan_at = now;
        let how = if by.is_negative() { "back" } else { "forward" };
        self.say(What::Degraded(format!("this machine's clock was set {how} by {:.3} s", by.abs().as_secs_f64())));
        let data = serde_json::json!({ "by_ms": i64::try_from(by.as_millis()).unwrap_or(i64::MAX) });
        if let Err(error) = self.parts.store.audit(None, "clock-step", data, now).await {
            tracing::warn!(%error, "that the clock was set was not written down");
        }
    }

    /// Makes store and agenda agree with the configuration.
    async fn replan(&mut self) {
        let now = self.parts.clock.now();
        self.replan_at = match self.try_replan(now).await {
            Ok(()) => now + REPLAN_EVERY,
            Err(error) => {
                tracing::error!(%error, "the plan could not be stored; trying again");
                self.say(What::Degraded(format!("the plan could not be stored: {error}")));
                now + REPLAN_SOON
            }
        };
    }

    async fn try_replan(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let planned = plan(&self.parts.config, &self.parts.zones, now);
        let wanted: Vec<Planned> = planned.iter().map(Planned::from).collect();
        let before = self.zones_before.as_deref().filter(|_| self.moves);
        let change = self.parts.store.plan_with_zones(&wanted, &self.parts.zones.to_string(), before, now).await?;
        self.moves = false;
        tell_of(&change);
        let horizon = now + REPLAN_EVERY + LONGEST_LEAD;
        let near = AttemptFilter { live: true, opens_by: Some(horizon), ..AttemptFilter::default() };
        let live = self.parts.store.attempts(&near).await?;
        self.agenda.replan(planned);
        for attempt in live {
            if !self.running.contains_key(&attempt.id) {
                let at = self.look_at(&attempt, now);
                self.agenda.look_at(attempt, at);
            }
        }
        self.cancel_what_is_unwanted(now).await;
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

    /// Running attempts that no booking asks for any more are called off, if nothing was submitted.
    async fn cancel_what_is_unwanted(&mut self, now: Timestamp) {
        let ids: Vec<AttemptId> = self.running.keys().cloned().collect();
        for id in ids {
            let Ok(Some(attempt)) = self.parts.store.attempt(&id).await else { continue };
            if self.agenda.occurrence(&attempt).is_none() && attempt.opening > now {
                self.cancel(&id).await;
            }
        }
    }

    /// With other zone data the opening of a running attempt may be another: it is planned again, if nothing was submitted.
    async fn take_up_anew_what_moved(&mut self) {
        for (id, orders) in &self.running {
            let Ok(Some(attempt)) = self.parts.store.attempt(id).await else { continue };
            let opening = self.agenda.occurrence(&attempt).map(Occurrence::opening);
            let moved = opening.is_some_and(|opening| opening != attempt.opening) && !attempt.state.is_spent();
            if moved && orders.send(Order::Move).await.is_err() {
                tracing::debug!(%id, "the attempt is over already");
            }
        }
    }

    async fn start_what_is_due(&mut self) {
        for attempt in self.agenda.take_due(self.parts.clock.now()) {
            let errand = Errand::of(&attempt, self.agenda.occurrence(&attempt), &self.parts).await;
            match errand {
                Ok(errand) => self.launch(attempt, errand),
                Err(reason) => self.close(attempt, reason.outcome(), &reason.to_string()).await,
            }
        }
    }

    fn launch(&mut self, attempt: Attempt, errand: Errand) {
        let (orders, inbox) = mpsc::channel(8);
        let id = attempt.id.clone();
        let reporter = Reporter::new(self.events.clone()).of(&id);
        let now = self.parts.clock.now();
        reporter.say(now, What::taken_up(&attempt));
        tell_how(&errand, &reporter, now);
        let facts = errand.facts(attempt.created_at);
        let run = Run {
            manner: Manner { site: attempt.site.clone(), way: errand.chosen.way, browser: errand.browser },
            notes: Notebook::new(facts.learned),
            machine: Machine::new(facts, errand.past(&attempt)),
            stored: attempt.state,
            permit: errand.permit.clone(),
            letter: letters(&errand, &attempt, &self.parts),
            performer: hands(errand, &attempt, &self.parts, reporter.clone(), self.locks.clone()),
            store: self.parts.store.clone(),
            clock: Arc::clone(&self.parts.clock),
            orders: inbox,
            reporter,
            stopping: false,
            moving: false,
            id: attempt.id,
        };
        self.running.insert(id.clone(), orders);
        let span = attempt_span(&id);
        self.tasks.spawn(Box::pin(async move { (id, run.run().await) }.instrument(span)));
    }

    /// Ends an attempt that cannot be run at all.
    async fn close(&mut self, attempt: Attempt, outcome: Outcome, note: &str) {
        let now = self.parts.clock.now();
        let end = End { from: attempt.state, outcome, note: Some(note), slot: None, letter: None, at: now };
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
            Ok((id, finish)) => {
                self.running.remove(&id);
                match finish {
                    Finish::Parked(at) => {
                        if let Ok(Some(attempt)) = self.parts.store.attempt(&id).await {
                            self.agenda.look_at(attempt, at);
                        }
                    }
                    Finish::Moved => {
                        self.moves = true;
                        self.replan_at = self.parts.clock.now();
                    }
                    Finish::Ended(_) | Finish::Stopped => {}
                }
            }
            Err(error) => {
                // A bug in one attempt must not cost the others; the store knows where it stood.
                tracing::error!(%error, "an attempt's task died");
                self.running.retain(|_, orders| !orders.is_closed());
                self.replan_at = self.parts.clock.now() + REPLAN_SOON;
            }
        }
    }

    async fn reload(&mut self, parts: Parts) {
        let now = self.parts.clock.now();
        let mut changes: Vec<String> =
            diff(&self.parts.config, &parts.config).iter().map(ToString::to_string).collect();
        let (old, new) = (self.parts.zones.to_string(), parts.zones.to_string());
        if old != new {
            changes.push(format!("time zone data: {old} -> {new}"));
            // First the data alone, so that the audit trail knows what moved because of them.
            self.parts.zones = Arc::clone(&parts.zones);
            self.replan().await;
        }
        self.zones.send_replace(Arc::clone(&parts.zones));
        self.parts = parts;
        self.replan().await;
        Reporter::new(self.events.clone()).say(now, What::Reloaded(changes));
    }

    async fn cancel(&mut self, id: &AttemptId) {
        if let Some(orders) = self.running.get(id) {
            if orders.send(Order::Cancel).await.is_err() {
                tracing::debug!(%id, "the attempt is over already");
            }
            return;
        }
        if let Ok(Some(attempt)) = self.parts.store.attempt(id).await
            && attempt.state == State::Planned
        {
            self.agenda.forget(id);
            self.close(attempt, Outcome::Cancelled, "called off before its opening").await;
        }
    }

    async fn stop(mut self) {
        for orders in self.running.values() {
            if orders.send(Order::Stop).await.is_err() {
                tracing::debug!("an attempt was over already");
            }
        }
        let drained = tokio::time::timeout(STOP_GRACE, async { while self.tasks.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!("stopped with attempts under way; the next start verifies them");
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

/// Which way is taken and why; by how much the fire leaves before the opening, where the site has opted in to that.
fn tell_how(errand: &Errand, reporter: &Reporter, now: Timestamp) {
    tracing::info!(
        way = errand.chosen.way.words(),
        why = errand.chosen.words(),
        lead = errand.lead.words(),
        "fires by"
    );
    if errand.site.fire == FireMode::Auto && errand.chosen.way.mode != FireMode::Script {
        reporter.say(now, What::Note(format!("fires by {}", errand.chosen.words())));
    }
    if !errand.site.patience.lead_at_most.is_zero() {
        reporter.say(now, What::Note(format!("lead: {}", errand.lead.words())));
    }
}

/// A plan that moves leaves a line: how many attempts are new, at another instant, or gone.
fn tell_of(change: &PlanChange) {
    let (added, moved, cancelled) = (change.added.len(), change.moved.len(), change.cancelled.len());
    if let Some(before) = &change.zones_before {
        tracing::warn!(before, moved, "other time zone data: the plan is worked out anew");
    }
    if added + moved + cancelled > 0 {
        tracing::info!(added, moved, cancelled, "the plan moves");
    }
}
