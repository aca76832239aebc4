//! What an entrant is told of an opening.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::club::Opening;

/// One line of JSON on an entrant's standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// The club, ending in a slash.
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// The site's id of the court.
    pub(crate) court: String,
    pub(crate) date: String,
    /// `17:00`.
    pub(crate) start: String,
    /// The opening, in milliseconds since 1970: a whole second.
    pub(crate) at_ms: i64,
    /// `submit` or `reload`.
    pub(crate) shape: String,
    /// How long the opening may be waited for.
    pub(crate) wait_s: u64,
}

impl Job {
    /// As the line that is sent.
    pub(crate) fn line(&self) -> anyhow::Result<String> {
        Ok(format!("{}\n", serde_json::to_string(self)?))
    }

    /// When it opens.
    pub(crate) fn at(&self) -> anyhow::Result<Timestamp> {
        Ok(Timestamp::from_millisecond(self.at_ms)?)
    }

    /// The same, for what works in a page.
    pub(crate) fn opening(&self) -> anyhow::Result<Opening> {
        Ok(Opening { at: self.at()?, court: super::lane::COURT, date: self.date.clone(), start: super::lane::START })
    }
}
