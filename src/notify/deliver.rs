//! The postman: takes what is due from the outbox until he is told to stop.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::patience;
use super::transport::{SendError, Server, Transport};
use crate::clock::Clock;
use crate::store::{Delivery, QueuedLetter, Store, StoreError};

/// Letters that are taken from the outbox at a time.
const ROUND: i64 = 20;

/// The longest the outbox is not looked into.
const NAP: Duration = Duration::from_secs(60);

/// How soon the way is asked for again while there is none: somebody may have just put the password into the vault.
const LOOK_FOR_WAY: Duration = Duration::from_secs(5);

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Letters that a server took.
    pub sent: usize,
    /// Letters that went nowhere, because no mail is configured.
    pub swallowed: usize,
    /// Letters that are tried again later.
    pub postponed: usize,
    /// Letters that were tried often enough.
    pub given_up: usize,
}

/// Delivers until `stop`. It looks when `nudge` says that there is something new, when the next try is due, and every
/// minute. A try that is cut off by stopping is repeated at the next start, with the same Message-ID.
///
/// `way` says where letters go. It is asked before each round, so what was put right meanwhile is used; while it knows none, the
/// letters stay in the outbox and no try of theirs is spent.
pub async fn deliver<E: Display + Send>(
    store: Store,
    way: impl Fn() -> Result<Transport, E> + Send + Sync,
    clock: Arc<dyn Clock>,
    nudge: Arc<Notify>,
    stop: CancellationToken,
) {
    let mut told = None;
    while !stop.is_cancelled() {
        let round = async {
            let until = look(&store, &way, clock.as_ref(), &mut told).await;
            tokio::select! {
                () = nudge.notified() => {}
                () = clock.sleep_until(until) => {}
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = round => {}
        }
    }
}

/// One look into the outbox, and when to look again. The way is asked for only when a letter is due; why there is none is told
/// once, and again when the reason is another.
async fn look<E: Display + Send>(
    store: &Store,
    way: &(impl Fn() -> Result<Transport, E> + Send + Sync),
    clock: &dyn Clock,
    told: &mut Option<String>,
) -> Timestamp {
    let now = clock.now();
    if !matches!(store.next_letter().await, Ok(Some(next)) if next <= now) {
        return next_look(store, now).await;
    }
    let transport = match way().map_err(|error| error.to_string()) {
        Ok(transport) => transport,
        Err(why) => {
            if told.as_ref() != Some(&why) {
                hold(store, &why, now).await;
                *told = Some(why);
            }
            return now + LOOK_FOR_WAY;
        }
    };
    *told = None;
    match deliver_due(store, &transport, clock).await {
        Ok(done) if done != Delivered::default() => debug!(?done, "letters"),
        Ok(_) => {}
        Err(error) => warn!(%error, "the outbox waits"),
    }
    next_look(store, clock.now()).await
}

async fn hold(store: &Store, why: &str, now: Timestamp) {
    error!(why, "mail cannot be sent; letters wait until it can");
    if let Err(error) = store.hold_letters(why, now).await {
        warn!(%error, "the outbox waits");
    }
}

/// One round: tries each letter that is due, once.
///
/// # Errors
/// The store's; a server's are written down with the letter.
pub async fn deliver_due(store: &Store, transport: &Transport, clock: &dyn Clock) -> Result<Delivered, StoreError> {
    let mut done = Delivered::default();
    for queued in store.due_letters(clock.now(), ROUND).await? {
        match transport {
            Transport::BlackHole => {
                store.mark_sent(&queued.id, Delivery::Swallowed, clock.now()).await?;
                done.swallowed += 1;
            }
            Transport::Smtp(server) => attempt(store, server, &queued, clock, &mut done).await?,
        }
    }
    Ok(done)
}

async fn attempt(
    store: &Store,
    server: &Server,
    queued: &QueuedLetter,
    clock: &dyn Clock,
    done: &mut Delivered,
) -> Result<(), StoreError> {
    let about = queued.attempt.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
    let Err(error) = server.send(&queued.letter, queued.created_at).await else {
        store.mark_sent(&queued.id, Delivery::Sent, clock.now()).await?;
        info!(attempt = about, kind = queued.letter.kind.as_str(), "mail sent");
        done.sent += 1;
        return Ok(());
    };
    match patience::wait(queued.tries + 1, error.is_refused()) {
        Some(wait) => {
            warn!(attempt = about, %error, tries = queued.tries + 1, "mail waits");
            store.mark_failed(&queued.id, &reason(&error), clock.now() + wait).await?;
            done.postponed += 1;
        }
        None => {
            warn!(attempt = about, %error, "mail given up");
            store.mark_failed(&queued.id, &reason(&error), clock.now()).await?;
            store.mark_sent(&queued.id, Delivery::GivenUp, clock.now()).await?;
            done.given_up += 1;
        }
    }
    Ok(())
}

/// The whole chain of causes: "connection error" alone helps nobody.
fn reason(error: &SendError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// The next try of any letter, or a nap from now when that is sooner or the store does not answer.
async fn next_look(store: &Store, now: Timestamp) -> Timestamp {
    let nap = now + NAP;
    match store.next_letter().await {
        // Never at once: a letter that is due although it was just tried must not keep the postman spinning.
        Ok(Some(next)) => next.clamp(now + Duration::from_secs(1), nap),
        Ok(None) | Err(_) => nap,
    }
}
