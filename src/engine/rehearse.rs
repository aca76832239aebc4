//! The whole flow up to the last reversible click: no attempt, no permit, nothing submitted.

use std::future::Future;
use std::path::{Path, PathBuf};

use tokio::sync::broadcast;

use super::agenda::{REHEARSAL, unsaved_attempt};
use super::errand::Errand;
use super::lock::AccountLocks;
use super::perform::{Rehearsed, evidence_folder, hands};
use super::report::Reporter;
use super::{Event, Parts, What};
use crate::model::Occurrence;
use crate::timing::Trouble;

/// Events that a slow listener may fall behind.
const EVENTS_KEPT: usize = 1_024;

/// Rehearses an occurrence's first choice: logs in, reads the list and, whatever that shows, goes on to the commit, which is
/// looked at and never done. The opening steps are left out where the date is not open and `at_once` says not to wait.
pub fn rehearse(
    parts: Parts,
    occurrence: Occurrence,
    at_once: bool,
) -> (broadcast::Receiver<Event>, impl Future<Output = Rehearsed> + Send) {
    let (events, listener) = broadcast::channel(EVENTS_KEPT);
    (listener, run(parts, occurrence, at_once, events))
}

/// Where a rehearsal leaves what it saw when a step failed, in the data folder.
pub fn evidence_of_rehearsal(data: &Path) -> PathBuf {
    evidence_folder(data, REHEARSAL)
}

async fn run(parts: Parts, occurrence: Occurrence, at_once: bool, events: broadcast::Sender<Event>) -> Rehearsed {
    let now = parts.clock.now();
    let opening = occurrence.opening();
    let attempt = unsaved_attempt(&occurrence, now);
    let errand = match Errand::unsaved(&attempt, &occurrence, &parts) {
        Ok(errand) => errand,
        Err(reason) => return Rehearsed::broken(Trouble::Unreachable(reason.to_string())),
    };
    let reporter = Reporter::new(events).of(&attempt.id);
    reporter.say(now, What::taken_up(&attempt));
    let lead = errand.site.patience.login_lead;
    let hands = hands(errand, &attempt, &parts, reporter, AccountLocks::default());
    if !at_once {
        parts.clock.sleep_until(opening - lead).await;
    }
    hands.rehearse((!at_once || opening <= now).then_some(opening)).await
}
