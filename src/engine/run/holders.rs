//! Other attempts of the account have the times of the choices, or may have them: whoever waits for one asks the store.

use jiff::Timestamp;

use super::{Finish, Run};
use crate::engine::What;
use crate::engine::perform::Performer;
use crate::timing::Event;

impl<P: Performer> Run<P> {
    /// Waits, and asks then; an order interrupts it.
    pub(super) async fn ask_holders(&mut self, at: Timestamp, rest: bool) -> Result<Event, Finish> {
        self.say_who_is_waited_for();
        if rest {
            self.performer.rest().await;
        }
        match self.wait(at).await? {
            Event::Woke => Ok(self.holders().await),
            otherwise => Ok(otherwise),
        }
    }

    /// Who has them now; while the store does not say, as it was.
    pub(super) async fn holders(&mut self) -> Event {
        match self.errand.holds(&self.store).await {
            Ok(held) => self.errand.held = held,
            Err(error) => tracing::warn!(%error, "the store does not say whose the times are"),
        }
        self.performer.held(&self.errand.held);
        Event::Held(self.errand.held.clone())
    }

    fn say_who_is_waited_for(&mut self) {
        let Some(hold) = self.errand.held.iter().find(|hold| !hold.for_good) else { return };
        if !std::mem::replace(&mut self.says_whom, true) {
            let words = format!("{}; that is not certain yet, and is waited for", hold.by);
            self.reporter.say(self.clock.now(), What::Note(words));
        }
    }
}
