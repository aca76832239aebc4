//! How late the first shot of a fresh page is, by each way that ends in it: `cargo bench --bench page`.
//!
//! Each shot has a browser, a session and a club of its own. A batch of browsers is started, logged in and staged; all of them
//! idle; then they fire one after the other, armed two seconds ahead as the engine arms them. The club's ledger says when the
//! submit arrived. Nothing is reused, and the order is shuffled.
//!
//! `COUNT` shots of each kind (20), `IDLE` seconds before the first of a batch (20), `AHEAD` seconds from arming to the instant (2),
//! `BROWSERS=firefox,chromium`, `KINDS=fetch,form,chain,chainform,pages`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are for whoever runs it")]

mod kind;
mod shot;
#[path = "../support/wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use firstserve::browser::Engine;
use firstserve::clock::{Clock, Stopwatch, SystemClock};
use rand::seq::SliceRandom;

use kind::Kind;
use shot::{Landed, Shot};

/// Browsers that are open at the same time.
const BATCH: usize = 6;

/// How long a browser may take to start and be staged.
const STARTING: Duration = Duration::from_secs(7);

/// Between two instants of a batch.
const APART: Duration = Duration::from_secs(4);

/// What is measured.
struct Setting {
    count: usize,
    idle: Duration,
    ahead: Duration,
    cells: Vec<(Engine, Kind)>,
}

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|word| word == "--bench") {
        println!("nothing was measured: this is for `cargo bench`");
        return Ok(());
    }
    firstserve::browser::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(&Setting::read()?))
}

async fn measure(setting: &Setting) -> anyhow::Result<()> {
    let mut all: BTreeMap<(&str, &str), Vec<Landed>> = BTreeMap::new();
    let mut shots: Vec<_> = (0..setting.count).flat_map(|_| setting.cells.iter().copied()).collect();
    shots.shuffle(&mut rand::rng());
    for batch in shots.chunks(BATCH) {
        for (engine, kind, landed) in fire(setting, batch).await {
            match landed {
                Ok(landed) => {
                    eprintln!("{} {}: {:.2} busy {:.2}", engine.as_str(), kind.word(), landed.late, landed.busy);
                    all.entry((engine.as_str(), kind.word())).or_default().push(landed);
                }
                Err(error) => eprintln!("lost: {} {}: {error:#}", engine.as_str(), kind.word()),
            }
        }
        eprintln!("load {}", std::fs::read_to_string("/proc/loadavg")?.trim());
    }
    println!("idle {:?}, armed {:?} ahead; milliseconds after the opening", setting.idle, setting.ahead);
    for ((engine, kind), landed) in &all {
        let late = |most: f64| landed.iter().filter(|each| each.busy < most).map(|each| each.late).collect::<Vec<_>>();
        println!("{engine} {kind}: {}", figures(&late(f64::INFINITY)));
        println!("{engine} {kind}, machine less than half busy: {}", figures(&late(0.5)));
    }
    Ok(())
}

/// The median, and how it spreads; the percentile is the value of the next rank.
fn figures(late: &[f64]) -> String {
    if late.is_empty() {
        return "none".to_owned();
    }
    let mut sorted = late.to_vec();
    sorted.sort_by(f64::total_cmp);
    let of = |share: usize| sorted[(sorted.len() * share).div_ceil(100).max(1) - 1];
    format!(
        "n={} min={:.2} p50={:.2} p75={:.2} p95={:.2} max={:.2}",
        sorted.len(),
        of(0),
        of(50),
        of(75),
        of(95),
        of(100)
    )
}

async fn fire(setting: &Setting, batch: &[(Engine, Kind)]) -> Vec<(Engine, Kind, anyhow::Result<Landed>)> {
    let mut fired = Vec::new();
    let mut staged = Vec::new();
    // The first instant comes when every browser of the batch has had time to start, and all have idled.
    let watch = Stopwatch::start();
    let first = STARTING * u32::try_from(batch.len()).unwrap_or(1) + setting.idle;
    for (at, (engine, kind)) in batch.iter().copied().enumerate() {
        let waits = (first + APART * u32::try_from(at).unwrap_or(0)).saturating_sub(watch.elapsed());
        match Shot::stage(engine, kind, waits).await {
            Ok(shot) => staged.push((engine, kind, shot)),
            Err(error) => fired.push((engine, kind, Err(error))),
        }
    }
    let mut done = Vec::new();
    for (engine, kind, mut shot) in staged {
        SystemClock.sleep_until(shot.at() - setting.ahead).await;
        fired.push((engine, kind, shot.fire().await));
        done.push(shot);
    }
    for shot in done {
        shot.end().await;
    }
    fired
}

impl Setting {
    fn read() -> anyhow::Result<Self> {
        let word = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
        let engines: Vec<Engine> = word("BROWSERS", "firefox,chromium").split(',').filter_map(Engine::parse).collect();
        let kinds: Vec<Kind> =
            word("KINDS", "fetch,form,chain,chainform,pages").split(',').filter_map(Kind::parse).collect();
        Ok(Self {
            count: word("COUNT", "20").parse()?,
            idle: Duration::from_secs(word("IDLE", "20").parse()?),
            ahead: Duration::from_secs(word("AHEAD", "2").parse()?),
            cells: engines.iter().flat_map(|engine| kinds.iter().map(|kind| (*engine, *kind))).collect(),
        })
    }
}
