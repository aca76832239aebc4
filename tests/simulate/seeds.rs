//! Seeds without a broken promise. `FIRSTSERVE_SEEDS` says how many are lived through; `.ci/nightly` asks for a thousand.

use std::collections::BTreeMap;
use std::sync::Arc;

use firstserve::clock::ZoneData;
use firstserve::config::{Environment, load};
use firstserve::engine::simulate::{Report, Setup, SimulateError, Wishes, simulate};
use jiff::civil::date;

use super::{broken, lived, setup};

/// Seeds of a usual run.
const DEFAULT_SEEDS: u64 = 16;

/// Bookings of each.
const BOOKINGS: u32 = 14;

#[test]
fn no_seed_breaks_a_promise() {
    let seeds = std::env::var("FIRSTSERVE_SEEDS").map_or(DEFAULT_SEEDS, |seeds| seeds.parse().expect("a number"));
    let (mut wrong, mut sums) = (Vec::new(), Sums::default());
    for seed in 1..=seeds {
        let report = lived(&setup(seed, BOOKINGS));
        wrong.extend(broken(&report));
        sums.add(&report);
    }
    assert!(wrong.is_empty(), "{} broken promises:\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n"));
    println!("{seeds} seeds: {sums:?}");
    sums.enough(seeds);
}

/// A run in which nothing happens proves nothing.
#[derive(Debug, Default)]
struct Sums {
    openings: u64,
    kills: u64,
    edits: u64,
    outcomes: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
}

impl Sums {
    fn add(&mut self, report: &Report) {
        self.openings += report.openings;
        self.kills += report.kills;
        self.edits += report.edits;
        report.outcomes.iter().for_each(|(word, times)| *self.outcomes.entry(*word).or_default() += times);
        report.faults.iter().for_each(|(word, times)| *self.faults.entry(*word).or_default() += times);
    }

    fn enough(&self, seeds: u64) {
        assert!(self.openings >= 15 * seeds, "{self:?}");
        assert!(self.kills >= 2 * seeds && self.edits >= 3 * seeds, "{self:?}");
        assert!(self.outcomes["confirmed"] * 2 > self.openings, "{self:?}");
        assert!(self.faults.len() >= 20, "{self:?}");
        assert!(self.outcomes.len() >= 6, "{self:?}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_one_another() {
    let first = lived(&setup(3, 20));
    // Beside another run, as the threads of a test binary are.
    let (again, beside) = std::thread::scope(|scope| {
        let again = scope.spawn(|| lived(&setup(3, 20)));
        let beside = scope.spawn(|| lived(&setup(4, 20)));
        (again.join().expect("it ends"), beside.join().expect("it ends"))
    });
    assert_eq!(again, first);
    assert_ne!(beside.trace, first.trace);
    assert!(first.events > 500, "{first:?}");
}

#[test]
fn in_a_kind_world_everything_is_booked_or_taken() {
    let report = lived(&Setup { faults: false, ..setup(5, 40) });
    assert_eq!(broken(&report), [""; 0]);
    assert!(report.faults.is_empty() && report.kills + report.stops + report.sleeps + report.edits == 0, "{report:?}");
    let known = ["confirmed", "taken"];
    assert!(report.outcomes.keys().all(|word| known.contains(word)), "{:?}", report.outcomes);
    assert!(report.outcomes["taken"] > 0 && report.outcomes["confirmed"] > report.outcomes["taken"]);
    assert_eq!(report.booked, report.outcomes["confirmed"]);
}

#[test]
fn the_users_own_configuration_can_be_lived_through() {
    let zones = Arc::new(ZoneData::bundled());
    let db = zones.db.clone();
    let now = "2027-06-01T00:00:00Z".parse().expect("an instant");
    let loaded = load("config/booking.toml".as_ref(), &Environment::default(), &move |_| db.clone(), now);
    let config = loaded.config.expect("the example is valid");
    let (from, to) = (date(2027, 6, 1), date(2027, 9, 1));
    let given = Setup { from, to, seed: 1, faults: true, wishes: Wishes::Given(config), zones, control: None };
    let report = lived(&given);
    assert_eq!(broken(&report), [""; 0]);
    assert!(report.occurrences >= 10, "{report:?}");
    let past = Setup { from: date(2026, 1, 1), to: date(2026, 2, 1), ..given };
    assert!(matches!(simulate(&past), Err(SimulateError::Nothing)), "nothing opens a year before");
    let backwards = Setup { from: to, to: from, ..past };
    assert!(matches!(simulate(&backwards), Err(SimulateError::Span { .. })));
}
