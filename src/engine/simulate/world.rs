//! The world around the engine: clubs, rivals, the process and its store, and what is written down for the judge.
//!
//! One lock holds it all; nothing waits while it is held. Whatever is uncertain is drawn from a stream of the seed that is
//! named for what it decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use super::club::{Club, Slot};
use super::control::Control;
use super::label::Label;
use super::mishap::{Mishap, Place};
use super::process::Process;
use super::record::Record;
use super::ticket::Tickets;
use super::trace::Trace;
use crate::clock::{Clock, SimClock, ZoneData};
use crate::config::Config;
use crate::engine::Event;
use crate::model::{MemberId, SiteId};
use crate::schedule::{ALWAYS_OPEN, first_instant, opening};
use crate::store::{Gate, Verdict};

/// The furthest that a club's clock is ahead of ours.
const FURTHEST_AHEAD_MS: u64 = 900;

/// An hour.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The world of one run.
pub(super) struct World {
    seed: u64,
    faults: bool,
    control: Option<Control>,
    clock: SimClock,
    inner: Mutex<Inner>,
}

/// What is behind the lock.
pub(super) struct Inner {
    pub(super) clubs: BTreeMap<SiteId, Club>,
    pub(super) tickets: Tickets,
    pub(super) trace: Trace,
    pub(super) record: Record,
    pub(super) process: Process,
    asked: BTreeMap<(Label, Place), u64>,
}

