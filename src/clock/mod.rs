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

    /// Over once so much time has passed, whatever the wall clock shows meanwhile.
    fn sleep_for(&self, span: Duration) -> Sleep<'_>;

    /// Keeps the calling thread until [`Clock::now`] is at or after `at`: sleeps while there is time, spins at the end.
    fn hold_until(&self, at: Timestamp);
}
