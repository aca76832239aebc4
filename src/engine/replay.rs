//! Every reversible step of a flow, one after the other, at pages that were saved: nothing is waited for, nothing submitted.

use std::future::Future;

use tokio::sync::broadcast;

use super::agenda::unsaved_attempt;
use super::errand::Errand;
use super::lock::AccountLocks;
use super::perform::hands;
use super::report::Reporter;
use super::{Event, Parts, What};
use crate::model::Occurrence;
use crate::timing::Trouble;

/// Events that a slow listener may fall behind.
const EVENTS_KEPT: usize = 1_024;

/// Replays an occurrence's first choice at once: logs in, prepares, chooses, does the opening steps, looks at the commit's
/// button without pressing it, and reads the list, whatever that shows.
pub fn replay(
    parts: Parts,
    occurrence: Occurrence,
) -> (broadcast::Receiver<Event>, impl Future<Output = Result<(), Trouble>> + Send) {
    let (events, listener) = broadcast::channel(EVENTS_KEPT);
    (listener, run(parts, occurrence, events))
}

async fn run(parts: Parts, occurrence: Occurrence, events: broadcast::Sender<Event>) -> Result<(), Trouble> {
    let now = parts.clock.now();
    let attempt = unsaved_attempt(&occurrence, now);
    let errand = Errand::unsaved(&attempt, &occurrence, &parts);
    let errand = errand.map_err(|reason| Trouble::Unreachable(reason.to_string()))?;
    let reporter = Reporter::new(events).of(&attempt.id);
    reporter.say(now, What::taken_up(&attempt));
    hands(errand, &attempt, &parts, reporter, AccountLocks::default()).walk().await
}
