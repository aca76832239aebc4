//! Lines for people who read the log.

use jiff::Timestamp;

use super::super::What;
use super::super::errand::Errand;
use super::super::report::Reporter;
use crate::model::FireMode;
use crate::store::PlanChange;

/// Which way is taken and why; by how much the fire leaves before the opening, where the site has opted in to that.
pub(super) fn tell_how(errand: &Errand, reporter: &Reporter, now: Timestamp) {
    tracing::info!(
        way = errand.chosen.way.words(),
        why = errand.chosen.words(),
        lead = errand.lead.words(),
        "fires by"
    );
    if errand.site.fire == FireMode::Auto && errand.chosen.way.mode != FireMode::Script {
        reporter.say(now, What::Note(format!("fires by {}", errand.chosen.words())));
    }
    if !errand.site.patience.lead_at_most.is_zero() {
        reporter.say(now, What::Note(format!("lead: {}", errand.lead.words())));
    }
}

/// A plan that moves leaves a line: how many attempts are new, at another instant, or gone.
pub(super) fn tell_of(change: &PlanChange) {
    let (added, moved, cancelled) = (change.added.len(), change.moved.len(), change.cancelled.len());
    if let Some(before) = &change.zones_before {
        tracing::warn!(before, moved, "other time zone data: the plan is worked out anew");
    }
    if added + moved + cancelled > 0 {
        tracing::info!(added, moved, cancelled, "the plan moves");
    }
}
