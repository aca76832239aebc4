//! The site's clock, asked over real sockets: near by, far away, through caches, at several servers, over TLS, by the command.

mod club;
mod command;
mod delays;
mod sites;

use std::sync::Arc;
use std::time::Duration;

use firstserve::browser::Trust;
use firstserve::clock::SystemClock;
use firstserve::probe::{Limits, Probe, ProbeError, Reading, measure};
use jiff::SignedDuration;
use tokio::sync::{Mutex, MutexGuard};

/// What is exact to a millisecond is measured one after the other.
static TURN: Mutex<()> = Mutex::const_new(());

/// No run lasts longer.
const PATIENCE: Duration = Duration::from_secs(120);

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// One run of a new probe.
async fn ask(url: &str, trust: Trust, requests: u32) -> Result<Reading, ProbeError> {
    let probe = Probe::new(url.parse().expect("an address"), trust);
    again(&Arc::new(Mutex::new(probe)), requests).await
}

/// One more run of a probe.
async fn again(probe: &Arc<Mutex<Probe>>, requests: u32) -> Result<Reading, ProbeError> {
    let limits = Limits { requests, quiet: None };
    let asked = measure(Arc::clone(probe).lock_owned().await, Arc::new(SystemClock), limits);
    tokio::time::timeout(PATIENCE, asked).await.expect("it is over in time")
}

/// How far the guess is from the truth, in milliseconds.
fn error_ms(reading: &Reading, truth: SignedDuration) -> f64 {
    (reading.offset.estimate() - truth).as_secs_f64() * 1e3
}

fn bound_ms(reading: &Reading) -> f64 {
    reading.offset.bound().as_secs_f64() * 1e3
}
