//! A session that is not needed now is given up to who needs the account sooner, as long as nothing is spent.

use super::{Run, stage_beside};
use crate::engine::What;
use crate::engine::lock::Pressed;
use crate::engine::perform::Performer;
use crate::timing::{Event, Staging};

impl<P: Performer> Run<P> {
    /// Stages, unless somebody whose opening is near waits for the account.
    pub(super) async fn stage(&mut self, choice: usize, from: Staging) -> Event {
        let look = self.look(choice);
        let (gives_way, pressed) = (self.may_give_way(), self.performer.pressed(Pressed::AtWork));
        let name = tokio::select! {
            biased;
            event = self.heard(|p| Box::pin(stage_beside(p, choice, from, look))) => return event,
            name = pressed, if gives_way => name,
        };
        self.give_way(&name).await
    }

    /// A permit that may be on disk is settled first.
    pub(super) fn may_give_way(&self) -> bool {
        !self.doubtful && self.machine.may_give_way()
    }

    pub(super) async fn give_way(&mut self, name: &str) -> Event {
        let logged_in = self.performer.give_way().await;
        let words = format!("leaves its account to {name} for now");
        self.reporter.say(self.clock.now(), What::Note(words));
        Event::GaveWay { logged_in }
    }
}
