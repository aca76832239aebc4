//! The whole flow up to the last reversible click: no attempt, no permit, nothing submitted.
//!
//! On the way the faster ways to fire are tried, as far as the site is set to `auto` or to one of them. [`keep_proofs`] writes what
//! came of it: what works is a proof of these very selector files, what does not work voids an older one.

use std::future::Future;

use tokio::sync::broadcast;

use super::agenda::unsaved_attempt;
use super::errand::Errand;
use super::lock::AccountLocks;
use super::perform::{Rehearsed, Trial, Tried, hands};
use super::report::Reporter;
use super::{Event, Parts, What};
use crate::model::{FireMode, Occurrence, SiteId};
use crate::store::{Store, StoreError};
use crate::timing::{Proof, Trouble, Way};

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

/// Writes what a rehearsal with these parts has shown of the ways to fire: what works is proved, and what does not is no longer.
///
/// # Errors
/// The database's.
pub async fn keep_proofs(rehearsed: &Rehearsed, parts: &Parts, site: &SiteId, store: &Store) -> Result<(), StoreError> {
    for trial in &rehearsed.trials {
        keep(trial, parts, site, store).await?;
    }
    Ok(())
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
    let ways = ways_to_try(&errand);
    let hands = hands(errand, &attempt, &parts, reporter, AccountLocks::default());
    if !at_once {
        parts.clock.sleep_until(opening - lead).await;
    }
    hands.rehearse((!at_once || opening <= now).then_some(opening), &ways).await
}

/// The ways that could be proved: those that the flow allows beside the one that always works, unless the site is set to a slow
/// one.
fn ways_to_try(errand: &Errand) -> Vec<Way> {
    let allowed = errand.flow.allowed();
    if allowed.is_api || matches!(errand.site.fire, FireMode::Native | FireMode::Script) {
        return Vec::new();
    }
    let mut ways = allowed.candidates();
    ways.pop();
    ways
}

async fn keep(trial: &Trial, parts: &Parts, site: &SiteId, store: &Store) -> Result<(), StoreError> {
    let (way, tried) = trial;
    let (browser, at) = (parts.config.browser.engine.as_str(), parts.clock.now());
    match tried {
        Tried::Works(evidence) => {
            let flow = parts.config.flow_hash(site).unwrap_or_default();
            let (way, browser, evidence) = (*way, browser.to_owned(), evidence.clone());
            store.keep_proof(site, &Proof { way, browser, flow, at, evidence }).await
        }
        Tried::Fails(why) => store.void_proof(site, browser, *way, why, at).await,
        Tried::Says(_) | Tried::Untried(_) => Ok(()),
    }
}
