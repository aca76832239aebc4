//! Every configuration that was active.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError, StoreErrorKind};

/// The event of the audit trail that tells of one.
const CONFIGURED: &str = "configured";

/// Why a configuration became active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The daemon was started with it.
    Start,
    /// It was put in force under a running daemon.
    Reload,
    /// One attempt in the foreground was made with it.
    Book,
}

impl Cause {
    /// The word in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Reload => "reload",
            Self::Book => "book",
        }
    }

    /// The cause of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Start, Self::Reload, Self::Book].into_iter().find(|cause| cause.as_str() == word)
    }
}

/// A configuration that was active from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigRecord {
    /// Its number, from 1.
    pub seq: i64,
    /// When it became active.
    pub at: Timestamp,
    /// The hash of its text, as `config` computes it.
    pub hash: String,
    /// The text of the file.
    pub text: String,
}

impl Store {
    /// Keeps a configuration that becomes active; the one that is active already is not kept twice. Says whether it was new.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_config(&self, hash: &str, text: &str, cause: Cause, at: Timestamp) -> Result<bool, StoreError> {
        doing("keep the configuration", async {
            let mut write = self.write().await?;
            let last = sqlx::query("SELECT seq, hash FROM config_history ORDER BY seq DESC LIMIT 1")
                .fetch_optional(write.connection())
                .await?;
            let (seq, active) = match &last {
                Some(row) => (row.number("seq")?, row.text("hash")?),
                None => (0, String::new()),
            };
            if active == hash {
                return Ok(false);
            }
            sqlx::query("INSERT INTO config_history (seq, at, hash, text) VALUES ($1, $2, $3, $4)")
                .bind(seq + 1)
                .bind(nanos(at))
                .bind(hash)
                .bind(text)
                .execute(write.connection())
                .await?;
            let data = json!({ "cause": cause.as_str(), "hash": hash, "number": seq + 1 });
            append(&mut write, None, CONFIGURED, data, at).await?;
            write.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Every configuration that was active, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn config_history(&self, limit: i64) -> Result<Vec<ConfigRecord>, StoreError> {
        doing("read the old configurations", async {
            let rows = sqlx::query("SELECT * FROM config_history ORDER BY seq DESC LIMIT $1")
                .bind(limit)
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(record).collect()
        })
        .await
    }

    /// Why each configuration became active, by its number, as the audit trail tells it; trails of the first versions do not.
    ///
    /// # Errors
    /// The database's.
    pub async fn config_causes(&self) -> Result<BTreeMap<i64, Cause>, StoreError> {
        doing("read why configurations became active", async {
            let rows = sqlx::query("SELECT data FROM audit WHERE event = $1 ORDER BY seq")
                .bind(CONFIGURED)
                .fetch_all(self.pool())
                .await?;
            let texts: Vec<String> = rows.iter().map(|row| row.text("data")).collect::<Result<_, _>>()?;
            Ok(texts.iter().filter_map(|text| cause(text)).collect())
        })
        .await
    }

    /// The configuration of that number.
    ///
    /// # Errors
    /// The database's.
    pub async fn config_number(&self, seq: i64) -> Result<Option<ConfigRecord>, StoreError> {
        doing("read an old configuration", async {
            let row = sqlx::query("SELECT * FROM config_history WHERE seq = $1")
                .bind(seq)
                .fetch_optional(self.pool())
                .await?;
            row.as_ref().map(record).transpose()
        })
        .await
    }
}

fn cause(data: &str) -> Option<(i64, Cause)> {
    let data: Value = serde_json::from_str(data).ok()?;
    Some((data["number"].as_i64()?, Cause::parse(data["cause"].as_str()?)?))
}

fn record(row: &AnyRow) -> Result<ConfigRecord, StoreErrorKind> {
    Ok(ConfigRecord {
        seq: row.number("seq")?,
        at: row.instant("at")?,
        hash: row.text("hash")?,
        text: row.text("text")?,
    })
}
