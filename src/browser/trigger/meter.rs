//! What was written on the trigger's connections since it was armed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::clock::Clock;

/// Shared by every connection of one attachment.
#[derive(Clone, Default)]
pub(super) struct Meter(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    /// Warming: anything may be written, nothing counts.
    #[default]
    Idle,
    /// The command is the next thing that is written.
    Armed { clock: Arc<dyn Clock>, first_byte: Option<Timestamp> },
    /// Nothing is written any more.
    Revoked,
}

impl Meter {
    /// From now on counts.
    pub(super) fn arm(&self, clock: Arc<dyn Clock>) {
        *self.state() = State::Armed { clock, first_byte: None };
    }

    /// Stops counting, for a command that was answered.
    pub(super) fn disarm(&self) -> Option<Timestamp> {
        first_byte(&std::mem::replace(&mut *self.state(), State::Idle))
    }

    /// Lets nothing be written from now on. What was not sent until now is never sent; gives when the first byte was handed
    /// to the system, if it was.
    pub(super) fn revoke(&self) -> Option<Timestamp> {
        first_byte(&std::mem::replace(&mut *self.state(), State::Revoked))
    }

    /// Whether another connection may be opened: not while a byte of the command may be on its way.
    pub(super) fn may_connect(&self) -> bool {
        match &*self.state() {
            State::Idle => true,
            State::Armed { first_byte, .. } => first_byte.is_none(),
            State::Revoked => false,
        }
    }

    /// Asked before each write, and counted as one: a write that fails may still have sent something.
    pub(super) fn may_write(&self) -> bool {
        match &mut *self.state() {
            State::Idle => true,
            State::Armed { clock, first_byte } => {
                first_byte.get_or_insert_with(|| clock.now());
                true
            }
            State::Revoked => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements of this file.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first_byte(state: &State) -> Option<Timestamp> {
    match state {
        State::Armed { first_byte, .. } => *first_byte,
        State::Idle | State::Revoked => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::SimClock;

    #[test]
    fn only_the_first_byte_after_arming_counts() {
        let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let clock = SimClock::new(start);
        let meter = Meter::default();
        assert!(meter.may_write() && meter.may_connect(), "warming is not firing");
        meter.arm(Arc::new(clock.clone()));
        assert!(meter.may_connect(), "a closed connection may be replaced before anything is written");
        assert!(meter.may_write());
        clock.advance(Duration::from_secs(1));
        assert!(meter.may_write(), "a long command is written in pieces");
        assert!(!meter.may_connect(), "another connection would be another command");
        assert_eq!(meter.disarm(), Some(start));
        assert!(meter.may_connect());
    }

    #[test]
    fn what_was_revoked_unsent_is_never_sent() {
        let meter = Meter::default();
        meter.arm(Arc::new(SimClock::new(Timestamp::UNIX_EPOCH)));
        assert_eq!(meter.revoke(), None);
        assert!(!meter.may_write() && !meter.may_connect());
    }
}
