//! `firstserve simulate`: a year in seconds, and what was promised of it.
//!
//! The bookings are those of the configuration, or invented ones; the clubs, the clock and the ill will are simulated.
//! Nothing outside is touched: no browser, no network, no file of the user's.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Span;
use jiff::civil::Date;
use serde_json::json;

use super::plan::date;
use super::setting::{Setting, zones_of};
use super::{Exit, Failure};
use crate::clock::{Clock, Stopwatch, SystemClock, ZoneData};
use crate::engine::simulate::{Control, Report, Setup, SimulateError, Violation, Wishes, simulate};

/// Broken promises that are told in full; of the others it is said how many there are.
const TOLD: usize = 3;

/// The first seed of a run that names none.
const DEFAULT_SEED: u64 = 1;

/// What `simulate` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The first day; left out: the first of next year
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,

    /// The day after the last; left out: a year later
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,

    /// What all chance comes from: the same seed tells the same story
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// So many seeds, one after the other, from --seed on
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = seeds)]
    seeds: u64,

    /// A household of so many bookings, invented from the seed, instead of the configuration's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5_000))]
    bookings: Option<u32>,

    /// Whether sites fail, the process dies, the machine sleeps and people edit; rivals there are in any case
    #[arg(long, value_name = "on|off", default_value = "on")]
    faults: Switch,

    /// An engine that is wrong on purpose, to see the checks object: early, twice, forgets, believes, trusts, gives-up, hangs,
    /// dawdles, calls-off
    #[arg(long, value_name = "NAME")]
    control: Option<Control>,
}

fn seeds(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|seeds| *seeds > 0).ok_or_else(|| "write how many, 1 or more".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Simulates every seed, says what came of it, and ends with 1 when a promise was broken.
///
/// # Errors
/// The configuration cannot be used, or there is nothing to simulate.
pub(super) fn run(args: &Args, setting: &Setting, json: bool) -> anyhow::Result<ExitCode> {
    let setup = setup(args, setting)?;
    let mut tally = Tally::default();
    for seed in args.seed..args.seed.saturating_add(args.seeds) {
        let watch = Stopwatch::start();
        let report = simulate(&Setup { seed, ..setup.clone() }).map_err(failure)?;
        tally.add(report, watch.elapsed());
        if args.seeds > 1 && !json && std::io::stderr().is_terminal() {
            eprint_progress(&tally, args.seeds);
        }
    }
    if json {
        super::answer(&tally.json(&setup));
    } else {
        let again = again(args, &setup, &setting.path);
        std::io::Write::write_all(&mut std::io::stdout(), tally.text(&setup, &again).as_bytes())?;
    }
    let exit = if tally.broken() == 0 { Exit::Done } else { Exit::NotWon };
    Ok(exit.into())
}

fn setup(args: &Args, setting: &Setting) -> Result<Setup, Failure> {
    let next_year = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).year() + 1;
    let from = args.from.unwrap_or_else(|| jiff::civil::date(next_year, 1, 1));
    let to = args.to.unwrap_or_else(|| from.saturating_add(Span::new().years(1)));
    let (wishes, zones) = match args.bookings {
        Some(bookings) => (Wishes::Invented(bookings), ZoneData::newest(None)),
        None => {
            let config = setting.config()?;
            let zones = zones_of(&config);
            (Wishes::Given(config), zones)
        }
    };
    let faults = args.faults == Switch::On;
    Ok(Setup { from, to, seed: args.seed, faults, wishes, zones: Arc::new(zones), control: args.control })
}

fn failure(error: SimulateError) -> Failure {
    let exit = match &error {
        SimulateError::Span { .. } => Exit::Usage,
        SimulateError::Nothing => Exit::Data,
        SimulateError::Io(_) => Exit::Io,
        SimulateError::Invented { .. } | SimulateError::Store(_) => Exit::Unavailable,
    };
    Failure::new(exit, error.to_string())
}

