//! Permits: the durable leave to submit once.
//!
//! A [`Permit`] can only be had from [`Store::spend_permit`], which has it on disk before it returns, and it cannot be
//! copied: whoever fires consumes it. After a crash nobody has one; [`Store::open_permits`] tells what was spent, which is
//! enough to verify and not enough to submit.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::json;
use sqlx::any::AnyRow;

use super::attempt::{Step, conflict, current, step};
use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::slot;
use super::write::Write;
use super::{Slot, Store, StoreError, StoreErrorKind};
use crate::model::{Answer, AttemptId, Choice, CourtName, State};

/// The name of a permit, which may be copied; it gives no leave to submit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PermitId(String);

impl PermitId {
    /// A name as it stood in the database.
    pub(super) fn of(text: String) -> Self {
        Self(text)
    }

    /// The id as it stands in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The leave to submit once.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit that is not used must be released, or the attempt must be verified"]
pub struct Permit {
    id: PermitId,
    attempt: AttemptId,
    seq: u32,
}

impl Permit {
    /// Its name.
    pub fn id(&self) -> &PermitId {
        &self.id
    }

    /// The attempt that it was spent for.
    pub fn attempt(&self) -> &AttemptId {
        &self.attempt
    }

    /// Counted per attempt, from 1.
    pub fn seq(&self) -> u32 {
        self.seq
    }
}

/// A permit that was spent and of which nobody knows yet whether it counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPermit {
    /// Its name.
    pub id: PermitId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Counted per attempt, from 1.
    pub seq: u32,
    /// The club's word for the court.
    pub court: CourtName,
    /// The site's own id of the court.
    pub court_site_id: String,
    /// Local start of the slot.
    pub start: DateTime,
    /// Local end of the slot.
    pub end: DateTime,
    /// When it was spent.
    pub spent_at: Timestamp,
    /// What the site said, where it said something that proves nothing.
    pub answer: Option<Answer>,
}

/// What tells about a spent permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// What the site said to the submit.
    Answered(Answer),
    /// The site's own list has the slot.
    Listed,
    /// The site's own list, read twice after the settle time, does not have it.
    Absent,
}

impl From<Answer> for Evidence {
    fn from(answer: Answer) -> Self {
        Self::Answered(answer)
    }
}

impl Evidence {
    /// The result that it proves; none: the permit stays open. That the site says it worked is no proof, nor is an error
    /// page: only the list confirms.
    fn result(self) -> Option<&'static str> {
        match self {
            Self::Listed => Some("won"),
            Self::Absent => Some("absent"),
            Self::Answered(Answer::Confirmed | Answer::Waitlisted | Answer::SiteError | Answer::Unknown) => None,
            Self::Answered(
                Answer::Taken
                | Answer::NotOpen
                | Answer::Quota
                | Answer::LoginRefused
                | Answer::LoginExpired
                | Answer::Captcha
                | Answer::Price,
            ) => Some("refused"),
        }
    }

    fn answer(self) -> Option<Answer> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Listed | Self::Absent => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Answered(answer) => answer.as_str(),
            Self::Listed => "listed",
            Self::Absent => "absent",
        }
    }
}

impl Store {
    /// Spends a permit: moves the attempt from ready to submitting and writes the permit and its slot, all on disk when
    /// this returns, in files that are there after a restart. Dropped half-way or answered by an error, nobody may submit: it may yet be on disk, and is then found
    /// among the open ones. `account` is the entry of the vault whose account is logged in.
    ///
    /// # Errors
    /// A conflict when the attempt is not ready, an open permit of the attempt, another attempt of the same member, or
    /// with the same account, that has or may have the slot, and the database's.
    pub async fn spend_permit(
        &self,
        id: &AttemptId,
        choice: &Choice,
        account: &str,
        at: Timestamp,
    ) -> Result<Permit, StoreError> {
        doing("spend a permit", async {
            let mut write = self.write().await?;
            self.look_at_files()?;
            let permit = spend(&mut write, id, choice, account, at).await?;
            write.commit().await?;
            self.look_at_files()?;
            Ok(permit)
        })
        .await
    }

