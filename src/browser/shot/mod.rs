//! The shot: a prepared request, sent at an instant from a warm connection of ours with the browser's session (fire mode `http`).
//!
//! A thread of its own opens the connection, keeps it warm with a harmless `HEAD` and looks whether the server has closed it.
//! The request is serialised (and, over TLS, encrypted) before; at the instant it is one write. It is never sent twice:
//! whatever fails after the first byte is [`ShotError::Unknown`]. What is absent: whether it may be sent, and what the answer
//! means.

mod connection;
mod follow;
mod look;
mod prepared;
mod reply;
mod thread;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use url::Url;

use super::Trust;
use crate::clock::Clock;

pub use follow::{FollowError, follow};
pub use look::look;
pub use prepared::{Form, PrepareError, Prepared, Visitor};
pub use reply::Reply;

/// A request and everything that is needed to send it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The request.
    pub prepared: Prepared,
    /// Whom its TLS connection believes.
    pub trust: Trust,
    /// A harmless address of the same host, asked (`HEAD`, without cookies) to warm the connection; none: it is only opened.
    pub warm_with: Option<Url>,
    /// How long the answer is waited for.
    pub answer: Duration,
}

/// A request that was sent and answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Landed {
    /// When the thread was released: never before the instant.
    pub woke_at: Timestamp,
    /// When the system had taken the whole request.
    pub sent_at: Timestamp,
    /// When the whole answer was there.
    pub returned_at: Timestamp,
    /// The answer; a redirect is not followed (see [`follow`]).
    pub reply: Reply,
}

/// A request whose answer is not known.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ShotError {
    /// Not one byte was written: it has certainly not happened.
    #[error("send the request: nothing was sent: {why}")]
    NotSent {
        /// Why.
        why: String,
    },
    /// It may have happened.
    #[error("send the request: sent, and nobody knows what became of it: {why}")]
    Unknown {
        /// What is known.
        why: String,
        /// When the thread was released.
        woke_at: Timestamp,
        /// When the last of it was handed to the system.
        sent_at: Timestamp,
    },
}

/// Sends the planned request once `clock` shows `at`. It connects at once, or 30 s before when that is later. Until the
/// instant, dropping the future calls it off; from then on it does not.
///
/// # Errors
/// See [`ShotError`]: only [`ShotError::Unknown`] leaves it open whether the request has been served.
pub async fn fire_at(clock: Arc<dyn Clock>, at: Timestamp, plan: Plan) -> Result<Landed, ShotError> {
    let (tell, told) = oneshot::channel();
    let run = move || thread::run(&*clock, at, &plan, tell);
    let spawned = std::thread::Builder::new().name("shot".to_owned()).spawn(run);
    spawned.map_err(|error| ShotError::NotSent { why: error.to_string() })?;
    // The thread answers whatever happens; should it panic nevertheless, nothing is known.
    let lost = || ShotError::Unknown { why: "its thread has ended".to_owned(), woke_at: at, sent_at: at };
    told.await.unwrap_or_else(|_| Err(lost()))
}
