//! What became of an attempt's permits: what a restart must remember.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::error::doing;
use super::permit::PermitId;
use super::read::Columns;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{Answer, AttemptId, CourtName};

/// A permit that was spent, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastPermit {
    /// Its name.
    pub id: PermitId,
    /// The club's word for the court.
    pub court: CourtName,
    /// The site's own id of the court.
    pub court_site_id: String,
    /// Local start of the slot.
    pub start: DateTime,
    /// Local end of the slot.
    pub end: DateTime,
    /// The entry of the vault whose account was logged in; none: it was not kept.
    pub account: Option<String>,
    /// When it was spent.
    pub spent_at: Timestamp,
    /// What the site said.
    pub answer: Option<Answer>,
    /// Nobody knows yet whether it counted.
    pub open: bool,
    /// The site's list, or a person who has looked, proved that it did not count though nobody knew the answer.
    pub absent: bool,
}

impl Store {
    /// Every permit of an attempt, in the order in which they were spent.
    ///
    /// # Errors
    /// The database's.
    pub async fn permits_of(&self, attempt: &AttemptId) -> Result<Vec<PastPermit>, StoreError> {
        doing("read an attempt's permits", async {
            let rows = sqlx::query("SELECT * FROM permit WHERE attempt = $1 ORDER BY seq")
                .bind(attempt.as_str())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(past_permit).collect()
        })
        .await
    }
}

fn past_permit(row: &sqlx::any::AnyRow) -> Result<PastPermit, StoreErrorKind> {
    let result = row.maybe_text("result")?;
    let answer = row.maybe_text("answer")?;
    Ok(PastPermit {
        id: PermitId::of(row.text("id")?),
        court: CourtName::new(row.text("court")?),
        court_site_id: row.text("court_site_id")?,
        start: row.local("slot_start")?,
        end: row.local("slot_end")?,
        account: row.maybe_text("account")?,
        spent_at: row.instant("spent_at")?,
        answer: answer.as_deref().and_then(Answer::parse),
        open: result.is_none(),
        absent: result.as_deref() == Some("absent"),
    })
}
