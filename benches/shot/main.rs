//! Fire mode `http` at its limit, without a browser: `cargo bench --bench shot`.
//!
//! Each shot is the first one of a fresh session of the practice club, after some idle seconds. The kinds are fired in turns,
//! beside a bare control (a thread, a socket, a write), on a machine at rest and on one whose processors are all busy. The club
//! is a process of its own; its ledger says when the first byte of each submit arrived. Then come many shots at one instant,
//! chains, what each way to be punctual buys, and how long a page takes to be read.
//!
//! `SHOTS` (20) sets the count of each kind, `IDLE` (4 s) how long a session rests before its shot, `ONLY=cold,busy,chain,many,buys,parse` what is measured. `CLUB_FIRST=1` puts the club before all ordinary
//! processes, so that a busy machine does not make its stamps late.
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]

mod bare;
mod club;
mod load;
mod ours;

use std::time::Duration;

use anyhow::Context;
use firstserve::clock::{Clock, SystemClock};

use bare::How;
use club::Club;
use load::Load;

/// Shots of each kind.
const DEFAULT_SHOTS: usize = 20;

/// Shots at one instant.
const MANY: usize = 200;

/// What the bare control is made punctual by.
const CONTROL: How = How { pinned: false, first: true, spin: Duration::from_millis(15) };

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|word| word == "--bench") {
        println!("nothing was measured: this is for `cargo bench`");
        return Ok(());
    }
    firstserve::browser::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

/// What is measured, and how much.
struct Setting {
    shots: usize,
    idle: Duration,
    only: Option<String>,
    club_first: bool,
}

impl Setting {
    fn read() -> anyhow::Result<Self> {
        let shots =
            std::env::var("SHOTS").map_or(Ok(DEFAULT_SHOTS), |text| text.parse()).context("SHOTS is no count")?;
        let idle = std::env::var("IDLE").map_or(Ok(4), |text| text.parse()).context("IDLE is no count of seconds")?;
        let (only, club_first) = (std::env::var("ONLY").ok(), std::env::var("CLUB_FIRST").is_ok());
        Ok(Self { shots, idle: Duration::from_secs(idle), only, club_first })
    }

    fn wants(&self, what: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.split(',').any(|word| word == what))
    }
}

async fn measure() -> anyhow::Result<()> {
    let setting = Setting::read()?;
    let [plain, secure] = [Club::start(false, setting.club_first)?, Club::start(true, setting.club_first)?];
    println!("milliseconds after the opening; {} shots of each kind, {} s idle", setting.shots, setting.idle.as_secs());
    println!(
        "{:<38} {:>8} {:>8} {:>8} {:>8}   written: {:>6} {:>6}",
        "received", "min", "median", "p95", "max", "median", "max"
    );
    for busy in [false, true] {
        let word = if busy { "busy" } else { "cold" };
        if setting.wants(word) {
            singles(&setting, word, busy, &plain, &secure).await?;
        }
    }
    if setting.wants("many") {
        for (name, club) in [("many", &plain), ("many, tls", &secure)] {
            for _ in 0..3 {
                let shots = ours::many(club, MANY).await?;
                row(&format!("{name}: {MANY} at one instant"), &shots);
            }
        }
    }
    if setting.wants("buys") {
        buys(&setting, &plain).await?;
    }
    if setting.wants("parse") {
        ours::parse(&plain).await?;
    }
    Ok(())
}

async fn singles(setting: &Setting, word: &str, busy: bool, plain: &Club, secure: &Club) -> anyhow::Result<()> {
    let mut kinds: Vec<(String, Vec<bare::Shot>)> = ["bare control", "http", "http, tls", "chain", "chain, tls"]
        .map(|kind| (format!("{word}: {kind}"), Vec::new()))
        .into();
    for _ in 0..setting.shots {
        for (number, (_, shots)) in kinds.iter_mut().enumerate() {
            let _load = busy.then(Load::begin);
            shots.push(match number {
                0 => {
                    let at = SystemClock.now() + setting.idle.max(Duration::from_millis(400));
                    bare::fire(&plain.url, at, CONTROL)?
                }
                1 => ours::http(plain, setting.idle).await?,
                2 => ours::http(secure, setting.idle).await?,
                3 => ours::chain(plain, setting.idle).await?,
                _ => ours::chain(secure, setting.idle).await?,
            });
        }
    }
    for (kind, shots) in &kinds {
        row(kind, shots);
    }
    Ok(())
}

/// What each way to be punctual buys, alone and together, on a machine at rest and on a busy one.
async fn buys(setting: &Setting, club: &Club) -> anyhow::Result<()> {
    let spin = |ms| How { spin: Duration::from_millis(ms), ..How::default() };
    let ways = [
        ("spin 0", spin(0)),
        ("spin 2", spin(2)),
        ("spin 15", spin(15)),
        ("spin 100", spin(100)),
        ("spin 15, pinned", How { pinned: true, ..spin(15) }),
        ("spin 15, first", How { first: true, ..spin(15) }),
        ("spin 0, first", How { first: true, ..spin(0) }),
        ("spin 15, first, pinned", How { first: true, pinned: true, ..spin(15) }),
    ];
    for busy in [false, true] {
        let mut kinds: Vec<(&str, How, Vec<bare::Shot>)> = ways.map(|(name, how)| (name, how, Vec::new())).into();
        let _load = busy.then(Load::begin);
        for _ in 0..setting.shots {
            for (_, how, shots) in &mut kinds {
                let at = SystemClock.now() + Duration::from_millis(400);
                shots.push(bare::fire(&club.url, at, *how)?);
            }
        }
        for (name, _, shots) in &kinds {
            row(&format!("{}: {name}", if busy { "busy, bare" } else { "bare" }), shots);
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn row(name: &str, shots: &[bare::Shot]) {
    let sorted = |of: fn(&bare::Shot) -> f64| {
        let mut all: Vec<f64> = shots.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (received, written) = (sorted(|shot| shot.received), sorted(|shot| shot.written));
    let at = |all: &[f64], share: usize| all[(all.len() - 1) * share / 100];
    let early = received.iter().filter(|late| **late < 0.0).count();
    println!(
        "{name:<38} {:>8.3} {:>8.3} {:>8.3} {:>8.3}   written: {:>6.3} {:>6.3}{}",
        at(&received, 0),
        at(&received, 50),
        at(&received, 95),
        at(&received, 100),
        at(&written, 50),
        at(&written, 100),
        if early > 0 { format!("   {early} EARLY") } else { String::new() }
    );
}
