//! `firstserve audit verify`: walks the hash-chained record and says whether anything was changed, or taken out.
//!
//! Reads the database and changes nothing, so it works beside a running daemon.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Exit;
use super::kept::NOTHING_YET;
use super::setting::Setting;
use crate::store::{AuditError, AuditRow, Store, StoreError};

/// What `audit` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to do
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Walk the whole record: 0 when it is whole, 65 with the first row that does not fit
    Verify,
}

/// Does it.
///
/// # Errors
/// The database cannot be read.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let Command::Verify = args.command;
    let found = super::runtime()?.block_on(async {
        let Some(store) = setting.kept().await? else { return Ok(Found::Nothing) };
        let found = verified(&store).await;
        store.close().await;
        anyhow::Ok(found?)
    })?;
    if as_json {
        super::answer(&found.json());
    } else {
        super::print(&found.text())?;
    }
    Ok(if matches!(found, Found::Broken { .. }) { Exit::Data.into() } else { ExitCode::SUCCESS })
}

/// What the walk found.
enum Found {
    /// There is no database, and so no record.
    Nothing,
    /// Every row fits.
    Whole { rows: usize, first: Option<Timestamp>, last: Option<Timestamp> },
    /// The first that does not, as far as it is there.
    Broken { seq: i64, why: &'static str, row: Option<AuditRow> },
}

async fn verified(store: &Store) -> Result<Found, StoreError> {
    match store.verify_audit().await {
        Ok(rows) => {
            let last = i64::try_from(rows).unwrap_or(i64::MAX).saturating_sub(1).max(0);
            let (first, last) = (at(store, 0).await?, at(store, last).await?);
            Ok(Found::Whole { rows, first: first.map(|row| row.at), last: last.map(|row| row.at) })
        }
        Err(AuditError::Broken { seq, why }) => {
            let row = at(store, seq - 1).await?.filter(|row| row.seq == seq);
            Ok(Found::Broken { seq, why, row })
        }
        Err(AuditError::Store(error)) => Err(error),
    }
}

/// The first row after a number.
async fn at(store: &Store, after: i64) -> Result<Option<AuditRow>, StoreError> {
    Ok(store.audit_rows(after, 1).await?.into_iter().next())
}

impl Found {
    fn json(&self) -> Value {
        match self {
            Self::Nothing => Self::Whole { rows: 0, first: None, last: None }.json(),
            Self::Whole { rows, first, last } => json!({
                "whole": true,
                "rows": rows,
                "first": first.map(|at| at.to_string()),
                "last": last.map(|at| at.to_string()),
                "broken": null,
            }),
            Self::Broken { seq, why, row } => json!({
                "whole": false,
                "rows": null,
                "first": null,
                "last": null,
                "broken": { "row": seq, "why": why, "says": row.as_ref().map(|row| json!({
                    "at": row.at.to_string(),
                    "actor": row.actor,
                    "attempt": row.attempt.as_ref().map(crate::model::AttemptId::as_str),
                    "event": row.event,
                    "data": row.data,
                })) },
            }),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Nothing => NOTHING_YET.to_owned(),
            Self::Whole { rows: 0, .. } => "nothing is written in the record yet\n".to_owned(),
            Self::Whole { rows, first, last } => {
                let when = |at: &Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
                let (first, last) = (when(first).unwrap_or_default(), when(last).unwrap_or_default());
                let rows = if *rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
                format!("{rows}, from {first} to {last}: nothing was changed or taken out\n")
            }
            Self::Broken { seq, why, row } => {
                let says = row.as_ref().map(|row| {
                    let (at, about) = (row.at.strftime("%Y-%m-%d %H:%M:%S UTC"), row.attempt.as_ref());
                    let about = about.map(|attempt| format!(", attempt {attempt}")).unwrap_or_default();
                    format!("  it says: {at}, {}: {}{about} {}\n", row.actor, row.event, row.data)
                });
                format!(
                    "the record does not hold from row {seq} on: {why}\n{}  what stands before it is whole; what comes \
                     from there on proves nothing\n",
                    says.unwrap_or_default()
                )
            }
        }
    }
}
