//! The club's own clock: this machine's, plus an offset that can be set.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, SystemClock};

/// A clock that is as wrong as it is told to be.
#[derive(Debug)]
pub(crate) struct ClubClock {
    offset_ns: AtomicI64,
}

impl ClubClock {
    /// A clock that is `offset` ahead of this machine's.
    pub(crate) fn new(offset: SignedDuration) -> Self {
        let clock = Self { offset_ns: AtomicI64::new(0) };
        clock.set(offset);
        clock
    }

    /// How far it is ahead.
    pub(crate) fn offset(&self) -> SignedDuration {
        SignedDuration::from_nanos(self.offset_ns.load(Ordering::Relaxed))
    }

    /// Steps it; beyond 292 years it stops at that.
    pub(crate) fn set(&self, offset: SignedDuration) {
        let bound = if offset.is_negative() { i64::MIN } else { i64::MAX };
        self.offset_ns.store(i64::try_from(offset.as_nanos()).unwrap_or(bound), Ordering::Relaxed);
    }

    /// What it shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.shows(SystemClock.now())
    }

    /// What it shows when this machine's clock shows `system`.
    pub(crate) fn shows(&self, system: Timestamp) -> Timestamp {
        let end = if self.offset().is_negative() { Timestamp::MIN } else { Timestamp::MAX };
        system.saturating_add(self.offset()).unwrap_or(end)
    }

    /// Over once it shows `at`.
    pub(crate) async fn reaches(&self, at: Timestamp) {
        let system = at.saturating_sub(self.offset()).unwrap_or(at);
        SystemClock.sleep_until(system).await;
    }
}
