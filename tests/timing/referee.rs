//! Watches a machine from outside and objects to what must never happen.

use std::collections::HashSet;
use std::time::Duration;

use firstserve::model::Answer;
use firstserve::timing::{Event, Facts, Listing, Next, Staging, Trouble};
use jiff::Timestamp;

/// Log-ins that one verification may cost.
const VERIFY_LOGINS: u8 = 3;

/// Sees every (next, event) pair of one attempt.
pub(super) struct Referee {
    facts: Facts,
    permits: u32,
    /// Reads in a row that are still to come before anything may be submitted.
    reads_owed: u8,
    /// The same, before the first of them.
    reads_wanted: u8,
    /// A submit was refused, and nobody has tried to read the list since.
    unlooked: bool,
    /// The site wants a person, or has refused the account: no credentials.
    shut: bool,
    lost: HashSet<usize>,
    /// Times of choices that another attempt has, or may have.
    held: HashSet<usize>,
    claimed: bool,
    called_off: bool,
    logins: u8,
    /// Changes of the files; three of them allow another log-in each.
    mended: u8,
    /// Log-ins that were lost to another attempt of the account.
    given_up: u8,
    verify_logins: u8,
    /// The site has said "not open" once: a lead is over.
    not_open: bool,
    ended: bool,
    pub(super) fires: u32,
}

impl Referee {
    pub(super) fn new(facts: Facts) -> Self {
        Self {
            facts,
            permits: 0,
            reads_owed: 0,
            reads_wanted: 0,
            unlooked: false,
            shut: false,
            lost: HashSet::new(),
            held: HashSet::new(),
            claimed: false,
            called_off: false,
            logins: 0,
            mended: 0,
            given_up: 0,
            verify_logins: 0,
            not_open: false,
            ended: false,
            fires: 0,
        }
    }

    /// What the machine wants done, what came of it, and how often credentials were sent for it; an objection names the broken
    /// promise.
    pub(super) fn sees(&mut self, next: &Next, event: &Event, logins: u8, now: Timestamp) -> Result<(), String> {
        if self.ended {
            return Err("something happens after the end".into());
        }
        self.count(next, logins)?;
        match next {
            Next::Spend { choice } => self.spend(*choice, event)?,
            Next::Fire { choice, at } => self.fire(*choice, *at)?,
            Next::Wait(at) | Next::AskHolders { at, .. } if *at < now => {
                return Err(format!("waits for {at}, which is past at {now}"));
            }
            Next::End { .. } if self.unlooked => return Err("an end after a refused submit, without a look".into()),
            Next::End { .. } => self.ended = true,
            _ => {}
        }
        self.heard(next, event);
        Ok(())
    }

    fn spend(&mut self, choice: usize, event: &Event) -> Result<(), String> {
        let objection = if self.reads_owed > 0 {
            "a permit before the list was read, twice in a row after an unknown submit, once after a refused one"
        } else if self.claimed {
            "a permit after the site has called a submit a success"
        } else if self.called_off {
            "a permit after it was called off"
        } else if self.lost.contains(&choice) {
            "a lost choice is tried again"
        } else if self.held.contains(&choice) {
            "a permit for a time that another attempt has, or may have"
        } else {
            self.permits += u32::from(*event == Event::Spent);
            return Ok(());
        };
        Err(objection.into())
    }

    fn fire(&mut self, choice: usize, at: Timestamp) -> Result<(), String> {
        self.permits = self.permits.checked_sub(1).ok_or("a fire without a permit")?;
        self.fires += 1;
        if at < self.facts.choices[choice].opening - self.lead() {
            return Err(format!("fires at {at}, before the opening"));
        }
        Ok(())
    }

    /// What a site has opted in to; nothing where opening steps come first, or once the site has said "not open".
    fn lead(&self) -> Duration {
        let none = self.facts.opening_steps || self.not_open;
        if none { Duration::ZERO } else { self.facts.learned.lead }
    }

    /// Credentials go out only where it was said that they may, and not too often.
    fn count(&mut self, next: &Next, logins: u8) -> Result<(), String> {
        match next {
            Next::Stage { from: Staging::LogIn, .. } => self.logins += logins,
            Next::ReadList { may_log_in: true } if self.shut => {
                return Err("credentials for a site that refuses".into());
            }
            Next::ReadList { may_log_in: true } => self.verify_logins += logins,
            _ if logins > 0 => return Err(format!("credentials are sent by {next:?}")),
            _ => {}
        }
        let most = self.facts.patience.max_logins + self.mended.min(3) + self.given_up.min(3);
        if self.logins > most || self.verify_logins > VERIFY_LOGINS {
            return Err(format!("{} log-ins to stage, {} to verify", self.logins, self.verify_logins));
        }
        Ok(())
    }

