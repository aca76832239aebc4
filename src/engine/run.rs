//! One attempt, from the first event to the last: asks the machine, writes what it says, does what it wants.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::What;
use super::perform::Performer;
use super::report::Reporter;
use crate::clock::Clock;
use crate::model::{Answer, AttemptId, Choice, Outcome, State};
use crate::store::{End, Evidence, Letter, Mark, PermitId, Slot, Store, StoreError};
use crate::timing::{Decision, Event, Machine, Next, Record};

/// How long a write that must not be lost waits before it is tried again.
const WRITE_AGAIN: Duration = Duration::from_millis(500);

/// A wait longer than this gives the session back.
const LONG_WAIT: Duration = Duration::from_secs(120);

/// What a running attempt can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Call it off, if nothing was submitted.
    Cancel,
    /// The engine stops: finish what is spent, leave the rest as it is.
    Stop,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// In a terminal state.
    Ended(Outcome),
    /// Nothing to do before an instant.
    Parked(Parked),
    /// The engine stops; the store knows where the attempt stands.
    Stopped,
}

/// An attempt that has nothing to do for long: a choice of it is lost, and another one opens later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parked {
    /// Until when.
    pub(super) until: Timestamp,
    /// What is tried no more.
    pub(super) lost: Vec<Choice>,
}

/// Writes the letter for an attempt that ended; none: nobody is told.
pub(super) type Write = Arc<dyn Fn(&Ending<'_>) -> Option<Letter> + Send + Sync>;

/// What a letter is written about.
pub(super) struct Ending<'a> {
    /// The word.
    pub(super) outcome: Outcome,
    /// Why.
    pub(super) note: &'a str,
    /// Which choice was won.
    pub(super) won: Option<usize>,
    /// Whether the site holds more than one booking of ours.
    pub(super) duplicate: bool,
    /// When the last submit left.
    pub(super) sent: Option<Timestamp>,
}

/// A running attempt.
pub(super) struct Run<P> {
    pub(super) id: AttemptId,
    pub(super) machine: Machine,
    pub(super) performer: P,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) reporter: Reporter,
    pub(super) letter: Write,
    /// The state in the store, which lags behind the machine's when a write failed.
    pub(super) stored: State,
    pub(super) permit: Option<PermitId>,
    pub(super) marks: Vec<(Mark, Timestamp)>,
    pub(super) sent: Option<Timestamp>,
    pub(super) stopping: bool,
}

impl<P: Performer> Run<P> {
    /// Runs until the attempt ends, may be parked, or the engine stops.
    pub(super) async fn run(mut self) -> Finish {
        let mut event = Event::Begin;
        loop {
            let decision = self.machine.on(event, self.clock.now());
            match self.follow(decision).await {
                Ok(next) => event = next,
                Err(finish) => {
                    self.performer.rest().await;
                    return finish;
                }
            }
        }
    }

    async fn follow(&mut self, decision: Decision) -> Result<Event, Finish> {
        for record in decision.records {
            self.write(record).await;
        }
        if self.stopping && !self.machine.state().is_spent() {
            return Err(Finish::Stopped);
        }
        let event = self.perform(decision.next).await?;
        self.note_marks().await;
        Ok(event)
    }

    async fn perform(&mut self, next: Next) -> Result<Event, Finish> {
        Ok(match next {
            Next::Wait(at) => return self.wait(at).await,
            Next::Stage { choice, reuse } => self.heard(|p| Box::pin(p.stage(choice, reuse))).await,
            Next::CheckLogin => Box::pin(self.performer.check_login()).await,
            Next::Open { choice, at } => self.heard(|p| Box::pin(p.open(choice, at))).await,
            Next::Spend { choice } => self.spend(choice).await,
            Next::Fire { choice, at } => Box::pin(self.performer.fire(choice, at)).await,
            Next::Fence => Box::pin(self.performer.fence()).await,
            Next::ReadList => Box::pin(self.performer.read_list()).await,
            Next::End { outcome, note, won, duplicate } => {
                return Err(self.end(Ending { outcome, note: &note, won, duplicate, sent: self.sent }).await);
            }
        })
    }

