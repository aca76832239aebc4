//! What requests and openings have taught about a site: how fast the way to it is, when it opens, and whether a lead may be used.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::ledger::span;
use super::read::{Columns, nanos};
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{AttemptId, SiteId};
use crate::timing::{Delay, Verdict};

/// Samples that are kept of each kind at a site.
const KEPT: i64 = 500;

/// What is known of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteLesson {
    /// Since when, and why, no lead is used; none: it may be, where the site has opted in.
    pub lead_off: Option<(Timestamp, String)>,
    /// How long after the announced instant it opened the last time; none: at once.
    pub opens_late: Option<Duration>,
}

impl Store {
    /// Keeps timed harmless requests of a kind ([`crate::timing::Way::kind`]); of each kind the newest 500 stay. Not for the
    /// moments before an opening: gather them, and write them when it is over.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_samples(&self, site: &SiteId, kind: &str, samples: &[Delay]) -> Result<(), StoreError> {
        if samples.is_empty() {
            return Ok(());
        }
        doing("keep what was measured", async {
            let mut write = self.write().await?;
            for sample in samples {
                sqlx::query("INSERT INTO sample (site, kind, at, dispatch, one_way) VALUES ($1, $2, $3, $4, $5)")
                    .bind(site.as_str())
                    .bind(kind)
                    .bind(nanos(sample.at))
                    .bind(span(signed(sample.dispatch)))
                    .bind(span(signed(sample.one_way)))
                    .execute(write.connection())
                    .await?;
            }
            forget_the_oldest(&mut write, site, kind).await?;
            write.commit().await
        })
        .await
    }

    /// The samples of a kind at a site, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn samples(&self, site: &SiteId, kind: &str) -> Result<Vec<Delay>, StoreError> {
        doing("read what was measured", async {
            let rows = sqlx::query(
                "SELECT at, dispatch, one_way FROM sample WHERE site = $1 AND kind = $2 ORDER BY at DESC LIMIT $3",
            )
            .bind(site.as_str())
            .bind(kind)
            .bind(KEPT)
            .fetch_all(self.pool())
            .await?;
            rows.iter().map(sample).collect()
        })
        .await
    }

    /// The kinds of samples that there are of a site, with their numbers.
    ///
    /// # Errors
    /// The database's.
    pub async fn sample_kinds(&self, site: &SiteId) -> Result<Vec<(String, usize)>, StoreError> {
        doing("read what was measured", async {
            let rows =
                sqlx::query("SELECT kind, COUNT(*) AS n FROM sample WHERE site = $1 GROUP BY kind ORDER BY kind")
                    .bind(site.as_str())
                    .fetch_all(self.pool())
                    .await?;
            let kind = |row: &AnyRow| Ok((row.text("kind")?, usize::try_from(row.number("n")?).unwrap_or(0)));
            rows.iter().map(kind).collect()
        })
        .await
    }

    /// What is known of a site; nothing, where nothing was learned.
    ///
    /// # Errors
    /// The database's.
    pub async fn lesson(&self, site: &SiteId) -> Result<SiteLesson, StoreError> {
        doing("read what is known of a site", async {
            let row = sqlx::query("SELECT * FROM lesson WHERE site = $1")
                .bind(site.as_str())
                .fetch_optional(self.pool())
                .await?;
            row.as_ref().map_or(Ok(SiteLesson::default()), lesson)
        })
        .await
    }

    /// Keeps what an opening has taught; a change of whether a lead may be used is in the audit trail.
    ///
    /// # Errors
    /// The database's.
    pub async fn teach(
        &self,
        site: &SiteId,
        attempt: Option<&AttemptId>,
        verdict: Verdict,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let before = self.lesson(site).await?;
        let mut after = before.clone();
        match verdict {
            Verdict::Nothing => return Ok(()),
            Verdict::Clean => after = SiteLesson::default(),
            Verdict::OpensLate { .. } => after.opens_late = verdict.opens_late(),
            Verdict::LedTooFar { by } => {
                let why =
                    format!("the site said \"not open\" to a fire {:.2} ms before the opening", by.as_secs_f64() * 1e3);
                after.lead_off = Some((at, why));
            }
        }
        self.learn(site, attempt, &before, &after, at).await
    }

    /// A person allows a lead again, where the site has opted in.
    ///
    /// # Errors
    /// The database's.
    pub async fn allow_lead(&self, site: &SiteId, at: Timestamp) -> Result<(), StoreError> {
        let before = self.lesson(site).await?;
        let after = SiteLesson { lead_off: None, ..before.clone() };
        self.learn(site, None, &before, &after, at).await
    }

    /// A person forbids it.
    ///
    /// # Errors
    /// The database's.
    pub async fn forbid_lead(&self, site: &SiteId, why: &str, at: Timestamp) -> Result<(), StoreError> {
        let before = self.lesson(site).await?;
        let after = SiteLesson { lead_off: Some((at, why.to_owned())), ..before.clone() };
        self.learn(site, None, &before, &after, at).await
    }

    async fn learn(
        &self,
        site: &SiteId,
        attempt: Option<&AttemptId>,
        before: &SiteLesson,
        after: &SiteLesson,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        doing("keep what is known of a site", async {
            let mut write = self.write().await?;
            put(&mut write, site, after, at).await?;
            let event = match (&before.lead_off, &after.lead_off) {
                (None, Some((_, why))) => Some(("lead-off", json!({ "site": site, "why": why }))),
                (Some(_), None) => Some(("lead-allowed", json!({ "site": site }))),
                _ => None,
            };
            if let Some((event, data)) = event {
                append(&mut write, attempt, event, data, at).await?;
            }
            write.commit().await
        })
        .await
    }
}

