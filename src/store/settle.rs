//! What a person has seen at the site settles an attempt of which nobody knows whether it has its court. Everywhere else only the
//! site's own list does.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::attempt::{Step, attempt, conflict, step};
use super::error::doing;
use super::permit::close_open;
use super::read::nanos;
use super::slot;
use super::write::Write;
use super::{Slot, Store, StoreError, StoreErrorKind};
use crate::model::{Attempt, AttemptId, Outcome, State};

/// What is over and needs a person's word, one of it or all: it says so itself, or its last submit is not settled.
const UNSETTLED: &str = "SELECT * FROM attempt WHERE ($1 IS NULL OR id = $2) AND ended_at IS NOT NULL AND state <> 'confirmed' \
     AND (state = 'needs-attention' OR id IN (SELECT attempt FROM permit WHERE settled_at IS NULL)) ORDER BY opening, id";

/// The word in the audit trail.
const EVENT: &str = "settled-by-hand";

/// What a person has seen at the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// This slot is booked.
    Booked {
        /// Which one.
        slot: Slot,
        /// The entry of the vault whose account has it.
        account: Option<String>,
    },
    /// None of the attempt's choices is.
    NotBooked,
}

impl Store {
    /// The attempts that are over and wait for a person who has looked at the site, by opening.
    ///
    /// # Errors
    /// The database's.
    pub async fn unsettled(&self) -> Result<Vec<Attempt>, StoreError> {
        doing("read what a person has to look at", async {
            let rows = sqlx::query(UNSETTLED).bind(None::<&str>).bind(None::<&str>).fetch_all(self.pool()).await?;
            rows.iter().map(attempt).collect()
        })
        .await
    }

    /// Settles such an attempt by a person's word, and says what it is by now: confirmed with that slot, or over without one. Then
    /// it holds no slot, and can be [asked for again](Store::ask_again). `note` is what is read of it.
    ///
    /// # Errors
    /// A conflict when it does not wait for a person's word, another attempt of the same member that has or may have a slot at that
    /// time, and the database's.
    pub async fn settle_by_hand(
        &self,
        id: &AttemptId,
        seen: &Seen,
        note: &str,
        at: Timestamp,
    ) -> Result<Outcome, StoreError> {
        doing("settle an attempt by hand", async {
            let mut write = self.write().await?;
            let Some((attempt, from)) = unsettled(&mut write, id).await? else {
                let expected = State::Ended(Outcome::NeedsAttention);
                return Err::<Outcome, StoreErrorKind>(conflict(&mut write, id, expected).await?);
            };
            let outcome = match seen {
                Seen::Booked { slot, account } => {
                    slot::refuse_held(&mut write, &attempt, slot, account.as_deref().unwrap_or_default()).await?;
                    booked(&mut write, id, slot, at).await?
                }
                Seen::NotBooked => not_booked(&mut write, id, from, at).await?,
            };
            let to = State::Ended(outcome);
            step(&mut write, &Step { id, from: State::Ended(from), to, at, note: Some(note) }, data(seen)).await?;
            write.commit().await?;
            Ok(outcome)
        })
        .await
    }

    /// The entry of the vault whose account has what a person has seen as booked, the last time that he said so; none: he never did,
    /// or it was not known.
    ///
    /// # Errors
    /// The database's.
    pub async fn settled_with(&self, id: &AttemptId) -> Result<Option<String>, StoreError> {
        let rows = self.audit_of(id).await?;
        let last = rows.iter().rev().find(|row| row.event == EVENT);
        let data = last.and_then(|row| serde_json::from_str::<Value>(&row.data).ok());
        Ok(data.and_then(|data| data["account"].as_str().map(str::to_owned)))
    }
}

/// An attempt that waits for a person's word, and how it ended; none: it does not.
async fn unsettled(write: &mut Write, id: &AttemptId) -> Result<Option<(Attempt, Outcome)>, StoreErrorKind> {
    let one = Some(id.as_str());
    let row = sqlx::query(UNSETTLED).bind(one).bind(one).fetch_optional(write.connection()).await?;
    let found = row.as_ref().map(attempt).transpose()?;
    Ok(found.and_then(|attempt| match attempt.state {
        State::Ended(outcome) => Some((attempt, outcome)),
        _ => None,
    }))
}

/// The submit that booked it is won; an open one for another slot did not count.
async fn booked(write: &mut Write, id: &AttemptId, slot: &Slot, at: Timestamp) -> Result<Outcome, StoreErrorKind> {
    sqlx::query(
        "UPDATE permit SET result = 'won', settled_at = $1 WHERE attempt = $2 AND settled_at IS NULL AND court = $3 \
         AND slot_start = $4",
    )
    .bind(nanos(at))
    .bind(id.as_str())
    .bind(slot.court.as_str())
    .bind(slot.start.to_string())
    .execute(write.connection())
    .await?;
    close_open(write, id, "absent", at).await?;
    slot::take(write, id, slot).await?;
    Ok(Outcome::Confirmed)
}

/// Whoever needed a look needs none any more; any other end stays what it was.
async fn not_booked(
    write: &mut Write,
    id: &AttemptId,
    from: Outcome,
    at: Timestamp,
) -> Result<Outcome, StoreErrorKind> {
    close_open(write, id, "absent", at).await?;
    Ok(if from == Outcome::NeedsAttention { Outcome::SiteError } else { from })
}

fn data(seen: &Seen) -> Value {
    match seen {
        Seen::NotBooked => json!({ "booked": false }),
        Seen::Booked { slot: Slot { court, start, end }, account } => {
            let (start, end) = (start.to_string(), end.to_string());
            json!({ "account": account, "booked": true, "court": court, "end": end, "start": start })
        }
    }
}
