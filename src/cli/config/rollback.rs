//! Writes an old configuration back, after it has been checked as a whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use super::replace::{Original, replace};
use crate::cli::setting::{Setting, show};
use crate::cli::{Exit, Failure};
use crate::clock::{Clock, SystemClock};
use crate::config::{Loaded, diff};
use crate::store::ConfigRecord;

/// What `config rollback` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The number, as `config history` shows it
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    number: i64,
}

/// Does it, and says what changes by that.
///
/// # Errors
/// There is no such number (65), it is wrong today (78), or the file cannot be written (74). The file is as it was then.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let kept = crate::cli::runtime()?.block_on(async {
        let missing = || Failure::new(Exit::Data, "no configuration was kept yet; `firstserve run` keeps each one");
        let store = setting.kept().await?.ok_or_else(missing)?;
        let kept = store.config_history(i64::MAX).await;
        store.close().await;
        anyhow::Ok(kept?)
    })?;
    let wanted = kept.iter().find(|record| record.seq == args.number).ok_or_else(|| none(args.number, &kept))?;
    let original = Original::read(&setting.path).map_err(|error| unwritten(&setting.path, &error))?;
    let now = setting.load();
    let then = usable(wanted, setting)?;
    let changes = changes(&now, &then);
    let done = !original.holds(&wanted.text);
    let aside = if done { put_back(&original, wanted, &kept, setting)? } else { None };
    let shown = Shown { number: wanted.seq, at: wanted.at, path: &setting.path, done, changes, aside };
    if as_json {
        crate::cli::answer(&shown.json());
    } else {
        crate::cli::print(&shown.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn none(number: i64, kept: &[ConfigRecord]) -> Failure {
    let range = match (kept.last(), kept.first()) {
        (Some(oldest), Some(newest)) => format!("there are {} to {}", oldest.seq, newest.seq),
        _ => "there is none at all".to_owned(),
    };
    let cure = "`firstserve config history` shows them";
    Failure::new(Exit::Data, format!("there is no configuration number {number}: {range}; {cure}"))
}

/// As the file would be read by a daemon: what was right once may be wrong today.
fn usable(wanted: &ConfigRecord, setting: &Setting) -> Result<Loaded, Failure> {
    let loaded = setting.load_text(&wanted.text);
    if loaded.config.is_some() {
        return Ok(loaded);
    }
    show(&loaded.problems);
    let path = setting.path.display();
    let why = "as it was then it is wrong today, with the selector files as they are";
    Err(Failure::new(Exit::Config, format!("number {} was not brought back: {why}; {path} is unchanged", wanted.seq)))
}

/// In words; none where the file cannot be read as it is now.
fn changes(now: &Loaded, then: &Loaded) -> Option<Vec<String>> {
    let (now, then) = (now.config.as_ref()?, then.config.as_ref()?);
    Some(diff(now, then).iter().map(ToString::to_string).collect())
}

/// What was never in force is in no history: it is kept beside the file. Says where.
fn put_back(
    original: &Original,
    wanted: &ConfigRecord,
    kept: &[ConfigRecord],
    setting: &Setting,
) -> Result<Option<PathBuf>, Failure> {
    let known = original.is_missing() || kept.iter().any(|record| original.holds(&record.text));
    let stamp = SystemClock.now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
    let put = || {
        let aside = if known { None } else { Some(original.keep_aside(&stamp)?) };
        replace(original, wanted.text.as_bytes())?;
        Ok(aside)
    };
    put().map_err(|error| unwritten(&setting.path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    let cure = match error.kind() {
        ErrorKind::PermissionDenied => "; let the user who runs this write the file's folder (chmod, chown)",
        ErrorKind::ReadOnlyFilesystem => "; it lies on a disk that is mounted read-only",
        _ => "",
    };
    Failure::new(Exit::Io, format!("{path} was not replaced: {error}{cure}"))
}

struct Shown<'s> {
    number: i64,
    at: Timestamp,
    path: &'s Path,
    done: bool,
    changes: Option<Vec<String>>,
    aside: Option<PathBuf>,
}

impl Shown<'_> {
    fn json(&self) -> serde_json::Value {
        json!({
            "number": self.number,
            "path": self.path.display().to_string(),
            "replaced": self.done,
            "changes": self.changes,
            "kept_aside": self.aside.as_ref().map(|path| path.display().to_string()),
        })
    }

    fn text(&self) -> String {
        let (path, number, at) = (self.path.display(), self.number, self.at.strftime("%Y-%m-%d %H:%M:%S UTC"));
        if !self.done {
            return format!("{path} holds number {number} already; nothing was written\n");
        }
        let mut text = format!("{path} is number {number} again, in force since {at} then\n");
        match &self.changes {
            None => text.push_str("  what it replaces could not be read, and is not compared\n"),
            Some(changes) if changes.is_empty() => text.push_str("  only comments or the order change by that\n"),
            Some(changes) => changes.iter().for_each(|change| text.push_str(&format!("  {change}\n"))),
        }
        if let Some(aside) = &self.aside {
            text.push_str(&format!("  what it replaces was never in force; it is kept in {}\n", aside.display()));
        }
        text.push_str("a running firstserve takes it by itself, otherwise the next start does\n");
        text
    }
}
