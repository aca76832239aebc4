//! What a process is asked from outside: to stop, or to read its configuration again.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that are listened for, from the moment this is made: none that comes later is lost.
pub(in crate::cli) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

/// What somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Asked {
    /// SIGHUP.
    Reload,
    /// SIGINT or SIGTERM.
    Stop,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system's.
    pub(in crate::cli) fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next thing that is asked.
    pub(in crate::cli) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.hangup.recv() => Asked::Reload,
        }
    }

    /// Until it is asked to stop; other wishes are passed over.
    pub(in crate::cli) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }
}
