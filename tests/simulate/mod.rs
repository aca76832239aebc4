//! A year in seconds: many seeds without a broken promise, the same story from the same seed, and wrong engines that are
//! found out.

mod command;
mod controls;
mod seeds;

use std::sync::Arc;

use firstserve::clock::ZoneData;
use firstserve::engine::simulate::{Report, Setup, Wishes, simulate};
use jiff::civil::date;

/// Two months with a clock change in most of the zones.
fn setup(seed: u64, bookings: u32) -> Setup {
    Setup {
        from: date(2027, 3, 1),
        to: date(2027, 5, 1),
        seed,
        faults: true,
        wishes: Wishes::Invented(bookings),
        zones: Arc::new(ZoneData::bundled()),
        control: None,
    }
}

/// What came of it; a broken promise is told with its story.
fn lived(setup: &Setup) -> Report {
    simulate(setup).expect("there is something to simulate")
}

/// Every broken promise, in words.
fn broken(report: &Report) -> Vec<String> {
    let words = report.violations.iter().map(|violation| {
        let about = violation.about.as_deref().unwrap_or("the run");
        let story = violation.story.join("\n    ");
        format!("seed {}: {}: {about}: {}\n    {story}", report.seed, violation.promise.as_str(), violation.what)
    });
    words.collect()
}
