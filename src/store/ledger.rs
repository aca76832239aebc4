//! The millisecond ledger: for each fire of an attempt, how it was done and what happened at which nanosecond.

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;

use super::error::doing;
use super::read::{Columns, nanos};
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{Answer, AttemptId, FireMode, OpeningWay, SiteId};
use crate::timing::Way;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The permit was on disk.
    Permit,
    /// The instant that the fire was planned for.
    Planned,
    /// The held thread was let go.
    Woken,
    /// The submit was handed to the browser or to the wire.
    Sent,
    /// The submit reached the site, as its own clock tells, where it does; turned into ours, where the site's is known to differ.
    Received,
    /// The site's answer was read.
    Answered,
    /// The site's list was read.
    Verified,
}

impl Mark {
    /// Every mark, in the order in which they happen.
    pub const ALL: [Self; 7] =
        [Self::Permit, Self::Planned, Self::Woken, Self::Sent, Self::Received, Self::Answered, Self::Verified];

    /// The word in the database and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Planned => "planned",
            Self::Woken => "woken",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Answered => "answered",
            Self::Verified => "verified",
        }
    }

    /// The mark of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.as_str() == word)
    }
}

/// One fire: how it was done, and its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fire {
    /// The attempt.
    pub attempt: AttemptId,
    /// Where.
    pub site: SiteId,
    /// The number of its permit, from 1.
    pub seq: u32,
    /// By which way.
    pub way: Way,
    /// In which browser; none: the site has no pages.
    pub browser: Option<String>,
    /// The opening of its choice, by our clock.
    pub opening: Timestamp,
    /// Whether that was past when the attempt was planned: there is nothing that it could be late for.
    pub open_already: bool,
    /// By how much it was allowed to leave before the opening.
    pub lead: SignedDuration,
    /// What the site said.
    pub answer: Option<Answer>,
    /// By time.
    pub marks: Vec<(Mark, Timestamp)>,
}

impl Fire {
    /// When a thing happened; of several the first.
    pub fn at(&self, mark: Mark) -> Option<Timestamp> {
        self.marks.iter().find(|(known, _)| *known == mark).map(|(_, at)| *at)
    }

    /// How long after the opening a thing happened; none where it was open already.
    pub fn after_opening(&self, mark: Mark) -> Option<SignedDuration> {
        self.at(mark).filter(|_| !self.open_already).map(|at| at.duration_since(self.opening))
    }

    /// How long after the opening a thing happened, or, where it was open already, after the instant that the fire was planned for.
    pub fn after_start(&self, mark: Mark) -> Option<SignedDuration> {
        let start = if self.open_already { self.at(Mark::Planned)? } else { self.opening };
        Some(self.at(mark)?.duration_since(start))
    }
}

/// How a fire was done, without its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HowFired<'a> {
    /// By which way.
    pub way: Way,
    /// In which browser.
    pub browser: Option<&'a str>,
    /// The opening of its choice, by our clock.
    pub opening: Timestamp,
    /// By how much it was allowed to leave before the opening.
    pub lead: SignedDuration,
    /// What the site said.
    pub answer: Option<Answer>,
}

/// Which fires to read; the default is all of them.
#[derive(Clone, Debug, Default)]
pub struct FireFilter {
    /// Only this attempt's.
    pub attempt: Option<AttemptId>,
    /// Only at this site.
    pub site: Option<SiteId>,
}

/// More fires than a picture shows.
const MOST_FIRES: i64 = 20_000;

impl Store {
    /// Adds marks to an attempt's ledger, all in one commit: gather them while it matters, write them when it is over. `fire` is
    /// the number of the permit that they belong to; 0: none.
    ///
    /// # Errors
    /// The database's.
    pub async fn ledger(&self, id: &AttemptId, fire: u32, marks: &[(Mark, Timestamp)]) -> Result<(), StoreError> {
        doing("write to the ledger", async {
            let mut write = self.write().await?;
            for (mark, at) in marks {
                sqlx::query("INSERT INTO ledger (attempt, mark, at, fire) VALUES ($1, $2, $3, $4)")
                    .bind(id.as_str())
                    .bind(mark.as_str())
                    .bind(nanos(*at))
                    .bind(i64::from(fire))
                    .execute(write.connection())
                    .await?;
            }
            write.commit().await
        })
        .await
    }