    fn owes(&mut self, reads: u8) {
        (self.reads_owed, self.reads_wanted, self.verify_logins) = (reads, reads, 0);
    }

    fn refused(&mut self) {
        self.owes(1);
        self.unlooked = true;
    }

    fn heard(&mut self, next: &Next, event: &Event) {
        self.unlooked &= !matches!(event, Event::Listed(_));
        match event {
            Event::NoAnswer(_) | Event::Answered(Answer::Unknown | Answer::SiteError) => self.owes(2),
            Event::Answered(Answer::NotOpen) => {
                self.not_open = true;
                self.refused();
            }
            Event::Listed(Listing::Absent) => self.reads_owed = self.reads_owed.saturating_sub(1),
            Event::Listed(Listing::CannotTell(_)) | Event::KeptOut(_) if self.reads_owed > 0 => {
                self.reads_owed = self.reads_wanted
            }
            Event::Answered(Answer::Confirmed) => {
                self.owes(0);
                self.claimed = true;
            }
            // Each look at a waiting list may cost one.
            Event::Answered(Answer::Waitlisted) | Event::Woke if !self.claimed && self.reads_owed == 0 => {
                self.verify_logins = 0;
            }
            Event::Held(holds) => self.held = holds.iter().map(|hold| hold.choice).collect(),
            Event::Cancel => self.called_off = true,
            Event::GaveWay { logged_in } => self.given_up = self.given_up.saturating_add(u8::from(*logged_in)),
            Event::FilesChanged { .. } => self.mended = self.mended.saturating_add(1),
            Event::Answered(Answer::Taken) => {
                if let Next::Fire { choice, .. } = next {
                    self.lost.insert(*choice);
                    self.refused();
                }
            }
            Event::Answered(Answer::Quota | Answer::Price) => self.refused(),
            Event::Answered(Answer::Captcha | Answer::LoginRefused) => {
                self.refused();
                self.shut = true;
            }
            Event::StageFailed(Trouble::Answer(Answer::Taken)) => {
                if let Next::Stage { choice, .. } = next {
                    self.lost.insert(*choice);
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
    use firstserve::model::{FireMode, Outcome};
    use firstserve::timing::Hold;
    use jiff::SignedDuration;

    const READ: Next = Next::ReadList { may_log_in: true };
    const SPEND: Next = Next::Spend { choice: 0 };

    fn referee() -> Referee {
        Referee::new(facts(FireMode::Script, false, false))
    }

    /// What is said at last of a story whose other parts are fine.
    fn said(story: &[(Next, Event)]) -> Result<(), String> {
        let mut referee = referee();
        let (last, before) = story.split_last().expect("a story");
        for (next, event) in before {
            referee.sees(next, event, 0, opening()).expect("so far it is fine");
        }
        referee.sees(&last.0, &last.1, 0, opening())
    }

    fn fire(answer: Event) -> (Next, Event) {
        (Next::Fire { choice: 0, at: opening() }, answer)
    }

    fn read(listing: Listing) -> (Next, Event) {
        (READ, Event::Listed(listing))
    }

    fn unknown() -> [(Next, Event); 2] {
        [(SPEND, Event::Spent), fire(Event::NoAnswer("reset".into()))]
    }

    #[test]
    fn objects_to_a_fire_without_a_permit() {
        assert!(said(&[fire(Event::Answered(Answer::Taken))]).is_err());
    }

    #[test]
    fn objects_to_an_early_fire() {
        let early = Next::Fire { choice: 0, at: opening() - SignedDuration::from_nanos(1) };
        assert!(said(&[(SPEND, Event::Spent), (early, Event::Answered(Answer::Taken))]).is_err());
    }

    #[test]
    fn objects_to_a_fire_before_its_lead_and_to_a_lead_after_not_open() {
        let mut facts = facts(FireMode::Script, false, false);
        facts.learned.lead = Duration::from_millis(5);
        let mut referee = Referee::new(facts);
        let mut sees = |next: Next, event: Event| referee.sees(&next, &event, 0, opening());
        let fire = |choice, ms| Next::Fire { choice, at: opening() - SignedDuration::from_millis(ms) };
        sees(SPEND, Event::Spent).expect("a permit is fine");
        assert!(sees(fire(0, 6), Event::NotSent(Trouble::Unreachable("reset".into()))).is_err(), "not more than it");
        sees(SPEND, Event::Spent).expect("a permit is fine");
        sees(fire(0, 5), Event::Answered(Answer::NotOpen)).expect("the lead is allowed");
        let (look, absent) = read(Listing::Absent);
        sees(look, absent).expect("a look is fine");
        for choice in [0, 1] {
            sees(Next::Spend { choice }, Event::Spent).expect("a permit is fine");
            assert!(sees(fire(choice, 5), Event::Answered(Answer::Taken)).is_err(), "once only");
        }
    }

    #[test]
    fn objects_to_a_blind_second_submit() {
        let again = (SPEND, Event::Spent);
        let absent = || read(Listing::Absent);
        let [spend, fired] = unknown();
        assert!(said(&[spend.clone(), fired.clone(), absent(), again.clone()]).is_err());
        let between = read(Listing::CannotTell("503".into()));
        let broken = [spend.clone(), fired.clone(), absent(), between, absent(), again.clone()];
        assert!(said(&broken).is_err(), "two reads with a failure between them are not two in a row");
        assert!(said(&[spend, fired, absent(), absent(), again]).is_ok(), "control");
    }

    #[test]
    fn objects_to_the_next_choice_before_a_look_and_to_a_lost_one_again() {
        let lost = [(SPEND, Event::Spent), fire(Event::Answered(Answer::Taken))];
        let next = (Next::Spend { choice: 1 }, Event::Spent);
        assert!(said(&[&lost[..], std::slice::from_ref(&next)].concat()).is_err());
        assert!(said(&[&lost[..], &[read(Listing::Absent), (SPEND, Event::Spent)]].concat()).is_err());
        assert!(said(&[&lost[..], &[read(Listing::Absent), next]].concat()).is_ok(), "control");
    }

    #[test]
    fn objects_to_a_refusal_that_is_believed() {
        let end = |outcome| {
            let next = Next::End { outcome, note: String::new(), won: None, duplicate: false };
            (next, Event::Woke)
        };
        let refused = |answer| [(SPEND, Event::Spent), fire(Event::Answered(answer))];
        let again = (SPEND, Event::Spent);
        assert!(said(&[&refused(Answer::NotOpen)[..], std::slice::from_ref(&again)].concat()).is_err());
        assert!(said(&[&refused(Answer::NotOpen)[..], &[read(Listing::Absent), again]].concat()).is_ok(), "control");
        for (answer, outcome) in [(Answer::Quota, Outcome::Quota), (Answer::Captcha, Outcome::Captcha)] {
            assert!(said(&[&refused(answer)[..], &[end(outcome)]].concat()).is_err());
            let looked = (Next::ReadList { may_log_in: false }, Event::Listed(Listing::Absent));
            assert!(said(&[&refused(answer)[..], &[looked, end(outcome)]].concat()).is_ok(), "control");
        }
        assert!(said(&[&refused(Answer::Captcha)[..], &[read(Listing::Absent)]].concat()).is_err(), "no credentials");
    }

    #[test]
    fn objects_to_anything_after_a_claim_of_success() {
        let claimed = [(SPEND, Event::Spent), fire(Event::Answered(Answer::Confirmed))];
        let reads = [read(Listing::Absent), read(Listing::Absent), (SPEND, Event::Spent)];
        assert!(said(&[&claimed[..], &reads].concat()).is_err());
    }

    #[test]
    fn objects_to_a_permit_for_what_another_may_have() {
        let held = |holds| (SPEND, Event::Held(holds));
        let holds = vec![Hold { choice: 0, by: "another".into(), for_good: false }];
        assert!(said(&[held(holds.clone()), (SPEND, Event::Spent)]).is_err());
        let asked = (Next::AskHolders { at: opening(), rest: false }, Event::Held(vec![]));
        assert!(said(&[held(holds), asked, (SPEND, Event::Spent)]).is_ok(), "control");
    }

    #[test]
    fn objects_to_a_permit_after_it_was_called_off() {
        assert!(said(&[(Next::Wait(opening()), Event::Cancel), (SPEND, Event::Spent)]).is_err());
    }

    #[test]
    fn objects_to_log_ins_that_nobody_allowed_and_to_too_many() {
        let log_in = |from| Next::Stage { choice: 0, from };
        let staged = Event::Staged(Listing::Absent);
        assert!(referee().sees(&log_in(Staging::Again), &staged, 1, opening()).is_err());
        let mut strict = referee();
        for _ in 0..2 {
            strict.sees(&log_in(Staging::LogIn), &staged, 1, opening()).expect("two are allowed");
        }
        assert!(strict.sees(&log_in(Staging::LogIn), &staged, 1, opening()).is_err());
        let not_due = Next::ReadList { may_log_in: false };
        assert!(referee().sees(&not_due, &Event::Listed(Listing::Absent), 1, opening()).is_err());
    }
}
