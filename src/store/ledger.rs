//! The millisecond ledger of an attempt: what happened at which nanosecond.

use jiff::Timestamp;

use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError};
use crate::model::AttemptId;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The instant that the fire was planned for.
    Planned,
    /// The held thread was let go.
    Woken,
    /// The permit was on disk.
    Permit,
    /// The submit was handed to the browser or to the wire.
    Sent,
    /// The site's answer was read.
    Answered,
    /// The site's list was read.
    Verified,
}

impl Mark {
    /// Every mark, in the order in which they happen.
    pub const ALL: [Self; 6] = [Self::Planned, Self::Woken, Self::Permit, Self::Sent, Self::Answered, Self::Verified];

    /// The word in the database and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Woken => "woken",
            Self::Permit => "permit",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::Verified => "verified",
        }
    }

    /// The mark of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.as_str() == word)
    }
}

impl Store {
    /// Adds marks to an attempt's ledger, all in one commit: gather them while it matters, write them when it is over.
    ///
    /// # Errors
    /// The database's.
    pub async fn ledger(&self, id: &AttemptId, marks: &[(Mark, Timestamp)]) -> Result<(), StoreError> {
        doing("write to the ledger", async {
            let mut write = self.write().await?;
            for (mark, at) in marks {
                sqlx::query("INSERT INTO ledger (attempt, mark, at) VALUES ($1, $2, $3)")
                    .bind(id.as_str())
                    .bind(mark.as_str())
                    .bind(nanos(*at))
                    .execute(write.connection())
                    .await?;
            }
            write.commit().await
        })
        .await
    }

    /// The marks of an attempt, by time.
    ///
    /// # Errors
    /// The database's.
    pub async fn ledger_of(&self, id: &AttemptId) -> Result<Vec<(Mark, Timestamp)>, StoreError> {
        doing("read the ledger", async {
            let rows = sqlx::query("SELECT mark, at FROM ledger WHERE attempt = $1 ORDER BY at")
                .bind(id.as_str())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(|row| Ok((row.word("mark", Mark::parse)?, row.instant("at")?))).collect()
        })
        .await
    }
}
