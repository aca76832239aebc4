//! The postman of the daemon, who goes by the configuration that is in force.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::watch::Receiver;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::household::Household;
use crate::clock::SystemClock;
use crate::notify::deliver;

/// A postman under way.
pub(super) struct Post {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Post {
    /// Sends him out. Mail that cannot be sent as things are stops nothing: its letters wait, and it is told.
    pub(super) fn start(in_force: Receiver<Household>, nudge: Arc<Notify>) -> Self {
        let stop = CancellationToken::new();
        let store = in_force.borrow().store();
        let way = move || {
            let household = in_force.borrow().clone();
            household.transport()
        };
        let task = tokio::spawn(deliver(store, way, Arc::new(SystemClock), nudge, stop.clone()));
        Self { stop, task }
    }

    /// Calls him back; what was not delivered waits in the store.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the postman died");
        }
    }
}
