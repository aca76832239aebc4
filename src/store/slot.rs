//! Slots that an attempt has, or may have: renaming or editing a booking never books twice.

use jiff::civil::DateTime;
use sqlx::any::AnyRow;

use super::attempt::attempt;
use super::error::doing;
use super::read::Columns;
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{Attempt, AttemptId, Choice, CourtName, MemberId, SiteId};

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

/// An attempt, and the slot that it won or last spent a permit on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The attempt.
    pub attempt: Attempt,
    /// Its slot.
    pub slot: Slot,
}

/// Attempts whose slot is theirs, or may be: won, waiting, between submit and certainty, or over without certainty.
macro_rules! held {
    ($and:literal) => {
        concat!(
            "SELECT * FROM attempt WHERE member = $1 AND site = $2 AND slot_court IS NOT NULL \
             AND (state IN ('submitting', 'confirming', 'unknown', 'verifying', 'waitlisted', 'confirmed') \
             OR id IN (SELECT attempt FROM permit WHERE settled_at IS NULL)) ",
            $and,
            " ORDER BY slot_start, id"
        )
    };
}

/// Those that overlap a time, on any court: nobody plays on two at once, and a booking whose court was changed is still the same
/// wish.
const OVERLAPPING: &str = held!("AND slot_start < $3 AND slot_end > $4");

impl Store {
    /// Attempts of that member at that site which have, or may have, any court at a time that overlaps the choice's.
    ///
    /// # Errors
    /// The database's.
    pub async fn overlapping(
        &self,
        member: &MemberId,
        site: &SiteId,
        choice: &Choice,
    ) -> Result<Vec<Attempt>, StoreError> {
        doing("look for attempts that have the slot", async {
            let slot = Slot::from(choice);
            let rows = sqlx::query(OVERLAPPING)
                .bind(member.as_str())
                .bind(site.as_str())
                .bind(slot.end.to_string())
                .bind(slot.start.to_string())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(attempt).collect()
        })
        .await
    }

    /// Every slot of that member at that site which starts at or after `from`, won or possibly won, on any court.
    ///
    /// # Errors
    /// The database's.
    pub async fn held(&self, member: &MemberId, site: &SiteId, from: DateTime) -> Result<Vec<Held>, StoreError> {
        doing("read the slots that are held", async {
            let rows = sqlx::query(held!("AND slot_start >= $3"))
                .bind(member.as_str())
                .bind(site.as_str())
                .bind(from.to_string())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(held_row).collect()
        })
        .await
    }

    /// The slot that an attempt won or last spent a permit on.
    ///
    /// # Errors
    /// The database's.
    pub async fn slot_of(&self, id: &AttemptId) -> Result<Option<Slot>, StoreError> {
        doing("read an attempt's slot", async {
            let row = sqlx::query("SELECT * FROM attempt WHERE id = $1 AND slot_court IS NOT NULL")
                .bind(id.as_str())
                .fetch_optional(self.pool())
                .await?;
            row.as_ref().map(slot).transpose()
        })
        .await
    }
}

/// Fails when another attempt of the same member at the same site has, or may have, a slot at that time.
pub(super) async fn refuse_held(write: &mut Write, of: &Attempt, wanted: &Slot) -> Result<(), StoreErrorKind> {
    let rows = sqlx::query(OVERLAPPING)
        .bind(of.member.as_str())
        .bind(of.site.as_str())
        .bind(wanted.end.to_string())
        .bind(wanted.start.to_string())
        .fetch_all(write.connection())
        .await?;
    for row in &rows {
        let by = AttemptId::new(row.text("id")?);
        if by != of.id {
            return Err(StoreErrorKind::SlotHeld { by });
        }
    }
    Ok(())
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

fn held_row(row: &AnyRow) -> Result<Held, StoreErrorKind> {
    Ok(Held { attempt: attempt(row)?, slot: slot(row)? })
}

fn slot(row: &AnyRow) -> Result<Slot, StoreErrorKind> {
    Ok(Slot {
        court: CourtName::new(row.text("slot_court")?),
        start: row.local("slot_start")?,
        end: row.local("slot_end")?,
    })
}
