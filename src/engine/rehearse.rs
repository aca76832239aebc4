//! The whole flow up to the last reversible click: no attempt, no permit, nothing submitted.

use std::future::Future;
use std::path::{Path, PathBuf};

use tokio::sync::broadcast;

use super::agenda::{REHEARSAL, unsaved_attempt};
use super::errand::Errand;
use super::lock::AccountLocks;
use super::perform::{Performer, evidence_folder, hands};
use super::report::Reporter;
use super::{Event, Parts, What};
use crate::model::Occurrence;
use crate::timing::{Event as Happened, Trouble};

/// Events that a slow listener may fall behind.
const EVENTS_KEPT: usize = 1_024;

/// Rehearses an occurrence's first choice: logs in, reads the list, stages, and, when the date is open or `at_once` is false,
/// does the opening steps. The commit's button is looked at, never pressed.
pub fn rehearse(
    parts: Parts,
    occurrence: Occurrence,
    at_once: bool,
) -> (broadcast::Receiver<Event>, impl Future<Output = Result<(), Trouble>> + Send) {
    let (events, listener) = broadcast::channel(EVENTS_KEPT);
    (listener, run(parts, occurrence, at_once, events))
}

/// Where a rehearsal leaves what it saw when a step failed, in the data folder.
pub fn evidence_of_rehearsal(data: &Path) -> PathBuf {
    evidence_folder(data, REHEARSAL)
}

async fn run(
    parts: Parts,
    occurrence: Occurrence,
    at_once: bool,
    events: broadcast::Sender<Event>,
) -> Result<(), Trouble> {
    let now = parts.clock.now();
    let opening = occurrence.opening();
    let attempt = unsaved_attempt(&occurrence, now);
    let errand = Errand::unsaved(&attempt, &occurrence, &parts);
    let errand = errand.map_err(|reason| Trouble::Unreachable(reason.to_string()))?;
    let reporter = Reporter::new(events).of(&attempt.id);
    reporter.say(now, What::taken_up(&attempt));
    let lead = errand.site.patience.login_lead;
    let opening_steps = errand.has_opening_steps();
    let mut hands = hands(errand, &attempt, &parts, reporter, AccountLocks::default());
    if !at_once {
        parts.clock.sleep_until(opening - lead).await;
    }
    let staged = hands.stage(0, false).await;
    let result = match staged {
        Happened::StageFailed(trouble) => Err(trouble),
        _ if opening_steps && (!at_once || opening <= now) => match hands.open(0, opening).await {
            Happened::OpeningFailed(trouble) => Err(trouble),
            _ => Ok(()),
        },
        _ => Ok(()),
    };
    hands.rest().await;
    result
}
