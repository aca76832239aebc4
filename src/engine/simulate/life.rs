//! One run: the real engine, life after life, on a clock that goes on when nothing is left to do.
//!
//! A life is a runtime with one thread and without timers: whatever would wait for real time does not get far. When it has
//! nothing more to do it parks, and only then is the clock moved to the next instant at which somebody, or something, is
//! due. Throwing the runtime away is the kill: every task is dropped where it waits.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::SimulateError;
use super::chance::Chance;
use super::control::Control;
use super::edit::Desk;
use super::hands::SimCrew;
use super::incident::{Incident, Incidents};
use super::label::Label;
use super::world::World;
use crate::clock::{Clock, SimClock, ZoneData};
use crate::engine::{Event, Handle, Parts, supervisor};
use crate::model::{Attempt, State};
use crate::store::{AttemptFilter, InStep, Store, StoreError, in_step};
use crate::telemetry::Redactor;

/// Once the span is over, this often it is looked whether every attempt has ended.
const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// So long after the span every attempt must have ended: the longest waiting list is shorter.
const LAST_CALL: SignedDuration = SignedDuration::from_hours(24 * 30);

/// An engine that was asked to stop takes no longer.
const LONGEST_STOP: SignedDuration = SignedDuration::from_secs(60);

/// Rounds at one instant after which nothing more is expected of it; what has not ended then is told by the judge.
const MOST_ROUNDS: u32 = 100_000;

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The process is gone, and comes back after a while.
    Gone(SignedDuration),
    /// The span is over and nothing is under way.
    Done,
}

/// One run.
pub(super) struct Run {
    pub(super) world: Arc<World>,
    pub(super) desk: Desk,
    pub(super) store: Store,
    zones: Arc<ZoneData>,
    clock: SimClock,
    incidents: Incidents,
    edits: Chance,
    until: Timestamp,
    next_look: Timestamp,
    stopping: Option<SignedDuration>,
    seed: u64,
    background: Runtime,
    in_step: Option<InStep>,
}

impl Run {
    pub(super) fn new(
        seed: u64,
        world: Arc<World>,
        desk: Desk,
        zones: Arc<ZoneData>,
        clock: SimClock,
        incidents: Incidents,
        until: Timestamp,
    ) -> Result<Self, SimulateError> {
        let background = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let store = background.block_on(Store::in_memory(seed))?;
        let in_step = Some(in_step(background.handle().clone(), world.gate()));
        let edits = world.chance("edits");
        let (next_look, stopping) = (until, None);
        Ok(Self {
            world,
            desk,
            store,
            zones,
            clock,
            incidents,
            edits,
            until,
            next_look,
            stopping,
            seed,
            background,
            in_step,
        })
    }

    /// Life after life, until the span is over and every attempt has ended, or none will any more.
    pub(super) fn live(&mut self) -> Result<(), SimulateError> {
        while let Over::Gone(down) = self.one_life()? {
            self.be_gone(down)?;
        }
        self.in_step = None;
        Ok(())
    }