impl World {
    /// The clubs behind a configuration's sites, with nobody on their lists.
    pub(super) fn new(
        seed: u64,
        faults: bool,
        control: Option<Control>,
        clock: SimClock,
        config: &Config,
        zones: &ZoneData,
    ) -> Self {
        let clubs = config.sites.iter().filter_map(|site| {
            let mut chance = Chance::of(seed, &format!("club/{}", site.id));
            let ahead = if chance.per_mille(500) { chance.below(FURTHEST_AHEAD_MS) } else { 0 };
            let ahead = SignedDuration::from_millis(i64::try_from(ahead).expect("less than a second"));
            Some((site.id.clone(), Club::new(site, zones.zone(&site.time_zone)?, ahead)))
        });
        let inner = Inner {
            clubs: clubs.collect(),
            tickets: Tickets::default(),
            trace: Trace::default(),
            record: Record::default(),
            process: Process::default(),
            asked: BTreeMap::new(),
        };
        Self { seed, faults, control, clock, inner: Mutex::new(inner) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder panics")
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether the engine is wrong in that way, on purpose.
    pub(super) fn is_control(&self, control: Control) -> bool {
        self.control == Some(control)
    }

    /// The stream of that name.
    pub(super) fn chance(&self, name: &str) -> Chance {
        Chance::of(self.seed, name)
    }

    /// The stream of an attempt's next visit to a place, and what goes wrong there this time.
    pub(super) fn visit(&self, label: &Label, place: Place) -> (Chance, Option<Mishap>) {
        let visits = {
            let mut inner = self.lock();
            let visits = inner.asked.entry((label.clone(), place)).or_default();
            *visits += 1;
            *visits
        };
        let mut chance = self.chance(&format!("{}/{label}/{visits}", place.as_str()));
        let mishap = place.draw(&mut chance).filter(|_| self.faults);
        (chance, mishap)
    }

    /// Something goes wrong for an attempt.
    pub(super) fn met(&self, label: &Label, mishap: Mishap) {
        let now = self.now();
        let mut inner = self.lock();
        inner.record.met(label, mishap);
        inner.trace.say(now, Some(label), format!("meets {}", mishap.as_str()));
    }

    /// Whether the list of a site cannot be read for an attempt, however often it is asked.
    pub(super) fn has_no_list(&self, label: &Label) -> bool {
        self.faults && self.chance(&format!("list-gone/{label}")).per_mille(4)
    }

    /// Whether a site is down: now and then, for some minutes.
    pub(super) fn is_down(&self, site: &SiteId, at: Timestamp) -> bool {
        self.faults && [at, at - HOUR].into_iter().any(|hour| self.outage_of(site, hour, at))
    }

    /// Whether the outage that begins in the hour of `hour`, if there is one, lasts at `at`.
    fn outage_of(&self, site: &SiteId, hour: Timestamp, at: Timestamp) -> bool {
        let begin = Timestamp::from_second(hour.as_second().div_euclid(3_600) * 3_600).unwrap_or(hour);
        let mut chance = self.chance(&format!("outage/{site}/{begin}"));
        if !chance.per_mille(10) {
            return false;
        }
        let from = begin + chance.seconds(0, 3_599);
        at >= from && at < from + chance.seconds(30, 3_300)
    }

    /// When the site says that a slot opens; rivals and late openings go by it, the judge does not.
    pub(super) fn announced(&self, inner: &Inner, site: &SiteId, slot: &Slot) -> Timestamp {
        inner.clubs.get(site).and_then(|club| club.announced(slot)).unwrap_or(ALWAYS_OPEN)
    }

    /// How much later than it says a site lets a slot be booked.
    pub(super) fn lateness(&self, site: &SiteId, announced: Timestamp) -> SignedDuration {
        let mut chance = self.chance(&format!("late/{site}/{announced}"));
        if !self.faults || announced == ALWAYS_OPEN || !chance.per_mille(40) {
            return SignedDuration::ZERO;
        }
        if chance.per_mille(800) { chance.seconds(0, 20) } else { chance.seconds(20, 300) }
    }

    /// When somebody else takes a slot, if nobody has it by then; none: nobody ever does.
    pub(super) fn rival(&self, inner: &Inner, site: &SiteId, slot: &Slot) -> Option<Timestamp> {
        let mut chance = self.chance(&format!("rival/{site}/{}/{}", slot.court, slot.start));
        let announced = self.announced(inner, site, slot);
        let from = if announced == ALWAYS_OPEN { self.begins(inner, site, slot) - HOUR * 24 * 12 } else { announced };
        match chance.below(100) {
            // Kept for lessons: nobody can have it.
            0..3 => Some(Timestamp::MIN),
            3..18 => Some(from + chance.millis(80, 600)),
            18..24 => Some(from + chance.seconds(1, 60)),
            24..32 => Some(from + chance.seconds(60, 5 * 24 * 3_600)),
            _ => None,
        }
    }

    fn begins(&self, inner: &Inner, site: &SiteId, slot: &Slot) -> Timestamp {
        inner.clubs.get(site).map_or(Timestamp::MAX, |club| club.begins(slot))
    }

    /// Whether a slot can be had by a member: nobody else has it, and it has not begun.
    pub(super) fn is_free_for(
        &self,
        inner: &Inner,
        site: &SiteId,
        member: &MemberId,
        slot: &Slot,
        at: Timestamp,
    ) -> bool {
        let Some(club) = inner.clubs.get(site) else { return false };
        let rival = self.rival(inner, site, slot);
        club.is_free_for(member, slot) && !club.has_begun(slot, at) && rival.is_none_or(|rival| rival > at)
    }

    /// Never over once the process is dead: what it was about to do does not happen.
    pub(super) async fn alive(&self) {
        let is_dead = self.lock().process.is_dead();
        if is_dead {
            std::future::pending::<()>().await;
        }
    }

    /// What the store is to do with each piece of work.
    pub(super) fn gate(self: &Arc<Self>) -> Gate {
        let world = Arc::clone(self);
        Arc::new(move |doing| {
            let now = world.now();
            let mut inner = world.lock();
            let inner = &mut *inner;
            let verdict = inner.process.ask(now);
            match verdict {
                Verdict::Go => {}
                Verdict::Refuse => inner.record.counted(Mishap::StoreRefuses.as_str()),
                Verdict::Deny => {
                    inner.record.counted(Mishap::StoreDenies.as_str());
                    inner.record.absent(now, now);
                    inner.trace.say(now, None, format!("the store takes “{doing}” and says that it did not"));
                }
                Verdict::Die => inner.trace.say(now, None, format!("the process dies before “{doing}”")),
                Verdict::DieAfter => inner.trace.say(now, None, format!("the process dies after “{doing}”")),
            }
            verdict
        })
    }

    /// The engine said something.
    pub(super) fn hear(&self, event: &Event) {
        self.lock().trace.hear(event);
    }

    /// Something happened to the whole world.
    pub(super) fn say(&self, text: impl Into<String>) {
        let now = self.now();
        self.lock().trace.say(now, None, text.into());
    }

    /// The rules of the courts change at the clubs as they do in a configuration.
    pub(super) fn adopt(&self, config: &Config) {
        let mut inner = self.lock();
        for site in &config.sites {
            if let Some(club) = inner.clubs.get_mut(&site.id) {
                club.adopt(site);
            }
        }
    }

    /// What went wrong for an attempt.
    pub(super) fn mishaps_of(inner: &Inner, label: &Label) -> BTreeSet<Mishap> {
        inner.record.mishaps.get(label).cloned().unwrap_or_default()
    }
}

impl Club {
    /// When a slot opens, by the rule that the site publishes; none: no such court.
    fn announced(&self, slot: &Slot) -> Option<Timestamp> {
        Some(opening(self.rule(&slot.court)?, slot.start, slot.length, self.zone()))
    }

    /// When a slot begins.
    pub(super) fn begins(&self, slot: &Slot) -> Timestamp {
        first_instant(slot.start, self.zone())
    }
}
