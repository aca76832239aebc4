//! A year in seconds: the real engine against simulated clubs, on a clock that jumps.
//!
//! Everything that decides and everything that is kept is the real thing: schedule, agenda, supervisor, errands, the
//! attempt's machine, the store with its permits and its trail. Simulated are the clock, the clubs (`club`), whoever acts
//! at them (`hands`), and the world's ill will: rivals, faults, kills, sleep, edits, a full disk. All chance comes from
//! one seed (`chance`), nothing waits for real time, and nothing runs beside anything else, so that the same seed tells
//! the same story to the letter.
//!
//! ```text
//!  seed ─▶ incidents ─┐                          ┌─▶ trace ─▶ hash
//!                     ▼                          │
//!  clock ◀──────── life ──▶ supervisor ─▶ run ⇄ hands ─▶ tickets ─▶ club
//!                     │         ▲          │                          │
//!                     ▼         └─ store ◀─┘                          │
//!                   judge ◀─────────┴─────────────────────────────────┘
//! ```
//!
//! What is absent: browsers, networks, real sites, and any decision.

mod chance;
mod club;
mod control;
mod edit;
mod hands;
mod incident;
mod invent;
mod judge;
mod label;
mod life;
mod mishap;
mod process;
mod promise;
mod record;
mod report;
mod ticket;
mod trace;
mod world;

use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::clock::{SimClock, ZoneData};
use crate::config::Config;
use crate::model::Occurrence;
use crate::report::Problem;
use crate::schedule::occurrences;
use crate::store::StoreError;

pub use control::{Control, UnknownControl};
pub use report::{Promise, Report, Violation};

use chance::Chance;
use edit::Desk;
use incident::Incidents;
use invent::{Days, invent};
use life::Run;
use world::World;

/// The stack of a run: the futures of a build without optimisation are large.
const STACK: usize = 32 * 1024 * 1024;

/// Of a household that is edited, so many bookings of a hundred are put in later.
const KEPT_BACK_PERCENT: u64 = 6;

/// Dates of one booking that things are aimed at, at most.
const MOST_DATES: usize = 400;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The first day, in UTC.
    pub from: Date,
    /// The day after the last.
    pub to: Date,
    /// What all chance comes from.
    pub seed: u64,
    /// Whether the world is unkind; rivals there are in any case.
    pub faults: bool,
    /// Whose bookings.
    pub wishes: Wishes,
    /// The zone data.
    pub zones: Arc<ZoneData>,
    /// An engine that is wrong on purpose.
    pub control: Option<Control>,
}

/// Whose bookings.
#[derive(Clone, Debug)]
pub enum Wishes {
    /// A household of so many bookings, invented from the seed.
    Invented(u32),
    /// These.
    Given(Arc<Config>),
}