    /// Writes down how a fire was done; said again, it replaces what was said.
    ///
    /// # Errors
    /// The database's.
    pub async fn fired(&self, id: &AttemptId, seq: u32, how: &HowFired<'_>) -> Result<(), StoreError> {
        doing("write to the ledger how a submit was fired", async {
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO fire (attempt, seq, mode, way, browser, opening, lead, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                 ON CONFLICT (attempt, seq) DO UPDATE SET mode = excluded.mode, way = excluded.way, browser = excluded.browser, \
                 opening = excluded.opening, lead = excluded.lead, answer = COALESCE(excluded.answer, fire.answer)",
            )
            .bind(id.as_str())
            .bind(i64::from(seq))
            .bind(how.way.mode.as_str())
            .bind(how.way.opening.map(OpeningWay::as_str))
            .bind(how.browser)
            .bind(nanos(how.opening))
            .bind(span(how.lead))
            .bind(how.answer.map(Answer::as_str))
            .execute(write.connection())
            .await?;
            write.commit().await
        })
        .await
    }

    /// The marks of an attempt, by time.
    ///
    /// # Errors
    /// The database's.
    pub async fn ledger_of(&self, id: &AttemptId) -> Result<Vec<(Mark, Timestamp)>, StoreError> {
        doing("read the ledger", async {
            let rows = sqlx::query("SELECT mark, at FROM ledger WHERE attempt = $1 ORDER BY at")
                .bind(id.as_str())
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(mark).collect()
        })
        .await
    }

    /// The fires that pass the filter with their marks, by attempt and number; the newest 20,000 at most.
    ///
    /// # Errors
    /// The database's.
    pub async fn fires(&self, filter: &FireFilter) -> Result<Vec<Fire>, StoreError> {
        doing("read the ledger", async {
            let rows = sqlx::query(
                "SELECT fire.*, attempt.site AS site, attempt.planned_at AS planned_at FROM fire JOIN attempt ON attempt.id = fire.attempt \
                 WHERE ($1 IS NULL OR fire.attempt = $2) AND ($3 IS NULL OR attempt.site = $4) \
                 ORDER BY fire.attempt DESC, fire.seq DESC LIMIT $5",
            )
            .bind(filter.attempt.as_ref().map(AttemptId::as_str))
            .bind(filter.attempt.as_ref().map(AttemptId::as_str))
            .bind(filter.site.as_ref().map(SiteId::as_str))
            .bind(filter.site.as_ref().map(SiteId::as_str))
            .bind(MOST_FIRES)
            .fetch_all(self.pool())
            .await?;
            let mut fires = rows.iter().rev().map(fire).collect::<Result<Vec<_>, _>>()?;
            self.add_marks(&mut fires).await?;
            Ok(fires)
        })
        .await
    }

    async fn add_marks(&self, fires: &mut [Fire]) -> Result<(), StoreErrorKind> {
        let Some(first) = fires.first().map(|fire| fire.attempt.clone()) else { return Ok(()) };
        let last = fires.last().map_or_else(|| first.clone(), |fire| fire.attempt.clone());
        let rows = sqlx::query(
            "SELECT attempt, fire, mark, at FROM ledger WHERE attempt >= $1 AND attempt <= $2 AND fire > 0 ORDER BY at",
        )
        .bind(first.as_str())
        .bind(last.as_str())
        .fetch_all(self.pool())
        .await?;
        for row in &rows {
            let (attempt, seq) = (AttemptId::new(row.text("attempt")?), row.number("fire")?);
            let place = fires.binary_search_by(|fire| (&fire.attempt, i64::from(fire.seq)).cmp(&(&attempt, seq)));
            if let Ok(place) = place {
                fires[place].marks.push(mark(row)?);
            }
        }
        Ok(())
    }
}

fn mark(row: &AnyRow) -> Result<(Mark, Timestamp), StoreErrorKind> {
    Ok((row.word("mark", Mark::parse)?, row.instant("at")?))
}

fn fire(row: &AnyRow) -> Result<Fire, StoreErrorKind> {
    let opening = row.instant("opening")?;
    Ok(Fire {
        attempt: AttemptId::new(row.text("attempt")?),
        site: SiteId::new(row.text("site")?),
        seq: u32::try_from(row.number("seq")?).unwrap_or(u32::MAX),
        way: Way {
            mode: row.word("mode", FireMode::parse)?,
            opening: row.maybe_text("way")?.as_deref().and_then(OpeningWay::parse),
        },
        browser: row.maybe_text("browser")?,
        opening,
        open_already: opening <= row.instant("planned_at")?,
        lead: SignedDuration::from_nanos(row.number("lead")?),
        answer: row.maybe_text("answer")?.as_deref().and_then(Answer::parse),
        marks: Vec::new(),
    })
}

/// Nanoseconds, clamped to what 64 bits hold.
pub(super) fn span(span: SignedDuration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(if span.is_negative() { i64::MIN } else { i64::MAX })
}