fn eprint_progress(tally: &Tally, seeds: u64) {
    let done = tally.reports.len() as u64;
    let end = if done == seeds { '\n' } else { '\r' };
    let line = format!("seed {done} of {seeds}, {} broken promises{end}", tally.broken());
    // Nobody reads a closed pipe; there is nothing else to do about it.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// Every seed's report, and how long they took.
#[derive(Default)]
struct Tally {
    reports: Vec<Report>,
    took: Duration,
}

impl Tally {
    fn add(&mut self, report: Report, took: Duration) {
        self.reports.push(report);
        self.took += took;
    }

    fn sum(&self, of: impl Fn(&Report) -> u64) -> u64 {
        self.reports.iter().map(of).sum()
    }

    fn broken(&self) -> u64 {
        self.sum(|report| report.violations.len() as u64)
    }

    /// The words with their sums, the most frequent first.
    fn words<'r>(
        &'r self,
        of: impl Fn(&'r Report) -> &'r std::collections::BTreeMap<&'static str, u64>,
    ) -> Vec<(&'static str, u64)> {
        let mut sums = std::collections::BTreeMap::new();
        for (word, times) in self.reports.iter().flat_map(of) {
            *sums.entry(*word).or_insert(0) += times;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(word, times)| (std::cmp::Reverse(*times), *word));
        sums
    }

    fn json(&self, setup: &Setup) -> serde_json::Value {
        json!({
            "from": setup.from.to_string(),
            "to": setup.to.to_string(),
            "faults": setup.faults,
            "control": setup.control.map(Control::as_str),
            "occurrences": self.sum(|report| report.occurrences),
            "openings": self.sum(|report| report.openings),
            "submits": self.sum(|report| report.submits),
            "early": self.sum(|report| report.early),
            "violations": self.broken(),
            "seconds": self.took.as_secs_f64(),
            "seeds": self.reports.iter().map(Report::json).collect::<Vec<_>>(),
        })
    }

    /// `again` is the command without its seed.
    fn text(&self, setup: &Setup, again: &str) -> String {
        let mut text = self.table(setup);
        let broken = self.reports.iter().flat_map(|report| report.violations.iter().map(move |v| (report.seed, v)));
        for (seed, violation) in broken.take(TOLD) {
            text.push_str(&told(violation, &format!("{again} --seed {seed}")));
        }
        match usize::try_from(self.broken()).unwrap_or(usize::MAX) {
            0 => text.push_str("\nEvery promise was kept.\n"),
            broken if broken > TOLD => {
                writeln!(text, "\n… and {} more broken promises.", broken - TOLD).expect(INFALLIBLE)
            }
            _ => {}
        }
        text
    }

    fn table(&self, setup: &Setup) -> String {
        let seeds = match &self.reports[..] {
            [one] => format!("seed {}", one.seed),
            all => format!("seeds {} to {}", all.first().map_or(0, |r| r.seed), all.last().map_or(0, |r| r.seed)),
        };
        let zone_data = self.reports.first().map_or("", |report| report.zone_data.as_str());
        let mut text = format!("{} to {}, {seeds}, zone data {zone_data}\n\n", setup.from, setup.to);
        let (kills, stops) = (self.sum(|report| report.kills), self.sum(|report| report.stops));
        row(&mut text, "bookings", &number(self.sum(|report| report.bookings)));
        row(&mut text, "occurrences", &number(self.sum(|report| report.occurrences)));
        row(&mut text, "openings fired at", &number(self.sum(|report| report.openings)));
        let early = self.sum(|report| report.early);
        row(&mut text, "submits", &format!("{}, {early} early", number(self.sum(|report| report.submits))));
        row(&mut text, "ended", &list(&self.words(|report| &report.outcomes)));
        row(&mut text, "faults", &list(&self.words(|report| &report.faults)));
        row(&mut text, "restarts", &format!("{kills} kills, {stops} stops"));
        row(&mut text, "sleeps, edits", &format!("{}, {}", self.sum(|r| r.sleeps), self.sum(|r| r.edits)));
        row(&mut text, "audit rows", &number(self.sum(|report| report.audit)));
        row(&mut text, "events", &number(self.sum(|report| report.events)));
        if let [one] = &self.reports[..] {
            row(&mut text, "trace", &one.trace);
        }
        row(&mut text, "took", &format!("{:.1} s", self.took.as_secs_f64()));
        text
    }
}

/// Writing to a `String`.
const INFALLIBLE: &str = "writing to a String cannot fail";

/// Where the values of the table begin.
const VALUES: usize = 20;

/// How wide they may be.
const WIDTH: usize = 96;

fn row(text: &mut String, name: &str, value: &str) {
    let mut line = format!("  {name:<width$}", width = VALUES - 2);
    for word in value.split_inclusive(", ") {
        if line.chars().count() + word.trim_end().chars().count() > VALUES + WIDTH {
            writeln!(text, "{}", line.trim_end()).expect(INFALLIBLE);
            line = " ".repeat(VALUES);
        }
        line.push_str(word);
    }
    writeln!(text, "{}", line.trim_end()).expect(INFALLIBLE);
}

fn list(words: &[(&'static str, u64)]) -> String {
    if words.is_empty() {
        return "none".to_owned();
    }
    words.iter().map(|(word, times)| format!("{word} {}", number(*times))).collect::<Vec<_>>().join(", ")
}

/// 12345 as 12,345.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let grouped: Vec<String> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| group.iter().map(|digit| char::from(*digit)).collect::<String>())
        .collect();
    grouped.join(",")
}

fn told(violation: &Violation, again: &str) -> String {
    let about = violation.about.as_deref().unwrap_or("the run as a whole");
    let mut text = format!("\nBroken: {}\n  {about}: {}\n", violation.promise.as_str(), violation.what);
    for line in &violation.story {
        writeln!(text, "    {line}").expect(INFALLIBLE);
    }
    writeln!(text, "  Again: {again}").expect(INFALLIBLE);
    text
}

/// The command that tells the same stories again, but for the seed.
fn again(args: &Args, setup: &Setup, config: &Path) -> String {
    let mut text = format!("firstserve simulate --from {} --to {}", setup.from, setup.to);
    match args.bookings {
        Some(bookings) => write!(text, " --bookings {bookings}").expect(INFALLIBLE),
        None => write!(text, " --config {}", config.display()).expect(INFALLIBLE),
    }
    if !setup.faults {
        text.push_str(" --faults off");
    }
    if let Some(control) = setup.control {
        write!(text, " --control {}", control.as_str()).expect(INFALLIBLE);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn long_rows_are_broken_at_their_commas() {
        let mut text = String::new();
        row(&mut text, "faults", &list(&[("drop-after-commit", 1_000); 12]));
        assert!(text.lines().count() > 1);
        assert!(text.lines().all(|line| line.chars().count() <= VALUES + WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(VALUES))));
    }
}
