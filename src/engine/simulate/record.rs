//! What is written down while the world runs, for the judge and for the table.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::club::Slot;
use super::label::Label;
use super::mishap::Mishap;
use crate::model::{BookingName, MemberId, SiteId};

/// Everything the judge needs that the clubs and the store do not know.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Every submit that reached a club.
    pub(super) arrivals: Vec<Arrival>,
    /// What went wrong for each attempt.
    pub(super) mishaps: BTreeMap<Label, BTreeSet<Mishap>>,
    /// Where each attempt was last taken up, and with which slots in order of preference.
    pub(super) wanted: BTreeMap<Label, (SiteId, Vec<Slot>)>,
    /// Attempts that had to wait for another session of the same account, or whose first choice was gone before.
    pub(super) hindered: BTreeSet<Label>,
    /// When a person touched a booking.
    pub(super) edited: BTreeMap<(MemberId, BookingName), Vec<Timestamp>>,
    /// When nothing could act: the process was down, the machine asleep, the store full.
    pub(super) absences: Vec<(Timestamp, Timestamp)>,
    /// How often each thing happened.
    pub(super) counts: BTreeMap<&'static str, u64>,
}

/// A submit that reached a club.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) label: Label,
    pub(super) site: SiteId,
    pub(super) slot: Slot,
    /// When it left.
    pub(super) left: Timestamp,
    /// When it came.
    pub(super) at: Timestamp,
    /// Before the opening, by the club's own clock and rule.
    pub(super) early: bool,
    /// Two seconds before it left the date was open already, by the rule of that day.
    pub(super) late: bool,
}

impl Record {
    pub(super) fn met(&mut self, label: &Label, mishap: Mishap) {
        self.mishaps.entry(label.clone()).or_default().insert(mishap);
        self.counted(mishap.as_str());
    }

    pub(super) fn counted(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    pub(super) fn absent(&mut self, from: Timestamp, to: Timestamp) {
        self.absences.push((from, to));
    }

    pub(super) fn edited(&mut self, member: &MemberId, booking: &BookingName, at: Timestamp) {
        self.edited.entry((member.clone(), booking.clone())).or_default().push(at);
    }

    /// Whether nothing could act at some time between two instants.
    pub(super) fn was_absent(&self, from: Timestamp, to: Timestamp) -> bool {
        self.absences.iter().any(|(gone, back)| *gone <= to && *back >= from)
    }

    /// Whether a person touched the attempt's booking at some time between two instants.
    pub(super) fn was_edited(&self, label: &Label, from: Timestamp, to: Timestamp) -> bool {
        let edits = self.edited.get(&(label.member.clone(), label.booking.clone()));
        edits.is_some_and(|edits| edits.iter().any(|at| (from..=to).contains(at)))
    }
}
