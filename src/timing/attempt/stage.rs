//! The way to ready: when it begins, what it begins with, and what its troubles mean.
//!
//! Nothing was submitted, so everything may be tried again: in the session that is there, with growing pauses, for as long as
//! it is useful. What is bounded is log-ins, for a site that sees credentials too often locks the account.

use std::time::Duration;

use jiff::Timestamp;

use super::{Machine, STAGING, after, bare};
use crate::model::{Answer, FireMode, Outcome, State};
use crate::timing::note::{NO_BOOKING, NOTE_PARTS, OVERSLEPT, WANTS_A_PERSON, log_ins_used};
use crate::timing::{Decision, Next, Staging, Trouble};
use crate::timing::{browser_back_off, selector_back_off, site_back_off, vault_back_off};

/// So long after the last useful instant a wait ends: then it is certainly too late.
const TOO_LATE: Duration = Duration::from_millis(1);

/// So many sessions of an attempt are given up to others of its account.
const MOST_GIVEN_UP: u8 = 3;

/// So many changes of the files allow another log-in each.
const MOST_MENDED: u8 = 3;

impl Machine {
    /// Before anything is staged: is there still something to do, and when?
    pub(super) fn take_up(&mut self, now: Timestamp) -> Decision {
        // An earlier process has submitted as often as nobody may know what came of it.
        if self.uncertain >= self.facts.patience.max_submits {
            return self.end(Outcome::SiteError, NO_BOOKING);
        }
        let next = self.next_choice(now);
        let login_at = next.map(|choice| self.opens(choice) - self.facts.patience.login_lead);
        // What another attempt may still lose is asked for while there is nothing else to do.
        if login_at.is_none_or(|at| now < at)
            && let Some(waits) = self.stand_by(now)
        {
            return waits;
        }
        let Some((choice, login_at)) = next.zip(login_at) else { return self.nothing_left(vec![], now) };
        self.turn_to(choice);
        if now < login_at {
            let records = self.enter(State::Planned);
            return Decision { records, next: Next::Wait(login_at) };
        }
        self.stage_on(now)
    }

    /// Whether an announcement that was just read changes what is to be staged, or when.
    pub(super) fn opens_otherwise(&mut self, now: Timestamp) -> bool {
        let moved = std::mem::take(&mut self.moved);
        let is_far = now < self.opening() - self.facts.patience.login_lead;
        moved && (is_far || self.next_choice(now).is_some_and(|next| next != self.choice))
    }

    /// A choice is tried from the beginning.
    pub(super) fn turn_to(&mut self, choice: usize) {
        self.choice = choice;
        (self.not_open, self.ladder_from, self.unsent) = (0, None, 0);
        self.trouble = None;
    }

    /// Stages in the session that is there, which costs no log-in; before the first one there is none.
    pub(super) fn stage_on(&mut self, now: Timestamp) -> Decision {
        self.stage(if self.had_session { Staging::Again } else { Staging::LogIn }, now)
    }

    pub(super) fn stage(&mut self, from: Staging, now: Timestamp) -> Decision {
        if from == Staging::LogIn && self.logins >= self.most_logins() {
            let note = log_ins_used(self.logins);
            let (outcome, note) = match self.trouble.take() {
                Some((outcome, why)) => (outcome, format!("{why}{NOTE_PARTS}{note}")),
                None => (Outcome::SiteError, note),
            };
            return self.give_up(outcome, &note, now);
        }
        self.staging = Some(from);
        let records = self.enter(State::Preparing);
        Decision { records, next: Next::Stage { choice: self.choice, from } }
    }

    /// A person who mends the files gets another log-in to see whether they work now, and so does what has given its session up.
    pub(super) fn most_logins(&self) -> u8 {
        self.facts.patience.max_logins.saturating_add(self.mended).saturating_add(self.given_up)
    }

    /// Whether the session may be given up to another attempt of the account: nothing is spent.
    pub fn may_give_way(&self) -> bool {
        matches!(self.state, State::Preparing | State::Ready) && self.given_up < MOST_GIVEN_UP
    }

    /// The log-in that is lost by it is allowed once more.
    pub(super) fn gave_way(&mut self, logged_in: bool, now: Timestamp) -> Decision {
        self.given_up += u8::from(logged_in);
        if self.too_late(now) { self.prepare_again(now) } else { self.stage(Staging::LogIn, now) }
    }

    /// A wait for something reversible is over.
    pub(super) fn prepare_again(&mut self, now: Timestamp) -> Decision {
        if !self.too_late(now) {
            return self.stage_on(now);
        }
        let missed = || (Outcome::Missed, OVERSLEPT.to_owned());
        let (outcome, note) = self.trouble.take().unwrap_or_else(missed);
        self.give_up(outcome, &note, now)
    }

