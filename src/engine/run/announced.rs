//! The site says when a choice opens: the attempt moves to that instant before anything else is done.

use super::Run;
use crate::engine::What;
use crate::engine::announced::words;
use crate::engine::perform::Performer;
use crate::model::Announced;

impl<P: Performer> Run<P> {
    /// Takes what was read while staging: told to the machine, written down, and said.
    pub(super) async fn hear(&mut self) {
        for (choice, announced) in self.performer.announced() {
            self.take_announced(choice, announced).await;
        }
    }

    async fn take_announced(&mut self, choice: usize, announced: Announced) {
        let before = self.machine.facts().choices[choice].opening;
        let announced = self.errand.hear(choice, announced);
        let after = announced.opening();
        if !self.machine.announced(choice, after) {
            let words = "the site announces another opening each time; the last one that was taken stays";
            return self.reporter.say(self.clock.now(), What::Trouble(words.to_owned()));
        }
        let opening = self.errand.opening();
        let lead = self.errand.site.patience.login_lead;
        // What goes back to waiting is planned anew, unless something of it is over.
        let afresh = opening > self.clock.now() + lead && self.submits == 0 && !self.machine.has_lost();
        while let Err(error) = self.store.announce(&self.id, &announced, opening, afresh).await {
            if !self.try_again(&error).await {
                break;
            }
        }
        if before != after {
            let choice = &self.machine.facts().choices[choice];
            let words = words(choice, &announced, &self.errand.zone, self.clock.now());
            self.reporter.say(self.clock.now(), What::Note(words));
        }
    }
}
