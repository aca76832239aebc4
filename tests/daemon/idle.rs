//! What a daemon costs while it waits.

use std::fs;
use std::time::Duration;

use jiff::civil::date;
use rustix::process::Pid;

use super::world::{House, Practice, member};

/// The bookings that it keeps in view.
const BOOKINGS: usize = 100;

/// How long it is watched; more with FIRSTSERVE_IDLE_SECONDS.
const WATCHED: Duration = Duration::from_secs(60);

/// How long it may take to plan everything first.
const SETTLED: Duration = Duration::from_secs(5);

/// The most resident memory, in KiB, and the most of one core, in percent: of a release build, and of an unoptimised one,
/// whose code alone is several times as large and slow.
const LIMITS: (u64, f64) = if cfg!(debug_assertions) { (80 * 1024, 2.0) } else { (40 * 1024, 0.5) };

/// What Linux counts in /proc, on every machine.
const TICKS_EACH_SECOND: f64 = 100.0;

/// A hundred weekly wishes at a site nobody visits.
fn wishes() -> String {
    let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    (0..BOOKINGS)
        .map(|number| {
            format!(
                "[[booking]]\nname = \"wish {number}\"\nmember = \"ana\"\ncourts = [\"{}\"]\nrepeat = \"FREQ=WEEKLY;BYDAY={}\"\n\
                 from = {}\ntimes = [\"{:02}:00\"]\n",
                if number % 2 == 0 { "1" } else { "3" },
                days[number / 2 % 7],
                date(2199, 1, 1),
                6 + number / 14 % 16,
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_bookings_cost_little_while_nothing_opens() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    house.write(&[club.site("club"), member("ana"), wishes()]);
    let daemon = house.run().await;
    daemon.hears("the plan moves").await;
    tokio::time::sleep(SETTLED).await;
    let seconds = std::env::var("FIRSTSERVE_IDLE_SECONDS").ok().and_then(|text| text.parse().ok());
    let watched = seconds.map_or(WATCHED, Duration::from_secs);
    let before = ticks(daemon.pid);
    tokio::time::sleep(watched).await;
    let percent = cpu_percent(ticks(daemon.pid) - before, watched);
    let memory = resident(daemon.pid);
    eprintln!("idle for {watched:?} with {BOOKINGS} bookings: VmRSS {memory} KiB, {percent:.3} % of a core");
    assert!(memory < LIMITS.0 && percent < LIMITS.1, "VmRSS {memory} KiB, {percent:.3} %; the limits are {LIMITS:?}");
    assert!(memory > 1024, "control: it is the daemon that is measured");
    daemon.stop().await;
}

fn resident(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// User and system time, in clock ticks.
fn ticks(pid: Pid) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("the name ends");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    [11, 12].iter().map(|at| fields[*at].parse::<u64>().expect("a number")).sum()
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand ticks are exact")]
fn cpu_percent(used: u64, watched: Duration) -> f64 {
    used as f64 / TICKS_EACH_SECOND / watched.as_secs_f64() * 100.0
}
