//! Log lines for what happens; a letter may be waiting when an attempt ends.
//!
//! Several bookings run at once, so each line says whose it is and of which date.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::span::{from_now, of_opening};
use crate::cli::timeline;
use crate::engine::{Event, What};
use crate::model::{Attempt, AttemptId};
use crate::store::Store;

/// Writes until the engine is gone.
pub(super) async fn keep(mut events: Receiver<Event>, store: Store, nudge: Arc<Notify>) {
    let mut journal = Journal { store, names: HashMap::new() };
    loop {
        match events.recv().await {
            Ok(event) => {
                journal.take(&event).await;
                if matches!(event.what, What::Ended { .. }) {
                    nudge.notify_one();
                }
            }
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "events were not logged"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Remembers what an attempt is called.
struct Journal {
    store: Store,
    names: HashMap<AttemptId, String>,
}

impl Journal {
    async fn take(&mut self, event: &Event) {
        let Some(id) = &event.attempt else { return log(event, "") };
        let name = self.name_of(id, &event.what).await;
        log(event, &name);
        if matches!(event.what, What::Ended { .. }) {
            self.names.remove(id);
        }
    }

    /// `ana · july doubles 2027-07-18: `. An attempt that ends without having been taken up is known to the store only.
    async fn name_of(&mut self, id: &AttemptId, what: &What) -> String {
        if let What::TakenUp { booking, member, date, .. } = what {
            self.names.insert(id.clone(), format!("{member} · {booking} {date}: "));
        }
        if let Some(name) = self.names.get(id) {
            return name.clone();
        }
        match self.store.attempt(id).await {
            Ok(Some(Attempt { member, booking, date, .. })) => format!("{member} · {booking} {date}: "),
            _ => String::new(),
        }
    }
}

fn log(event: &Event, who: &str) {
    let attempt = event.attempt.as_ref().map(AttemptId::as_str);
    match &event.what {
        What::TakenUp { booking, member, date, open_already: true, .. } => {
            tracing::info!(attempt, %booking, %member, %date, "taken up; it can be booked already");
        }
        What::TakenUp { booking, member, date, opening, .. } => {
            let opens = opens(*opening, event.at);
            tracing::info!(attempt, %booking, %member, %date, %opening, "taken up; {opens}");
        }
        What::Entered(state) => {
            tracing::info!(attempt, state = state.as_str(), "{who}{}", timeline::meaning(*state));
        }
        What::Sent { choice, mode, sent, late } => {
            let late_us = late.map(|late| late.as_micros());
            let start = choice.start.strftime("%H:%M");
            let late = late.map(|late| format!(", {}", of_opening(late))).unwrap_or_default();
            let court = &choice.court;
            tracing::info!(attempt, %court, mode, %sent, late_us, "{who}sent court {court} at {start}{late}");
        }
        What::SiteClock { offset, follows } => {
            let (offset_us, bound_us) = (offset.estimate().as_micros(), offset.bound().as_micros());
            tracing::info!(attempt, offset_us, bound_us, follows, "{who}the site's clock was asked");
        }
        What::Answered(answer) => tracing::info!(attempt, answer = answer.as_str(), "{who}the site has answered"),
        What::Listed { rows } => tracing::info!(attempt, rows, "{who}the site's list was read"),
        What::Ended { outcome, note, won } => {
            let won = won.as_ref().map(|won| format!(", court {} at {}", won.court, won.start.strftime("%H:%M")));
            let (outcome, won) = (outcome.as_str(), won.unwrap_or_default());
            tracing::info!(attempt, outcome, note, "{who}over{won}");
        }
        What::Trouble(why) => tracing::warn!(attempt, why, "{who}trouble"),
        What::Note(note) => tracing::info!(attempt, "{who}{note}"),
        What::Degraded(why) => tracing::warn!(attempt, why, "{who}degraded"),
        What::Reloaded(changes) => {
            tracing::info!(changes = changes.len(), "configuration in force");
            for change in changes {
                tracing::info!("configuration: {change}");
            }
        }
        What::Refused { errors } => tracing::error!("the configuration is refused; the old one is kept: {errors}"),
        What::Step { phase, place, took } => {
            tracing::debug!(attempt, phase, place, took_ms = took.as_millis(), "{who}step");
        }
        What::Waiting { until } => tracing::debug!(attempt, %until, "{who}waits"),
    }
}

/// `opens in 40 s`, `opened 89 s ago`.
fn opens(opening: Timestamp, now: Timestamp) -> String {
    let word = if opening <= now { "opened" } else { "opens" };
    format!("{word} {}", from_now(opening.duration_since(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_that_is_over_has_opened() {
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).expect("an instant");
        assert_eq!(opens(at(40), at(0)), "opens in 40 s");
        assert_eq!(opens(at(0), at(89)), "opened 89 s ago");
    }
}
