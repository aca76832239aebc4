//! The postman of the daemon, who is sent out anew when the mail server changes.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::household::Household;
use crate::clock::SystemClock;
use crate::notify::deliver;

/// A postman under way.
pub(super) struct Post {
    nudge: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Post {
    /// Sends him out.
    ///
    /// # Errors
    /// The mail server cannot be used as it is configured.
    pub(super) fn start(household: &Household, nudge: &Arc<Notify>) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let clock = Arc::new(SystemClock);
        let transport = household.transport()?;
        let task = tokio::spawn(deliver(household.store(), transport, clock, Arc::clone(nudge), stop.clone()));
        Ok(Self { nudge: Arc::clone(nudge), stop, task })
    }

    /// Sends him to another mail server; when it cannot be used, he goes on as before and it is told.
    pub(super) async fn sent_to(self, household: &Household) -> Self {
        match Self::start(household, &self.nudge) {
            Ok(post) => {
                self.end().await;
                post
            }
            Err(error) => {
                tracing::error!(%error, "the new [mail] cannot be used; letters go the old way");
                self
            }
        }
    }

    /// Calls him back; what was not delivered waits in the store.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the postman died");
        }
    }
}
