//! When sites themselves say that slots open: what was read last, for the plan and for whoever asks why.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{Announced, AttemptId, CourtName, SiteId};

impl Store {
    /// Keeps what a site announced, in place of what was read before, and moves the attempt that read it to `opening`, the first of
    /// its choices'. With `afresh` it is planned anew from then on: its log-ins are counted from there. One row of the audit trail
    /// says so; reading the same once more changes nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn announce(
        &self,
        id: &AttemptId,
        announced: &Announced,
        opening: Timestamp,
        afresh: bool,
    ) -> Result<(), StoreError> {
        doing("keep what the site announced", async {
            let mut write = self.write().await?;
            let same = sqlx::query(
                "SELECT site FROM announced WHERE site = $1 AND court = $2 AND slot_start = $3 AND opening = $4 \
                 AND rule = $5 AND files = $6 AND EXISTS (SELECT 1 FROM attempt WHERE id = $7 AND attempt.opening = $8)",
            )
            .bind(announced.site.as_str())
            .bind(announced.court.as_str())
            .bind(announced.start.to_string())
            .bind(nanos(announced.instant))
            .bind(nanos(announced.rule))
            .bind(announced.files.as_str())
            .bind(id.as_str())
            .bind(nanos(opening))
            .fetch_optional(write.connection())
            .await?;
            if same.is_some() {
                return Ok(());
            }
            keep(&mut write, announced).await?;
            move_to(&mut write, id, opening, announced.read_at, afresh).await?;
            let data = json!({
                "court": announced.court,
                "opening": opening.to_string(),
                "rule": announced.rule.to_string(),
                "said": announced.said,
                "says": announced.instant.to_string(),
                "start": announced.start.to_string(),
            });
            append(&mut write, Some(id), "announced", data, announced.read_at).await?;
            write.commit().await
        })
        .await
    }

    /// What sites have announced of slots from that date on.
    ///
    /// # Errors
    /// The database's.
    pub async fn announced(&self, from: Date) -> Result<Vec<Announced>, StoreError> {
        doing("read what sites have announced", async {
            let rows = sqlx::query("SELECT * FROM announced WHERE slot_start >= $1 ORDER BY site, slot_start, court")
                .bind(from.to_string())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(announced).collect()
        })
        .await
    }
}

async fn keep(write: &mut Write, announced: &Announced) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "INSERT INTO announced (site, court, slot_start, opening, rule, read_at, said, files) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (site, court, slot_start) DO UPDATE SET \
         opening = excluded.opening, rule = excluded.rule, read_at = excluded.read_at, said = excluded.said, \
         files = excluded.files",
    )
    .bind(announced.site.as_str())
    .bind(announced.court.as_str())
    .bind(announced.start.to_string())
    .bind(nanos(announced.instant))
    .bind(nanos(announced.rule))
    .bind(nanos(announced.read_at))
    .bind(announced.said.as_str())
    .bind(announced.files.as_str())
    .execute(write.connection())
    .await?;
    Ok(())
}

/// What is over is not moved.
async fn move_to(
    write: &mut Write,
    id: &AttemptId,
    opening: Timestamp,
    at: Timestamp,
    afresh: bool,
) -> Result<(), StoreErrorKind> {
    sqlx::query("UPDATE attempt SET opening = $1, updated_at = $2 WHERE id = $3 AND ended_at IS NULL")
        .bind(nanos(opening))
        .bind(nanos(at))
        .bind(id.as_str())
        .execute(write.connection())
        .await?;
    if afresh {
        sqlx::query("UPDATE attempt SET planned_at = $1 WHERE id = $2 AND ended_at IS NULL")
            .bind(nanos(at))
            .bind(id.as_str())
            .execute(write.connection())
            .await?;
    }
    Ok(())
}

fn announced(row: &AnyRow) -> Result<Announced, StoreErrorKind> {
    Ok(Announced {
        site: SiteId::new(row.text("site")?),
        court: CourtName::new(row.text("court")?),
        start: row.local("slot_start")?,
        instant: row.instant("opening")?,
        rule: row.instant("rule")?,
        read_at: row.instant("read_at")?,
        said: row.text("said")?,
        files: row.text("files")?,
    })
}
