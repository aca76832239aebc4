//! Which choice is tried, and what becomes of the others.

use jiff::Timestamp;

use super::refusal::Refusal;
use super::{Machine, after};
use crate::model::{Choice, Outcome};
use crate::timing::note::{ALL_TAKEN, BEGUN, CALLED_OFF_LATE, TOO_LONG_AGO};
use crate::timing::{Decision, Misfire, Next, Record, Staging, misfire};

impl Machine {
    /// The first choice, in order of preference, among those that are open soonest. What was lost, opened too long ago while
    /// nobody was there, or is at a time that another attempt has, is left out.
    pub(super) fn next_choice(&self, now: Timestamp) -> Option<usize> {
        let is_left = |at: usize| !self.lost[at] && !self.is_held(at, now);
        let useful = |(at, choice): &(usize, &Choice)| is_left(*at) && self.misfire(choice, now).is_useful();
        let left = || self.facts.choices.iter().enumerate().filter(useful);
        let soonest = left().map(|(_, choice)| self.ours(choice)).min()?;
        left().find(|(_, choice)| self.ours(choice) <= soonest.max(now)).map(|(at, _)| at)
    }

    /// The submit was refused as taken.
    pub(super) fn lose(&mut self, records: Vec<Record>, now: Timestamp) -> Decision {
        self.lost[self.choice] = true;
        self.gave_up = None;
        self.refuse(records, Refusal::Taken, now)
    }

    /// The site offers the choice no more, before it was submitted.
    pub(super) fn gone(&mut self, now: Timestamp) -> Decision {
        self.lost[self.choice] = true;
        self.gave_up = None;
        self.go_on(vec![Record::Lost { choice: self.choice }], Staging::Retry, now)
    }

    /// Trying is of no use any more at this opening, with whichever choice; another one may open on another day.
    pub(super) fn give_up(&mut self, outcome: Outcome, note: &str, now: Timestamp) -> Decision {
        let horizon = now + self.facts.patience.login_lead;
        let near = |at: &usize| !self.lost[*at] && self.opens(*at) <= horizon;
        let near: Vec<usize> = (0..self.lost.len()).filter(near).collect();
        near.iter().for_each(|choice| self.lost[*choice] = true);
        self.gave_up = Some((outcome, note.to_owned()));
        let records = near.into_iter().map(|choice| Record::Lost { choice }).collect();
        self.go_on(records, Staging::Again, now)
    }

    /// The next choice, staged at once where it is open already, or the end, for which nothing need be remembered.
    pub(super) fn go_on(&mut self, records: Vec<Record>, from: Staging, now: Timestamp) -> Decision {
        if self.called_off {
            return self.end_with(vec![], Outcome::Cancelled, CALLED_OFF_LATE);
        }
        let Some(next) = self.next_choice(now) else {
            return match self.stand_by(now) {
                Some(waits) => after(records, waits),
                None => self.nothing_left(vec![], now),
            };
        };
        self.turn_to(next);
        let decision = if self.opening() <= now { self.stage(from, now) } else { self.take_up(now) };
        if matches!(decision.next, Next::End { .. }) { decision } else { after(records, decision) }
    }

    /// No choice can be tried any more: the end says what became of the one that opened last, of those that no other attempt has.
    pub(super) fn nothing_left(&mut self, records: Vec<Record>, now: Timestamp) -> Decision {
        if let Some((outcome, note)) = self.gave_up.take() {
            return self.end_with(records, outcome, &note);
        }
        let choices = self.facts.choices.iter().zip(&self.lost).zip(&self.held);
        let own = choices.filter(|(_, held)| held.is_none()).map(|(choice, _)| choice);
        let last = own.max_by_key(|(choice, lost)| (choice.opening, **lost));
        if let Some(hold) = self.held.iter().flatten().next().filter(|_| last.is_none()) {
            return self.end_with(records, Outcome::Skipped, &hold.by.clone());
        }
        let (outcome, note) = match last {
            Some((_, true)) | None => (Outcome::Taken, ALL_TAKEN),
            Some((choice, false)) if self.misfire(choice, now) == Misfire::TooLate => (Outcome::Missed, BEGUN),
            Some(_) => (Outcome::Missed, TOO_LONG_AGO),
        };
        self.end_with(records, outcome, note)
    }

    pub(super) fn misfire(&self, choice: &Choice, now: Timestamp) -> Misfire {
        misfire(self.facts.planned_at, self.ours(choice), choice.starts_at, now, self.facts.patience.grace)
    }
}
