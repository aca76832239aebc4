//! Notices that the wall clock was set, or jumped: it should go on as fast as the time that the machine is up.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A smaller difference between two looks is a slew or a busy machine.
const STEP: SignedDuration = SignedDuration::from_millis(250);

/// The two clocks at the last look. Sleep of the machine counts as being up: waking is no step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    wall: Timestamp,
    uptime: Duration,
}

impl Steps {
    /// The first look.
    pub(super) fn new(wall: Timestamp, uptime: Duration) -> Self {
        Self { wall, uptime }
    }

    /// By how much the wall clock was set since the last look; none: it was not.
    pub(super) fn look(&mut self, wall: Timestamp, uptime: Duration) -> Option<SignedDuration> {
        let passed = SignedDuration::try_from(uptime.saturating_sub(self.uptime)).unwrap_or(SignedDuration::MAX);
        let by = wall.duration_since(self.wall).saturating_sub(passed);
        *self = Self { wall, uptime };
        (by.abs() >= STEP).then_some(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_is_a_step() {
        let start: Timestamp = "2027-07-09T05:59:00Z".parse().expect("a timestamp");
        let mut steps = Steps::new(start, Duration::from_secs(1_000));
        let mut look = |wall_ms: i64, up_ms: u64| {
            let up = Duration::from_millis(1_000_000 + up_ms);
            steps.look(start + SignedDuration::from_millis(wall_ms), up).map(|by| by.as_millis())
        };
        assert_eq!(look(1_000, 1_000), None);
        assert_eq!(look(2_001, 2_000), None, "a slew of a thousandth");
        assert_eq!(look(3_602_001, 3_602_000), None, "an hour asleep");
        assert_eq!(look(3_603_001 + 7_200_000, 3_603_000), Some(7_200_000));
        assert_eq!(look(3_604_001, 3_604_000), Some(-7_200_000));
        assert_eq!(look(3_604_701, 3_605_000), Some(-300));
    }
}
