//! The only reader of the operating system's clock.
#![expect(clippy::disallowed_methods, reason = "the one place where OS time is read")]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

use super::{Clock, LONGEST_NAP, Sleep, nap};

/// How long before its instant a held thread stops sleeping and spins.
const SPIN: Duration = Duration::from_millis(15);

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn uptime(&self) -> Duration {
        let now = clock_gettime(ClockId::Boottime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        Box::pin(async move {
            while let Some(nap) = nap(self.now(), at) {
                tokio::time::sleep(nap).await;
            }
        })
    }

    fn sleep_for(&self, span: Duration) -> Sleep<'_> {
        let until = self.uptime().saturating_add(span);
        Box::pin(async move {
            // The runtime's own clock stands still while the machine is suspended.
            while let Some(left) = until.checked_sub(self.uptime()).filter(|left| !left.is_zero()) {
                tokio::time::sleep(left.min(LONGEST_NAP)).await;
            }
        })
    }

    fn hold_until(&self, at: Timestamp) {
        while let Some(left) = remaining(self.now(), at) {
            match left.checked_sub(SPIN) {
                Some(nap) if !nap.is_zero() => std::thread::sleep(nap.min(LONGEST_NAP)),
                _ => std::hint::spin_loop(),
            }
        }
    }
}

/// Measures how long something took, where no [`Clock`] is handed in (a driver's start, a command's round trip).
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

fn remaining(now: Timestamp, at: Timestamp) -> Option<Duration> {
    (now < at).then(|| at.duration_since(now).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_thread_is_never_released_early() {
        let clock = SystemClock;
        for _ in 0..20 {
            let at = clock.now() + Duration::from_millis(17);
            clock.hold_until(at);
            assert!(clock.now() >= at);
        }
    }

    #[tokio::test]
    async fn a_sleeper_is_never_woken_early() {
        let clock = SystemClock;
        let at = clock.now() + Duration::from_millis(5);
        clock.sleep_until(at).await;
        assert!(clock.now() >= at);
    }
}
