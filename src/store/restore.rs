//! Coming back from a backup, and small settings that the program learns.

use jiff::Timestamp;
use serde_json::json;

use super::attempt::attempt;
use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError};
use crate::model::Attempt;

impl Store {
    /// Marks that this database came back from a backup: what happened since the backup is not in it.
    ///
    /// # Errors
    /// The database's.
    pub async fn mark_restored(&self, at: Timestamp) -> Result<i64, StoreError> {
        doing("mark the database as restored", async {
            let mut write = self.write().await?;
            let row = sqlx::query("SELECT COALESCE(MAX(epoch), 0) AS epoch FROM restore_epoch")
                .fetch_one(write.connection())
                .await?;
            let epoch = row.number("epoch")? + 1;
            sqlx::query("INSERT INTO restore_epoch (epoch, at) VALUES ($1, $2)")
                .bind(epoch)
                .bind(nanos(at))
                .execute(write.connection())
                .await?;
            append(&mut write, None, "restored", json!({ "epoch": epoch }), at).await?;
            write.commit().await?;
            Ok(epoch)
        })
        .await
    }

    /// Attempts that are not over, whose opening has passed, and that nobody has touched since a backup was restored: a
    /// submit that the backup does not know of may have happened, so that they are verified and never submitted.
    ///
    /// # Errors
    /// The database's.
    pub async fn unproven_since_restore(&self, now: Timestamp) -> Result<Vec<Attempt>, StoreError> {
        doing("read what a restored backup cannot know", async {
            let rows = sqlx::query(
                "SELECT * FROM attempt WHERE ended_at IS NULL AND opening <= $1 \
                 AND epoch < (SELECT COALESCE(MAX(epoch), 0) FROM restore_epoch) ORDER BY opening, id",
            )
            .bind(nanos(now))
            .fetch_all(self.pool())
            .await?;
            rows.iter().map(attempt).collect()
        })
        .await
    }

    /// A value that the program learned (the fastest fire mode that a rehearsal proved).
    ///
    /// # Errors
    /// The database's.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        doing("read a setting", async {
            let row =
                sqlx::query("SELECT value FROM setting WHERE name = $1").bind(name).fetch_optional(self.pool()).await?;
            row.map(|row| row.text("value")).transpose()
        })
        .await
    }

    /// Keeps a value that the program learned; never a secret.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_setting(&self, name: &str, value: &str, at: Timestamp) -> Result<(), StoreError> {
        doing("keep a setting", async {
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(name)
            .bind(value)
            .execute(write.connection())
            .await?;
            append(&mut write, None, "set", json!({ "name": name, "value": value }), at).await?;
            write.commit().await
        })
        .await
    }
}