    /// Writes down what came of a permit and moves its attempt from submitting, or wherever it is since, to `next` (its
    /// present state: stays there). Proof closes the permit: a definite refusal, or the site's list.
    ///
    /// # Errors
    /// A permit that is closed already, and the database's.
    pub async fn settle_permit(
        &self,
        permit: &PermitId,
        evidence: impl Into<Evidence>,
        next: State,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let evidence = evidence.into();
        doing("settle a permit", async {
            let mut write = self.write().await?;
            settle(&mut write, permit, evidence, next, at).await?;
            write.commit().await
        })
        .await
    }

    /// Takes a permit back whose command was provably never sent: the attempt is ready again and the submit is not counted.
    /// `reason` is for the audit trail.
    ///
    /// # Errors
    /// A permit that is closed already, an attempt that is not submitting any more, and the database's.
    pub async fn release_permit(&self, permit: &PermitId, reason: &str, at: Timestamp) -> Result<(), StoreError> {
        doing("release a permit", async {
            let mut write = self.write().await?;
            release(&mut write, permit, reason, at).await?;
            write.commit().await
        })
        .await
    }

    /// Every permit of which nobody knows whether it counted, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_permits(&self) -> Result<Vec<OpenPermit>, StoreError> {
        doing("read the open permits", async {
            let rows = sqlx::query("SELECT * FROM permit WHERE settled_at IS NULL ORDER BY spent_at, id")
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(open_permit).collect()
        })
        .await
    }
}

/// Settles what is open of an attempt, with that result.
pub(super) async fn close_open(
    write: &mut Write,
    attempt: &AttemptId,
    result: &'static str,
    at: Timestamp,
) -> Result<(), StoreErrorKind> {
    sqlx::query("UPDATE permit SET result = $1, settled_at = $2 WHERE attempt = $3 AND settled_at IS NULL")
        .bind(result)
        .bind(nanos(at))
        .bind(attempt.as_str())
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn spend(
    write: &mut Write,
    id: &AttemptId,
    choice: &Choice,
    account: &str,
    at: Timestamp,
) -> Result<Permit, StoreErrorKind> {
    let Some(attempt) = current(write, id).await?.filter(|attempt| attempt.state == State::Ready) else {
        return Err(conflict(write, id, State::Ready).await?);
    };
    if open_of(write, id).await? {
        return Err(StoreErrorKind::PermitOpen { attempt: id.clone() });
    }
    let wanted = Slot::from(choice);
    slot::refuse_held(write, &attempt, &wanted, account).await?;
    let permit = Permit { id: PermitId(write.new_id(at)), attempt: id.clone(), seq: next_seq(write, id).await? };
    insert(write, &permit, choice, account, at).await?;
    slot::take(write, id, &wanted).await?;
    count(write, id, 1).await?;
    let data = json!({
        "account": account,
        "court": choice.court,
        "end": wanted.end.to_string(),
        "permit": permit.id.as_str(),
        "seq": permit.seq,
        "start": wanted.start.to_string(),
    });
    step(write, &Step { id, from: State::Ready, to: State::Submitting, at, note: None }, data).await?;
    Ok(permit)
}

async fn settle(
    write: &mut Write,
    id: &PermitId,
    evidence: Evidence,
    next: State,
    at: Timestamp,
) -> Result<(), StoreErrorKind> {
    let permit = open(write, id).await?;
    close(write, id, evidence, at).await?;
    let attempt = current(write, &permit.attempt).await?.ok_or_else(|| missing(id))?;
    let data = json!({ "evidence": evidence.as_str(), "permit": id.as_str(), "seq": permit.seq });
    if attempt.state == next {
        return append(write, Some(&permit.attempt), "answered", data, at).await;
    }
    step(write, &Step { id: &permit.attempt, from: attempt.state, to: next, at, note: None }, data).await
}

async fn release(write: &mut Write, id: &PermitId, reason: &str, at: Timestamp) -> Result<(), StoreErrorKind> {
    let permit = open(write, id).await?;
    sqlx::query("UPDATE permit SET result = 'not-sent', settled_at = $1 WHERE id = $2")
        .bind(nanos(at))
        .bind(id.as_str())
        .execute(write.connection())
        .await?;
    count(write, &permit.attempt, -1).await?;
    let data = json!({ "permit": id.as_str(), "reason": reason, "seq": permit.seq });
    let back = Step { id: &permit.attempt, from: State::Submitting, to: State::Ready, at, note: None };
    step(write, &back, data).await
}

pub(super) async fn open_of(write: &mut Write, attempt: &AttemptId) -> Result<bool, StoreErrorKind> {
    let open = sqlx::query("SELECT id FROM permit WHERE attempt = $1 AND settled_at IS NULL")
        .bind(attempt.as_str())
        .fetch_optional(write.connection())
        .await?;
    Ok(open.is_some())
}

async fn next_seq(write: &mut Write, attempt: &AttemptId) -> Result<u32, StoreErrorKind> {
    let row = sqlx::query("SELECT COUNT(*) AS spent FROM permit WHERE attempt = $1")
        .bind(attempt.as_str())
        .fetch_one(write.connection())
        .await?;
    Ok(u32::try_from(row.number("spent")?).unwrap_or(u32::MAX).saturating_add(1))
}

async fn insert(
    write: &mut Write,
    permit: &Permit,
    choice: &Choice,
    account: &str,
    at: Timestamp,
) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "INSERT INTO permit (id, attempt, seq, court, court_site_id, slot_start, slot_end, account, spent_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(permit.id.as_str())
    .bind(permit.attempt.as_str())
    .bind(i64::from(permit.seq))
    .bind(choice.court.as_str())
    .bind(choice.court_site_id.as_str())
    .bind(choice.start.to_string())
    .bind(choice.end().to_string())
    .bind(account)
    .bind(nanos(at))
    .execute(write.connection())
    .await?;
    Ok(())
}

