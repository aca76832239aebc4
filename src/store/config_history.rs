//! Every configuration that was active.

use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError, StoreErrorKind};

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
    pub async fn keep_config(&self, hash: &str, text: &str, at: Timestamp) -> Result<bool, StoreError> {
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
            append(&mut write, None, "configured", json!({ "hash": hash, "number": seq + 1 }), at).await?;
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

fn record(row: &AnyRow) -> Result<ConfigRecord, StoreErrorKind> {
    Ok(ConfigRecord {
        seq: row.number("seq")?,
        at: row.instant("at")?,
        hash: row.text("hash")?,
        text: row.text("text")?,
    })
}
