//! One attempt, from the first event to the last: asks the machine, writes what it says, does what it wants.

mod account;
mod announced;
mod holders;
mod ledger;
mod look;
mod write;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::What;
use super::errand::Errand;
use super::lock::Pressed;
use super::notebook::Notebook;
use super::perform::Performer;
use super::report::Reporter;
use super::site_clock::Watch;
use crate::clock::Clock;
use crate::flow::Flow;
use crate::model::{AttemptId, Choice, Outcome, State};
use crate::notify::quoted;
use crate::store::{End, Letter, PermitId, Slot, Store};
use crate::timing::{Decision, Event, Listing, Machine, Next, Staging};

/// A wait longer than this gives the session back.
const LONG_WAIT: Duration = Duration::from_secs(120);

/// What an attempt whose opening has moved is told.
const MOVED: &str = "its opening has moved";

/// What a running attempt can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Call it off for good, if nothing was submitted.
    Cancel,
    /// No booking asks for it any more: the same, until one does again.
    Withdraw,
    /// The engine stops: finish what is spent, leave the rest as it is.
    Stop,
    /// Its opening has moved: plan it anew, if nothing was submitted.
    Move,
}

impl Order {
    /// Whether the attempt is only withdrawn after it, and comes back with its booking: what somebody calls off is over for good.
    fn withdraws(self, before: bool) -> bool {
        match self {
            Self::Withdraw => true,
            Self::Cancel => false,
            Self::Stop | Self::Move => before,
        }
    }
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// In a terminal state.
    Ended(Outcome),
    /// Nothing to do before an instant.
    Parked(Timestamp),
    /// The engine stops; the store knows where the attempt stands.
    Stopped,
    /// It is planned again, for another instant.
    Moved,
    /// A panic: a fault of ours.
    Died,
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
    /// Which one was submitted, of which nobody knows whether it was.
    pub(super) tried: Option<usize>,
    /// Whether the site holds more than one booking of ours.
    pub(super) duplicate: bool,
    /// When the last submit left.
    pub(super) sent: Option<Timestamp>,
    /// How many there were for this date.
    pub(super) submits: u8,
}

/// A running attempt.
pub(super) struct Run<P> {
    pub(super) id: AttemptId,
    pub(super) machine: Machine,
    pub(super) site_clock: Watch,
    pub(super) performer: P,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) orders: mpsc::Receiver<Order>,
    /// The selector files that are in force.
    pub(super) files: watch::Receiver<Arc<Flow>>,
    pub(super) errand: Errand,
    pub(super) reporter: Reporter,
    pub(super) letter: Write,
    /// The state in the store, which lags behind the machine's when a write failed.
    pub(super) stored: State,
    pub(super) permit: Option<PermitId>,
    pub(super) notes: Notebook,
    /// Permits spent for this date, but for those that were given back.
    pub(super) submits: u8,
    pub(super) stopping: bool,
    /// A permit was asked for and the answer was an error: it may be on disk all the same.
    pub(super) doubtful: bool,
    /// Its opening is another by now.
    pub(super) moving: bool,
    /// No booking asks for it any more.
    pub(super) withdrawn: bool,
    /// It was called off, and the machine has not heard of it.
    pub(super) called_off: bool,
    /// It was said that another attempt is waited for.
    pub(super) says_whom: bool,
    /// The store knows what it was taken up with.
    pub(super) is_told: bool,
}

impl<P: Performer> Run<P> {
    /// Runs until the attempt ends, may be parked, or the engine stops. A panic ends this attempt's task only.
    pub(super) async fn run(self) -> Finish {
        AssertUnwindSafe(self.run_on()).catch_unwind().await.unwrap_or(Finish::Died)
    }

    async fn run_on(mut self) -> Finish {
        let mut event = Event::Begin;
        loop {
            self.machine.credentials_sent(self.performer.logins());
            self.machine.aim_by(self.site_clock.aim());
            self.hear(&event).await;
            let decision = self.machine.on(event, self.clock.now());
            match self.follow(decision).await {
                Ok(next) => event = next,
                Err(finish) => {
                    self.performer.rest().await;
                    if !matches!(finish, Finish::Ended(_)) {
                        self.close_notes().await;
                    }
                    return finish;
                }
            }
        }
    }

