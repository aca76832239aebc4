//! A clock that stands still until it is told to go on.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;

use super::{Clock, Sleep};

/// A clock for tests and simulations. Clones show the same time. Who sleeps is woken in the order of the instants that are
/// slept for, and among equals in the order of falling asleep, so that the same steps always lead to the same wakings.
#[derive(Clone, Debug)]
pub struct SimClock {
    face: Arc<Mutex<Face>>,
}

#[derive(Debug)]
struct Face {
    now: Timestamp,
    uptime: Duration,
    asleep: u64,
    /// Who waits for the wall clock.
    until: BTreeMap<(Timestamp, u64), Waker>,
    /// Who waits for time to pass, whatever the wall clock shows.
    after: BTreeMap<(Duration, u64), Waker>,
}

impl SimClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        let (until, after) = (BTreeMap::new(), BTreeMap::new());
        let face = Face { now: start, uptime: Duration::ZERO, asleep: 0, until, after };
        Self { face: Arc::new(Mutex::new(face)) }
    }

    /// Lets time pass, as it does on a machine that is awake.
    pub fn advance(&self, by: Duration) {
        self.change(|face| {
            face.uptime += by;
            face.now += by;
        });
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
        self.change(|face| face.now = at);
    }

    /// The first instant at which somebody wants to be woken; none: nobody sleeps.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let face = self.face();
        let until = face.until.first_key_value().map(|((at, _), _)| *at);
        let after = face.after.first_key_value().map(|((uptime, _), _)| face.now + uptime.saturating_sub(face.uptime));
        until.into_iter().chain(after).min()
    }

    fn change(&self, change: impl FnOnce(&mut Face)) {
        let due = {
            let mut face = self.face();
            change(&mut face);
            face.take_due()
        };
        due.into_iter().for_each(Waker::wake);
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().expect("no holder panics")
    }

    fn sleeper(&self, until: Until) -> Sleep<'_> {
        Box::pin(Sleeper { clock: self, until, place: None })
    }
}

impl Face {
    fn take_due(&mut self) -> Vec<Waker> {
        let mut due = Vec::new();
        while self.until.first_key_value().is_some_and(|((at, _), _)| *at <= self.now) {
            due.extend(self.until.pop_first().map(|(_, waker)| waker));
        }
        while self.after.first_key_value().is_some_and(|((at, _), _)| *at <= self.uptime) {
            due.extend(self.after.pop_first().map(|(_, waker)| waker));
        }
        due
    }

    fn has_come(&self, until: Until) -> bool {
        match until {
            Until::Wall(at) => self.now >= at,
            Until::Uptime(at) => self.uptime >= at,
        }
    }

    fn lie_down(&mut self, until: Until, place: u64, waker: Waker) {
        match until {
            Until::Wall(at) => self.until.insert((at, place), waker),
            Until::Uptime(at) => self.after.insert((at, place), waker),
        };
    }

    fn get_up(&mut self, until: Until, place: u64) {
        match until {
            Until::Wall(at) => self.until.remove(&(at, place)),
            Until::Uptime(at) => self.after.remove(&(at, place)),
        };
    }
}

/// What is slept for.
#[derive(Clone, Copy)]
enum Until {
    Wall(Timestamp),
    Uptime(Duration),
}

/// Somebody who sleeps, or is about to.
struct Sleeper<'c> {
    clock: &'c SimClock,
    until: Until,
    place: Option<u64>,
}

impl Future for Sleeper<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut face = self.clock.face();
        if face.has_come(self.until) {
            return Poll::Ready(());
        }
        let place = self.place.unwrap_or_else(|| {
            face.asleep += 1;
            face.asleep
        });
        face.lie_down(self.until, place, context.waker().clone());
        drop(face);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.clock.face().get_up(self.until, place);
        }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.face().now
    }

    fn uptime(&self) -> Duration {
        self.face().uptime
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        self.sleeper(Until::Wall(at))
    }

    fn sleep_for(&self, span: Duration) -> Sleep<'_> {
        let wake = self.uptime() + span;
        self.sleeper(Until::Uptime(wake))
    }

    fn hold_until(&self, at: Timestamp) {
        self.advance_to(at);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::*;

    fn start() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().expect("a timestamp")
    }

    #[tokio::test]
    async fn a_year_passes_at_once() {
        let clock = SimClock::new(start());
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
    async fn sleepers_wake_in_the_order_of_their_instants_then_of_falling_asleep() {
        let clock = SimClock::new(start());
        let (told, heard) = mpsc::channel();
        for (name, seconds) in [("late", 3), ("first", 1), ("second", 1)] {
            let (clock, told) = (clock.clone(), told.clone());
            tokio::spawn(async move {
                clock.sleep_until(start() + Duration::from_secs(seconds)).await;
                told.send(name).expect("somebody listens");
            });
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.next_wake(), Some(start() + Duration::from_secs(1)));
        clock.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["first", "second", "late"]);
        assert_eq!(clock.next_wake(), None);
    }

    #[tokio::test]
    async fn a_step_of_the_wall_clock_is_no_time_that_passes() {
        let clock = SimClock::new(start());
        let waiting = clock.clone();
        let task = tokio::spawn(async move { waiting.sleep_for(Duration::from_secs(10)).await });
        tokio::task::yield_now().await;
        clock.step_to(start() + Duration::from_secs(3_600));
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        assert_eq!(clock.next_wake(), Some(start() + Duration::from_secs(3_610)));
        clock.advance(Duration::from_secs(10));
        task.await.expect("the sleeper ends");
    }

    #[tokio::test]
    async fn who_stops_sleeping_is_forgotten() {
        let clock = SimClock::new(start());
        let mut sleep = clock.sleep_until(start() + Duration::from_secs(1));
        assert!((&mut sleep).now_or_never().is_none());
        drop(sleep);
        assert_eq!(clock.next_wake(), None);
    }
}
