//! What the site's list says, and how often it is asked.

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;
use super::{Machine, after, bare};
use crate::model::{Outcome, State};
use crate::timing::note::{
    CALLED_OFF_LATE, CANNOT_READ, LISTED, NO_BOOKING, NOT_LISTED, NOTE_PARTS, held_more_than_once,
};
use crate::timing::{Decision, Listing, Next, Record, Trouble, browser_back_off};

/// Reads in a row without our row that make a submit "absent".
const ABSENT_READS: u8 = 2;

/// So often at least the list is asked before a person is, however late it is: a machine may have slept over the deadline.
const UNCLEAR_READS: u32 = 3;

/// So often, a minute each, the account may be in use before that counts against the deadline.
const MOST_KEPT_OUT: u8 = 30;

/// More than any permit is spent ahead of its opening.
const FARTHEST_PERMIT: SignedDuration = SignedDuration::from_mins(2);

/// Log-ins that one verification may cost, spread over its deadline.
const VERIFY_LOGINS: u8 = 3;

impl Machine {
    /// Nobody knows whether the submit counted.
    pub(super) fn unknown(&mut self, mut records: Vec<Record>, now: Timestamp) -> Decision {
        (self.absent, self.unclear) = (0, 0);
        self.refused = None;
        self.unknown_since = Some(now);
        records.extend(self.enter(State::Unknown));
        Decision { records, next: Next::Fence }
    }

    /// The site says that it worked. From here on nothing is submitted any more: the list agrees, or a person looks.
    pub(super) fn claimed(&mut self, mut records: Vec<Record>, now: Timestamp) -> Decision {
        self.claimed = true;
        self.unclear = 0;
        self.unknown_since = Some(now);
        records.extend(self.enter(State::Confirming));
        after(records, self.read(now))
    }

    pub(super) fn settle_then_read(&mut self, now: Timestamp) -> Decision {
        self.read_later(now.max(self.may_fire_until(now)) + self.facts.patience.settle)
    }

    /// What a permit was spent for ahead of its opening may still be sent by a browser that nobody has ended (a program in a page
    /// fires by itself): a list that is read before proves nothing.
    fn may_fire_until(&self, now: Timestamp) -> Timestamp {
        let near =
            (0..self.facts.choices.len()).map(|choice| self.opens(choice)).filter(|at| *at <= now + FARTHEST_PERMIT);
        near.max().unwrap_or(now)
    }

    pub(super) fn read_later(&mut self, at: Timestamp) -> Decision {
        self.read_at = Some(at);
        bare(Next::Wait(at))
    }

    pub(super) fn read(&mut self, now: Timestamp) -> Decision {
        let records = if self.state == State::Unknown { self.enter(State::Verifying) } else { vec![] };
        Decision { records, next: Next::ReadList { may_log_in: self.may_log_in(now) } }
    }

    /// Every look at a waiting list may cost a log-in: they are far apart.
    pub(super) fn look_at_waiting_list(&mut self, now: Timestamp) -> Decision {
        (self.verify_logins, self.verify_logins_before) = (0, 0);
        self.read(now)
    }

    fn may_log_in(&self, now: Timestamp) -> bool {
        if self.refused.is_some_and(Refusal::forbids_log_in) {
            return false;
        }
        let since = self.unknown_since.unwrap_or(now);
        let spacing: SignedDuration = self.facts.patience.verify_deadline / i32::from(VERIFY_LOGINS);
        let here = self.verify_logins.saturating_sub(self.verify_logins_before);
        self.verify_logins < VERIFY_LOGINS && now >= since + spacing * i32::from(here)
    }

    pub(super) fn listed(&mut self, listing: Listing, now: Timestamp) -> Decision {
        match listing {
            Listing::Found { choice, rows, .. } => self.won(vec![], choice, rows, LISTED),
            _ if self.state == State::Waitlisted => self.waitlisted(vec![], now),
            Listing::Absent if self.claimed => self.not_listed_yet(now),
            Listing::Absent => self.absent(now),
            Listing::CannotTell(why) => self.unclear(&why, now),
        }
    }

