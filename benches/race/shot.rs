//! What one entrant did at one opening, as the club's ledger tells it.

use serde::{Deserialize, Serialize};

/// Which part of the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// A fresh browser and session for each shot, idle before it; the form is filled in before the opening.
    Cold,
    /// The same at a page that must be loaded after the opening.
    Reload,
    /// One session for many openings.
    Warm,
    /// One of ours and a peer for the same slot.
    Duel,
    /// All for the same slot.
    Race,
}

/// One opening of one entrant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shot {
    pub(crate) part: Part,
    pub(crate) round: usize,
    pub(crate) entrant: String,
    pub(crate) label: String,
    pub(crate) ours: bool,
    /// From the opening to the receipt of the submit, in milliseconds; none where none came after the opening.
    pub(crate) late_ms: Option<f64>,
    /// Submits that came before the opening.
    pub(crate) early: usize,
    /// The slot was given to it.
    pub(crate) won: bool,
    /// How long before the opening its form was loaded, in seconds: it was idle for about as long.
    pub(crate) idle_s: Option<f64>,
    /// Why it does not count.
    pub(crate) failed: Option<String>,
    /// It does not count because the machine was too busy to be staged in time: nobody's fault, and done again.
    #[serde(default)]
    pub(crate) staged_late: bool,
}

impl Part {
    /// Somebody else wants the same slot.
    pub(crate) fn is_contested(self) -> bool {
        matches!(self, Self::Duel | Self::Race)
    }
}

impl Shot {
    /// The lateness, where the shot counts.
    pub(crate) fn counted(&self) -> Option<f64> {
        self.late_ms.filter(|_| self.failed.is_none())
    }
}
