//! What an attempt has written down, and how that is not lost when the store does not take it.

use std::time::Duration;

use super::{Order, Run};
use crate::engine::What;
use crate::engine::perform::Performer;
use crate::model::{Answer, State};
use crate::store::{Evidence, StoreError};
use crate::timing::Record;

/// How long a write that must not be lost waits before it is tried again.
const WRITE_AGAIN: Duration = Duration::from_millis(500);

impl<P: Performer> Run<P> {
    /// Makes the store agree that the attempt is ready, where a write of before was not taken.
    pub(super) async fn be_ready(&mut self) -> Result<(), StoreError> {
        self.give_back().await?;
        if self.stored == State::Ready {
            return Ok(());
        }
        let written = self.store.transition(&self.id, self.stored, State::Ready, self.clock.now(), None).await;
        match written {
            Ok(()) => self.stored = State::Ready,
            Err(_) => self.read_stored().await,
        }
        written
    }

    /// A permit whose spending was answered by an error, and that is on disk all the same, is given back: this process knows
    /// that nothing was sent with it.
    pub(super) async fn give_back(&mut self) -> Result<(), StoreError> {
        if !self.doubtful {
            return Ok(());
        }
        let open = self.store.permits_of(&self.id).await?.into_iter().find(|permit| permit.open);
        if let Some(permit) = open {
            let why = "its spending was answered by an error; nothing was sent";
            self.store.release_permit(&permit.id, why, self.clock.now()).await?;
        }
        self.doubtful = false;
        self.read_stored().await;
        Ok(())
    }

    pub(super) async fn write(&mut self, record: Record) {
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
            Record::Lost { choice } => self.lose(choice).await,
        }
    }

    async fn lose(&mut self, choice: usize) {
        let lost = self.machine.facts().choices[choice].clone();
        while let Err(error) = self.store.lose(&self.id, &lost, self.clock.now()).await {
            if !self.try_again(&error).await {
                return;
            }
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
        self.notes.released();
        self.submits = self.submits.saturating_sub(1);
        while let Err(error) = self.store.release_permit(&permit, "it provably never left", self.clock.now()).await {
            if error.is_missing() {
                break;
            }
            if !self.try_again(&error).await {
                break;
            }
        }
        self.read_stored().await;
    }

    /// A state that could not be written is not lost: the next write starts from what is stored.
    pub(super) async fn enter(&mut self, state: State) {
        let now = self.clock.now();
        if let Err(error) = self.give_back().await {
            tracing::warn!(%error, state = state.as_str(), "the store does not say whether a permit is open");
            return;
        }
        let written = match state {
            State::Preparing => self.store.prepare(&self.id, self.stored, &self.errand.choices, now).await,
            _ => self.store.transition(&self.id, self.stored, state, now, None).await,
        };
        match written {
            Ok(()) => {
                self.is_told |= state == State::Preparing;
                self.stored = state;
            }
            Err(error) => {
                tracing::warn!(%error, state = state.as_str(), "the store did not take the state");
                self.read_stored().await;
            }
        }
        self.reporter.say(now, What::Entered(state));
    }

    /// What an earlier process had begun to prepare may want something else by now, and people are told what.
    pub(super) async fn tell_wants(&mut self) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        if let Err(error) = self.store.note_wants(&self.id, &self.errand.choices, self.clock.now()).await {
            tracing::debug!(%error, "what the attempt wants was not written down");
        }
    }

    /// Waits before a write that must not be lost is tried again, and keeps the orders that come meanwhile; false when it is for
    /// the next start to mend, or when it was made already, though it was answered by an error.
    pub(super) async fn try_again(&mut self, error: &StoreError) -> bool {
        if error.is_missing() {
            self.read_stored().await;
            return false;
        }
        tracing::error!(%error, "the store did not take a write that must not be lost");
        self.reporter.say(self.clock.now(), What::Degraded(format!("the store does not take writes: {error}")));
        if error.is_conflict() {
            self.read_stored().await;
        }
        tokio::select! {
            biased;
            Some(order) = self.orders.recv() => {
                self.stopping |= order == Order::Stop;
                self.moving |= order == Order::Move && self.may_move();
                self.withdrawn = order.withdraws(self.withdrawn);
                self.called_off |= matches!(order, Order::Cancel | Order::Withdraw);
            }
            () = self.clock.sleep_for(WRITE_AGAIN) => {}
        }
        !self.stopping && !self.stored.is_ended()
    }

    /// What the store says is where the next write starts from.
    pub(super) async fn read_stored(&mut self) {
        if let Ok(Some(attempt)) = self.store.attempt(&self.id).await {
            self.stored = attempt.state;
        }
    }
}