    /// A list may be behind; a second submit would be a second booking.
    fn not_listed_yet(&mut self, now: Timestamp) -> Decision {
        if self.is_overdue(now) {
            return self.end(Outcome::NeedsAttention, NOT_LISTED);
        }
        self.settle_then_read(now)
    }

    fn absent(&mut self, now: Timestamp) -> Decision {
        if let Some(refusal) = self.refused.take() {
            self.unknown_since = None;
            return self.go_on_after(refusal, now);
        }
        self.unknown_since.get_or_insert(now);
        self.absent += 1;
        if self.absent < ABSENT_READS {
            return self.settle_then_read(now);
        }
        self.submit_again_or_end(now)
    }

    fn submit_again_or_end(&mut self, now: Timestamp) -> Decision {
        let settle = if std::mem::take(&mut self.open_permit) { vec![Record::Absent] } else { vec![] };
        // One that an earlier process has settled so was counted by it.
        self.uncertain += u8::from(!settle.is_empty());
        if self.called_off {
            return self.end_with(settle, Outcome::Cancelled, CALLED_OFF_LATE);
        }
        if self.uncertain >= self.facts.patience.max_submits {
            return self.end_with(settle, Outcome::SiteError, NO_BOOKING);
        }
        // Taken up from the store, the choice that was submitted is one that was not lost before.
        let next = self.next_choice(now);
        (self.unknown_since, self.absent) = (None, 0);
        let Some(choice) = next else { return self.no_use(settle, now) };
        self.turn_to(choice);
        let again = if self.opening() <= now { self.stage_on(now) } else { self.take_up(now) };
        after(settle, again)
    }

    /// The submit did not count, and there is nothing to submit again.
    fn no_use(&mut self, settle: Vec<Record>, now: Timestamp) -> Decision {
        if let Some(waits) = self.stand_by(now) {
            return after(settle, waits);
        }
        if self.lost.contains(&false) {
            return self.end_with(settle, Outcome::SiteError, NO_BOOKING);
        }
        self.nothing_left(settle, now)
    }

    fn unclear(&mut self, why: &str, now: Timestamp) -> Decision {
        // Two reads count only when they follow each other.
        self.absent = 0;
        self.unknown_since.get_or_insert(now);
        let is_hopeless = self.refused.is_some_and(Refusal::forbids_log_in);
        if (self.is_overdue(now) || is_hopeless) && self.unclear + 1 >= UNCLEAR_READS {
            if let Some(end) = self.refused.and_then(|refusal| self.end_unread(refusal, now)) {
                return end;
            }
            let note = format!("{CANNOT_READ}{why}");
            return self.end(Outcome::NeedsAttention, &note);
        }
        let wait = browser_back_off(self.unclear);
        self.unclear += 1;
        self.read_later(now + wait)
    }

    /// The account is in use: that says nothing of the list, and whoever has it is through some time. The deadline begins anew.
    pub(super) fn kept_from_the_list(&mut self, by: String, now: Timestamp) -> Decision {
        if self.state == State::Waitlisted {
            return self.waitlisted(vec![], now);
        }
        if self.kept_out >= MOST_KEPT_OUT {
            return self.unclear(&Trouble::Account(by).words(), now);
        }
        self.kept_out += 1;
        self.absent = 0;
        self.unknown_since = self.unknown_since.map(|_| now);
        self.read_later(now)
    }

    fn is_overdue(&self, now: Timestamp) -> bool {
        self.unknown_since.is_some_and(|since| now.duration_since(since) >= self.facts.patience.verify_deadline)
    }

    pub(super) fn won(&mut self, records: Vec<Record>, choice: usize, rows: u32, note: &str) -> Decision {
        let duplicate = rows > 1;
        let note = if duplicate { format!("{note}{NOTE_PARTS}{}", held_more_than_once(rows)) } else { note.to_owned() };
        self.state = State::Ended(Outcome::Confirmed);
        Decision { records, next: Next::End { outcome: Outcome::Confirmed, note, won: Some(choice), duplicate } }
    }
}
