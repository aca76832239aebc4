//! The site says when a choice opens: the attempt moves to that instant before anything else is done.

use super::Run;
use crate::engine::What;
use crate::engine::announced::{rule_stands, words};
use crate::engine::perform::Performer;
use crate::model::{Announced, Answer, State};
use crate::timing::{Event, Trouble};

impl<P: Performer> Run<P> {
    /// Takes what was read while staging: told to the machine, written down, and said.
    pub(super) async fn hear(&mut self, event: &Event) {
        for (choice, said) in self.performer.announced() {
            let before = self.machine.facts().choices[choice].opening;
            let counts = self.errand.hear(choice, said.clone());
            if self.take_announced(choice, &counts).await && before != counts.opening() {
                let at = &self.machine.facts().choices[choice];
                let (zone, now) = (&self.errand.zone, self.clock.now());
                let is_believed = counts.instant == said.instant;
                let words = if is_believed { words(at, &said, zone, now) } else { rule_stands(at, &said, zone) };
                self.reporter.say(now, What::Note(words));
            }
        }
        self.keep_to_the_rule(event).await;
    }

    /// What is open by what the site announced, and was not when it was tried, opens by its rule.
    async fn keep_to_the_rule(&mut self, event: &Event) {
        let not_open = |trouble: &Trouble| *trouble == Trouble::Answer(Answer::NotOpen);
        let says_so = matches!(event, Event::StageFailed(trouble) | Event::OpeningFailed(trouble) if not_open(trouble));
        let is_ahead = matches!(self.machine.state(), State::Preparing | State::Ready);
        if !is_ahead || !(says_so || self.machine.was_not_open()) {
            return;
        }
        let choice = self.machine.choice();
        if let Some(ruled) = self.errand.keep_to_the_rule(choice, self.clock.now())
            && self.take_announced(choice, &ruled).await
        {
            let words = rule_stands(&self.machine.facts().choices[choice], &ruled, &self.errand.zone);
            self.reporter.say(self.clock.now(), What::Note(words));
        }
    }

    /// False where the machine does not take it.
    async fn take_announced(&mut self, choice: usize, counts: &Announced) -> bool {
        if !self.machine.announced(choice, counts.opening()) {
            let words = "the site announces another opening each time; the last one that was taken stays";
            self.reporter.say(self.clock.now(), What::Trouble(words.to_owned()));
            return false;
        }
        let opening = self.errand.opening();
        let lead = self.errand.site.patience.login_lead;
        // What goes back to waiting is planned anew, unless something of it is over.
        let afresh = opening > self.clock.now() + lead && self.submits == 0 && !self.machine.has_lost();
        while let Err(error) = self.store.announce(&self.id, counts, opening, afresh).await {
            if !self.try_again(&error).await {
                break;
            }
        }
        true
    }
}
