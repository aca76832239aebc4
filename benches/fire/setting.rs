//! How much is measured.

use std::env;

use anyhow::{Context, bail};
use firstserve::browser::Engine;

use crate::way::Way;

/// Openings for each mode and control.
const DEFAULT_OPENINGS: usize = 30;

/// Fresh sessions for each mode.
const DEFAULT_COLD: usize = 5;

/// The same with `--quick`: enough to see that everything works.
const QUICK: (usize, usize) = (3, 1);

/// How much is measured.
pub(crate) struct Setting {
    pub(crate) openings: usize,
    pub(crate) cold: usize,
    pub(crate) browsers: Vec<Engine>,
    /// Which modes, each with its control.
    pub(crate) ways: Vec<Way>,
    quick: bool,
}

impl Setting {
    /// From the command line and the environment.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let quick = env::args().any(|word| word == "--quick");
        let (openings, cold) = if quick { QUICK } else { (DEFAULT_OPENINGS, DEFAULT_COLD) };
        let browsers = env::var("BROWSERS").unwrap_or_else(|_| "firefox,chromium".to_owned());
        let ways = env::var("MODES").map_or_else(|_| Ok(Way::ALL.to_vec()), |words| parse_ways(&words))?;
        Ok(Self {
            openings: count("OPENINGS", openings)?,
            cold: count("COLD", cold)?,
            browsers: parse(&browsers)?,
            ways,
            quick,
        })
    }

    /// Whether it measures enough for a median to be held to its bar.
    pub(crate) fn holds_to_bars(&self) -> bool {
        !self.quick
    }

    /// Whether its table is worth keeping.
    pub(crate) fn is_whole(&self) -> bool {
        !self.quick
            && self.openings >= DEFAULT_OPENINGS
            && self.browsers.len() == 2
            && self.ways.len() == Way::ALL.len()
    }
}

fn count(name: &str, default: usize) -> anyhow::Result<usize> {
    match env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("failed to read {name}={text} as a count")),
        Err(_) => Ok(default),
    }
}

fn parse(words: &str) -> anyhow::Result<Vec<Engine>> {
    let mut engines = Vec::new();
    for word in words.split(',') {
        match Engine::parse(word.trim()) {
            Some(engine) => engines.push(engine),
            None => bail!("failed to read BROWSERS: `{word}` is neither firefox nor chromium"),
        }
    }
    Ok(engines)
}

fn parse_ways(words: &str) -> anyhow::Result<Vec<Way>> {
    let known = || Way::ALL.map(Way::word).join(", ");
    let way = |word: &str| Way::ALL.into_iter().find(|way| way.word() == word.trim());
    words
        .split(',')
        .map(|word| way(word).with_context(|| format!("failed to read MODES: known are {}", known())))
        .collect()
}
