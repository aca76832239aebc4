//! The list of what was in force.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::kept::NOTHING_YET;
use crate::cli::page;
use crate::cli::setting::Setting;
use crate::cli::span::from_now;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Loaded, diff};
use crate::report::{Severity, plain};
use crate::store::{Cause, ConfigRecord, Store, StoreError};

/// How many are shown where nobody says it.
const DEFAULT_LIMIT: &str = "20";

/// How many changes stand in a line for people; the others are counted.
const CHANGES_SHOWN: usize = 3;

/// What `config history` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many at most, the newest first
    #[arg(long, value_name = "N", default_value = DEFAULT_LIMIT, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

/// Prints it.
///
/// # Errors
/// The database cannot be read.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let limit = usize::from(args.limit);
    let kept = crate::cli::runtime()?.block_on(async {
        let Some(store) = setting.kept().await? else { return anyhow::Ok(None) };
        let read = read(&store, limit).await;
        store.close().await;
        Ok(Some(read?))
    })?;
    let is_kept = kept.is_some();
    let (records, causes) = kept.unwrap_or_default();
    let current = std::fs::read(&setting.path).ok();
    let entries = entries(&records, &causes, limit, current.as_deref(), &|text| setting.load_text(text));
    if as_json {
        crate::cli::answer(&json!({ "configurations": entries.iter().map(Entry::json).collect::<Vec<_>>() }));
    } else if !is_kept {
        crate::cli::print(NOTHING_YET)?;
    } else if entries.is_empty() {
        crate::cli::print("no configuration was in force yet; `firstserve run` keeps each one\n")?;
    } else {
        let now = SystemClock.now();
        let text: String = entries.iter().map(|entry| entry.text(now)).collect();
        crate::cli::print(&page::laid_out(&text, page::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}

type Read = (Vec<ConfigRecord>, BTreeMap<i64, Cause>);

/// One more than is shown: the oldest shown one is compared with it.
async fn read(store: &Store, limit: usize) -> Result<Read, StoreError> {
    let records = store.config_history(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)).await?;
    Ok((records, store.config_causes().await?))
}

/// A configuration that was in force.
struct Entry {
    number: i64,
    at: Timestamp,
    cause: Option<Cause>,
    hash: String,
    /// Whether the file holds this text now.
    is_file: bool,
    what: What,
}

/// What came with a configuration.
enum What {
    /// There is none before it.
    First,
    /// The differences of meaning; none: comments and order only.
    Changes(Vec<String>),
    /// The file was the same: selector files were changed.
    Selectors,
    /// One of the two cannot be read by today's selector files, or by this version.
    Wrong { number: i64, why: String },
}

fn entries(
    records: &[ConfigRecord],
    causes: &BTreeMap<i64, Cause>,
    limit: usize,
    current: Option<&[u8]>,
    load: &dyn Fn(&str) -> Loaded,
) -> Vec<Entry> {
    // Each text is checked once, though two lines speak of it.
    let read: Vec<_> = records.iter().map(|record| (record, usable(&load(&record.text)))).collect();
    let one = |(at, (record, config)): (usize, &(&ConfigRecord, Usable))| Entry {
        number: record.seq,
        at: record.at,
        cause: causes.get(&record.seq).copied(),
        hash: record.hash.clone(),
        is_file: current == Some(record.text.as_bytes()),
        what: what(read.get(at + 1), (record, config)),
    };
    read.iter().enumerate().take(limit).map(one).collect()
}

type Usable = Result<Arc<Config>, String>;

fn usable(loaded: &Loaded) -> Usable {
    let first = loaded.problems.iter().find(|problem| problem.severity == Severity::Error);
    let why = || first.map_or_else(|| "it cannot be read".to_owned(), |problem| problem.message.clone());
    loaded.config.clone().ok_or_else(why)
}

fn what(before: Option<&(&ConfigRecord, Usable)>, (record, config): (&ConfigRecord, &Usable)) -> What {
    let Some((old, old_config)) = before else { return What::First };
    if old.text == record.text {
        return What::Selectors;
    }
    match (old_config, config) {
        (Ok(old), Ok(new)) => What::Changes(diff(old, new).iter().map(ToString::to_string).collect()),
        (_, Err(why)) => What::Wrong { number: record.seq, why: why.clone() },
        (Err(why), _) => What::Wrong { number: old.seq, why: why.clone() },
    }
}

impl Entry {
    fn json(&self) -> Value {
        let changes = match &self.what {
            What::Changes(changes) => json!(changes),
            _ => Value::Null,
        };
        json!({
            "number": self.number,
            "at": self.at.to_string(),
            "cause": self.cause.map(Cause::as_str),
            "hash": self.hash,
            "is_file": self.is_file,
            "changes": changes,
            "note": self.what.words(usize::MAX),
        })
    }

    fn text(&self, now: Timestamp) -> String {
        let (at, ago) = (self.at.strftime("%Y-%m-%d %H:%M:%S UTC"), from_now(self.at.duration_since(now)));
        let cause = self.cause.map_or("", Cause::as_str);
        let file = if self.is_file { "  (the file holds it)" } else { "" };
        format!("{:>4}  {at} ({ago})  {cause}{file}\n      {}\n", self.number, plain(&self.what.words(CHANGES_SHOWN)))
    }
}

impl What {
    fn words(&self, most: usize) -> String {
        match self {
            Self::First => "nothing is kept before it".to_owned(),
            Self::Selectors => "the file is the same; selector files have changed".to_owned(),
            Self::Changes(changes) if changes.is_empty() => "only comments or the order have changed".to_owned(),
            Self::Changes(changes) if changes.len() > most => {
                format!("{}; and {} more", changes[..most].join("; "), changes.len() - most)
            }
            Self::Changes(changes) => changes.join("; "),
            Self::Wrong { number, why } => format!("not compared: number {number} is wrong today ({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_does_not_grow_without_bound() {
        let changes = What::Changes((1..=5).map(|number| format!("change {number}")).collect());
        assert_eq!(changes.words(CHANGES_SHOWN), "change 1; change 2; change 3; and 2 more");
        assert!(changes.words(usize::MAX).ends_with("change 5"));
    }

    #[test]
    fn what_a_terminal_does_not_hold_goes_on_below() {
        let change = "booking `july doubles` of ana: court 1 at 17:00 is no longer wanted".to_owned();
        let entry = Entry {
            number: 12,
            at: Timestamp::UNIX_EPOCH,
            cause: Some(Cause::Start),
            hash: "h".to_owned(),
            is_file: true,
            what: What::Changes(vec![change; 3]),
        };
        let text = entry.text(Timestamp::UNIX_EPOCH);
        assert!(text.lines().any(|line| line.chars().count() > 80), "the control: {text}");
        let laid = page::laid_out(&text, Some(80));
        assert!(laid.lines().all(|line| line.chars().count() <= 80), "{laid}");
        assert!(laid.lines().skip(1).all(|line| line.starts_with("      ")), "{laid}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&laid), words(&text), "every word is there");
    }
}
