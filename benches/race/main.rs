//! The race: firstserve against what people use today, in one run on one machine: `cargo bench --bench race`.
//!
//! Against Selenium with APScheduler and its SQL job store, Playwright for Python and for Node with a sleep loop, and a plain
//! thirtyfour script; they log in and fill in the form before, and click at the instant. What they need from PyPI and npm is
//! installed into `target/peers`. Everybody books at the practice club, a process of its own whose ledger says when each submit
//! came. The parts: cold, cold at a page that must be loaded after the opening, warm, and duels and races for the same slot.
//!
//! Cold and for a slot, ours is `firstserve book` as a user runs it, permit and all; warm, ours are the layers that the
//! engine uses, in one session.
//!
//! `cargo bench --bench race -- --quick` only tries whether everything works. `COLD`, `RELOAD`, `WARM`
//! (shots of each), `DUELS` (of each of ours in the field) and `RACES` are the counts, 0 leaves a part out; `IDLE` is in
//! seconds; `LANES` is how many are idle at the same time; `ONLY=http-firefox,selenium-firefox` and `FIELD=…` (for the slots)
//! say who takes part. A whole run writes its tables into `docs/measurements.md`, and a picture. Every shot is kept in
//! `target/race/….jsonl`; `--report JOURNAL…` makes the tables of one or several of them anew, `--report --keep JOURNAL…` writes
//! them into the documentation as well.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are for whoever runs it")]

mod about;
mod cold;
mod contender;
mod course;
mod entrant;
mod family;
mod heats;
mod household;
mod job;
mod journal;
mod lane;
mod ledger;
mod peers;
mod plot;
mod process;
mod programs;
mod score;
mod setting;
mod shot;
mod table;
mod thirtyfour;
mod warm;

#[path = "../support/club.rs"]
#[expect(dead_code, reason = "the other bench looks at one submit; here the ledger is read for several members")]
mod club;
#[path = "../support/figures.rs"]
#[expect(dead_code, reason = "here the ledger tells what was early")]
mod figures;
#[path = "../support/floor.rs"]
mod floor;
#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/ours.rs"]
mod ours;
#[path = "../support/page.rs"]
#[expect(dead_code, reason = "the button is for the other bench's controls")]
mod page;
#[path = "../support/way.rs"]
#[expect(dead_code, reason = "controls are the other bench's")]
mod way;
#[path = "../support/wire.rs"]
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use about::About;
use course::Course;
use journal::Journal;
use peers::Peers;
use setting::{Asked, Setting};
use shot::Part;
use table::Report;

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == contender::WORD) {
        return contender::main(&words[1..]);
    }
    if !words.iter().any(|word| word == "--bench") {
        println!("nothing was measured: this is for `cargo bench --bench race`");
        return Ok(ExitCode::SUCCESS);
    }
    match Asked::read()? {
        Asked::Race(setting) => race(setting),
        Asked::Report { from, keep } => {
            let (about, shots) = journal::read(&from)?;
            conclude(&Report::of(&about, &shots), keep || about.whole)
        }
    }
}

fn race(setting: Setting) -> anyhow::Result<ExitCode> {
    firstserve::browser::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (about, journal) = runtime.block_on(measure(setting))?;
    println!("every shot: {}", journal.path.display());
    conclude(&Report::of(&about, &journal.shots), about.whole)
}

/// What ends a run: what must hold has held, or not.
fn conclude(report: &Report, whole: bool) -> anyhow::Result<ExitCode> {
    println!("{}", report.text);
    if whole {
        report.keep().context("failed to write docs/measurements.md")?;
    }
    let sound = report.faults.is_empty() && (report.met || !whole);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(setting: Setting) -> anyhow::Result<(About, Journal)> {
    let target = target();
    eprintln!("installing the peers into {}", target.join("peers").display());
    let peers = Peers::install(&target.join("peers")).await?;
    let course = Course::new(setting, peers, target.join("race/logs"))?;
    let club = course.lanes.first().context("there is a lane at least")?.club();
    let about = About::measure(&course.setting, club)?;
    let mut journal = Journal::begin(&target.join("race"), &about)?;
    cold::measure(&course, Part::Cold, &mut journal).await?;
    cold::measure(&course, Part::Reload, &mut journal).await?;
    warm::measure(&course, &mut journal).await?;
    heats::duels(&course, &mut journal).await?;
    heats::races(&course, &mut journal).await?;
    Ok((about, journal))
}

/// Where cargo builds.
fn target() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap_or(temporary).to_owned()
}
