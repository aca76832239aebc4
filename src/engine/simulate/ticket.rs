//! Submits on their way: what leaves the machine reaches a club by itself, whether anybody still waits for the answer or not.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::club::{Row, Slot};
use super::label::Label;
use super::mishap::Mishap;
use super::record::Arrival;
use super::world::{Inner, World};
use crate::model::{Answer, SiteId};
use crate::timing::Event;

/// The longest a club works on a submit, or hides a booking from its list, as a share of the site's settle time.
const LONGEST_WORK_PERCENT: u64 = 85;

/// A date that has been open for so long was not met at its opening.
const LATE: SignedDuration = SignedDuration::from_secs(2);

/// A submit.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) label: Label,
    pub(super) site: SiteId,
    pub(super) slot: Slot,
    /// When it leaves the machine.
    pub(super) leaves: Timestamp,
    /// How long it is on its way.
    pub(super) way: SignedDuration,
    /// What goes wrong at the club.
    pub(super) mishap: Option<Mishap>,
    /// The site's settle time, and how long an answer is waited for.
    pub(super) settle: SignedDuration,
    pub(super) patience: SignedDuration,
    /// Which visit it is, for the names of streams.
    pub(super) visit: String,
}

/// What the machine hears, and when.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) at: Timestamp,
    pub(super) event: Event,
}

/// The name of a submit.
pub(super) type TicketId = u64;

/// Submits, and what clubs do later by themselves.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    known: BTreeMap<TicketId, (Ticket, Option<Reply>)>,
    due: BTreeMap<(Timestamp, u64), Due>,
    last: u64,
}

/// What happens by itself.
#[derive(Clone, Debug)]
enum Due {
    /// A submit reaches its club.
    Arrive(TicketId),
    /// The club books what it has worked on.
    Commit(Ticket),
    /// Somebody cancels, and the waiting list moves on.
    Promote(Ticket),
}

impl Tickets {
    /// A submit that leaves at its time.
    pub(super) fn send(&mut self, ticket: Ticket) -> TicketId {
        self.last += 1;
        let id = self.last;
        self.due.insert((ticket.leaves + ticket.way, id), Due::Arrive(id));
        self.known.insert(id, (ticket, None));
        id
    }

    /// What is heard of a submit; an instant: not before then.
    pub(super) fn reply(&self, id: TicketId) -> Result<Reply, Timestamp> {
        match self.known.get(&id) {
            Some((_, Some(reply))) => Ok(reply.clone()),
            Some((ticket, None)) => Err(ticket.leaves + ticket.way),
            None => {
                let event = Event::NoAnswer("the session was ended".to_owned());
                Ok(Reply { at: Timestamp::UNIX_EPOCH, event })
            }
        }
    }

    /// Takes back what has not left and `matches`; how many that were.
    pub(super) fn recall(&mut self, now: Timestamp, mut matches: impl FnMut(&Ticket) -> bool) -> usize {
        let gone = self.known.extract_if(.., |_, (ticket, _)| ticket.leaves > now && matches(ticket));
        let gone: Vec<TicketId> = gone.map(|(id, _)| id).collect();
        self.due.retain(|_, due| !matches!(due, Due::Arrive(id) if gone.contains(id)));
        gone.len()
    }

    /// The machine sleeps: what would leave meanwhile leaves when it wakes.
    pub(super) fn hold(&mut self, now: Timestamp, until: Timestamp) {
        for (id, (ticket, _)) in &mut self.known {
            if ticket.leaves > now && ticket.leaves < until {
                self.due.remove(&(ticket.leaves + ticket.way, *id));
                ticket.leaves = until;
                self.due.insert((ticket.leaves + ticket.way, *id), Due::Arrive(*id));
            }
        }
    }

    fn next_due(&mut self, until: Timestamp) -> Option<(Timestamp, Due)> {
        let (at, _) = *self.due.first_key_value()?.0;
        (at <= until).then(|| self.due.pop_first()).flatten().map(|((at, _), due)| (at, due))
    }

    fn later(&mut self, at: Timestamp, due: Due) {
        self.last += 1;
        self.due.insert((at, self.last), due);
    }

    fn answered(&mut self, id: TicketId, reply: Reply) {
        if let Some((_, answer)) = self.known.get_mut(&id) {
            *answer = Some(reply);
        }
    }

