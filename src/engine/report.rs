//! How a running attempt makes itself heard.

use jiff::Timestamp;
use tokio::sync::broadcast;

use super::{Event, What};
use crate::model::AttemptId;

/// Sends events of one attempt to whoever listens; nobody listening is fine.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    attempt: Option<AttemptId>,
    listeners: broadcast::Sender<Event>,
}

impl Reporter {
    /// For the engine as a whole.
    pub(super) fn new(listeners: broadcast::Sender<Event>) -> Self {
        Self { attempt: None, listeners }
    }

    /// For one attempt.
    pub(super) fn of(&self, attempt: &AttemptId) -> Self {
        Self { attempt: Some(attempt.clone()), listeners: self.listeners.clone() }
    }

    /// Says it.
    pub(super) fn say(&self, at: Timestamp, what: What) {
        tracing::debug!(?what, "event");
        let nobody_listens = self.listeners.send(Event { at, attempt: self.attempt.clone(), what });
        drop(nobody_listens);
    }
}