    /// Does something reversible; an order to cancel or stop interrupts it.
    async fn heard<'s, F>(&'s mut self, act: F) -> Event
    where
        F: FnOnce(&'s mut P) -> std::pin::Pin<Box<dyn Future<Output = Event> + Send + 's>>,
    {
        let orders = &mut self.orders;
        let stopping = &mut self.stopping;
        let acting = act(&mut self.performer);
        tokio::select! {
            biased;
            event = acting => event,
            Some(order) = orders.recv() => {
                *stopping |= order == Order::Stop;
                if order == Order::Cancel { Event::Cancel } else { Event::BrowserLost("firstserve is stopping".to_owned()) }
            }
        }
    }

    async fn wait(&mut self, at: Timestamp) -> Result<Event, Finish> {
        self.reporter.say(self.clock.now(), What::Waiting { until: at });
        if self.machine.state() == State::Planned {
            return Err(Finish::Parked(Parked { until: at, lost: self.machine.lost().cloned().collect() }));
        }
        if at.duration_since(self.clock.now()).unsigned_abs() > LONG_WAIT {
            self.performer.rest().await;
        }
        tokio::select! {
            biased;
            Some(order) = self.orders.recv() => match order {
                Order::Cancel => Ok(Event::Cancel),
                Order::Stop => Err(Finish::Stopped),
            },
            () = self.clock.sleep_until(at) => Ok(Event::Woke),
        }
    }

    async fn spend(&mut self, choice: usize) -> Event {
        // A permit is given to who is ready: what the store did not take before is written first.
        if self.stored != State::Ready {
            self.enter(State::Ready).await;
        }
        let wanted = &self.machine.facts().choices[choice];
        match self.store.spend_permit(&self.id, wanted, self.clock.now()).await {
            Ok(permit) => {
                let spent = self.clock.now();
                self.permit = Some(permit.id().clone());
                self.stored = State::Submitting;
                self.marks.push((Mark::Permit, spent));
                self.reporter.say(spent, What::Entered(State::Submitting));
                Event::Spent
            }
            Err(error) if error.is_slot_held() => Event::Held(error.to_string()),
            Err(error) => Event::SpendFailed(error.to_string()),
        }
    }

    async fn write(&mut self, record: Record) {
        match record {
            Record::Enter(state) => self.enter(state).await,
            Record::Settle(answer) => {
                self.reporter.say(self.clock.now(), What::Answered(answer));
                self.settle(Evidence::Answered(answer)).await;
                if answer != Answer::Confirmed {
                    self.permit = None;
                }
            }
            Record::Absent => {
                self.settle(Evidence::Absent).await;
                self.permit = None;
            }
            Record::Release => self.release().await,
        }
    }

    async fn settle(&mut self, evidence: Evidence) {
        let Some(permit) = self.permit.clone() else { return };
        while let Err(error) = self.store.settle_permit(&permit, evidence, self.stored, self.clock.now()).await {
            if error.is_missing() || !self.try_again(&error).await {
                return;
            }
        }
    }

    async fn release(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        while let Err(error) = self.store.release_permit(&permit, "it provably never left", self.clock.now()).await {
            if error.is_missing() {
                break;
            }
            if !self.try_again(&error).await {
                return;
            }
        }
        self.read_stored().await;
    }

    /// A state that could not be written is not lost: the next write starts from what is stored.
    async fn enter(&mut self, state: State) {
        let now = self.clock.now();
        match self.store.transition(&self.id, self.stored, state, now, None).await {
            Ok(()) => self.stored = state,
            Err(error) => {
                tracing::warn!(%error, state = state.as_str(), "the store did not take the state");
                self.read_stored().await;
            }
        }
        self.reporter.say(now, What::Entered(state));
    }

    async fn end(&mut self, ending: Ending<'_>) -> Finish {
        let won = ending.won.map(|at| self.machine.facts().choices[at].clone());
        while let Err(error) = self.store.end(&self.id, self.ending(&ending, won.as_ref())).await {
            if !self.try_again(&error).await {
                return Finish::Stopped;
            }
        }
        self.note_marks().await;
        let what = What::Ended { outcome: ending.outcome, note: ending.note.to_owned(), won };
        self.reporter.say(self.clock.now(), what);
        Finish::Ended(ending.outcome)
    }

    fn ending<'e>(&self, ending: &'e Ending<'_>, won: Option<&Choice>) -> End<'e> {
        End {
            from: self.stored,
            outcome: ending.outcome,
            note: Some(ending.note),
            slot: won.map(Slot::from),
            letter: (self.letter)(ending),
            at: self.clock.now(),
        }
    }

    /// Waits before a write that must not be lost is tried again; false when it is for the next start to mend.
    async fn try_again(&mut self, error: &StoreError) -> bool {
        tracing::error!(%error, "the store did not take a write that must not be lost");
        self.reporter.say(self.clock.now(), What::Degraded(format!("the store does not take writes: {error}")));
        if error.is_conflict() {
            self.read_stored().await;
        }
        tokio::select! {
            biased;
            Some(order) = self.orders.recv() => self.stopping |= order == Order::Stop,
            () = self.clock.sleep_for(WRITE_AGAIN) => {}
        }
        !self.stopping && !self.stored.is_ended()
    }

    /// What the store says is where the next write starts from.
    async fn read_stored(&mut self) {
        if let Ok(Some(attempt)) = self.store.attempt(&self.id).await {
            self.stored = attempt.state;
        }
    }

    /// The ledger is for people: a mark that cannot be written costs nothing else. Nothing is written while a submit is due.
    async fn note_marks(&mut self) {
        self.marks.append(&mut self.performer.marks());
        let sent = self.marks.iter().rev().find(|(mark, _)| *mark == Mark::Sent);
        self.sent = sent.map(|(_, at)| *at).or(self.sent);
        if self.marks.is_empty() || self.machine.state() == State::Submitting {
            return;
        }
        match self.store.ledger(&self.id, &self.marks).await {
            Ok(()) => self.marks.clear(),
            Err(error) => tracing::warn!(%error, "the marks of the ledger were not written"),
        }
    }
}
