//! What a run comes to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What became of one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The release of the zone data that it ran with: another one is another story.
    pub zone_data: String,
    /// Bookings of the configuration.
    pub bookings: u64,
    /// Attempts that were judged: their openings lie in the span.
    pub occurrences: u64,
    /// Attempts that submitted.
    pub openings: u64,
    /// Submits that reached a club.
    pub submits: u64,
    /// Submits that reached it before its opening.
    pub early: u64,
    /// Bookings on the clubs' lists at the end.
    pub booked: u64,
    /// How the attempts ended, by the word.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// What went wrong, by its word.
    pub faults: BTreeMap<&'static str, u64>,
    /// Times that the process was killed.
    pub kills: u64,
    /// Times that it was asked to stop.
    pub stops: u64,
    /// Times that the machine slept.
    pub sleeps: u64,
    /// Times that the configuration was edited.
    pub edits: u64,
    /// Rows of the audit trail, whose chain holds.
    pub audit: u64,
    /// Things that happened.
    pub events: u64,
    /// SHA-256 over everything that happened, in order.
    pub trace: String,
    /// What was promised and not kept.
    pub violations: Vec<Violation>,
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub promise: Promise,
    /// Which attempt; none: the run as a whole.
    pub about: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What happened to that attempt, line by line.
    pub story: Vec<String>,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// No wish is booked twice.
    NeverTwice,
    /// Nothing reaches a club before its opening.
    NeverEarly,
    /// Every date that is wanted is known, and what could be had is had or has a reason.
    NeverLost,
    /// What nothing disturbs is at its opening.
    OnTime,
    /// Every attempt ends in exactly one terminal state.
    OneEnd,
    /// Confirmed is what is on the club's list, and nothing else.
    OnlyTheList,
    /// No submit without a permit of its own, and none too many.
    Permits,
    /// The audit trail is whole.
    Trail,
}

impl Promise {
    /// The words on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverTwice => "never twice",
            Self::NeverEarly => "never early",
            Self::NeverLost => "never lost",
            Self::OnTime => "on time",
            Self::OneEnd => "one end",
            Self::OnlyTheList => "only the list confirms",
            Self::Permits => "one permit, one submit",
            Self::Trail => "the trail is whole",
        }
    }
}

impl Report {
    /// For `--json`.
    pub fn json(&self) -> Value {
        json!({
            "seed": self.seed,
            "zone_data": self.zone_data,
            "bookings": self.bookings,
            "occurrences": self.occurrences,
            "openings": self.openings,
            "submits": self.submits,
            "early": self.early,
            "booked": self.booked,
            "outcomes": self.outcomes,
            "faults": self.faults,
            "kills": self.kills,
            "stops": self.stops,
            "sleeps": self.sleeps,
            "edits": self.edits,
            "audit": self.audit,
            "events": self.events,
            "trace": self.trace,
            "violations": self.violations.iter().map(Violation::json).collect::<Vec<_>>(),
        })
    }
}

impl Violation {
    fn json(&self) -> Value {
        json!({ "promise": self.promise.as_str(), "about": self.about, "what": self.what, "story": self.story })
    }
}
