//! Everything that was measured, line by line as it happens: a long run that is cut off has not been for nothing.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use firstserve::clock::{Clock, SystemClock};
use serde::{Deserialize, Serialize};

use crate::about::About;
use crate::shot::Shot;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    About(About),
    Shot(Shot),
}

/// The open journal of a run.
pub(crate) struct Journal {
    file: File,
    pub(crate) path: PathBuf,
    pub(crate) shots: Vec<Shot>,
}

impl Journal {
    /// Begins one in `folder`, named for the time.
    pub(crate) fn begin(folder: &Path, about: &About) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.jsonl", SystemClock.now().strftime("%Y-%m-%dT%H-%M-%S")));
        let file = File::create(&path).with_context(|| format!("failed to write {}", path.display()))?;
        let mut journal = Self { file, path, shots: Vec::new() };
        journal.write(&Line::About(about.clone()))?;
        Ok(journal)
    }

    /// Keeps a shot.
    pub(crate) fn keep(&mut self, shot: Shot) -> anyhow::Result<()> {
        if let Some(why) = &shot.failed {
            eprintln!("  {} does not count: {why}", shot.label);
        }
        self.write(&Line::Shot(shot.clone()))?;
        self.shots.push(shot);
        Ok(())
    }

    fn write(&mut self, line: &Line) -> anyhow::Result<()> {
        Ok(writeln!(self.file, "{}", serde_json::to_string(line)?)?)
    }
}

/// What journals tell, together. What they say of the machine comes from the first.
///
/// # Errors
/// One of them cannot be read, or there is none.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<(About, Vec<Shot>)> {
    let (mut about, mut shots) = (None, Vec::new());
    for path in paths {
        let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
        for line in text.lines() {
            match serde_json::from_str(line).with_context(|| format!("failed to read {}", path.display()))? {
                Line::About(told) => about = about.or(Some(told)),
                Line::Shot(shot) => shots.push(shot),
            }
        }
    }
    Ok((about.context("the journals do not say what was measured")?, shots))
}
