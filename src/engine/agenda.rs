//! What the engine intends: every attempt that is not over, and when it is next looked at.
//!
//! Pure bookkeeping, owned by the supervisor. What is absent: the store, tasks, time.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::clock::ZoneData;
use crate::config::Config;
use crate::model::{Announced, Attempt, AttemptId, BookingName, MemberId, Occurrence, State};
use crate::schedule::{AHEAD, occurrences, plan_by_announced};

/// What makes an attempt the same attempt after the plan was worked out anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    member: MemberId,
    booking: BookingName,
    date: Date,
}

impl From<&Occurrence> for Key {
    fn from(occurrence: &Occurrence) -> Self {
        Self { member: occurrence.member.clone(), booking: occurrence.booking.clone(), date: occurrence.date }
    }
}

impl From<&Attempt> for Key {
    fn from(attempt: &Attempt) -> Self {
        Self { member: attempt.member.clone(), booking: attempt.booking.clone(), date: attempt.date }
    }
}

/// Every occurrence of every booking, at most [`AHEAD`] each, with what sites have announced of them.
pub(super) fn plan(config: &Config, zones: &ZoneData, announced: &[Announced], now: Timestamp) -> Vec<Occurrence> {
    let mut planned = Vec::new();
    for booking in &config.bookings {
        let site = config.site_of(booking);
        if let Some(zone) = zones.zone(&site.time_zone) {
            let mut dates = occurrences(booking, site, &zone, now, AHEAD);
            if let Some(flow) = config.flow(&site.id).filter(|flow| flow.announcement().is_some()) {
                plan_by_announced(&mut dates, site, &zone, flow.announced_hash(), announced);
            }
            planned.extend(dates);
        }
    }
    planned
}

/// The first date of which something that was announced may still matter.
pub(super) fn still_matters_from(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date().saturating_sub(2.days())
}

/// The id of an attempt that no store knows of.
pub(super) const REHEARSAL: &str = "rehearsal";

/// An attempt that no store knows of, for a rehearsal.
pub(super) fn unsaved_attempt(occurrence: &Occurrence, now: Timestamp) -> Attempt {
    Attempt {
        id: AttemptId::new(REHEARSAL),
        booking: occurrence.booking.clone(),
        member: occurrence.member.clone(),
        site: occurrence.site.clone(),
        date: occurrence.date,
        opening: occurrence.opening(),
        state: State::Planned,
        submits: 0,
        created_at: now,
        planned_at: now,
        updated_at: now,
        withdrawn: false,
        note: None,
    }
}

/// When each attempt is next looked at.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    wanted: HashMap<Key, Occurrence>,
    times: BTreeSet<(Timestamp, AttemptId)>,
    known: HashMap<AttemptId, (Timestamp, Attempt)>,
}

impl Agenda {
    /// A new plan. What was to be looked at is forgotten: the caller looks at what is still there.
    pub(super) fn replan(&mut self, planned: Vec<Occurrence>) {
        self.times.clear();
        self.known.clear();
        self.wanted = planned.into_iter().map(|occurrence| (Key::from(&occurrence), occurrence)).collect();
    }

    /// Keeps only what opens until an instant: years of dates need not lie in memory.
    pub(super) fn forget_later_than(&mut self, horizon: Timestamp) {
        self.wanted.retain(|_, occurrence| occurrence.opening() <= horizon);
        self.wanted.shrink_to_fit();
    }

    /// The occurrence that an attempt serves, while a booking asks for it.
    pub(super) fn occurrence(&self, attempt: &Attempt) -> Option<&Occurrence> {
        self.wanted.get(&Key::from(attempt))
    }

    /// Looks at an attempt at an instant; a later call replaces the earlier one.
    pub(super) fn look_at(&mut self, attempt: Attempt, at: Timestamp) {
        self.forget(&attempt.id);
        self.times.insert((at, attempt.id.clone()));
        self.known.insert(attempt.id.clone(), (at, attempt));
    }

    /// Looks at an attempt no more.
    pub(super) fn forget(&mut self, id: &AttemptId) {
        if let Some((at, _)) = self.known.remove(id) {
            self.times.remove(&(at, id.clone()));
        }
    }

    /// The first instant at which there is something to look at.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.times.first().map(|(at, _)| *at)
    }

    /// Takes what is due out of the agenda.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<Attempt> {
        let mut due = Vec::new();
        while let Some((at, _)) = self.times.first() {
            if *at > now {
                break;
            }
            let (_, id) = self.times.pop_first().expect("there is a first");
            due.extend(self.known.remove(&id).map(|(_, attempt)| attempt));
        }
        due
    }
}
