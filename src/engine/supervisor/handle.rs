//! How others talk to a running engine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, watch};

use super::Parts;
use crate::clock::ZoneData;
use crate::engine::report::Reporter;
use crate::engine::{Event, What};
use crate::model::AttemptId;

/// Talks to a running engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) events: broadcast::Sender<Event>,
    /// For the first who listens: what happened before he did.
    pub(super) first: Arc<Mutex<Option<broadcast::Receiver<Event>>>>,
    pub(super) pulse: Arc<AtomicU64>,
    pub(super) zones: watch::Receiver<Arc<ZoneData>>,
    pub(super) lost: watch::Receiver<Option<String>>,
}

impl Handle {
    /// Everything that happens from now on; the first who asks hears what happened since the start as well.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        let first = self.first.lock().expect("no holder panics").take();
        first.unwrap_or_else(|| self.events.subscribe())
    }

    /// Puts other parts in force: a valid configuration, zone data read anew, a vault. Running attempts keep those that they
    /// were started with, but for their selector files, which they take as long as nothing is spent.
    pub async fn reload(&self, parts: Parts) {
        self.tell(Command::Reload(Box::new(parts))).await;
    }

    /// Says that a configuration was refused and the old one kept: how many errors it has, in which files.
    pub fn refused(&self, at: Timestamp, errors: String) {
        Reporter::new(self.events.clone()).say(at, What::Refused { errors });
    }

    /// Calls an attempt off, if nothing was submitted.
    pub async fn cancel(&self, id: AttemptId) {
        self.tell(Command::Cancel(id)).await;
    }

    /// The clock's uptime, in milliseconds, at which the supervisor last went round its loop.
    pub fn pulse(&self) -> Duration {
        Duration::from_millis(self.pulse.load(Ordering::Relaxed))
    }

    /// The zone data that openings are worked out with.
    pub fn zones(&self) -> Arc<ZoneData> {
        Arc::clone(&self.zones.borrow())
    }

    /// Why nothing that is written lasts any more; none: it does. An engine that finds this out ends.
    pub fn lost(&self) -> Option<String> {
        self.lost.borrow().clone()
    }

    /// Waits until nothing that is written lasts any more, for ever where that does not happen.
    pub async fn until_lost(&self) -> String {
        let mut lost = self.lost.clone();
        match lost.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Stops: nothing new is begun, what is spent is finished within a grace.
    pub async fn stop(&self) {
        self.tell(Command::Stop).await;
    }

    async fn tell(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::debug!("the engine has stopped");
        }
    }
}

/// What a running engine can be told.
pub(super) enum Command {
    Reload(Box<Parts>),
    Cancel(AttemptId),
    Stop,
}
