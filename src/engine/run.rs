//! One attempt, from the first event to the last: asks the machine, writes what it says, does what it wants.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::What;
use super::notebook::{Firing, Notebook};
use super::perform::Performer;
use super::report::Reporter;
use crate::clock::Clock;
use crate::model::{Answer, AttemptId, Choice, Outcome, SiteId, State};
use crate::store::{End, Evidence, HowFired, Letter, PermitId, Slot, Store, StoreError};
use crate::timing::{Decision, Event, Machine, Next, Record, Verdict, Way};

/// How long a write that must not be lost waits before it is tried again.
const WRITE_AGAIN: Duration = Duration::from_millis(500);

/// After a fire nothing is written into the ledger for so long, unless the attempt is over: another fire may follow at once.
const HOT: Duration = Duration::from_secs(1);

/// A wait longer than this gives the session back.
const LONG_WAIT: Duration = Duration::from_secs(120);

/// What a running attempt can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Call it off, if nothing was submitted.
    Cancel,
    /// The engine stops: finish what is spent, leave the rest as it is.
    Stop,
    /// Its opening has moved: plan it anew, if nothing was submitted.
    Move,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// In a terminal state.
    Ended(Outcome),
    /// Nothing to do before this instant.
    Parked(Timestamp),
    /// The engine stops; the store knows where the attempt stands.
    Stopped,
    /// It is planned again, for another instant.
    Moved,
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

/// What the ledger says of every fire of an attempt.
pub(super) struct Manner {
    pub(super) site: SiteId,
    pub(super) way: Way,
    pub(super) browser: Option<&'static str>,
}

