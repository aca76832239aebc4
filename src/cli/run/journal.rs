//! Log lines for what happens; a letter may be waiting when an attempt ends.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::{Event, What};
use crate::model::AttemptId;

/// Writes until the engine is gone.
pub(super) async fn keep(mut events: Receiver<Event>, nudge: Arc<Notify>) {
    loop {
        match events.recv().await {
            Ok(event) => {
                log(&event);
                if matches!(event.what, What::Ended { .. }) {
                    nudge.notify_one();
                }
            }
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "events were not logged"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn log(event: &Event) {
    let attempt = event.attempt.as_ref().map(AttemptId::as_str);
    match &event.what {
        What::TakenUp { booking, member, date, open_already: true, .. } => {
            tracing::info!(attempt, %booking, %member, %date, "taken up; it can be booked already");
        }
        What::TakenUp { booking, member, date, opening, .. } => {
            tracing::info!(attempt, %booking, %member, %date, %opening, "taken up");
        }
        What::Entered(state) => tracing::info!(attempt, state = state.as_str(), "state"),
        What::Sent { choice, mode, sent, late } => {
            let late_us = late.map(|late| late.as_micros());
            tracing::info!(attempt, court = %choice.court, mode, %sent, late_us, "sent");
        }
        What::SiteClock { offset, follows } => {
            let (offset_us, bound_us) = (offset.estimate().as_micros(), offset.bound().as_micros());
            tracing::info!(attempt, offset_us, bound_us, follows, "the site's clock");
        }
        What::Answered(answer) => tracing::info!(attempt, answer = answer.as_str(), "answered"),
        What::Listed { rows } => tracing::info!(attempt, rows, "the site's list"),
        What::Ended { outcome, note, .. } => tracing::info!(attempt, outcome = outcome.as_str(), note, "ended"),
        What::Trouble(why) => tracing::warn!(attempt, why, "trouble"),
        What::Note(note) => tracing::info!(attempt, note, "note"),
        What::Degraded(why) => tracing::warn!(attempt, why, "degraded"),
        What::Reloaded(changes) => {
            tracing::info!(changes = changes.len(), "configuration in force");
            for change in changes {
                tracing::info!(change, "configuration");
            }
        }
        What::Refused { errors } => tracing::error!(errors, "the configuration is refused; the old one is kept"),
        What::Step { phase, place, took } => {
            tracing::debug!(attempt, phase, place, took_ms = took.as_millis(), "step");
        }
        What::Waiting { until } => tracing::debug!(attempt, %until, "waits"),
    }
}