    /// Other selector files are in force: what is staged was staged with the old ones.
    pub(super) fn new_files(&mut self, mode: FireMode, opening_steps: bool, now: Timestamp) -> Decision {
        (self.facts.mode, self.facts.opening_steps) = (mode, opening_steps);
        // What was measured was measured with the old ones.
        self.facts.learned.lead = Duration::ZERO;
        (self.stumbles, self.selector_stumbles, self.unsent) = (0, 0, 0);
        let was_broken = matches!(self.trouble.take(), Some((Outcome::SelectorBroken, _)));
        if was_broken && self.logins > 0 && self.mended < MOST_MENDED {
            self.mended += 1;
        }
        self.stage_on(now)
    }

    /// Something reversible failed.
    pub(super) fn stumbled(&mut self, trouble: Trouble, now: Timestamp) -> Decision {
        let words = trouble.words();
        match trouble {
            Trouble::Answer(Answer::LoginRefused) => self.end(Outcome::LoginRefused, &words),
            Trouble::Answer(Answer::Captcha) => self.end(Outcome::Captcha, WANTS_A_PERSON),
            Trouble::Answer(Answer::Quota) => self.end(Outcome::Quota, &words),
            Trouble::Answer(Answer::Price) => self.end(Outcome::Price, &words),
            Trouble::Answer(Answer::Taken) => self.gone(now),
            Trouble::Answer(Answer::NotOpen) => self.not_offered_yet(now),
            Trouble::Answer(Answer::LoginExpired) if self.staging != Some(Staging::LogIn) => {
                self.stage(Staging::LogIn, now)
            }
            Trouble::Credentials(_) => self.try_again(vault_back_off(self.stumbles), Outcome::Missed, &words, now),
            Trouble::Account(_) => self.kept_out(&words, now),
            Trouble::Selector(_) => self.selector_trouble(&words, now),
            Trouble::Browser(_) => self.try_again(browser_back_off(self.stumbles), Outcome::Missed, &words, now),
            Trouble::Answer(_) | Trouble::Unreachable(_) => {
                self.try_again(site_back_off(self.stumbles), Outcome::SiteError, &words, now)
            }
        }
    }

    /// The page says "not open" before a submit: before the opening that is as it should be.
    fn not_offered_yet(&mut self, now: Timestamp) -> Decision {
        if self.opens_otherwise(now) {
            return self.take_up(now);
        }
        let next = if now < self.opening() { Some(self.opening()) } else { self.next_rung(now) };
        let Some(next) = next else { return self.never_open(now) };
        let records = self.enter(State::Preparing);
        Decision { records, next: Next::Wait(next.max(now)) }
    }

    /// The account is in use: whoever has waited for it asks at once again, and what was in the way before is still what ends it.
    fn kept_out(&mut self, words: &str, now: Timestamp) -> Decision {
        let (outcome, why) = self.trouble.take().unwrap_or_else(|| (Outcome::Missed, words.to_owned()));
        if self.too_late(now) {
            return self.give_up(outcome, &why, now);
        }
        self.trouble = Some((outcome, why));
        let records = self.enter(State::Preparing);
        after(records, bare(Next::Wait(now)))
    }

    /// Somebody may be mending the files: they are waited for as long as it is useful, and meanwhile it is tried again, for a
    /// page may only have been slow.
    fn selector_trouble(&mut self, why: &str, now: Timestamp) -> Decision {
        let wait = selector_back_off(self.selector_stumbles).max(self.spared_until(now));
        self.selector_stumbles += 1;
        self.try_again(wait, Outcome::SelectorBroken, why, now)
    }

    /// The last log-in that is allowed is not spent on files that have just failed: it waits for others, as long as there is
    /// time to stage before the opening.
    fn spared_until(&self, now: Timestamp) -> Duration {
        let is_last = self.staging == Some(Staging::LogIn) && self.logins > 0 && self.logins + 1 >= self.most_logins();
        let left = (self.opening() - STAGING).duration_since(now);
        if is_last && left.is_positive() { left.unsigned_abs() } else { Duration::ZERO }
    }

    /// Stages anew after a wait, which ends when it is no longer useful.
    fn try_again(&mut self, wait: Duration, give_up: Outcome, why: &str, now: Timestamp) -> Decision {
        if self.too_late(now) {
            return self.give_up(give_up, why, now);
        }
        self.stumbles += 1;
        self.trouble = Some((give_up, why.to_owned()));
        let records = self.enter(State::Preparing);
        let over = self.useful_until().min(self.facts.choices[self.choice].starts_at) + TOO_LATE;
        after(records, bare(Next::Wait((now + wait).min(over))))
    }
}