    async fn follow(&mut self, decision: Decision) -> Result<Event, Finish> {
        for record in decision.records {
            self.write(record).await;
        }
        let is_end = matches!(decision.next, Next::End { .. });
        // Somebody else has ended it: whoever finds that stops acting.
        if !is_end && (self.stored.is_ended() || self.stopping && !self.machine.state().is_spent()) {
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
        if is_reversible(&next) && std::mem::take(&mut self.called_off) {
            return Ok(Event::Cancel);
        }
        Ok(match next {
            Next::Wait(at) => return self.wait(at).await,
            Next::AskHolders { at, rest } => return self.ask_holders(at, rest).await,
            Next::Stage { choice, from } => {
                self.tell_wants().await;
                self.stage(choice, from).await
            }
            Next::CheckLogin => {
                let look = self.look(self.machine.choice());
                tokio::join!(self.check_login(), look).0
            }
            Next::Open { choice, at } => self.heard(|p| Box::pin(p.open(choice, at))).await,
            Next::Spend { choice } => self.spend(choice).await,
            Next::Fire { choice, at } => Box::pin(self.performer.fire(choice, at)).await,
            Next::Fence => Box::pin(self.performer.fence()).await,
            Next::ReadList { may_log_in } => Box::pin(self.performer.read_list(may_log_in)).await,
            Next::End { outcome, note, won, duplicate } => {
                let note = self.with_cure(outcome, note);
                let (sent, submits) = (self.notes.sent(), self.submits);
                let is_unsure = outcome == Outcome::NeedsAttention && submits > 0;
                let tried = is_unsure.then(|| self.machine.choice());
                return Err(self.end(Ending { outcome, note: &note, won, tried, duplicate, sent, submits }).await);
            }
        })
    }

    /// A refused account is the vault's matter: its entry is named.
    fn with_cure(&self, outcome: Outcome, note: String) -> String {
        if outcome != Outcome::LoginRefused {
            return note;
        }
        format!("{note}; {}", right_credentials(&self.errand.member.vault))
    }

    /// A look at the site's clock, as far as it is worth it before this choice's opening.
    fn look(&self, choice: usize) -> impl Future<Output = ()> + Send + 'static {
        self.site_clock.look(self.machine.facts().choices[choice].opening)
    }

