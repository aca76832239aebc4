//! What an attempt was taken up with, for people: an edit of the configuration does nothing to one that is under way.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::attempt::{Step, step};
use super::error::doing;
use super::read::Columns;
use super::{Store, StoreError};
use crate::model::{AttemptId, Choice, CourtName, State};

/// The word in the audit trail, where the state does not change.
const EVENT: &str = "taken-up";

/// One of the choices that an attempt was taken up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The club's word for the court.
    pub court: CourtName,
    /// Local start of the slot.
    pub start: DateTime,
    /// When it can first be booked.
    pub opening: Timestamp,
}

impl From<&Choice> for Want {
    fn from(choice: &Choice) -> Self {
        Self { court: choice.court.clone(), start: choice.start, opening: choice.opening }
    }
}

impl Store {
    /// Moves an attempt on to [`State::Preparing`], with what it is taken up with in the same audit row.
    ///
    /// # Errors
    /// As of [`Store::transition`].
    pub async fn prepare(
        &self,
        id: &AttemptId,
        from: State,
        wants: &[Choice],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        doing("move an attempt on", async {
            let mut write = self.write().await?;
            let to = State::Preparing;
            step(&mut write, &Step { id, from, to, at, note: None }, data(wants)).await?;
            write.commit().await
        })
        .await
    }

    /// Writes down what an attempt that an earlier process had begun is taken up with now.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_wants(&self, id: &AttemptId, wants: &[Choice], at: Timestamp) -> Result<(), StoreError> {
        self.audit(Some(id), EVENT, data(wants), at).await
    }

    /// What an attempt was last taken up with, in order of preference; empty where it was not, or an older release did it.
    ///
    /// # Errors
    /// The database's.
    pub async fn wants(&self, id: &AttemptId) -> Result<Vec<Want>, StoreError> {
        doing("read what an attempt wants", async {
            let row = sqlx::query(
                "SELECT data FROM audit WHERE attempt = $1 AND event IN ($2, $3) ORDER BY seq DESC LIMIT 1",
            )
            .bind(id.as_str())
            .bind(EVENT)
            .bind(State::Preparing.as_str())
            .fetch_optional(self.pool())
            .await?;
            let Some(row) = row else { return Ok(Vec::new()) };
            let data: Value = serde_json::from_str(&row.text("data")?).unwrap_or_default();
            Ok(data["wants"].as_array().into_iter().flatten().filter_map(want).collect())
        })
        .await
    }
}

fn data(wants: &[Choice]) -> Value {
    let one = |choice: &Choice| json!({ "court": choice.court, "start": choice.start.to_string(), "opening": choice.opening.to_string() });
    json!({ "wants": wants.iter().map(one).collect::<Vec<_>>() })
}

fn want(value: &Value) -> Option<Want> {
    let text = |name: &str| value[name].as_str();
    let (start, opening) = (text("start")?.parse().ok()?, text("opening")?.parse().ok()?);
    Some(Want { court: CourtName::new(text("court")?), start, opening })
}
