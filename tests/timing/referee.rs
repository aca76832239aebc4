//! Watches a machine from outside and objects to what must never happen.

use std::collections::HashSet;
use std::time::Duration;

use firstserve::model::Answer;
use firstserve::timing::{Event, Facts, Listing, Next};
use jiff::Timestamp;

/// Sees every (next, event) pair of one attempt.
pub(super) struct Referee {
    facts: Facts,
    permits: u32,
    reads_owed: u8,
    lost: HashSet<usize>,
    /// Choices that the site has said "not open" to: a lead is over for them.
    not_open: HashSet<usize>,
    ended: bool,
    pub(super) fires: u32,
}

impl Referee {
    pub(super) fn new(facts: Facts) -> Self {
        Self {
            facts,
            permits: 0,
            reads_owed: 0,
            lost: HashSet::new(),
            not_open: HashSet::new(),
            ended: false,
            fires: 0,
        }
    }

    /// What the machine wants done, and what came of it; an objection names the broken promise.
    pub(super) fn sees(&mut self, next: &Next, event: &Event, now: Timestamp) -> Result<(), String> {
        if self.ended {
            return Err("something happens after the end".into());
        }
        match next {
            Next::Spend { .. } if self.reads_owed > 0 => {
                return Err(
                    "a permit before the list was read, twice after an unknown submit, once after a lost one".into()
                );
            }
            Next::Spend { choice } if self.lost.contains(choice) => return Err("a lost choice is tried again".into()),
            Next::Spend { .. } if *event == Event::Spent => self.permits += 1,
            Next::Fire { choice, at } => self.fire(*choice, *at)?,
            Next::Wait(at) if *at < now => return Err(format!("waits for {at}, which is past at {now}")),
            Next::End { .. } => self.ended = true,
            _ => {}
        }
        self.heard(next, event);
        Ok(())
    }

    fn fire(&mut self, choice: usize, at: Timestamp) -> Result<(), String> {
        self.permits = self.permits.checked_sub(1).ok_or("a fire without a permit")?;
        self.fires += 1;
        if at < self.facts.choices[choice].opening - self.lead(choice) {
            return Err(format!("fires at {at}, before the opening"));
        }
        Ok(())
    }

    /// What a site has opted in to; nothing where opening steps come first, or once the site has said "not open".
    fn lead(&self, choice: usize) -> Duration {
        let none = self.facts.opening_steps || self.not_open.contains(&choice);
        if none { Duration::ZERO } else { self.facts.learned.lead }
    }

    fn heard(&mut self, next: &Next, event: &Event) {
        match event {
            Event::NoAnswer(_) | Event::Answered(Answer::Unknown | Answer::SiteError) => self.reads_owed = 2,
            Event::Answered(Answer::NotOpen) => {
                if let Next::Fire { choice, .. } = next {
                    self.not_open.insert(*choice);
                }
            }
            Event::Listed(Listing::Absent) => self.reads_owed = self.reads_owed.saturating_sub(1),
            Event::Answered(Answer::Taken) => {
                if let Next::Fire { choice, .. } = next {
                    self.lost.insert(*choice);
                    self.reads_owed = 1;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod controls {
    use super::*;
    use crate::timing::{facts, opening};
    use firstserve::model::FireMode;
    use jiff::SignedDuration;

    fn referee() -> Referee {
        Referee::new(facts(FireMode::Script, false, false))
    }

    #[test]
    fn objects_to_a_fire_without_a_permit() {
        let fire = Next::Fire { choice: 0, at: opening() };
        assert!(referee().sees(&fire, &Event::Answered(Answer::Taken), opening()).is_err());
    }

    #[test]
    fn objects_to_an_early_fire() {
        let mut referee = referee();
        referee.sees(&Next::Spend { choice: 0 }, &Event::Spent, opening()).expect("a permit is fine");
        let fire = Next::Fire { choice: 0, at: opening() - SignedDuration::from_nanos(1) };
        assert!(referee.sees(&fire, &Event::Answered(Answer::Taken), opening()).is_err());
    }

    #[test]
    fn objects_to_a_fire_before_its_lead_and_to_a_lead_after_not_open() {
        let mut facts = facts(FireMode::Script, false, false);
        facts.learned.lead = Duration::from_millis(5);
        let mut referee = Referee::new(facts);
        let spend = Next::Spend { choice: 0 };
        let fire = |ms| Next::Fire { choice: 0, at: opening() - SignedDuration::from_millis(ms) };
        referee.sees(&spend, &Event::Spent, opening()).expect("a permit is fine");
        referee.sees(&fire(5), &Event::Answered(Answer::NotOpen), opening()).expect("the lead is allowed");
        referee.sees(&spend, &Event::Spent, opening()).expect("a permit is fine");
        assert!(referee.sees(&fire(5), &Event::Answered(Answer::Taken), opening()).is_err(), "once only");
        referee.sees(&spend, &Event::Spent, opening()).expect("a permit is fine");
        assert!(referee.sees(&fire(6), &Event::Answered(Answer::Taken), opening()).is_err(), "not more than it");
    }

    #[test]
    fn objects_to_a_blind_second_submit() {
        let mut referee = referee();
        referee.sees(&Next::Spend { choice: 0 }, &Event::Spent, opening()).expect("a permit is fine");
        let fire = Next::Fire { choice: 0, at: opening() };
        referee.sees(&fire, &Event::NoAnswer("reset".into()), opening()).expect("a fire is fine");
        referee.sees(&Next::ReadList, &Event::Listed(Listing::Absent), opening()).expect("a read is fine");
        assert!(referee.sees(&Next::Spend { choice: 0 }, &Event::Spent, opening()).is_err());
    }

    #[test]
    fn objects_to_the_next_choice_before_a_look() {
        let mut referee = referee();
        referee.sees(&Next::Spend { choice: 0 }, &Event::Spent, opening()).expect("a permit is fine");
        let fire = Next::Fire { choice: 0, at: opening() };
        referee.sees(&fire, &Event::Answered(Answer::Taken), opening()).expect("a fire is fine");
        assert!(referee.sees(&Next::Spend { choice: 1 }, &Event::Spent, opening()).is_err());
    }

    #[test]
    fn objects_to_a_lost_choice_again() {
        let mut referee = referee();
        referee.sees(&Next::Spend { choice: 0 }, &Event::Spent, opening()).expect("a permit is fine");
        let fire = Next::Fire { choice: 0, at: opening() };
        referee.sees(&fire, &Event::Answered(Answer::Taken), opening()).expect("a fire is fine");
        referee.sees(&Next::ReadList, &Event::Listed(Listing::Absent), opening()).expect("a read is fine");
        assert!(referee.sees(&Next::Spend { choice: 0 }, &Event::Spent, opening()).is_err());
    }
}
