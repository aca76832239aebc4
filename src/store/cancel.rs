//! A court that is won is given back at its site: what is written down before the site is asked, and after its list has spoken.

use jiff::Timestamp;
use serde_json::json;

use super::attempt::{Step, conflict, current, step};
use super::audit::append;
use super::error::doing;
use super::{Slot, Store, StoreError, StoreErrorKind};
use crate::model::{AttemptId, Outcome, State};

/// The word in the audit trail for one that is begun; its end is the attempt's next state, or nothing.
const BEGUN: &str = "cancel-begun";

/// Whose court can be given back.
const WON: State = State::Ended(Outcome::Confirmed);

impl Store {
    /// Writes down that the site is about to be asked to cancel what an attempt has won, on disk when this returns, in files that
    /// are there after a restart. Until its list says so, the court is still the attempt's.
    ///
    /// # Errors
    /// A conflict when the attempt is not confirmed, and the database's.
    pub async fn begin_cancel(&self, id: &AttemptId, slot: &Slot, at: Timestamp) -> Result<(), StoreError> {
        doing("write down that a court is given back", async {
            let mut write = self.write().await?;
            self.look_at_files()?;
            if current(&mut write, id).await?.is_none_or(|attempt| attempt.state != WON) {
                return Err::<(), StoreErrorKind>(conflict(&mut write, id, WON).await?);
            }
            let data = json!({ "court": slot.court, "end": slot.end.to_string(), "start": slot.start.to_string() });
            append(&mut write, Some(id), BEGUN, data, at).await?;
            write.commit().await?;
            self.look_at_files()
        })
        .await
    }

    /// The site's own list shows no more what an attempt had won: nobody holds its slot, and it is not planned again by itself.
    ///
    /// # Errors
    /// A conflict when the attempt is not confirmed any more, and the database's.
    pub async fn cancelled(&self, id: &AttemptId, note: &str, at: Timestamp) -> Result<(), StoreError> {
        doing("write down that a court was given back", async {
            let mut write = self.write().await?;
            let to = State::Ended(Outcome::Cancelled);
            step(&mut write, &Step { id, from: WON, to, at, note: Some(note) }, json!({})).await?;
            write.commit().await
        })
        .await
    }
}
