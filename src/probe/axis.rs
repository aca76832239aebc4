//! Our time without steps: the uptime, counted from an instant of the wall clock.
//!
//! A run lasts seconds; if our own clock were set meanwhile, its answers would seem to contradict each other.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// Tries to read both clocks at one instant.
const TRIES: usize = 8;

/// Less than this is no step: it is what reading two clocks cannot tell apart.
const LEAST_STEP: SignedDuration = SignedDuration::from_millis(1);

/// Where the axis begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    wall: Timestamp,
    uptime: Duration,
    /// How far apart the two were read.
    gap: SignedDuration,
}

impl Axis {
    /// Begins now.
    pub(super) fn new(clock: &dyn Clock) -> Self {
        let read = || {
            let before = clock.uptime();
            let wall = clock.now();
            let gap = clock.uptime().saturating_sub(before);
            Self { wall, uptime: before, gap: SignedDuration::try_from(gap).unwrap_or(SignedDuration::MAX / 4) }
        };
        let mut best = read();
        for _ in 1..TRIES {
            let next = read();
            best = if next.gap < best.gap { next } else { best };
        }
        best
    }

    /// Now, on the axis.
    pub(super) fn now(&self, clock: &dyn Clock) -> Timestamp {
        self.wall + clock.uptime().saturating_sub(self.uptime)
    }

    /// By how much the wall clock was set forward since the axis began; back, where negative.
    pub(super) fn step(self, clock: &dyn Clock) -> SignedDuration {
        let step = self.slip(Self::new(clock));
        if step.abs() < LEAST_STEP { SignedDuration::ZERO } else { step }
    }

    /// What must be added to an instant of the axis to have one of the wall clock of now, and what is not certain about it.
    pub(super) fn to_wall(self, clock: &dyn Clock) -> (SignedDuration, SignedDuration) {
        let now = Self::new(clock);
        (self.slip(now), self.gap + now.gap)
    }

    fn slip(self, now: Self) -> SignedDuration {
        let passed =
            SignedDuration::try_from(now.uptime.saturating_sub(self.uptime)).unwrap_or(SignedDuration::MAX / 4);
        now.wall.duration_since(self.wall) - passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimClock;

    #[test]
    fn a_step_is_seen_and_time_that_passes_is_none() {
        let clock = SimClock::new("2027-01-01T00:00:00Z".parse().expect("a timestamp"));
        let axis = Axis::new(&clock);
        clock.advance(Duration::from_secs(90));
        assert_eq!(axis.step(&clock), SignedDuration::ZERO);
        clock.step_to(clock.now() + Duration::from_secs(7));
        assert_eq!(axis.step(&clock), SignedDuration::from_secs(7));
        assert_eq!(axis.now(&clock), "2027-01-01T00:01:30Z".parse().expect("a timestamp"));
    }
}
