//! Log-ins of an attempt: how often the site has seen the credentials, which a restart must know.

use jiff::Timestamp;
use serde_json::json;

use super::{Store, StoreError};
use crate::model::{AttemptId, State};

/// The word in the audit trail.
const EVENT: &str = "log-in";

/// The word for one that stages.
const TO_STAGE: &str = "stage";

/// The word for one that reads the site's list after a submit.
const TO_VERIFY: &str = "verify";

/// A log-in that was about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastLogIn {
    /// When.
    pub at: Timestamp,
    /// To read the list after a submit; otherwise to stage.
    pub verifies: bool,
}

impl Store {
    /// Writes down that the site is about to see the credentials. They are sent after this has returned, or not at all.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_log_in(&self, id: &AttemptId, verifies: bool, at: Timestamp) -> Result<(), StoreError> {
        let why = if verifies { TO_VERIFY } else { TO_STAGE };
        self.audit(Some(id), EVENT, json!({ "to": why }), at).await
    }

    /// The log-ins of an attempt since it was last planned, oldest first: a choice that opens on another day has its own.
    ///
    /// # Errors
    /// The database's.
    pub async fn log_ins(&self, id: &AttemptId) -> Result<Vec<PastLogIn>, StoreError> {
        let rows = self.audit_of(id).await?;
        let planned = State::Planned.as_str();
        let since = rows.iter().rposition(|row| row.event == planned).unwrap_or_default();
        let ours = rows.into_iter().skip(since).filter(|row| row.event == EVENT);
        Ok(ours.map(|row| PastLogIn { at: row.at, verifies: row.data.contains(TO_VERIFY) }).collect())
    }
}
