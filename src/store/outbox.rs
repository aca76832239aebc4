//! Letters that are still to be sent: written in the transaction of what they tell, sent later, at least once.

use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::AttemptId;

/// What a letter tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// A court is booked.
    Confirmed,
    /// It ended without a court.
    Failed,
    /// A person must look.
    NeedsAttention,
}

impl LetterKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Failed, Self::NeedsAttention];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A finished letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it tells.
    pub kind: LetterKind,
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The words, for every reader.
    pub text: String,
    /// The same words, dressed.
    pub html: String,
    /// `<…@…>`; the same for every try, so that a mailbox shows a repeated letter once.
    pub message_id: String,
}

/// A letter that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedLetter {
    /// Its id in the outbox.
    pub id: String,
    /// The attempt that it tells of.
    pub attempt: Option<AttemptId>,
    /// The letter.
    pub letter: Letter,
    /// How often it was tried.
    pub tries: u32,
    /// When it was written.
    pub created_at: Timestamp,
}

/// What is still in the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingLetters {
    /// How many letters.
    pub count: usize,
    /// Why the one that was tried last did not leave; none: none was tried yet.
    pub last_error: Option<String>,
}

/// How a letter leaves the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A mail server took it.
    Sent,
    /// No mail is configured: nobody gets it.
    Swallowed,
    /// Tried often enough.
    GivenUp,
}

impl Delivery {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Swallowed => "swallowed",
            Self::GivenUp => "given-up",
        }
    }
}

impl Store {
    /// Puts a letter into the outbox by itself, where no attempt ends. One whose Message-ID is there already is not doubled.
    ///
    /// # Errors
    /// The database's.
    pub async fn queue_letter(
        &self,
        attempt: Option<&AttemptId>,
        letter: &Letter,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        doing("put a letter into the outbox", async {
            let mut write = self.write().await?;
            queue(&mut write, attempt, letter, at).await?;
            write.commit().await
        })
        .await
    }

    /// Letters whose next try is due, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn due_letters(&self, now: Timestamp, limit: i64) -> Result<Vec<QueuedLetter>, StoreError> {
        doing("read the outbox", async {
            let rows = sqlx::query(
                "SELECT * FROM outbox WHERE done_at IS NULL AND next_try <= $1 ORDER BY next_try, id LIMIT $2",
            )
            .bind(nanos(now))
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
            rows.iter().map(queued).collect()
        })
        .await
    }

    /// The instant of the next try of any letter; none: the outbox is empty.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_letter(&self) -> Result<Option<Timestamp>, StoreError> {
        doing("read the outbox", async {
            let row = sqlx::query("SELECT next_try FROM outbox WHERE done_at IS NULL ORDER BY next_try LIMIT 1")
                .fetch_optional(self.pool())
                .await?;
            row.map(|row| row.instant("next_try")).transpose()
        })
        .await
    }

    /// What waits, and why.
    ///
    /// # Errors
    /// The database's.
    pub async fn waiting_letters(&self) -> Result<WaitingLetters, StoreError> {
        doing("read the outbox", async {
            let rows =
                sqlx::query("SELECT last_error FROM outbox WHERE done_at IS NULL ORDER BY next_try DESC, id DESC")
                    .fetch_all(self.pool())
                    .await?;
            let errors = rows.iter().map(|row| row.maybe_text("last_error")).collect::<Result<Vec<_>, _>>()?;
            Ok(WaitingLetters { count: errors.len(), last_error: errors.into_iter().flatten().next() })
        })
        .await
    }

    /// A letter is done with.
    ///
    /// # Errors
    /// One that was done with before, and the database's.
    pub async fn mark_sent(&self, id: &str, how: Delivery, at: Timestamp) -> Result<(), StoreError> {
        doing("mark a letter as done", async {
            let mut write = self.write().await?;
            let letter = done(&mut write, id, how, at).await?;
            let data = json!({ "delivery": how.as_str(), "letter": letter.letter.message_id });
            append(&mut write, letter.attempt.as_ref(), "letter", data, at).await?;
            write.commit().await
        })
        .await
    }

    /// A try failed; `error` is kept for people, without secrets.
    ///
    /// # Errors
    /// The database's.
    pub async fn mark_failed(&self, id: &str, error: &str, next_try: Timestamp) -> Result<(), StoreError> {
        doing("mark a letter as failed", async {
            let mut write = self.write().await?;
            sqlx::query(
                "UPDATE outbox SET tries = tries + 1, last_error = $1, next_try = $2 WHERE id = $3 AND done_at IS NULL",
            )
            .bind(error)
            .bind(nanos(next_try))
            .bind(id)
            .execute(write.connection())
            .await?;
            write.commit().await
        })
        .await
    }

    /// What is due cannot be tried at all; `why` is kept for people, without secrets, and no try is counted.
    ///
    /// # Errors
    /// The database's.
    pub async fn hold_letters(&self, why: &str, now: Timestamp) -> Result<(), StoreError> {
        doing("say why letters wait", async {
            let mut write = self.write().await?;
            sqlx::query("UPDATE outbox SET last_error = $1 WHERE done_at IS NULL AND next_try <= $2")
                .bind(why)
                .bind(nanos(now))
                .execute(write.connection())
                .await?;
            write.commit().await
        })
        .await
    }
}

/// Puts a letter into the outbox within the transaction of what it tells.
pub(super) async fn queue(
    write: &mut Write,
    attempt: Option<&AttemptId>,
    letter: &Letter,
    at: Timestamp,
) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "INSERT INTO outbox (id, attempt, kind, recipient, subject, text, html, message_id, created_at, next_try) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (message_id) DO NOTHING",
    )
    .bind(write.new_id(at))
    .bind(attempt.map(AttemptId::as_str))
    .bind(letter.kind.as_str())
    .bind(letter.to.as_str())
    .bind(letter.subject.as_str())
    .bind(letter.text.as_str())
    .bind(letter.html.as_str())
    .bind(letter.message_id.as_str())
    .bind(nanos(at))
    .bind(nanos(at))
    .execute(write.connection())
    .await?;
    Ok(())
}

async fn done(write: &mut Write, id: &str, how: Delivery, at: Timestamp) -> Result<QueuedLetter, StoreErrorKind> {
    let row = sqlx::query("SELECT * FROM outbox WHERE id = $1 AND done_at IS NULL")
        .bind(id)
        .fetch_optional(write.connection())
        .await?;
    let row = row.ok_or_else(|| StoreErrorKind::Missing { what: "letter", id: id.to_owned() })?;
    sqlx::query("UPDATE outbox SET tries = tries + 1, result = $1, done_at = $2 WHERE id = $3")
        .bind(how.as_str())
        .bind(nanos(at))
        .bind(id)
        .execute(write.connection())
        .await?;
    queued(&row)
}

fn queued(row: &AnyRow) -> Result<QueuedLetter, StoreErrorKind> {
    Ok(QueuedLetter {
        id: row.text("id")?,
        attempt: row.maybe_text("attempt")?.map(AttemptId::new),
        letter: Letter {
            kind: row.word("kind", LetterKind::parse)?,
            to: row.text("recipient")?,
            subject: row.text("subject")?,
            text: row.text("text")?,
            html: row.text("html")?,
            message_id: row.text("message_id")?,
        },
        tries: u32::try_from(row.number("tries")?).unwrap_or(u32::MAX),
        created_at: row.instant("created_at")?,
    })
}