    /// Does something reversible; an order interrupts it.
    async fn heard<'s, F>(&'s mut self, act: F) -> Event
    where
        F: FnOnce(&'s mut P) -> std::pin::Pin<Box<dyn Future<Output = Event> + Send + 's>>,
    {
        let orders = &mut self.orders;
        let (stopping, moving, withdrawn) = (&mut self.stopping, &mut self.moving, &mut self.withdrawn);
        let acting = act(&mut self.performer);
        tokio::select! {
            biased;
            event = acting => event,
            Some(order) = orders.recv() => {
                *stopping |= order == Order::Stop;
                *moving |= order == Order::Move;
                *withdrawn = order.withdraws(*withdrawn);
                match order {
                    Order::Cancel | Order::Withdraw => Event::Cancel,
                    Order::Stop => Event::BrowserLost("firstserve is stopping".to_owned()),
                    Order::Move => Event::BrowserLost(MOVED.to_owned()),
                }
            }
        }
    }

    async fn wait(&mut self, at: Timestamp) -> Result<Event, Finish> {
        self.reporter.say(self.clock.now(), What::Waiting { until: at });
        if self.machine.state() == State::Planned {
            return Err(Finish::Parked(at));
        }
        if at > self.clock.now() + LONG_WAIT {
            self.performer.rest().await;
        }
        let clock = Arc::clone(&self.clock);
        let mut waiting = pin!(pass(&*clock, at, self.machine.waits_for_an_instant()));
        loop {
            let takes_files = self.machine.takes_files(self.clock.now());
            let (gives_way, pressed) = (self.may_give_way(), self.performer.pressed(Pressed::Waiting));
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => match order {
                    Order::Cancel | Order::Withdraw => {
                        self.withdrawn = order.withdraws(self.withdrawn);
                        return Ok(Event::Cancel);
                    }
                    Order::Stop => self.stopping = true,
                    Order::Move if self.may_move() => {
                        self.moving = true;
                        return Ok(Event::BrowserLost(MOVED.to_owned()));
                    }
                    // What is spent, or on a waiting list, belongs to the instant it was fired at.
                    Order::Move => {}
                },
                Ok(()) = self.files.changed(), if takes_files => return Ok(self.take_files()),
                name = pressed, if gives_way => return Ok(self.give_way(&name).await),
                () = &mut waiting => return Ok(Event::Woke),
            }
            // What may have been submitted is looked for to the end, for as long as the engine lets it.
            if self.stopping && !self.machine.state().is_spent() {
                return Err(Finish::Stopped);
            }
        }
    }

    pub(super) fn may_move(&self) -> bool {
        let state = self.machine.state();
        !state.is_spent() && state != State::Waitlisted
    }

    /// Other selector files are in force, and nothing is spent.
    fn take_files(&mut self) -> Event {
        tracing::info!("the changed selector files are taken");
        let flow = Arc::clone(&self.files.borrow_and_update());
        self.errand.take(Arc::clone(&flow));
        self.performer.take(flow);
        Event::FilesChanged { mode: self.errand.mode(), opening_steps: self.errand.engine_opens() }
    }

    async fn spend(&mut self, choice: usize) -> Event {
        if let Err(error) = self.be_ready().await {
            return Event::SpendFailed(error.to_string());
        }
        let wanted = &self.machine.facts().choices[choice];
        match self.store.spend_permit(&self.id, wanted, &self.errand.member.vault, self.clock.now()).await {
            Ok(permit) => {
                let (spent, opening) = (self.clock.now(), self.machine.opens(choice));
                // What is open already is not led.
                let lead = if spent < opening { self.machine.lead() } else { Duration::ZERO };
                self.permit = Some(permit.id().clone());
                self.stored = State::Submitting;
                self.submits = self.submits.saturating_add(1);
                self.notes.permit(permit.seq(), self.errand.chosen.way, opening, lead, spent);
                self.reporter.say(spent, What::Entered(State::Submitting));
                Event::Spent
            }
            Err(error) if error.is_slot_held() => self.holders().await,
            Err(error) => {
                self.doubtful = true;
                self.reporter.say(self.clock.now(), What::Degraded(format!("no permit: {error}")));
                Event::SpendFailed(error.to_string())
            }
        }
    }

    async fn end(&mut self, ending: Ending<'_>) -> Finish {
        while let Err(error) = self.give_back().await {
            if !self.try_again(&error).await {
                return Finish::Stopped;
            }
        }
        let won = ending.won.map(|at| self.machine.facts().choices[at].clone());
        while let Err(error) = self.store.end(&self.id, self.ending(&ending, won.as_ref())).await {
            if !self.try_again(&error).await {
                // Ended already, as it was to end: the write was made, though it was answered by an error.
                if self.stored == State::Ended(ending.outcome) {
                    break;
                }
                return Finish::Stopped;
            }
        }
        self.close_notes().await;
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
            withdrawn: self.withdrawn,
            at: self.clock.now(),
        }
    }
}

/// Whether an attempt can be called off before that: a fire that has its permit, and the look for what came of it, are done first.
fn is_reversible(next: &Next) -> bool {
    matches!(
        next,
        Next::Wait(_) | Next::AskHolders { .. } | Next::Stage { .. } | Next::Open { .. } | Next::Spend { .. }
    )
}

/// What mends a refused account.
pub(super) fn right_credentials(entry: &str) -> String {
    format!("`firstserve vault set {}` puts the right ones into the vault", quoted(entry))
}

/// Stages, and looks at the site's clock meanwhile. The look is waited for only when everything else is ready; where the site has
/// announced another opening meanwhile it is given up, for it may last until the old one.
async fn stage_beside<P: Performer>(
    performer: &mut P,
    choice: usize,
    from: Staging,
    look: impl Future<Output = ()>,
) -> Event {
    let mut look = pin!(look);
    let event = {
        let mut stage = pin!(performer.stage(choice, from));
        tokio::select! {
            event = &mut stage => event,
            () = &mut look => return stage.await,
        }
    };
    if event == Event::Staged(Listing::Absent) && !performer.has_moved() {
        look.await;
    }
    event
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
        biased;
        () = clock.sleep_until(at) => {}
        () = passed => {}
    }
}
