//! What changes around an engine: the configuration, its selector files, the zone data, and the clock that was set.

use std::sync::Arc;

use super::super::What;
use super::super::agenda::{plan, still_matters_from};
use super::super::crew::Crew;
use super::super::report::Reporter;
use super::super::run::Order;
use super::super::settled::Settled;
use super::keeps::Keeps;
use super::{Parts, Supervisor};
use crate::config::{diff, moved};
use crate::model::{Attempt, Occurrence};
use crate::store::Slot;

impl<C: Crew> Supervisor<C> {
    pub(super) async fn reload(&mut self, parts: Parts) {
        let now = self.parts.clock.now();
        let mut changes: Vec<String> =
            diff(&self.parts.config, &parts.config).iter().map(ToString::to_string).collect();
        let announced = self.parts.store.announced(still_matters_from(now)).await.unwrap_or_default();
        let ahead = |parts: &Parts| -> Vec<Occurrence> { plan(&parts.config, &parts.zones, &announced, now) };
        let (before, after) = (ahead(&self.parts), ahead(&parts));
        let kept = self.kept(&before, &after).await;
        let settled = Settled::of(&kept);
        let under_way = self.kept_by_what_runs(&before, &after);
        let open = |dates: &[Occurrence]| {
            let mut open = settled.still_open(dates);
            open.retain(|date| !under_way.iter().any(|keeps| keeps.serves(date)));
            open
        };
        let moves = moved(&open(&before), &open(&after));
        let keeps: Vec<String> =
            under_way.iter().filter_map(|keeps| keeps.told(&before, &after, &parts.config)).collect();
        let (old, new) = (self.parts.zones.to_string(), parts.zones.to_string());
        if old != new {
            changes.push(format!("time zone data: {old} -> {new}"));
            // First the data alone, so that the audit trail knows what moved because of them.
            self.parts.zones = Arc::clone(&parts.zones);
            self.replan().await;
        }
        changes.extend(moves.iter().map(ToString::to_string));
        changes.extend(settled.told(&before, &after));
        // With other zone data it may be planned again.
        if old == new {
            changes.extend(keeps);
        }
        self.hand_out_files(&parts);
        self.zones.send_replace(Arc::clone(&parts.zones));
        self.parts = parts;
        self.replan().await;
        Reporter::new(self.events.clone()).say(now, What::Reloaded(changes));
    }

    /// Of the attempts that run, those whose date is asked for before and after.
    fn kept_by_what_runs(&self, before: &[Occurrence], after: &[Occurrence]) -> Vec<Keeps> {
        let has = |dates: &[Occurrence], keeps: &Keeps| dates.iter().any(|date| keeps.serves(date));
        let running = self.running.values().filter(|running| !running.withdrawn).map(|running| &running.keeps);
        running.filter(|keeps| has(before, keeps) && has(after, keeps)).cloned().collect()
    }

    /// What is kept of these dates, where they differ; without an answer of the store they are told as if all were still to come.
    async fn kept(&self, before: &[Occurrence], after: &[Occurrence]) -> Vec<(Attempt, Option<Slot>)> {
        let first = before.iter().chain(after).map(|date| date.date).min().filter(|_| before != after);
        match first {
            Some(first) => self.parts.store.overview(first).await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Attempts that run are told of other selector files; those that cannot take them any more do not.
    fn hand_out_files(&self, parts: &Parts) {
        for running in self.running.values() {
            let site = &running.site;
            let Some(flow) = parts.config.flow(site) else { continue };
            let same = self.parts.config.selectors.get(site) == parts.config.selectors.get(site);
            // Whether there are pages decides who acts: that is settled when an attempt begins.
            if !same && flow.is_api() == running.files.borrow().is_api() {
                running.files.send_replace(flow);
            }
        }
    }

    /// With other zone data the opening of a running attempt may be another: it is planned again, if nothing was submitted.
    pub(super) async fn take_up_anew_what_moved(&mut self) {
        for (id, running) in &self.running {
            let Ok(Some(attempt)) = self.parts.store.attempt(id).await else { continue };
            let opening = self.agenda.occurrence(&attempt).map(Occurrence::opening);
            let moved = opening.is_some_and(|opening| opening != attempt.opening) && !attempt.state.is_spent();
            if moved {
                running.tell(id, Order::Move);
            }
        }
    }

    /// A clock that was set is written down, and the plan worked out anew: what was reckoned before may lie years away.
    pub(super) async fn look_for_a_step(&mut self) {
        let now = self.parts.clock.now();
        let Some(by) = self.steps.look(now, self.parts.clock.uptime()) else { return };
        self.replan_at = now;
        let how = if by.is_negative() { "back" } else { "forward" };
        self.say(What::Degraded(format!("this machine's clock was set {how} by {:.3} s", by.abs().as_secs_f64())));
        let data = serde_json::json!({ "by_ms": i64::try_from(by.as_millis()).unwrap_or(i64::MAX) });
        if let Err(error) = self.parts.store.audit(None, "clock-step", data, now).await {
            tracing::warn!(%error, "that the clock was set was not written down");
        }
    }
}
