//! The shot: a prepared request, sent at an instant from a warm connection of ours with the browser's session (fire mode `http`).
//!
//! A thread of its own opens the connection, keeps it warm with a harmless `HEAD` and looks whether the server has closed it.
//! The request is serialised (and, over TLS, encrypted) before; at the instant it is one write, done by one of the few threads
//! that fire for all shots of the process. It is never sent twice: whatever fails after the first byte is
//! [`ShotError::Unknown`]. Where steps stand between the opening and the commit, they are a chain of requests on the same
//! connection, and the commit is the last of them. What is absent: whether it may be sent, and what the answer means.
//!
//! Shots speak HTTP/1.1, also to sites that speak HTTP/2 with browsers; one that speaks nothing else is [`ShotError::Unfit`].

mod chain;
mod connection;
mod follow;
mod keeper;
mod look;
mod prepared;
mod reply;
mod urgent;
mod volley;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use url::Url;

use super::Trust;
use crate::clock::Clock;
use keeper::{Keeper, Order};

pub use crate::flow::chain::Form;
pub use chain::{ChainPlan, Chained, Run, chain_at};
pub use follow::{FollowError, follow};
pub use look::look;
pub use prepared::{PrepareError, Prepared, Visitor};
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
    /// Not one byte was written, and none ever will be: the site does not come to terms with us about TLS or HTTP as it does
    /// with a browser.
    #[error("send the request: the site does not speak with us: {why}")]
    Unfit {
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
    let fired = on_own_thread(clock, at, move |order| fire(order, &plan)).await;
    // The thread answers whatever happens; should it panic nevertheless, nothing is known.
    let lost = || ShotError::Unknown { why: "its thread has ended".to_owned(), woke_at: at, sent_at: at };
    fired.map_err(|why| ShotError::NotSent { why })?.unwrap_or_else(|| Err(lost()))
}

/// None: it was called off.
fn fire(order: &Order, plan: &Plan) -> Option<Result<Landed, ShotError>> {
    let mut keeper = match Keeper::new(&plan.prepared, plan.warm_with.as_ref(), &plan.trust) {
        Ok(keeper) => keeper,
        Err(error) => return Some(Err(error)),
    };
    let shot = keeper.fire(order, || {})?;
    Some(shot.and_then(keeper::Shot::whole).and_then(|shot| land(shot, order, &plan.prepared, plan.answer)))
}

/// Reads the answer to what was sent.
fn land(mut shot: keeper::Shot, order: &Order, sent: &Prepared, patience: Duration) -> Result<Landed, ShotError> {
    let (woke_at, sent_at) = (shot.woke_at, shot.sent_at);
    match shot.connection.receive(sent.url(), sent.method() == "HEAD", patience) {
        Ok(reply) => Ok(Landed { woke_at, sent_at, returned_at: order.clock.now(), reply }),
        Err(error) => Err(ShotError::Unknown { why: error.to_string(), woke_at, sent_at }),
    }
}

/// Does something on a thread of its own; dropping the future calls it off. `Ok(None)`: the thread has ended without a word.
async fn on_own_thread<T: Send + 'static>(
    clock: Arc<dyn Clock>,
    at: Timestamp,
    work: impl FnOnce(&Order) -> Option<T> + Send + 'static,
) -> Result<Option<T>, String> {
    let (tell, told) = oneshot::channel();
    let called_off = Arc::new(AtomicBool::new(false));
    let order = Order { clock, at, called_off: Arc::clone(&called_off) };
    let run = move || {
        if let Some(done) = work(&order) {
            // Whoever gave the order may have gone meanwhile.
            let _ = tell.send(done);
        }
    };
    let _guard = CallsOff(called_off);
    std::thread::Builder::new().name("shot".to_owned()).spawn(run).map_err(|error| error.to_string())?;
    Ok(told.await.ok())
}

/// Calls a shot off when nobody waits for it any more.
struct CallsOff(Arc<AtomicBool>);

impl Drop for CallsOff {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
