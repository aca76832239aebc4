//! The whole flow up to the last reversible click: no attempt, no permit, nothing submitted.
//!
//! On the way the faster ways to fire are tried, as far as the site is set to `auto` or to one of them: what works is kept as a
//! proof of these very selector files, what does not work voids an older one.

use std::future::Future;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast;

use super::agenda::{REHEARSAL, unsaved_attempt};
use super::errand::Errand;
use super::lock::AccountLocks;
use super::perform::{Hands, Performer, Tried, evidence_folder, hands};
use super::report::Reporter;
use super::{Event, Parts, What};
use crate::model::{FireMode, Occurrence, SiteId};
use crate::timing::{Event as Happened, Proof, Trouble, Way};

/// Events that a slow listener may fall behind.
const EVENTS_KEPT: usize = 1_024;

/// How long before the opening a way is tried whose steps come after it.
const ARM_AHEAD: SignedDuration = SignedDuration::from_secs(3);

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
    let opening_steps = errand.facts(now).opening_steps;
    let ways = ways_to_try(&errand);
    let site = errand.site.id.clone();
    let mut rehearsal = Rehearsal {
        hands: hands(errand, &attempt, &parts, reporter.clone(), AccountLocks::default()),
        parts: &parts,
        reporter,
        site,
        opening,
    };
    if !at_once {
        parts.clock.sleep_until(opening - lead).await;
    }
    let staged = rehearsal.hands.stage(0, false).await;
    let result = match staged {
        Happened::StageFailed(trouble) => Err(trouble),
        _ if !opening_steps => {
            rehearsal.try_ways(&ways).await;
            Ok(())
        }
        _ if !at_once || opening <= now => rehearsal.open(&ways).await,
        _ => Ok(()),
    };
    rehearsal.hands.rest().await;
    result
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

struct Rehearsal<'p> {
    hands: Hands,
    parts: &'p Parts,
    reporter: Reporter,
    site: SiteId,
    opening: Timestamp,
}

impl Rehearsal<'_> {
    async fn try_ways(&mut self, ways: &[Way]) {
        for way in ways {
            self.try_way(*way, self.parts.clock.now()).await;
        }
    }

    /// The opening steps, by a program in the page first; by us, where that does not work.
    async fn open(&mut self, ways: &[Way]) -> Result<(), Trouble> {
        for way in ways {
            self.parts.clock.sleep_until(self.opening - ARM_AHEAD).await;
            if self.try_way(*way, self.opening).await {
                return Ok(());
            }
            if let Happened::StageFailed(trouble) = self.hands.stage(0, true).await {
                return Err(trouble);
            }
        }
        match self.hands.open(0, self.opening).await {
            Happened::OpeningFailed(trouble) => Err(trouble),
            _ => Ok(()),
        }
    }

    /// Tries one way and keeps what came of it; true when it works.
    async fn try_way(&mut self, way: Way, at: Timestamp) -> bool {
        let tried = self.hands.prove(way, at).await;
        let (words, now) = (way.words(), self.parts.clock.now());
        let note = match &tried {
            Tried::Works(seen) => format!("{words} works up to the last click: {seen}"),
            Tried::Fails(why) => format!("{words} does not work: {why}"),
            Tried::Untried(why) => format!("{words} was not tried: {why}"),
        };
        self.reporter.say(now, What::Note(note));
        if let Err(error) = self.keep(way, &tried, now).await {
            tracing::warn!(%error, "what the rehearsal has shown was not kept");
        }
        matches!(tried, Tried::Works(_))
    }

    async fn keep(&self, way: Way, tried: &Tried, at: Timestamp) -> Result<(), crate::store::StoreError> {
        let (store, browser) = (&self.parts.store, self.parts.config.browser.engine.as_str());
        match tried {
            Tried::Works(seen) => {
                let flow = self.parts.config.flow_hash(&self.site).unwrap_or_default();
                let (browser, evidence) = (browser.to_owned(), seen.clone());
                store.keep_proof(&self.site, &Proof { way, browser, flow, at, evidence }).await
            }
            Tried::Fails(why) => store.void_proof(&self.site, browser, way, why, at).await,
            Tried::Untried(_) => Ok(()),
        }
    }
}
