//! Attempts: reading them, moving them on, ending them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::outbox;
use super::permit;
use super::read::{Columns, nanos};
use super::slot;
use super::write::Write;
use super::{Letter, Slot, Store, StoreError, StoreErrorKind};
use crate::model::{Attempt, AttemptId, BookingName, MemberId, Outcome, SiteId, State};

/// Which attempts to read; the default is all of them.
#[derive(Clone, Debug, Default)]
pub struct AttemptFilter {
    /// Only this member's.
    pub member: Option<MemberId>,
    /// Only this booking's.
    pub booking: Option<BookingName>,
    /// Only at this site.
    pub site: Option<SiteId>,
    /// Only those that are not over.
    pub live: bool,
    /// Only those that open until then.
    pub opens_by: Option<Timestamp>,
    /// Only of these dates, both included.
    pub between: Option<(Date, Date)>,
}

/// How an attempt ends.
#[derive(Clone, Debug)]
pub struct End<'a> {
    /// The state that it must be in.
    pub from: State,
    /// The word at its end.
    pub outcome: Outcome,
    /// What a person should read beside the outcome, without secrets.
    pub note: Option<&'a str>,
    /// The slot that was won, where the site's list showed another one than the last spent.
    pub slot: Option<Slot>,
    /// The mail that tells of it.
    pub letter: Option<Letter>,
    /// No booking asks for it any more: one that was cancelled with nothing unproven is planned again when one does, and one on a
    /// waiting list is there again.
    pub withdrawn: bool,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// The attempts that pass the filter, by opening.
    ///
    /// # Errors
    /// The database's.
    pub async fn attempts(&self, filter: &AttemptFilter) -> Result<Vec<Attempt>, StoreError> {
        let (first, last) = filter.between.unwrap_or((Date::MIN, Date::MAX));
        doing("read the attempts", async {
            let rows = sqlx::query(
                "SELECT * FROM attempt WHERE ($1 IS NULL OR member = $2) AND ($3 IS NULL OR booking = $4) \
                 AND ($5 IS NULL OR site = $6) AND ($7 = 0 OR ended_at IS NULL) AND opening <= $8 \
                 AND date >= $9 AND date <= $10 ORDER BY opening, id",
            )
            .bind(filter.member.as_ref().map(MemberId::as_str))
            .bind(filter.member.as_ref().map(MemberId::as_str))
            .bind(filter.booking.as_ref().map(BookingName::as_str))
            .bind(filter.booking.as_ref().map(BookingName::as_str))
            .bind(filter.site.as_ref().map(SiteId::as_str))
            .bind(filter.site.as_ref().map(SiteId::as_str))
            .bind(i64::from(filter.live))
            .bind(filter.opens_by.map_or(i64::MAX, nanos))
            .bind(first.to_string())
            .bind(last.to_string())
            .fetch_all(self.pool())
            .await?;
            rows.iter().map(attempt).collect()
        })
        .await
    }

    /// One attempt.
    ///
    /// # Errors
    /// The database's.
    pub async fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>, StoreError> {
        doing("read an attempt", async {
            let row = sqlx::query("SELECT * FROM attempt WHERE id = $1")
                .bind(id.as_str())
                .fetch_optional(self.pool())
                .await?;
            row.as_ref().map(attempt).transpose()
        })
        .await
    }

    /// Moves an attempt on. A `note` replaces the one it had; none leaves it.
    ///
    /// # Errors
    /// A conflict when it is not in `from` any more: whoever gets that stops acting on it.
    pub async fn transition(
        &self,
        id: &AttemptId,
        from: State,
        to: State,
        at: Timestamp,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        doing("move an attempt on", async {
            let mut write = self.write().await?;
            step(&mut write, &Step { id, from, to, at, note }, json!({})).await?;
            write.commit().await
        })
        .await
    }

    /// Ends an attempt: its outcome, its slot, its audit row and its mail are on disk together. A spent permit of a
    /// confirmed attempt is settled as won; one of any other outcome stays open until something proves what came of it.
    ///
    /// # Errors
    /// A conflict when it is not in `from` any more.
    pub async fn end(&self, id: &AttemptId, end: End<'_>) -> Result<(), StoreError> {
        let End { from, outcome, note, slot, letter, withdrawn, at } = end;
        doing("end an attempt", async {
            let mut write = self.write().await?;
            let mut data = json!({});
            if let Some(letter) = &letter {
                data["letter"] = json!(letter.message_id);
            }
            step(&mut write, &Step { id, from, to: State::Ended(outcome), at, note }, data).await?;
            if let Some(slot) = &slot {
                slot::take(&mut write, id, slot).await?;
            }
            if outcome == Outcome::Confirmed {
                permit::close_open(&mut write, id, "won", at).await?;
            }
            if outcome == Outcome::Cancelled && withdrawn {
                withdraw(&mut write, id).await?;
            }
            if let Some(letter) = letter {
                outbox::queue(&mut write, Some(id), &letter, at).await?;
            }
            write.commit().await
        })
        .await
    }
}

