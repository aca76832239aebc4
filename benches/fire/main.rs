//! How late a submit reaches the site, for every fire mode beside a bare control: `cargo bench`.
//!
//! The practice club is a process of its own on loopback; its ledger says when the first byte of each submit arrived. One
//! browser session serves the whole series of a browser. The modes and their controls are fired in shuffled order in the same
//! run, each at an opening of its own: an early submit would be refused by the club. A control is the least that could do the
//! same: the driver's command, a timer in the page or a request, at the instant, by our clock and nothing else of ours.
//!
//! A mode that misses its bar, is early or loses a booking makes the run fail, after the table is written.
//!
//! `cargo bench -- --quick` measures three openings each, writes nothing and holds no median to its bar. `OPENINGS` and `COLD` (fresh sessions for each
//! mode) set the counts, `BROWSERS=firefox,chromium` and `MODES=native,http` what is measured. A whole run writes its table into `docs/measurements.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are for whoever runs it")]

mod bare;
mod series;
mod setting;
mod table;
mod verdict;

// What the race uses as well.
#[path = "../support/club.rs"]
mod club;
#[path = "../support/figures.rs"]
mod figures;
#[path = "../support/floor.rs"]
mod floor;
#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/ours.rs"]
mod ours;
#[path = "../support/page.rs"]
mod page;
#[path = "../support/way.rs"]
mod way;
#[path = "../support/wire.rs"]
mod wire;

use std::process::ExitCode;

use anyhow::Context;

use setting::Setting;

fn main() -> anyhow::Result<ExitCode> {
    if !std::env::args().any(|word| word == "--bench") {
        println!("nothing was measured: this is for `cargo bench`");
        return Ok(ExitCode::SUCCESS);
    }
    firstserve::browser::install_provider();
    let setting = Setting::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(measure(&setting))?;
    let text = table::markdown(&setting, &measured);
    println!("{text}");
    if setting.is_whole() {
        table::keep(&text).context("failed to write docs/measurements.md")?;
    }
    let faults = measured.faults(setting.holds_to_bars());
    faults.iter().for_each(|fault| eprintln!("failed: {fault}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All that was measured in one run.
struct Measured {
    floor: floor::Floor,
    browsers: Vec<series::Series>,
}

impl Measured {
    /// What must not be: of ours, what was early or lost, and with `bars` every median above its own.
    fn faults(&self, bars: bool) -> Vec<String> {
        self.browsers.iter().flat_map(|series| series.faults(bars)).collect()
    }
}

async fn measure(setting: &Setting) -> anyhow::Result<Measured> {
    let mut club = club::Club::start()?;
    let floor = floor::measure(&club)?;
    let mut browsers = Vec::new();
    for engine in &setting.browsers {
        let series = series::measure(setting, *engine, &mut club).await;
        browsers.push(series.with_context(|| format!("failed to measure {}", engine.as_str()))?);
    }
    Ok(Measured { floor, browsers })
}