    /// Forgets submits that were answered long ago.
    fn tidy(&mut self, before: Timestamp) {
        self.known.retain(|_, (_, reply)| reply.as_ref().is_none_or(|reply| reply.at > before));
    }
}

impl World {
    /// Lets the clubs do what is due until an instant, in order.
    pub(super) fn run_until(&self, until: Timestamp) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        while let Some((at, due)) = inner.tickets.next_due(until) {
            match due {
                Due::Arrive(id) => self.arrive(inner, id, at),
                Due::Commit(ticket) => self.commit_later(inner, &ticket, at, "the club books what it has worked on"),
                Due::Promote(ticket) if has_it(inner, &ticket) => {}
                Due::Promote(ticket) => self.commit_later(inner, &ticket, at, "the waiting list moves on"),
            }
        }
        inner.tickets.tidy(until - SignedDuration::from_hours(1));
    }

    fn arrive(&self, inner: &mut Inner, id: TicketId, at: Timestamp) {
        let Some((ticket, _)) = inner.tickets.known.get(&id).cloned() else { return };
        let Some(club) = inner.clubs.get(&ticket.site) else { return };
        let early = !club.is_open(&ticket.slot, at);
        inner.record.arrivals.push(Arrival {
            label: ticket.label.clone(),
            site: ticket.site.clone(),
            slot: ticket.slot.clone(),
            left: ticket.leaves,
            at,
            early,
            late: club.is_open(&ticket.slot, ticket.leaves - LATE),
        });
        let (reply, words) = self.judged(inner, &ticket, at, early);
        inner.trace.say(at, Some(&ticket.label), format!("the submit reaches the club: {words}"));
        inner.tickets.answered(id, reply);
    }

    /// What the club makes of a submit.
    fn judged(&self, inner: &mut Inner, ticket: &Ticket, at: Timestamp, early: bool) -> (Reply, &'static str) {
        let announced = self.announced(inner, &ticket.site, &ticket.slot);
        let late = self.lateness(&ticket.site, announced);
        if early {
            return answer(ticket, at, Answer::NotOpen, "it is early");
        }
        if self.is_down(&ticket.site, at) {
            inner.record.met(&ticket.label, Mishap::Outage);
            return silence(ticket, at, "the club is down");
        }
        if at < announced.saturating_add(late).unwrap_or(Timestamp::MAX) {
            inner.record.met(&ticket.label, Mishap::LateOpening);
            return answer(ticket, at, Answer::NotOpen, "the club is not open yet, later than it says");
        }
        match ticket.mishap {
            Some(mishap) => {
                inner.record.met(&ticket.label, mishap);
                self.troubled(inner, ticket, at, mishap)
            }
            None => self.booked(inner, ticket, at),
        }
    }

    /// Nothing goes wrong: the slot is free or it is not.
    fn booked(&self, inner: &mut Inner, ticket: &Ticket, at: Timestamp) -> (Reply, &'static str) {
        if self.commit(inner, ticket, at, at) {
            answer(ticket, at, Answer::Confirmed, "booked")
        } else {
            answer(ticket, at, Answer::Taken, "taken")
        }
    }

    fn troubled(&self, inner: &mut Inner, ticket: &Ticket, at: Timestamp, mishap: Mishap) -> (Reply, &'static str) {
        let mut chance = self.chance(&format!("trouble/{}", ticket.visit));
        let settle = u64::try_from(ticket.settle.as_millis().max(0)).unwrap_or(0);
        let longest = settle * LONGEST_WORK_PERCENT / 100;
        match mishap {
            Mishap::DropBefore => silence(ticket, at, "dropped, nothing booked"),
            Mishap::NeverAnswers => stalled(ticket, "held open, nothing booked"),
            Mishap::ErrorBefore => answer(ticket, at, Answer::SiteError, "an error page, nothing booked"),
            Mishap::LiesConfirmed => answer(ticket, at, Answer::Confirmed, "said to be booked, but it is not"),
            Mishap::Logout => answer(ticket, at, Answer::LoginExpired, "the log-in page"),
            Mishap::CaptchaAtSubmit => answer(ticket, at, Answer::Captcha, "a captcha"),
            Mishap::Quota => answer(ticket, at, Answer::Quota, "the allowance is used up"),
            Mishap::Price => answer(ticket, at, Answer::Price, "too dear"),
            Mishap::SlowCommit => {
                inner.tickets.later(at + chance.millis(0, longest), Due::Commit(ticket.clone()));
                silence(ticket, at, "dropped, and worked on")
            }
            Mishap::Waitlist => {
                // Later, nobody looks at the list any more.
                let last = inner.clubs[&ticket.site].begins(&ticket.slot) - SignedDuration::from_hours(1);
                if chance.per_mille(500) && last > at {
                    inner.tickets.later(chance.instant(at, last), Due::Promote(ticket.clone()));
                }
                answer(ticket, at, Answer::Waitlisted, "on the waiting list")
            }
            Mishap::StaleList => {
                let shown_from = at + chance.millis(0, longest);
                self.after(inner, ticket, (at, shown_from), Answer::Confirmed, "booked; the list is late")
            }
            Mishap::LiesTaken => self.after(inner, ticket, (at, at), Answer::Taken, "booked, and said to be taken"),
            Mishap::LiesNotOpen => {
                self.after(inner, ticket, (at, at), Answer::NotOpen, "booked, and said not to be open")
            }
            Mishap::LiesQuota => self.after(inner, ticket, (at, at), Answer::Quota, "booked, and said to be too many"),
            Mishap::ErrorAfter => self.after(inner, ticket, (at, at), Answer::SiteError, "booked, and an error page"),
            Mishap::Stalls => match self.commit(inner, ticket, at, at) {
                true => stalled(ticket, "booked, and held open"),
                false => stalled(ticket, "taken, and held open"),
            },
            _ => match self.commit(inner, ticket, at, at) {
                true => silence(ticket, at, "booked, and dropped"),
                false => silence(ticket, at, "taken, and dropped"),
            },
        }
    }

    /// Books, and says something else than what happened.
    fn after(
        &self,
        inner: &mut Inner,
        ticket: &Ticket,
        (at, shown_from): (Timestamp, Timestamp),
        said: Answer,
        words: &'static str,
    ) -> (Reply, &'static str) {
        if self.commit(inner, ticket, at, shown_from) {
            answer(ticket, at, said, words)
        } else {
            answer(ticket, at, Answer::Taken, "taken")
        }
    }

    fn commit_later(&self, inner: &mut Inner, ticket: &Ticket, at: Timestamp, words: &str) {
        let booked = self.commit(inner, ticket, at, at);
        let words = if booked { words.to_owned() } else { format!("{words}: taken meanwhile") };
        inner.trace.say(at, Some(&ticket.label), words);
    }

    /// Puts the booking on the list, if the slot can be had.
    fn commit(&self, inner: &mut Inner, ticket: &Ticket, at: Timestamp, shown_from: Timestamp) -> bool {
        let (label, slot) = (&ticket.label, &ticket.slot);
        if !self.is_free_for(inner, &ticket.site, &label.member, slot, at) {
            return false;
        }
        let Some(club) = inner.clubs.get_mut(&ticket.site) else { return false };
        club.book(Row { member: label.member.clone(), label: label.clone(), slot: slot.clone(), shown_from });
        true
    }
}

/// Whether the member has the slot already: a club does not give it to him from its waiting list as well.
fn has_it(inner: &Inner, ticket: &Ticket) -> bool {
    let rows = inner.clubs.get(&ticket.site).map_or(&[][..], |club| club.rows());
    rows.iter().any(|row| row.member == ticket.label.member && row.slot.overlaps(&ticket.slot))
}

fn answer(ticket: &Ticket, at: Timestamp, said: Answer, words: &'static str) -> (Reply, &'static str) {
    (Reply { at: at + ticket.way, event: Event::Answered(said) }, words)
}

fn silence(ticket: &Ticket, at: Timestamp, words: &'static str) -> (Reply, &'static str) {
    (Reply { at: at + ticket.way, event: Event::NoAnswer(words.to_owned()) }, words)
}

fn stalled(ticket: &Ticket, words: &'static str) -> (Reply, &'static str) {
    (Reply { at: ticket.leaves + ticket.patience, event: Event::NoAnswer(words.to_owned()) }, words)
}
