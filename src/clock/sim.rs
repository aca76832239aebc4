//! A clock that stands still until it is told to go on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Clock, Sleep};

/// A clock for tests and simulations. Clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock {
    face: Arc<watch::Sender<Timestamp>>,
    uptime: Arc<Mutex<Duration>>,
}

impl SimClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { face: Arc::new(watch::Sender::new(start)), uptime: Arc::default() }
    }

    /// Lets time pass, as it does on a machine that is awake.
    pub fn advance(&self, by: Duration) {
        *self.uptime.lock().expect("no holder panics") += by;
        self.face.send_modify(|now| *now += by);
    }

    /// Moves on to `at`; does nothing when that is past.
    pub fn advance_to(&self, at: Timestamp) {
        let now = self.now();
        if at > now {
            self.advance(at.duration_since(now).unsigned_abs());
        }
    }

    /// Steps the wall clock, forward or back, without time passing.
    pub fn step_to(&self, at: Timestamp) {
        self.face.send_replace(at);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        *self.face.borrow()
    }

    fn uptime(&self) -> Duration {
        *self.uptime.lock().expect("no holder panics")
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        let mut face = self.face.subscribe();
        Box::pin(async move {
            let reached = face.wait_for(|now| *now >= at).await;
            debug_assert!(reached.is_ok(), "the sender lives as long as self");
        })
    }

    fn sleep_for(&self, span: Duration) -> Sleep<'_> {
        let (mut face, until) = (self.face.subscribe(), self.uptime().saturating_add(span));
        Box::pin(async move {
            let passed = face.wait_for(|_| self.uptime() >= until).await;
            debug_assert!(passed.is_ok(), "the sender lives as long as self");
        })
    }

    fn hold_until(&self, at: Timestamp) {
        self.advance_to(at);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_year_passes_at_once() {
        let clock = SimClock::new("2026-01-01T00:00:00Z".parse().expect("a timestamp"));
        let waiting = clock.clone();
        let task = tokio::spawn(async move {
            waiting.sleep_until("2027-01-01T00:00:00Z".parse().expect("a timestamp")).await;
            waiting.now()
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(400 * 24 * 3600));
        assert!(task.await.expect("the sleeper ends") >= "2027-01-01T00:00:00Z".parse().expect("a timestamp"));
    }

    #[tokio::test]
    async fn a_span_passes_with_time_and_not_with_the_wall_clock() {
        let start: Timestamp = "2027-07-09T05:00:00Z".parse().expect("a timestamp");
        let clock = SimClock::new(start);
        let mut sleep = clock.sleep_for(Duration::from_secs(10));
        clock.step_to(start + Duration::from_secs(7_200));
        assert!((&mut sleep).now_or_never().is_none(), "the clock was set, no time has passed");
        clock.step_to(start);
        clock.advance(Duration::from_secs(10));
        assert!((&mut sleep).now_or_never().is_some());
    }
}
