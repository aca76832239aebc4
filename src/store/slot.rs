//! Slots that an attempt has, or may have: renaming or editing a booking never books twice.

use jiff::civil::DateTime;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;

use super::attempt::attempt;
use super::error::doing;
use super::read::Columns;
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{Attempt, AttemptId, Choice, CourtName};

/// A court at a time, by the site's wall clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The club's word for the court.
    pub court: CourtName,
    /// Local start.
    pub start: DateTime,
    /// Local end.
    pub end: DateTime,
}

impl From<&Choice> for Slot {
    fn from(choice: &Choice) -> Self {
        Self { court: choice.court.clone(), start: choice.start, end: choice.end() }
    }
}

/// Attempts whose slot is theirs, or may be (won, waiting, between submit and certainty, or over without certainty), and overlaps
/// a time, on any court: nobody plays on two at once, and a booking whose court was changed is still the same wish.
const OVERLAPPING: &str = "SELECT * FROM attempt WHERE slot_court IS NOT NULL \
     AND (state IN ('submitting', 'confirming', 'unknown', 'verifying', 'waitlisted', 'confirmed') \
     OR id IN (SELECT attempt FROM permit WHERE settled_at IS NULL)) \
     AND slot_start < $1 AND slot_end > $2 ORDER BY slot_start, id";

impl Store {
    /// The slot that an attempt has, or may have; none before its first permit.
    ///
    /// # Errors
    /// The database's.
    pub async fn slot_of(&self, id: &AttemptId) -> Result<Option<Slot>, StoreError> {
        doing("read the slot of an attempt", async {
            let row = sqlx::query("SELECT * FROM attempt WHERE id = $1 AND slot_court IS NOT NULL")
                .bind(id.as_str())
                .fetch_optional(self.pool())
                .await?;
            row.as_ref().map(slot).transpose()
        })
        .await
    }

    /// Attempts of anybody at any site which have, or may have, any court at a time that overlaps the slot's.
    ///
    /// # Errors
    /// The database's.
    pub async fn overlapping(&self, slot: &Slot) -> Result<Vec<Attempt>, StoreError> {
        doing("look for attempts that have the slot", async {
            let rows = overlapping(slot).fetch_all(self.pool()).await?;
            rows.iter().map(attempt).collect()
        })
        .await
    }
}

fn overlapping(slot: &Slot) -> Query<'_, Any, AnyArguments> {
    sqlx::query(OVERLAPPING).bind(slot.end.to_string()).bind(slot.start.to_string())
}

pub(super) fn slot(row: &AnyRow) -> Result<Slot, StoreErrorKind> {
    let court = CourtName::new(row.text("slot_court")?);
    Ok(Slot { court, start: row.local("slot_start")?, end: row.local("slot_end")? })
}

/// Fails when another attempt of the same member, or with the same account, at the same site has, or may have, a slot at that time.
pub(super) async fn refuse_held(
    write: &mut Write,
    of: &Attempt,
    wanted: &Slot,
    account: &str,
) -> Result<(), StoreErrorKind> {
    let rows = overlapping(wanted).fetch_all(write.connection()).await?;
    let others = rows.iter().map(attempt).collect::<Result<Vec<_>, _>>()?;
    for other in others.into_iter().filter(|other| other.id != of.id && other.site == of.site) {
        if other.member == of.member || submitted_with(write, &other.id, account).await? {
            return Err(StoreErrorKind::SlotHeld { by: Box::new(other) });
        }
    }
    Ok(())
}

/// Whether the account is the one that an attempt has submitted with: two members can have one.
async fn submitted_with(write: &mut Write, id: &AttemptId, account: &str) -> Result<bool, StoreErrorKind> {
    let with = sqlx::query(
        "SELECT id FROM permit WHERE attempt = $1 AND account = $2 AND (settled_at IS NULL OR result = 'won')",
    )
    .bind(id.as_str())
    .bind(account)
    .fetch_optional(write.connection())
    .await?;
    Ok(with.is_some())
}

/// Writes down the slot that an attempt has, or may have.
pub(super) async fn take(write: &mut Write, id: &AttemptId, slot: &Slot) -> Result<(), StoreErrorKind> {
    sqlx::query("UPDATE attempt SET slot_court = $1, slot_start = $2, slot_end = $3 WHERE id = $4")
        .bind(slot.court.as_str())
        .bind(slot.start.to_string())
        .bind(slot.end.to_string())
        .bind(id.as_str())
        .execute(write.connection())
        .await?;
    Ok(())
}
