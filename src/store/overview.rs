//! What a person is shown of every booking: what goes on, what lies ahead, and what came last; not the whole history.

use jiff::civil::Date;
use sqlx::any::AnyRow;

use super::attempt::attempt;
use super::error::doing;
use super::read::Columns;
use super::slot::slot;
use super::{Slot, Store, StoreError, StoreErrorKind};
use crate::model::Attempt;

/// Of those that are over, a plan's own taking back is no outcome and stands aside; one that had a slot was given back by a person.
const OVERVIEW: &str = "SELECT * FROM (SELECT attempt.*, ROW_NUMBER() OVER (PARTITION BY member, booking, \
     CASE WHEN ended_at IS NULL OR (state = 'cancelled' AND vanished = 1) THEN 0 ELSE 1 END \
     ORDER BY updated_at DESC, opening DESC, id DESC) AS nth FROM attempt) AS numbered \
     WHERE ended_at IS NULL OR date >= $1 OR (nth = 1 AND NOT (state = 'cancelled' AND vanished = 1)) ORDER BY opening, id";

impl Store {
    /// The attempts that are not over, those of `since` and later dates, and of each booking the one that ended last; each with the
    /// slot that it has, or may have. By opening.
    ///
    /// # Errors
    /// The database's.
    pub async fn overview(&self, since: Date) -> Result<Vec<(Attempt, Option<Slot>)>, StoreError> {
        doing("read the attempts", async {
            let rows = sqlx::query(OVERVIEW).bind(since.to_string()).fetch_all(self.pool()).await?;
            rows.iter().map(with_slot).collect()
        })
        .await
    }
}

fn with_slot(row: &AnyRow) -> Result<(Attempt, Option<Slot>), StoreErrorKind> {
    let has_slot = row.maybe_text("slot_court")?.is_some();
    Ok((attempt(row)?, has_slot.then(|| slot(row)).transpose()?))
}