    /// Reads what is kept, when all is over.
    pub(super) fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.background.block_on(work)
    }

    fn one_life(&mut self) -> Result<Over, SimulateError> {
        let idle = Arc::new(Notify::new());
        let parked = Arc::clone(&idle);
        let life = Builder::new_current_thread().on_thread_park(move || parked.notify_one()).build()?;
        self.world.lock().process.start();
        Ok(life.block_on(self.engine(&idle)))
    }

    async fn engine(&mut self, idle: &Notify) -> Over {
        self.stopping = None;
        let (handle, engine) = supervisor::start(self.parts(), None, SimCrew(Arc::clone(&self.world)));
        let mut events = handle.events();
        self.desk.promises.given(&self.desk.config, &self.zones, self.clock.now());
        self.world.say("the engine starts");
        let (mut rounds, mut round_at) = (0, self.clock.now());
        loop {
            idle.notified().await;
            self.hear(&mut events);
            rounds = if self.clock.now() == round_at { rounds + 1 } else { 0 };
            round_at = self.clock.now();
            if rounds > MOST_ROUNDS {
                self.world.say("time stands still");
                return Over::Done;
            }
            if self.world.lock().process.is_dead() {
                return Over::Gone(self.stopping.unwrap_or_default());
            }
            if engine.is_finished() {
                // A panic of the engine is one of the simulation.
                if let Err(error) = engine.await {
                    std::panic::resume_unwind(error.into_panic());
                }
                self.world.say("the engine has stopped");
                return Over::Gone(self.stopping.unwrap_or_default());
            }
            if let Some(incident) = self.incidents.take_due(self.clock.now()) {
                if let Some(over) = self.meet(incident, &handle).await {
                    return over;
                }
                continue;
            }
            if self.is_over().await {
                return Over::Done;
            }
            self.go_on();
        }
    }

    fn parts(&self) -> Parts {
        Parts {
            config: Arc::clone(&self.desk.config),
            zones: Arc::clone(&self.zones),
            store: self.store.clone(),
            vault: None,
            clock: Arc::new(self.clock.clone()),
            guardian: std::path::PathBuf::new(),
            redactor: Redactor::new(),
        }
    }

    fn hear(&self, events: &mut Receiver<Event>) {
        loop {
            match events.try_recv() {
                Ok(event) => self.world.hear(&event),
                Err(TryRecvError::Lagged(lost)) => self.world.say(format!("{lost} events were not heard")),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Nothing is left to do now: on to the next instant at which there is.
    fn go_on(&self) {
        let now = self.clock.now();
        let due = [self.clock.next_wake(), self.incidents.next(), (self.next_look > now).then_some(self.next_look)];
        let next = due.into_iter().flatten().min().unwrap_or(now + LOOK_EVERY).max(now);
        self.world.run_until(next);
        self.clock.advance_to(next);
    }

    /// Whether the span is over and everything in it has ended, or had time enough.
    async fn is_over(&mut self) -> bool {
        let now = self.clock.now();
        if now < self.next_look {
            return false;
        }
        self.next_look = now + LOOK_EVERY;
        let under_way = self.live_attempts(Some(self.until)).await.map_or(usize::MAX, |attempts| attempts.len());
        under_way == 0 || now >= self.until + LAST_CALL
    }

    /// Something happens; the life may be over with it.
    async fn meet(&mut self, incident: Incident, handle: &Handle) -> Option<Over> {
        let now = self.clock.now();
        match incident {
            Incident::Kill { down } => {
                self.count("kills", "the process is killed");
                return Some(Over::Gone(down));
            }
            Incident::KillAtWork { after, done, down } => {
                self.stopping = Some(down);
                self.world.lock().record.counted("kills");
                self.world.lock().process.dies_at_work(after, done);
            }
            Incident::Stop { down } => {
                self.count("stops", "the process is asked to stop");
                self.stopping = Some(down);
                self.world.lock().record.absent(now, now + LONGEST_STOP);
                handle.stop().await;
            }
            Incident::Sleep { until } => self.sleep(now, until),
            Incident::Edit => {
                let done = self.desk.edit(&mut self.edits, now, &mut self.world.lock().record);
                self.edited(done, now, handle).await;
            }
            Incident::Waver { again } => self.waver(now, again, handle).await,
            Incident::PutBack => {
                let done = self.desk.put_back(now, &mut self.world.lock().record);
                self.edited(done, now, handle).await;
            }
            Incident::StoreRefuses { until } => {
                self.world.say("the store takes nothing any more");
                let mut inner = self.world.lock();
                inner.process.refuses_until(until);
                inner.record.absent(now, until);
            }
            Incident::StoreDenies { after } => self.world.lock().process.denies_work(after),
        }
        None
    }

    fn count(&self, what: &'static str, words: &str) {
        self.world.lock().record.counted(what);
        self.world.say(words);
    }

    fn sleep(&self, now: Timestamp, until: Timestamp) {
        self.count("sleeps", "the machine falls asleep");
        {
            let mut inner = self.world.lock();
            inner.record.absent(now, until);
            inner.tickets.hold(now, until);
        }
        self.world.run_until(until);
        self.clock.advance_to(until);
        self.world.say("the machine wakes up");
    }

    /// What is edited, if anything was, is put in force.
    async fn edited(&mut self, words: Option<String>, now: Timestamp, handle: &Handle) {
        let Some(words) = words else { return };
        self.world.say(words);
        self.world.adopt(&self.desk.config);
        self.desk.promises.given(&self.desk.config, &self.zones, now);
        handle.reload(self.parts()).await;
        if self.world.is_control(Control::CallsOff) {
            self.call_off(handle).await;
        }
    }

    async fn waver(&mut self, now: Timestamp, again: SignedDuration, handle: &Handle) {
        let busy: Vec<Label> = self.under_way().await.iter().map(Label::from).collect();
        let done = self.desk.waver(&busy, &mut self.edits, now, &mut self.world.lock().record);
        if done.is_some() {
            self.incidents.add(now + again, Incident::PutBack);
        }
        self.edited(done, now, handle).await;
    }

    /// Attempts that the engine is at work on.
    async fn under_way(&self) -> Vec<Attempt> {
        let live = self.live_attempts(None).await.unwrap_or_default();
        live.into_iter().filter(|attempt| attempt.state != State::Planned).collect()
    }

    /// Calls the next date of what was just edited off, whether it is wanted or not.
    async fn call_off(&self, handle: &Handle) {
        let live = self.live_attempts(None).await.unwrap_or_default();
        for (member, booking) in &self.desk.touched {
            let dates = live.iter().filter(|attempt| (&attempt.member, &attempt.booking) == (member, booking));
            if let Some(next) = dates.min_by_key(|attempt| attempt.opening) {
                handle.cancel(next.id.clone()).await;
            }
        }
    }

    async fn live_attempts(&self, opens_by: Option<Timestamp>) -> Result<Vec<Attempt>, StoreError> {
        let live = AttemptFilter { live: true, opens_by, ..AttemptFilter::default() };
        self.world.lock().process.stand_apart(true);
        let attempts = self.store.attempts(&live).await;
        self.world.lock().process.stand_apart(false);
        attempts
    }

    /// Between two lives: what has left goes on, what has not is called off or not, and people edit meanwhile.
    fn be_gone(&mut self, down: SignedDuration) -> Result<(), SimulateError> {
        let now = self.clock.now();
        let back = now + down;
        let mut chance = self.world.chance(&format!("guard/{now}"));
        {
            let mut inner = self.world.lock();
            inner.record.absent(now, back);
            // The guard ends the browsers of a dead process, mostly in time.
            let ended = inner.tickets.recall(now, |_| chance.per_mille(500));
            inner.trace.say(now, None, format!("the process is gone until {back}; {ended} armed pages end with it"));
        }
        if self.world.is_control(Control::Forgets) {
            self.forget()?;
        }
        while let Some(at) = self.incidents.next().filter(|at| *at < back) {
            self.world.run_until(at);
            self.clock.advance_to(at);
            let incident = self.incidents.take_due(at);
            let done = {
                let record = &mut self.world.lock().record;
                match incident {
                    Some(Incident::Edit) => self.desk.edit(&mut self.edits, at, record),
                    Some(Incident::PutBack) => self.desk.put_back(at, record),
                    _ => None,
                }
            };
            if let Some(words) = done {
                self.world.say(words);
                self.world.adopt(&self.desk.config);
            }
        }
        self.world.run_until(back);
        self.clock.advance_to(back);
        Ok(())
    }

    fn forget(&mut self) -> Result<(), SimulateError> {
        self.in_step = None;
        let old = std::mem::replace(&mut self.store, self.background.block_on(Store::in_memory(self.seed))?);
        self.background.block_on(old.close());
        self.in_step = Some(in_step(self.background.handle().clone(), self.world.gate()));
        Ok(())
    }
}
