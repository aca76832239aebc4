//! Who acts at the sites for an engine, and how often it looks round when nothing is due.
//!
//! There are two crews: the real one here, and the simulation's. Everything else of an engine is the same under both.

use std::time::Duration;

use jiff::SignedDuration;

use super::Parts;
use super::errand::Errand;
use super::lock::AccountLocks;
use super::perform::{Hands, Performer, end_browsers_of_the_dead, hands};
use super::report::Reporter;
use crate::model::{Attempt, ClockRule, Site};

/// Who acts at the sites.
pub(super) trait Crew: Send + Sync + 'static {
    /// Who serves one attempt.
    type Hands: Performer + 'static;

    /// Before anything is read or submitted.
    fn arrive(&self, _parts: &Parts) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Somebody for an errand.
    fn hands(
        &self,
        errand: Errand,
        attempt: &Attempt,
        parts: &Parts,
        reporter: Reporter,
        locks: AccountLocks,
    ) -> Self::Hands;

    /// Whose clock the openings of a site are taken by.
    fn clock_rule(&self, site: &Site) -> ClockRule {
        site.clock
    }

    /// How often to look round.
    fn rhythm(&self) -> Rhythm {
        Rhythm::default()
    }
}

/// How often an engine looks round when nothing is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// How often the plan is worked out anew without being told to, so that new dates come within sight.
    pub(super) replan: SignedDuration,
    /// How often the supervisor shows that it is alive.
    pub(super) pulse: Duration,
    /// Events that a slow listener may fall behind.
    pub(super) events: usize,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { replan: SignedDuration::from_hours(6), pulse: Duration::from_secs(1), events: 4_096 }
    }
}

/// Real browsers and real requests.
pub(super) struct Browsers;

impl Crew for Browsers {
    type Hands = Hands;

    /// What is left of a killed run could still submit.
    async fn arrive(&self, parts: &Parts) {
        end_browsers_of_the_dead(&parts.config.server.data).await;
    }

    fn hands(
        &self,
        errand: Errand,
        attempt: &Attempt,
        parts: &Parts,
        reporter: Reporter,
        locks: AccountLocks,
    ) -> Hands {
        hands(errand, attempt, parts, reporter, locks)
    }
}
