//! When the site itself says that a slot opens.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{CourtName, SiteId};

/// What the site announced of one court and start, as it was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Where.
    pub site: SiteId,
    /// The court.
    pub court: CourtName,
    /// Local date and start time of the slot.
    pub start: DateTime,
    /// The announced instant, by the site's clock.
    pub instant: Timestamp,
    /// What the court's rule said when it was read; [`Timestamp::UNIX_EPOCH`] for a court that is always open.
    pub rule: Timestamp,
    /// When it was read.
    pub read_at: Timestamp,
    /// The site's own words, cut.
    pub said: String,
    /// The hash of the files by which it was read.
    pub files: String,
}

impl Announced {
    /// The instant that counts. What was open already when it was read opened no later than that, nor than the rule says; it is
    /// never before the announced one.
    pub fn opening(&self) -> Timestamp {
        self.instant.max(self.rule.min(self.read_at))
    }
}