/// A running attempt.
pub(super) struct Run<P> {
    pub(super) id: AttemptId,
    pub(super) manner: Manner,
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
    pub(super) notes: Notebook,
    pub(super) stopping: bool,
    pub(super) moving: bool,
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
        if self.moving && !self.stored.is_spent() && !self.stored.is_ended() {
            self.enter(State::Planned).await;
            return Err(Finish::Moved);
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
                return Err(self.end(Ending { outcome, note: &note, won, duplicate, sent: self.notes.sent() }).await);
            }
        })
    }

    /// Does something reversible; an order interrupts it.
    async fn heard<'s, F>(&'s mut self, act: F) -> Event
    where
        F: FnOnce(&'s mut P) -> std::pin::Pin<Box<dyn Future<Output = Event> + Send + 's>>,
    {
        let orders = &mut self.orders;
        let (stopping, moving) = (&mut self.stopping, &mut self.moving);
        let acting = act(&mut self.performer);
        tokio::select! {
            event = acting => event,
            Some(order) = orders.recv() => {
                *stopping |= order == Order::Stop;
                *moving |= order == Order::Move;
                match order {
                    Order::Cancel => Event::Cancel,
                    Order::Stop => Event::BrowserLost("firstserve is stopping".to_owned()),
                    Order::Move => Event::BrowserLost("its opening has moved".to_owned()),
                }
            }
        }
    }

    async fn wait(&mut self, at: Timestamp) -> Result<Event, Finish> {
        self.reporter.say(self.clock.now(), What::Waiting { until: at });
        if self.machine.state() == State::Planned {
            return Err(Finish::Parked(at));
        }
        if at.duration_since(self.clock.now()).unsigned_abs() > LONG_WAIT {
            self.performer.rest().await;
        }
        let clock = Arc::clone(&self.clock);
        let mut waiting = Box::pin(pass(&*clock, at, self.machine.waits_for_an_instant()));
        loop {
            tokio::select! {
                () = &mut waiting => return Ok(Event::Woke),
                Some(order) = self.orders.recv() => match order {
                    Order::Cancel => return Ok(Event::Cancel),
                    Order::Stop => return Err(Finish::Stopped),
                    // What is spent, or on a waiting list, belongs to the instant it was fired at.
                    Order::Move if self.may_move() => {
                        self.moving = true;
                        return Ok(Event::BrowserLost("its opening has moved".to_owned()));
                    }
                    Order::Move => {}
                },
            }
        }
    }

    fn may_move(&self) -> bool {
        let state = self.machine.state();
        !state.is_spent() && state != State::Waitlisted
    }

    async fn spend(&mut self, choice: usize) -> Event {
        let wanted = &self.machine.facts().choices[choice];
        match self.store.spend_permit(&self.id, wanted, self.clock.now()).await {
            Ok(permit) => {
                let (spent, opening) = (self.clock.now(), wanted.opening);
                self.permit = Some(permit.id().clone());
                self.stored = State::Submitting;
                self.notes.permit(permit.seq(), opening, self.machine.lead(), spent);
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
                self.notes.answered(answer);
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
            if !self.try_again(&error).await {
                return;
            }
        }
    }

    async fn release(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        self.notes.released();
        while let Err(error) = self.store.release_permit(&permit, "it provably never left", self.clock.now()).await {
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
        self.teach().await;
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
            () = tokio::time::sleep(WRITE_AGAIN) => {}
            Some(order) = self.orders.recv() => self.stopping |= order == Order::Stop,
        }
        !self.stopping && !self.stored.is_ended()
    }

    /// What the store says is where the next write starts from.
    async fn read_stored(&mut self) {
        if let Ok(Some(attempt)) = self.store.attempt(&self.id).await {
            self.stored = attempt.state;
        }
    }

    /// Nothing is written while a submit is due, nor right after one: another may follow at once.
    async fn note_marks(&mut self) {
        self.notes.note(self.performer.marks());
        self.notes.samples.append(&mut self.performer.samples());
        if self.notes.is_empty() || self.is_hot() {
            return;
        }
        // The ledger is for people: a mark that cannot be written costs nothing else.
        if let Err(error) = self.write_notes().await {
            tracing::warn!(%error, "the marks of the ledger were not written");
        }
    }

    fn is_hot(&self) -> bool {
        let fired_just_now =
            || self.notes.sent().is_some_and(|sent| self.clock.now().duration_since(sent).unsigned_abs() < HOT);
        match self.machine.state() {
            State::Submitting => true,
            State::Preparing | State::Ready => fired_just_now(),
            _ => false,
        }
    }

    async fn write_notes(&mut self) -> Result<(), StoreError> {
        self.store.ledger(&self.id, 0, &self.notes.loose).await?;
        self.notes.loose.clear();
        for fire in &mut self.notes.fires {
            write_fire(&self.store, &self.id, &self.manner, fire).await?;
        }
        let kind = self.manner.way.kind(self.manner.browser);
        self.store.add_samples(&self.manner.site, &kind, &self.notes.samples).await?;
        self.notes.samples.clear();
        Ok(())
    }

    /// What the site's answers have taught is for the next opening.
    async fn teach(&self) {
        let verdict = self.notes.verdict();
        if let Verdict::LedTooFar { by } = verdict {
            let note =
                format!("a lead of {:.2} ms was too much; none is used until a clean run", by.as_secs_f64() * 1e3);
            self.reporter.say(self.clock.now(), What::Note(note));
        }
        let taught = self.store.teach(&self.manner.site, Some(&self.id), verdict, self.clock.now()).await;
        if let Err(error) = taught {
            tracing::warn!(%error, "what the site's answers teach was not written");
        }
    }
}

/// Until an instant of the wall clock, or until so much time has passed as there was to it. Whichever comes first: a clock that is
/// put back must not let an attempt sleep through its opening, and the machine, once woken, looks at the clock anyway.
async fn pass(clock: &dyn Clock, at: Timestamp, is_instant: bool) {
    let span = at.duration_since(clock.now());
    let passed = clock.sleep_for(if span.is_negative() { Duration::ZERO } else { span.unsigned_abs() });
    if !is_instant {
        return passed.await;
    }
    tokio::select! {
        () = clock.sleep_until(at) => {}
        () = passed => {}
    }
}

/// Writes what is new of a fire; one of which nobody knows that anything was sent is not written.
async fn write_fire(store: &Store, id: &AttemptId, manner: &Manner, fire: &mut Firing) -> Result<(), StoreError> {
    if fire.marks.is_empty() || fire.sent.is_none() {
        return Ok(());
    }
    let (way, browser, opening, lead, answer) = (manner.way, manner.browser, fire.opening, fire.lead, fire.answer);
    store.fired(id, fire.seq, &HowFired { way, browser, opening, lead, answer }).await?;
    store.ledger(id, fire.seq, &fire.marks).await?;
    fire.marks.clear();
    Ok(())
}
