//! The ways to fire that a rehearsal has shown to work up to the commit.

use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;

use super::audit::append;
use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{FireMode, OpeningWay, SiteId};
use crate::timing::{Proof, Way};

impl Store {
    /// Keeps a proof in place of an older one of the same way.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_proof(&self, site: &SiteId, proof: &Proof) -> Result<(), StoreError> {
        doing("keep what a rehearsal has proved", async {
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO proof (site, browser, mode, way, flow, at, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (site, browser, mode, way) DO UPDATE SET flow = excluded.flow, at = excluded.at, \
                 evidence = excluded.evidence",
            )
            .bind(site.as_str())
            .bind(proof.browser.as_str())
            .bind(proof.way.mode.as_str())
            .bind(word(proof.way))
            .bind(proof.flow.as_str())
            .bind(nanos(proof.at))
            .bind(proof.evidence.as_str())
            .execute(write.connection())
            .await?;
            let data =
                json!({ "browser": proof.browser, "evidence": proof.evidence, "site": site, "way": proof.way.words() });
            append(&mut write, None, "proved", data, proof.at).await?;
            write.commit().await
        })
        .await
    }

    /// Takes a proof back, because a later rehearsal has shown the contrary; nothing happens where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn void_proof(
        &self,
        site: &SiteId,
        browser: &str,
        way: Way,
        why: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        doing("take back what a rehearsal had proved", async {
            let mut write = self.write().await?;
            let gone = sqlx::query("DELETE FROM proof WHERE site = $1 AND browser = $2 AND mode = $3 AND way = $4")
                .bind(site.as_str())
                .bind(browser)
                .bind(way.mode.as_str())
                .bind(word(way))
                .execute(write.connection())
                .await?;
            if gone.rows_affected() == 0 {
                return Ok(());
            }
            let data = json!({ "browser": browser, "site": site, "way": way.words(), "why": why });
            append(&mut write, None, "proof-void", data, at).await?;
            write.commit().await
        })
        .await
    }

    /// What is proved of a site, with whatever selector files.
    ///
    /// # Errors
    /// The database's.
    pub async fn proofs(&self, site: &SiteId) -> Result<Vec<Proof>, StoreError> {
        doing("read what rehearsals have proved", async {
            let rows = sqlx::query("SELECT * FROM proof WHERE site = $1 ORDER BY at")
                .bind(site.as_str())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(proof).collect()
        })
        .await
    }
}

fn word(way: Way) -> &'static str {
    way.opening.map_or("", OpeningWay::as_str)
}

fn proof(row: &AnyRow) -> Result<Proof, StoreErrorKind> {
    Ok(Proof {
        way: Way { mode: row.word("mode", FireMode::parse)?, opening: OpeningWay::parse(&row.text("way")?) },
        browser: row.text("browser")?,
        flow: row.text("flow")?,
        at: row.instant("at")?,
        evidence: row.text("evidence")?,
    })
}
