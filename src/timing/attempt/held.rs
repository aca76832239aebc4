//! Times that another attempt of the same account has, or may have: nobody plays on two courts at once.
//!
//! A choice at a time that is had for good is left out. Where the other attempt may still lose it, the choice stands by: who has
//! it is asked of the store, again and again, for as long as trying would be useful, and what overlaps nothing is tried meanwhile.

use jiff::Timestamp;

use super::{LOGIN_CHECK_EVERY, Machine, bare};
use crate::model::State;
use crate::timing::{Decision, Hold, Next, site_back_off};

/// The holds of the choices, each at its place.
pub(super) fn by_choice(holds: Vec<Hold>, choices: usize) -> Vec<Option<Hold>> {
    let mut held = vec![None; choices];
    for hold in holds {
        if let Some(place) = held.get_mut(hold.choice) {
            *place = Some(hold);
        }
    }
    held
}

impl Machine {
    /// Who has the times of the choices now.
    pub(super) fn held(&mut self, holds: Vec<Hold>, now: Timestamp) -> Decision {
        let was_asked = std::mem::take(&mut self.asked);
        self.held = by_choice(holds, self.facts.choices.len());
        let is_staged = self.state == State::Ready && self.next_choice(now) == Some(self.choice);
        match (is_staged, was_asked) {
            (true, true) => self.hold(now),
            // The permit was refused, and the time is free by now.
            (true, false) => bare(self.asking(self.ask_at(now), false)),
            (false, _) => self.take_up(now),
        }
    }

    /// Whether a choice is not to be tried: had for good, or of an opening that is near and perhaps somebody else's.
    pub(super) fn is_held(&self, choice: usize, now: Timestamp) -> bool {
        let is_near = now + self.facts.patience.login_lead >= self.opens(choice);
        self.held[choice].as_ref().is_some_and(|hold| hold.for_good || is_near)
    }

    /// Whether somebody may still lose a time that is wanted.
    pub(super) fn stands_by(&self, now: Timestamp) -> bool {
        let may_be_lost = |choice: usize| self.held[choice].as_ref().is_some_and(|hold| !hold.for_good);
        (0..self.held.len()).any(|choice| {
            may_be_lost(choice) && !self.lost[choice] && self.is_held(choice, now) && self.is_worth_it(choice, now)
        })
    }

    /// Also of a date that was open already it is not waited for longer than the grace.
    fn is_worth_it(&self, choice: usize, now: Timestamp) -> bool {
        let since = self.opens(choice).max(self.facts.planned_at);
        let is_useful = self.misfire(&self.facts.choices[choice], now).is_useful();
        is_useful && now <= since + self.facts.patience.grace
    }

    /// There is nothing else to do: waits for whoever may still lose a time. None: nobody does, or it is too late.
    pub(super) fn stand_by(&mut self, now: Timestamp) -> Option<Decision> {
        self.stands_by(now).then(|| self.step_back(now))
    }

    fn step_back(&mut self, now: Timestamp) -> Decision {
        let rest = self.facts.one_session;
        if rest {
            self.fresh_at = None;
        }
        let stays = self.state == State::Ready && !rest;
        let records = if stays { vec![] } else { self.enter(State::Preparing) };
        let at = self.ask_at(now);
        Decision { records, next: self.asking(at, rest) }
    }

    /// Staged for another choice: asked at once, with the session kept.
    pub(super) fn ask_holders(&mut self, now: Timestamp) -> Decision {
        bare(self.asking(now, false))
    }

    /// Ready, and waiting for an opening: whether the store is asked next, before the session is looked at again.
    pub(super) fn asks_next(&self, now: Timestamp) -> bool {
        let is_fresh = self.fresh_at.is_some_and(|seen| now < seen + LOGIN_CHECK_EVERY);
        is_fresh && now < self.last_check() && self.stands_by(now)
    }

    fn asking(&mut self, at: Timestamp, rest: bool) -> Next {
        self.asked = true;
        self.asks = self.asks.saturating_add(1);
        Next::AskHolders { at, rest }
    }

    /// The store bears being asked often, at first more than later.
    pub(super) fn ask_at(&self, now: Timestamp) -> Timestamp {
        now + site_back_off(self.asks)
    }
}