/// Marks an attempt of which nothing can be booked as one that the plan holds no more; it is planned again when the plan does. What
/// has a place on a waiting list, and nothing else that is open, comes back to that place.
async fn withdraw(write: &mut Write, id: &AttemptId) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "UPDATE attempt SET vanished = 1 WHERE id = $1 AND NOT EXISTS \
         (SELECT 1 FROM permit WHERE attempt = $2 AND (result = 'won' \
         OR (settled_at IS NULL AND (answer IS NULL OR answer <> 'waitlisted'))))",
    )
    .bind(id.as_str())
    .bind(id.as_str())
    .execute(write.connection())
    .await?;
    Ok(())
}

/// A change of state that is made only if the attempt is still where it was thought to be.
pub(super) struct Step<'a> {
    pub(super) id: &'a AttemptId,
    pub(super) from: State,
    pub(super) to: State,
    pub(super) at: Timestamp,
    pub(super) note: Option<&'a str>,
}

/// Compares, sets, and appends the one audit row of the change.
pub(super) async fn step(write: &mut Write, step: &Step<'_>, mut data: Value) -> Result<(), StoreErrorKind> {
    let changed = sqlx::query(
        "UPDATE attempt SET state = $1, updated_at = $2, ended_at = $3, note = COALESCE($4, note), vanished = 0, \
         epoch = (SELECT COALESCE(MAX(epoch), 0) FROM restore_epoch) WHERE id = $5 AND state = $6",
    )
    .bind(step.to.as_str())
    .bind(nanos(step.at))
    .bind(step.to.is_ended().then(|| nanos(step.at)))
    .bind(step.note)
    .bind(step.id.as_str())
    .bind(step.from.as_str())
    .execute(write.connection())
    .await?;
    if changed.rows_affected() != 1 {
        return Err(conflict(write, step.id, step.from).await?);
    }
    data["from"] = json!(step.from.as_str());
    if let Some(note) = step.note {
        data["note"] = json!(note);
    }
    append(write, Some(step.id), event(step.from, step.to), data, step.at).await
}

/// The attempt as it stands within a write.
pub(super) async fn current(write: &mut Write, id: &AttemptId) -> Result<Option<Attempt>, StoreErrorKind> {
    let row =
        sqlx::query("SELECT * FROM attempt WHERE id = $1").bind(id.as_str()).fetch_optional(write.connection()).await?;
    row.as_ref().map(attempt).transpose()
}

pub(super) async fn conflict(
    write: &mut Write,
    id: &AttemptId,
    expected: State,
) -> Result<StoreErrorKind, StoreErrorKind> {
    let found = current(write, id).await?.map(|attempt| attempt.state);
    Ok(StoreErrorKind::Conflict { attempt: id.clone(), expected, found })
}

/// The word of the trail: the new state, but a waiting list that led to a court is a promotion, a court can be given back, and a
/// person can settle what is over.
fn event(from: State, to: State) -> &'static str {
    match (from, to) {
        (State::Waitlisted, State::Ended(Outcome::Confirmed)) => "promoted",
        (State::Ended(Outcome::Confirmed), State::Ended(Outcome::Cancelled)) => "cancelled-at-site",
        (State::Ended(_), State::Ended(_)) => "settled-by-hand",
        (_, to) => to.as_str(),
    }
}

pub(super) fn attempt(row: &AnyRow) -> Result<Attempt, StoreErrorKind> {
    Ok(Attempt {
        id: AttemptId::new(row.text("id")?),
        booking: BookingName::new(row.text("booking")?),
        member: MemberId::new(row.text("member")?),
        site: SiteId::new(row.text("site")?),
        date: row.date("date")?,
        opening: row.instant("opening")?,
        state: row.word("state", State::parse)?,
        submits: u8::try_from(row.number("submits")?).unwrap_or(u8::MAX),
        created_at: row.instant("created_at")?,
        planned_at: row.instant("planned_at")?,
        updated_at: row.instant("updated_at")?,
        withdrawn: row.number("vanished")? == 1,
        note: row.maybe_text("note")?,
    })
}