/// Why nothing could be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The span has no day.
    #[error("simulate from {from} to {to}: the second date must be later")]
    Span {
        /// The first day.
        from: Date,
        /// The day after the last.
        to: Date,
    },
    /// The configuration asks for nothing.
    #[error("simulate: the configuration has no booking with a date in that span")]
    Nothing,
    /// What was invented is not valid, which is an error of ours.
    #[error("invent a configuration: {} problems; the first: {}", problems.len(), problems.first().map_or("", |p| p.message.as_str()))]
    Invented {
        /// What the checks say.
        problems: Vec<Problem>,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A runtime or a temporary file.
    #[error("simulate: {0}")]
    Io(#[from] std::io::Error),
}

/// Simulates one seed, on a thread of its own. Nothing outside is touched.
///
/// # Errors
/// An empty span, a configuration without bookings, and what is not there to simulate with.
pub fn simulate(setup: &Setup) -> Result<Report, SimulateError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("simulate".to_owned()).stack_size(STACK);
        let run = thread.spawn_scoped(scope, || {
            stay_on_one_processor();
            run(setup)
        })?;
        run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Keeps this thread, and those that it starts, on one processor. The database answers from a thread of its own, and a
/// question is handed over far faster there; nothing here could be done at the same time anyway.
#[cfg(target_os = "linux")]
fn stay_on_one_processor() {
    use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
    let mut this = CpuSet::new();
    this.set(sched_getcpu());
    if let Err(error) = sched_setaffinity(None, &this) {
        tracing::debug!(%error, "the simulation may use every processor, and is slower");
    }
}

#[cfg(not(target_os = "linux"))]
fn stay_on_one_processor() {}

fn run(setup: &Setup) -> Result<Report, SimulateError> {
    let (from, until) = (midnight(setup.from), midnight(setup.to));
    if until <= from {
        return Err(SimulateError::Span { from: setup.from, to: setup.to });
    }
    let clock = SimClock::new(from);
    let config = invented(setup, from)?;
    let openings = openings(&config, &setup.zones, from, until).ok_or(SimulateError::Nothing)?;
    let mut chance = Chance::of(setup.seed, "incidents");
    let incidents =
        if setup.faults { Incidents::draw(&mut chance, from, until, &openings) } else { Incidents::default() };
    let world = World::new(setup.seed, setup.faults, setup.control, clock.clone(), &config, &setup.zones);
    let kept_back = if setup.faults { KEPT_BACK_PERCENT } else { 0 };
    let desk = Desk::new(&config, &mut chance, kept_back);
    let zones = Arc::clone(&setup.zones);
    let mut run = Run::new(setup.seed, Arc::new(world), desk, zones, clock, incidents, until)?;
    run.live()?;
    summed_up(setup, &config, &run, until)
}

/// Whose bookings it is about: those that are given, or a household's that is invented.
pub(super) fn invented(setup: &Setup, from: Timestamp) -> Result<Arc<Config>, SimulateError> {
    match &setup.wishes {
        Wishes::Given(config) => Ok(Arc::clone(config)),
        Wishes::Invented(bookings) => {
            let days = Days { from: setup.from, to: setup.to };
            invent(*bookings, days, &mut Chance::of(setup.seed, "config"), &setup.zones, from)
        }
    }
}

/// The instants in the span at which something opens: worth aiming at. None when there is nothing to book at all.
fn openings(config: &Config, zones: &ZoneData, from: Timestamp, until: Timestamp) -> Option<Vec<Timestamp>> {
    let (mut openings, mut wanted) = (Vec::new(), false);
    for booking in &config.bookings {
        let site = config.site_of(booking);
        let Some(zone) = zones.zone(&site.time_zone) else { continue };
        let dates = occurrences(booking, site, &zone, from, MOST_DATES);
        let opening: Vec<Timestamp> =
            dates.iter().map(Occurrence::opening).filter(|opening| *opening < until).collect();
        wanted |= !opening.is_empty();
        openings.extend(opening.into_iter().filter(|opening| *opening > from));
    }
    openings.sort_unstable();
    wanted.then_some(openings)
}

fn summed_up(setup: &Setup, config: &Config, run: &Run, until: Timestamp) -> Result<Report, SimulateError> {
    let inner = run.world.lock();
    let court = run.block_on(judge::court(&run.world, &inner, &run.desk, &run.store, until))?;
    let record = &inner.record;
    let mut outcomes = std::collections::BTreeMap::new();
    for (_, attempt) in court.judged() {
        *outcomes.entry(attempt.state.as_str()).or_default() += 1;
    }
    let submitted: std::collections::BTreeSet<_> = record.arrivals.iter().map(|arrival| &arrival.label).collect();
    let doings = ["kills", "stops", "sleeps", "edits"];
    let faults = record.counts.iter().filter(|(what, _)| !doings.contains(what));
    Ok(Report {
        seed: setup.seed,
        zone_data: setup.zones.to_string(),
        bookings: config.bookings.len() as u64,
        occurrences: court.judged().count() as u64,
        openings: submitted.len() as u64,
        submits: record.arrivals.len() as u64,
        early: record.arrivals.iter().filter(|arrival| arrival.early).count() as u64,
        booked: inner.clubs.values().map(|club| club.rows().len() as u64).sum(),
        outcomes,
        faults: faults.map(|(what, times)| (*what, *times)).collect(),
        kills: record.count("kills"),
        stops: record.count("stops"),
        sleeps: record.count("sleeps"),
        edits: record.count("edits"),
        audit: court.audit.as_ref().map_or(0, |rows| *rows as u64),
        events: inner.trace.len() as u64,
        trace: inner.trace.digest(),
        violations: court.violations(),
    })
}

fn midnight(date: Date) -> Timestamp {
    let midnight = TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight()));
    midnight.unwrap_or(if date.year() < 1970 {
        Timestamp::MIN
    } else {
        Timestamp::MAX - SignedDuration::from_hours(24)
    })
}