async fn count(write: &mut Write, attempt: &AttemptId, submits: i64) -> Result<(), StoreErrorKind> {
    sqlx::query("UPDATE attempt SET submits = submits + $1 WHERE id = $2")
        .bind(submits)
        .bind(attempt.as_str())
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn open(write: &mut Write, id: &PermitId) -> Result<OpenPermit, StoreErrorKind> {
    let row = sqlx::query("SELECT * FROM permit WHERE id = $1 AND settled_at IS NULL")
        .bind(id.as_str())
        .fetch_optional(write.connection())
        .await?;
    open_permit(&row.ok_or_else(|| missing(id))?)
}

async fn close(write: &mut Write, id: &PermitId, evidence: Evidence, at: Timestamp) -> Result<(), StoreErrorKind> {
    let (result, answer) = (evidence.result(), evidence.answer());
    sqlx::query(
        "UPDATE permit SET answer = COALESCE($1, answer), answered_at = COALESCE($2, answered_at), result = $3, \
         settled_at = $4 WHERE id = $5",
    )
    .bind(answer.map(Answer::as_str))
    .bind(answer.map(|_| nanos(at)))
    .bind(result)
    .bind(result.map(|_| nanos(at)))
    .bind(id.as_str())
    .execute(write.connection())
    .await?;
    Ok(())
}

fn missing(id: &PermitId) -> StoreErrorKind {
    StoreErrorKind::Missing { what: "permit", id: id.as_str().to_owned() }
}

fn open_permit(row: &AnyRow) -> Result<OpenPermit, StoreErrorKind> {
    Ok(OpenPermit {
        id: PermitId(row.text("id")?),
        attempt: AttemptId::new(row.text("attempt")?),
        seq: u32::try_from(row.number("seq")?).unwrap_or(u32::MAX),
        court: CourtName::new(row.text("court")?),
        court_site_id: row.text("court_site_id")?,
        start: row.local("slot_start")?,
        end: row.local("slot_end")?,
        spent_at: row.instant("spent_at")?,
        answer: row
            .maybe_text("answer")?
            .map(|word| Answer::parse(&word).ok_or_else(|| StoreErrorKind::value("answer", word)))
            .transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_or_the_list_closes_a_permit() {
        let open: Vec<_> =
            Answer::ALL.into_iter().filter(|answer| Evidence::from(*answer).result().is_none()).collect();
        assert_eq!(open, [Answer::Confirmed, Answer::SiteError, Answer::Waitlisted, Answer::Unknown]);
        assert_eq!(Evidence::Listed.result(), Some("won"));
        assert_eq!(Evidence::Absent.result(), Some("absent"));
    }
}
