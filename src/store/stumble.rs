//! The last trouble of an attempt that still runs, for people: nothing is decided by it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::doing;
use super::read::Columns;
use super::{Store, StoreError};
use crate::model::AttemptId;

/// The word in the audit trail.
const EVENT: &str = "trouble";

impl Store {
    /// Writes down what went wrong in an attempt; without secrets.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_trouble(&self, id: &AttemptId, why: &str, at: Timestamp) -> Result<(), StoreError> {
        self.audit(Some(id), EVENT, json!({ "why": why }), at).await
    }

    /// What was last written of that, and when.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_trouble(&self, id: &AttemptId) -> Result<Option<(Timestamp, String)>, StoreError> {
        doing("read the trouble of an attempt", async {
            let row =
                sqlx::query("SELECT at, data FROM audit WHERE attempt = $1 AND event = $2 ORDER BY seq DESC LIMIT 1")
                    .bind(id.as_str())
                    .bind(EVENT)
                    .fetch_optional(self.pool())
                    .await?;
            let Some(row) = row else { return Ok(None) };
            let data: Value = serde_json::from_str(&row.text("data")?).unwrap_or_default();
            let why = data["why"].as_str().map(str::to_owned);
            why.map(|why| row.instant("at").map(|at| (at, why))).transpose()
        })
        .await
    }
}
