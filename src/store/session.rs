//! Browser sessions, written down before they are used, so that what a crash leaves behind can be reaped.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError, StoreErrorKind};
use crate::model::AttemptId;

/// The name of a journalled session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JournalId(String);

/// A driver or session that was opened and not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalledSession {
    /// Its name in the journal.
    pub id: JournalId,
    /// The attempt that it serves.
    pub attempt: Option<AttemptId>,
    /// The driver's process, when this program started it.
    pub driver_pid: Option<u32>,
    /// When that process started, as the operating system tells it: a number that comes round again is another process.
    pub driver_start: Option<String>,
    /// Where the driver listens.
    pub driver_url: Option<String>,
    /// The WebDriver session.
    pub session_id: Option<String>,
    /// When it was written down.
    pub opened_at: Timestamp,
}

impl Store {
    /// Writes down that a session is about to be opened.
    ///
    /// # Errors
    /// The database's: then none is opened.
    pub async fn journal_session(&self, attempt: Option<&AttemptId>, at: Timestamp) -> Result<JournalId, StoreError> {
        let journal = JournalId(self.shared.ids.new_id(at));
        doing("journal a browser session", async {
            let mut write = self.write().await?;
            sqlx::query("INSERT INTO session (id, attempt, opened_at) VALUES ($1, $2, $3)")
                .bind(journal.0.as_str())
                .bind(attempt.map(AttemptId::as_str))
                .bind(nanos(at))
                .execute(write.connection())
                .await?;
            write.commit().await
        })
        .await?;
        Ok(journal)
    }

    /// Writes down the driver of a session: process, its start, address.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_driver(
        &self,
        journal: &JournalId,
        process: Option<(u32, &str)>,
        url: &str,
    ) -> Result<(), StoreError> {
        doing("journal a driver", async {
            let mut write = self.write().await?;
            sqlx::query("UPDATE session SET driver_pid = $1, driver_start = $2, driver_url = $3 WHERE id = $4")
                .bind(process.map(|(pid, _)| i64::from(pid)))
                .bind(process.map(|(_, start)| start))
                .bind(url)
                .bind(journal.0.as_str())
                .execute(write.connection())
                .await?;
            write.commit().await
        })
        .await
    }

    /// Writes down the WebDriver session's id.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_session_id(&self, journal: &JournalId, session: &str) -> Result<(), StoreError> {
        doing("journal a browser session's id", async {
            let mut write = self.write().await?;
            sqlx::query("UPDATE session SET session_id = $1 WHERE id = $2")
                .bind(session)
                .bind(journal.0.as_str())
                .execute(write.connection())
                .await?;
            write.commit().await
        })
        .await
    }

    /// The session has ended, certainly.
    ///
    /// # Errors
    /// The database's.
    pub async fn close_session(&self, journal: &JournalId, at: Timestamp) -> Result<(), StoreError> {
        doing("close a browser session's journal", async {
            let mut write = self.write().await?;
            sqlx::query("UPDATE session SET closed_at = $1 WHERE id = $2 AND closed_at IS NULL")
                .bind(nanos(at))
                .bind(journal.0.as_str())
                .execute(write.connection())
                .await?;
            write.commit().await
        })
        .await
    }

    /// What was opened and not closed, oldest first: at a start, what a crash left behind.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_sessions(&self) -> Result<Vec<JournalledSession>, StoreError> {
        doing("read the journal of browser sessions", async {
            let rows = sqlx::query("SELECT * FROM session WHERE closed_at IS NULL ORDER BY opened_at, id")
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(journalled).collect()
        })
        .await
    }
}

fn journalled(row: &AnyRow) -> Result<JournalledSession, StoreErrorKind> {
    Ok(JournalledSession {
        id: JournalId(row.text("id")?),
        attempt: row.maybe_text("attempt")?.map(AttemptId::new),
        driver_pid: row.maybe_number("driver_pid")?.and_then(|pid| u32::try_from(pid).ok()),
        driver_start: row.maybe_text("driver_start")?,
        driver_url: row.maybe_text("driver_url")?,
        session_id: row.maybe_text("session_id")?,
        opened_at: row.instant("opened_at")?,
    })
}
