//! The audit trail: append-only, numbered without gaps, each row bound to the one before by a hash.
//!
//! The hash of a row is SHA-256 over a canonical JSON text of all its columns and the hash of the row before. Triggers
//! reject UPDATE and DELETE; what goes round them is found by [`Store::verify_audit`]. Somebody who can write the whole
//! file can also write a new chain: against that the last hash must be kept elsewhere (a backup has it).

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::error::{Doing, doing};
use super::read::{Columns, instant, nanos};
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::AttemptId;

/// Rows that are verified at a time.
const PAGE: i64 = 500;

/// One row of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `engine`, or a user.
    pub actor: String,
    /// The attempt that it is about.
    pub attempt: Option<AttemptId>,
    /// What happened, in a word: the new state of an attempt, or another event.
    pub event: String,
    /// More, as a JSON object with sorted keys; never secrets.
    pub data: String,
    /// The hash of the row before; empty for the first.
    pub prev_hash: String,
    /// The hash of this row, in hexadecimal digits.
    pub hash: String,
}

/// What verifying the trail can find.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The chain does not hold there.
    #[error("the audit trail is broken at row {seq}: {why}")]
    Broken {
        /// The first row that is wrong, or missing.
        seq: i64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Appends an event that is no change of an attempt's state. `data` is an object without secrets.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit(
        &self,
        attempt: Option<&AttemptId>,
        event: &str,
        data: Value,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        doing("write to the audit trail", async {
            let mut write = self.write().await?;
            append(&mut write, attempt, event, data, at).await?;
            write.commit().await
        })
        .await
    }

    /// The rows after number `after`, at most `limit`, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_rows(&self, after: i64, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        self.page(after, limit).await.doing("read the audit trail")
    }

    /// What is written about one attempt, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_of(&self, attempt: &AttemptId) -> Result<Vec<AuditRow>, StoreError> {
        doing("read the audit trail", async {
            let rows = sqlx::query("SELECT * FROM audit WHERE attempt = $1 ORDER BY seq")
                .bind(attempt.as_str())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(row).collect()
        })
        .await
    }

    /// Walks the whole chain and says how many rows it has.
    ///
    /// # Errors
    /// The first row that was changed, taken out, put in or cut off.
    pub async fn verify_audit(&self) -> Result<usize, AuditError> {
        const DOING: &str = "verify the audit trail";
        let (mut seq, mut hash) = (0, String::new());
        loop {
            let rows = self.page(seq, PAGE).await.doing(DOING)?;
            for row in &rows {
                follows(row, seq, &hash)?;
                (seq, hash) = (row.seq, row.hash.clone());
            }
            if !rows.is_empty() {
                continue;
            }
            let mut connection = self.pool().acquire().await.doing(DOING)?;
            let head = head(&mut connection).await.doing(DOING)?;
            if head.seq == seq {
                return if head.hash == hash { Ok(whole(seq)) } else { broken(seq, "it is not the last row's hash") };
            }
            // Rows may have come since the page was read; a page that stays empty means that they are gone.
            if head.seq < seq || self.page(seq, 1).await.doing(DOING)?.is_empty() {
                return broken(seq.min(head.seq) + 1, "the trail does not end where it says");
            }
        }
    }

    async fn page(&self, after: i64, limit: i64) -> Result<Vec<AuditRow>, StoreErrorKind> {
        let rows = sqlx::query("SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(after)
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(row).collect()
    }
}

/// Appends a row to the chain, within the transaction of the change that it tells of.
pub(super) async fn append(
    write: &mut Write,
    attempt: Option<&AttemptId>,
    event: &str,
    mut data: Value,
    at: Timestamp,
) -> Result<(), StoreErrorKind> {
    data.sort_all_objects();
    let head = head(write.connection()).await?;
    let mut row = AuditRow {
        seq: head.seq + 1,
        at: instant(nanos(at)),
        actor: write.actor().to_owned(),
        attempt: attempt.cloned(),
        event: event.to_owned(),
        data: data.to_string(),
        prev_hash: head.hash,
        hash: String::new(),
    };
    row.hash = hash(&row);
    insert(write.connection(), &row).await
}

struct Head {
    seq: i64,
    hash: String,
}

async fn head(connection: &mut AnyConnection) -> Result<Head, StoreErrorKind> {
    let row = sqlx::query("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_one(connection).await?;
    Ok(Head { seq: row.number("seq")?, hash: row.text("hash")? })
}

async fn insert(connection: &mut AnyConnection, row: &AuditRow) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "INSERT INTO audit (seq, at, actor, attempt, event, data, prev_hash, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.seq)
    .bind(nanos(row.at))
    .bind(row.actor.as_str())
    .bind(row.attempt.as_ref().map(AttemptId::as_str))
    .bind(row.event.as_str())
    .bind(row.data.as_str())
    .bind(row.prev_hash.as_str())
    .bind(row.hash.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1")
        .bind(row.seq)
        .bind(row.hash.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

fn row(row: &AnyRow) -> Result<AuditRow, StoreErrorKind> {
    Ok(AuditRow {
        seq: row.try_get("seq")?,
        at: row.instant("at")?,
        actor: row.text("actor")?,
        attempt: row.maybe_text("attempt")?.map(AttemptId::new),
        event: row.text("event")?,
        data: row.text("data")?,
        prev_hash: row.text("prev_hash")?,
        hash: row.text("hash")?,
    })
}

fn follows(row: &AuditRow, seq: i64, prev_hash: &str) -> Result<(), AuditError> {
    if row.seq != seq + 1 {
        broken(seq + 1, "it is missing")
    } else if row.prev_hash != prev_hash {
        broken(row.seq, "it does not follow the row before")
    } else if row.hash != hash(row) {
        broken(row.seq, "it was changed")
    } else {
        Ok(())
    }
}

fn broken<T>(seq: i64, why: &'static str) -> Result<T, AuditError> {
    Err(AuditError::Broken { seq, why })
}

fn whole(seq: i64) -> usize {
    usize::try_from(seq).expect("rows are counted from 0")
}

/// Keys in the alphabet's order, no white space: one row has one text.
fn hash(row: &AuditRow) -> String {
    let text = json!({
        "actor": row.actor,
        "at": nanos(row.at),
        "attempt": row.attempt,
        "data": row.data,
        "event": row.event,
        "prev_hash": row.prev_hash,
        "seq": row.seq,
    });
    Sha256::digest(text.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> AuditRow {
        AuditRow {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            actor: "engine".into(),
            attempt: None,
            event: "ready".into(),
            data: "{}".into(),
            prev_hash: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn every_column_is_in_the_hash() {
        let whole = hash(&sample());
        let changes: [fn(&mut AuditRow); 7] = [
            |row| row.seq = 2,
            |row| row.at = instant(1),
            |row| row.actor.push('x'),
            |row| row.attempt = Some("A".into()),
            |row| row.event.push('x'),
            |row| row.data.push(' '),
            |row| row.prev_hash.push('0'),
        ];
        for change in changes {
            let mut row = sample();
            change(&mut row);
            assert_ne!(hash(&row), whole, "{row:?}");
        }
        assert_eq!(hash(&sample()), whole);
        assert_eq!(whole.len(), 64);
    }
}
