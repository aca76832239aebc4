//! Choices that an attempt does not try again: what a restart must remember, beside the refusals that its permits tell of.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::json;
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{AttemptId, Choice, CourtName};

/// A choice that is not tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The club's word for the court.
    pub court: CourtName,
    /// Local start of the slot.
    pub start: DateTime,
    /// Since when.
    pub at: Timestamp,
}

impl Store {
    /// Writes down that an attempt does not try a choice again. Doing it twice changes nothing but the instant.
    ///
    /// # Errors
    /// The database's.
    pub async fn lose(&self, id: &AttemptId, choice: &Choice, at: Timestamp) -> Result<(), StoreError> {
        doing("write down a lost choice", async {
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO lost (attempt, court, slot_start, at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (attempt, court, slot_start) DO UPDATE SET at = excluded.at",
            )
            .bind(id.as_str())
            .bind(choice.court.as_str())
            .bind(choice.start.to_string())
            .bind(nanos(at))
            .execute(write.connection())
            .await?;
            let data = json!({ "court": choice.court, "start": choice.start.to_string() });
            append(&mut write, Some(id), "lost", data, at).await?;
            write.commit().await
        })
        .await
    }

    /// The choices that an attempt does not try again, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn lost(&self, id: &AttemptId) -> Result<Vec<Lost>, StoreError> {
        doing("read the lost choices", async {
            let rows = sqlx::query("SELECT * FROM lost WHERE attempt = $1 ORDER BY at, court, slot_start")
                .bind(id.as_str())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(lost).collect()
        })
        .await
    }
}

fn lost(row: &AnyRow) -> Result<Lost, StoreErrorKind> {
    Ok(Lost { court: CourtName::new(row.text("court")?), start: row.local("slot_start")?, at: row.instant("at")? })
}
