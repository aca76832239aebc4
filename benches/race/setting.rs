//! How much is raced, and by whom.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::entrant::{Entrant, at_a_form, at_a_reload, in_the_field};

/// Cold shots of each, at a form that is filled in before the opening.
const DEFAULT_COLD: usize = 20;

/// Openings of each in one session.
const DEFAULT_WARM: usize = 20;

/// Cold shots of each, at a page that must be loaded after the opening.
const DEFAULT_RELOAD: usize = 20;

/// Duels of each of ours in the field with the best peer.
const DEFAULT_DUELS: usize = 100;

/// Races of the whole field.
const DEFAULT_RACES: usize = 30;

/// How long everybody is idle before a cold shot.
const DEFAULT_IDLE_S: usize = 20;

/// How many are on the course at the same time; their openings are apart.
const DEFAULT_LANES: usize = 8;

/// With `--quick`, in the same order: enough to see that everything works.
const QUICK: [usize; 7] = [1, 2, 1, 1, 1, 4, 4];

/// What a browser takes to start, log in and fill in a form, when as many others do the same on two cores.
const STAGING: Duration = Duration::from_secs(2);

/// The same, however few there are.
const LEAST_STAGING: Duration = Duration::from_secs(5);

/// Between two openings on the course: a browser has ended before the next one is asked to do anything.
pub(crate) const APART: Duration = Duration::from_secs(4);

/// How often something is tried for which an entrant was not staged in time, with more time for it.
pub(crate) const TRIES: u32 = 3;

/// What the club's form is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It is filled in before the opening.
    Submit,
    /// The date is only in a page that is loaded after it.
    Reload,
}

/// What to do.
pub(crate) enum Asked {
    /// To race.
    Race(Setting),
    /// To make the report anew from journals.
    Report { from: Vec<PathBuf>, keep: bool },
}

/// How much is raced, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) cold: usize,
    pub(crate) warm: usize,
    pub(crate) reload: usize,
    pub(crate) duels: usize,
    pub(crate) races: usize,
    pub(crate) idle: Duration,
    pub(crate) lanes: usize,
    pub(crate) at_a_form: Vec<Entrant>,
    pub(crate) at_a_reload: Vec<Entrant>,
    pub(crate) field: Vec<Entrant>,
    whole: bool,
}

impl Asked {
    /// From the command line and the environment.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Ok(Self::Race(Setting::read(false)?)),
            ["--quick"] => Ok(Self::Race(Setting::read(true)?)),
            ["--report", "--keep", from @ ..] if !from.is_empty() => Ok(report(from, true)),
            ["--report", from @ ..] if !from.is_empty() => Ok(report(from, false)),
            other => bail!("failed to understand {other:?}: known are --quick and --report [--keep] JOURNAL…"),
        }
    }
}

impl Setting {
    fn read(quick: bool) -> anyhow::Result<Self> {
        let parts = [DEFAULT_COLD, DEFAULT_WARM, DEFAULT_RELOAD, DEFAULT_DUELS, DEFAULT_RACES];
        let [cold, warm, reload, duels, races] = parts;
        let usual = [cold, warm, reload, duels, races, DEFAULT_IDLE_S, DEFAULT_LANES];
        let names = ["COLD", "WARM", "RELOAD", "DUELS", "RACES", "IDLE", "LANES"];
        let mut counts = [0; 7];
        for (at, name) in names.into_iter().enumerate() {
            counts[at] = count(name, if quick { QUICK[at] } else { usual[at] })?;
        }
        let [cold, warm, reload, duels, races, idle, lanes] = counts;
        let field = match env::var("FIELD") {
            Ok(words) => chosen(&words, &at_a_form())?,
            Err(_) => in_the_field(),
        };
        let (mut at_a_form, mut at_a_reload) = (at_a_form(), at_a_reload());
        let only = env::var("ONLY").ok();
        if let Some(words) = &only {
            (at_a_form, at_a_reload) = among(words, at_a_form, at_a_reload)?;
        }
        let enough = counts.iter().zip(usual).take(6).all(|(count, usual)| *count >= usual);
        let whole = !quick && only.is_none() && enough;
        let idle = Duration::from_secs(u64::try_from(idle)?);
        Ok(Self { cold, warm, reload, duels, races, idle, lanes: lanes.max(1), at_a_form, at_a_reload, field, whole })
    }

    /// Whether its figures are worth keeping.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// What so many take to be staged at the same time.
    pub(crate) fn staging(&self, entrants: usize) -> Duration {
        LEAST_STAGING + STAGING * u32::try_from(entrants).unwrap_or(u32::MAX)
    }
}

impl Shape {
    /// The club's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Reload => "reload",
        }
    }
}

fn report(from: &[&str], keep: bool) -> Asked {
    Asked::Report { from: from.iter().map(PathBuf::from).collect(), keep }
}

fn count(name: &str, default: usize) -> anyhow::Result<usize> {
    match env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("failed to read {name}={text} as a count")),
        Err(_) => Ok(default),
    }
}

fn chosen(words: &str, known: &[Entrant]) -> anyhow::Result<Vec<Entrant>> {
    let named = |word: &str| known.iter().find(|entrant| entrant.id() == word.trim()).copied();
    let names = || known.iter().map(|entrant| entrant.id()).collect::<Vec<_>>().join(", ");
    words.split(',').map(|word| named(word).with_context(|| format!("`{word}` is none of {}", names()))).collect()
}

/// Those of both lists that are named; every word must name somebody.
fn among(words: &str, form: Vec<Entrant>, reload: Vec<Entrant>) -> anyhow::Result<(Vec<Entrant>, Vec<Entrant>)> {
    let everybody: Vec<Entrant> = form.iter().chain(&reload).copied().collect();
    chosen(words, &everybody)?;
    let named = |entrant: &Entrant| words.split(',').any(|word| word.trim() == entrant.id());
    Ok((form.into_iter().filter(named).collect(), reload.into_iter().filter(named).collect()))
}
