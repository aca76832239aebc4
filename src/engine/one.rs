//! One date of one booking, because a person asks for it: whatever became of it before.

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::agenda::{plan, still_matters_from};
use super::supervisor::Engine;
use super::{Handle, Parts};
use crate::model::{Attempt, AttemptId, Occurrence};
use crate::store::{AttemptFilter, Planned, Store, StoreError};

/// What became of the wish.
pub enum One {
    /// It is over, and must not be tried again: the court is won, or may be.
    Over(Box<Attempt>),
    /// It is being tried.
    Runs(Runs),
}

/// An engine that works on one attempt only.
pub struct Runs {
    /// The attempt.
    pub attempt: AttemptId,
    /// Stops it.
    pub handle: Handle,
    /// Over when the engine has stopped.
    pub task: JoinHandle<()>,
}

/// Tries an occurrence, also one whose attempt is over without a court. The whole configuration is planned, as a daemon would,
/// and every other attempt is left as it is.
///
/// # Errors
/// The store's.
pub async fn book(parts: Parts, occurrence: &Occurrence) -> Result<One, StoreError> {
    let now = parts.clock.now();
    if let Some(attempt) = attempt_of(&parts.store, occurrence).await?
        && attempt.state.is_ended()
        && !parts.store.ask_again(&attempt.id, now).await?
    {
        return Ok(One::Over(Box::new(attempt)));
    }
    plan_all(&parts, occurrence, now).await?;
    let attempt = attempt_of(&parts.store, occurrence).await?.expect("it is planned");
    let id = attempt.id.clone();
    let (handle, task) = Engine::start_one(parts, attempt.id);
    Ok(One::Runs(Runs { attempt: id, handle, task }))
}

async fn plan_all(parts: &Parts, occurrence: &Occurrence, now: Timestamp) -> Result<(), StoreError> {
    let announced = parts.store.announced(still_matters_from(now)).await?;
    let planned = plan(&parts.config, &parts.zones, &announced, now);
    let wanted: Vec<Planned> = planned.iter().chain([occurrence]).map(Planned::from).collect();
    parts.store.plan(&wanted, now).await.map(drop)
}

async fn attempt_of(store: &Store, occurrence: &Occurrence) -> Result<Option<Attempt>, StoreError> {
    let of_booking = AttemptFilter {
        member: Some(occurrence.member.clone()),
        booking: Some(occurrence.booking.clone()),
        ..AttemptFilter::default()
    };
    let attempts = store.attempts(&of_booking).await?;
    Ok(attempts.into_iter().find(|attempt| attempt.date == occurrence.date))
}
