//! Looks at a site without booking anything: its clock.
//!
//! A [`Probe`] asks one harmless address of a site (`HEAD`, no cookies) on one connection that is kept, at instants that
//! `timing` chooses, and politely: see [`Budget`]. What the answers mean is worked out in `timing`; what is done with it is the
//! engine's business.

mod answer;
mod axis;
mod budget;
mod connection;
mod run;
pub mod words;

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::timing::{Offset, SiteTime};

use axis::Axis;
pub use budget::{A_RUN, AN_HOUR, Budget};
pub use run::Probe;

/// What bounds one run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Questions, at most.
    pub requests: u32,
    /// The opening that is coming up, and how long before it, by either clock, nothing is asked any more.
    pub quiet: Option<(SiteTime, SignedDuration)>,
}

/// What was found out.
#[derive(Clone, Debug)]
pub struct Reading {
    /// How far the site's clock is ahead of ours.
    pub offset: Offset,
    /// Questions that were asked in this run.
    pub requests: u32,
    /// From a question to its answer; the middle one of all.
    pub round_trip: SignedDuration,
    /// What the servers that answered call themselves; more than one: they may have a clock each.
    pub servers: Vec<String>,
    axis: Axis,
}

impl Reading {
    /// The offset as it is now: what our own clock was set by meanwhile is taken out.
    pub fn offset_now(&self, clock: &dyn Clock) -> Offset {
        self.offset.after_step(self.axis.step(clock))
    }
}

/// Why nothing is known of a site's clock.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It did not answer.
    #[error("ask {url} for the time: {why}")]
    Unreachable {
        /// The address.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// It answers without a `Date`, or with one that is none.
    #[error("ask {url} for the time: its answers bear no date")]
    NoDate {
        /// The address.
        url: String,
    },
    /// A cache answers with the dates of long ago.
    #[error("ask {url} for the time: a cache answers, with dates that are not of now")]
    Cached {
        /// The address.
        url: String,
    },
    /// It was not one clock that answered.
    #[error("read the clock of {url}: its answers contradict each other by {} ms{}", .gap.as_millis(), words::servers(.servers))]
    Contradiction {
        /// The address.
        url: String,
        /// By how much, at least.
        gap: SignedDuration,
        /// What the servers that answered call themselves.
        servers: Vec<String>,
    },
    /// Nothing may be asked now.
    #[error("ask {url} for the time: it was asked often enough for now")]
    Enough {
        /// The address.
        url: String,
    },
}

/// Runs a probe on a thread of its own. Dropping the future calls it off after the question that is under way.
///
/// # Errors
/// See [`ProbeError`].
pub async fn measure(
    mut probe: OwnedMutexGuard<Probe>,
    clock: Arc<dyn Clock>,
    limits: Limits,
) -> Result<Reading, ProbeError> {
    let stop = CancellationToken::new();
    let _called_off = stop.clone().drop_guard();
    let work = move || probe.run(&*clock, &limits, &stop);
    tokio::task::spawn_blocking(work).await.expect("a probe has no panic of its own and is not cancelled")
}
