//! What the kernel thinks of its own clock: `adjtimex`, asked, never set.

use std::fmt;
use std::panic::catch_unwind;
use std::time::Duration;

use clock_steering::unix::{EMPTY_TIMEX, UnixClock};

/// The kernel's flag for a clock that nothing keeps right (`STA_UNSYNC`; the same on every system that has it).
const UNSYNCHRONISED: i32 = 0x40;

/// The kernel's word on its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether something (NTP, PTP) keeps the clock right.
    pub synchronised: bool,
    /// How far off whoever keeps it thinks it is.
    pub estimated_error: Duration,
    /// How far off it can be at most; it grows while nobody answers.
    pub largest_error: Duration,
}

/// Asks the kernel; none where it cannot be asked (a container that forbids it).
pub fn health() -> Option<Health> {
    // The library panics on an error code that it does not expect; a sandbox may well give one.
    let asked = catch_unwind(|| {
        let mut state = EMPTY_TIMEX;
        UnixClock::CLOCK_REALTIME.adjtime(&mut state).ok().map(|()| state)
    });
    let state = asked.ok().flatten()?;
    Some(Health {
        synchronised: state.status & UNSYNCHRONISED == 0,
        estimated_error: microseconds(state.esterror),
        largest_error: microseconds(state.maxerror),
    })
}

impl Health {
    /// What a person should know; none: all is well.
    pub fn warning(&self) -> Option<String> {
        (!self.synchronised).then(|| {
            "this machine's clock is not kept right by anything, as far as the kernel knows; switch on NTP (chrony, \
             systemd-timesyncd)"
                .to_owned()
        })
    }
}

/// "kept right, about 0.2 ms off".
impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.synchronised {
            write!(f, "kept right, about {:.1} ms off", self.estimated_error.as_secs_f64() * 1_000.0)
        } else {
            write!(f, "not kept right by anything, as far as the kernel knows")
        }
    }
}

fn microseconds(count: impl TryInto<u64>) -> Duration {
    Duration::from_micros(count.try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_nobody_keeps_is_warned_of() {
        let kept = Health {
            synchronised: true,
            estimated_error: Duration::from_micros(210),
            largest_error: Duration::from_millis(9),
        };
        assert_eq!(kept.warning(), None);
        assert_eq!(kept.to_string(), "kept right, about 0.2 ms off");
        assert!(Health { synchronised: false, ..kept }.warning().is_some_and(|text| text.contains("NTP")));
    }

    #[test]
    fn asking_does_no_harm() {
        let (first, second) = (health(), health());
        assert_eq!(first.map(|health| health.synchronised), second.map(|health| health.synchronised));
    }
}
