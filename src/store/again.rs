//! An attempt that is over is planned again because a person asks for it.

use jiff::Timestamp;
use serde_json::json;

use super::attempt::{Step, current, step};
use super::error::doing;
use super::read::nanos;
use super::{Store, StoreError};
use crate::model::{AttemptId, Outcome, State};

impl Store {
    /// Plans an attempt that is over once more; false where that must not be: it is not over, it has its court, or nobody
    /// knows whether it has. A court that was given back is no longer its own.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask_again(&self, id: &AttemptId, at: Timestamp) -> Result<bool, StoreError> {
        doing("plan an attempt again", async {
            let mut write = self.write().await?;
            let Some(attempt) = current(&mut write, id).await?.filter(|attempt| attempt.state.is_ended()) else {
                return Ok(false);
            };
            let given_back = attempt.state == State::Ended(Outcome::Cancelled);
            let free = sqlx::query(
                "UPDATE attempt SET planned_at = $1, note = NULL WHERE id = $2 AND state <> 'confirmed' AND NOT EXISTS \
                 (SELECT 1 FROM permit WHERE attempt = $3 AND (settled_at IS NULL OR ($4 = 0 AND result = 'won')))",
            )
            .bind(nanos(at))
            .bind(id.as_str())
            .bind(id.as_str())
            .bind(i64::from(given_back))
            .execute(write.connection())
            .await?;
            if free.rows_affected() == 0 {
                return Ok(false);
            }
            let again = Step { id, from: attempt.state, to: State::Planned, at, note: None };
            step(&mut write, &again, json!({ "asked": "again" })).await?;
            write.commit().await?;
            Ok(true)
        })
        .await
    }
}
