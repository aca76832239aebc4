//! The noise floor: what this machine adds whoever fires.

use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};

use crate::club::Club;
use crate::figures::Figures;
use crate::wire::Wire;

/// Samples of each.
const SAMPLES: usize = 200;

/// How far ahead a thread is held.
const HOLD: Duration = Duration::from_millis(20);

/// What is measured without any firing, in milliseconds.
pub(crate) struct Floor {
    /// How late a held thread is released.
    pub(crate) hold: Figures,
    /// A request to the club and its answer.
    pub(crate) round_trip: Figures,
}

pub(crate) fn measure(club: &Club) -> anyhow::Result<Floor> {
    let mut wire = club.connect()?;
    let mut round_trips = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        round_trips.push(round_trip(&mut wire)?);
    }
    Ok(Floor { hold: Figures::of((0..SAMPLES).map(|_| held()).collect()), round_trip: Figures::of(round_trips) })
}

fn held() -> f64 {
    let at = SystemClock.now() + HOLD;
    SystemClock.hold_until(at);
    SystemClock.now().duration_since(at).as_secs_f64() * 1e3
}

fn round_trip(wire: &mut Wire) -> anyhow::Result<f64> {
    let watch = firstserve::clock::Stopwatch::start();
    wire.ask("GET", "/_club/echo", "")?;
    Ok(watch.elapsed().as_secs_f64() * 1e3)
}