async fn put(write: &mut Write, site: &SiteId, lesson: &SiteLesson, at: Timestamp) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "INSERT INTO lesson (site, lead_off_at, lead_off_why, opens_late, learned_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (site) DO UPDATE SET lead_off_at = excluded.lead_off_at, lead_off_why = excluded.lead_off_why, \
         opens_late = excluded.opens_late, learned_at = excluded.learned_at",
    )
    .bind(site.as_str())
    .bind(lesson.lead_off.as_ref().map(|(at, _)| nanos(*at)))
    .bind(lesson.lead_off.as_ref().map(|(_, why)| why.as_str()))
    .bind(lesson.opens_late.map(|late| span(signed(late))))
    .bind(nanos(at))
    .execute(write.connection())
    .await?;
    Ok(())
}

async fn forget_the_oldest(write: &mut Write, site: &SiteId, kind: &str) -> Result<(), StoreErrorKind> {
    sqlx::query(
        "DELETE FROM sample WHERE site = $1 AND kind = $2 AND at < (SELECT MIN(newest.at) FROM \
         (SELECT at FROM sample WHERE site = $3 AND kind = $4 ORDER BY at DESC LIMIT $5) AS newest)",
    )
    .bind(site.as_str())
    .bind(kind)
    .bind(site.as_str())
    .bind(kind)
    .bind(KEPT)
    .execute(write.connection())
    .await?;
    Ok(())
}

fn sample(row: &AnyRow) -> Result<Delay, StoreErrorKind> {
    Ok(Delay {
        at: row.instant("at")?,
        dispatch: unsigned(row.number("dispatch")?),
        one_way: unsigned(row.number("one_way")?),
    })
}

fn lesson(row: &AnyRow) -> Result<SiteLesson, StoreErrorKind> {
    let since = row.maybe_number("lead_off_at")?.map(super::read::instant);
    Ok(SiteLesson {
        lead_off: since.zip(row.maybe_text("lead_off_why")?),
        opens_late: row.maybe_number("opens_late")?.map(unsigned),
    })
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

fn unsigned(nanos: i64) -> Duration {
    Duration::from_nanos(nanos.max(0).unsigned_abs())
}
