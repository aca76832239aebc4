//! Time, as a thing that is handed in.
//!
//! [`Clock`] is what the engine knows of time. [`SystemClock`] is the only reader of the operating system's clock in the
//! whole crate (clippy forbids the others); [`SimClock`] lets days pass in microseconds. [`health()`] asks the kernel how good
//! its clock is.

mod health;
mod sim;
mod system;
pub mod tzdata;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

pub use health::{Health, health};
pub use sim::SimClock;
pub use system::{Stopwatch, SystemClock};
pub use tzdata::ZoneData;

/// The longest that a sleeper trusts a deadline which it worked out once.
pub const LONGEST_NAP: Duration = Duration::from_secs(30);

/// A future that is over when the clock has reached an instant.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where the engine gets the time from.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Time since some fixed instant, suspend included; never steps.
    fn uptime(&self) -> Duration;

    /// Over once [`Clock::now`] is at or after `at`, within the accuracy of a timer. It re-reads the wall clock at least
    /// every 30 s, so that a stepped clock or a suspended machine is noticed.
    fn sleep_until(&self, at: Timestamp) -> Sleep<'_>;

    /// Over once so much time has passed, whatever becomes of the wall clock; a suspended machine's sleep counts.
    fn sleep_for(&self, span: Duration) -> Sleep<'_>;

    /// Keeps the calling thread until [`Clock::now`] is at or after `at`: sleeps while there is time, spins at the end.
    fn hold_until(&self, at: Timestamp);
}

/// How long somebody who waits for `at` may sleep before he looks at the wall clock again; none: it is reached.
pub fn nap(now: Timestamp, at: Timestamp) -> Option<Duration> {
    (now < at).then(|| at.duration_since(now).unsigned_abs().min(LONGEST_NAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sleeps_long_on_an_old_reckoning() {
        let now: Timestamp = "2027-07-09T05:00:00Z".parse().expect("a timestamp");
        assert_eq!(nap(now, now + Duration::from_secs(3_600)), Some(LONGEST_NAP));
        assert_eq!(nap(now, now + Duration::from_millis(7)), Some(Duration::from_millis(7)));
        assert_eq!((nap(now, now), nap(now, now - Duration::from_secs(1))), (None, None));
    }
}
