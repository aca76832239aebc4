//! The series of one browser: every mode and control again and again, shuffled, and the cold first shots.

use std::time::Duration;

use anyhow::Context;
use firstserve::browser::{Engine, Options, Session, open};
use firstserve::clock::{Clock, SystemClock};
use rand::seq::SliceRandom;

use crate::club::{Club, Landed, Opening};
use crate::figures::Figures;
use crate::ours::Ours;
use crate::setting::Setting;
use crate::verdict::{self, Verdict};
use crate::way::{Side, Way};
use crate::{bare, page};

/// From emptying the club to its opening: time to log in, fill the form and warm what fires, up to a whole second more.
const AHEAD: Duration = Duration::from_millis(1_300);

/// The same for a new session.
const AHEAD_COLD: Duration = Duration::from_secs(4);

/// An opening for which the page was filled later than this before it is not used.
const STAGED_BY: Duration = Duration::from_millis(900);

/// How often an opening is tried for which something was not ready in time.
const TRIES: usize = 4;

/// What one browser did.
pub(crate) struct Series {
    pub(crate) engine: Engine,
    pub(crate) version: String,
    pub(crate) warm: Vec<Row>,
    pub(crate) cold: Vec<Row>,
}

/// All of one mode or control.
pub(crate) struct Row {
    pub(crate) way: Way,
    pub(crate) side: Side,
    pub(crate) late: Vec<f64>,
    /// Firings of which no booking came.
    pub(crate) lost: Vec<String>,
}

impl Series {
    /// What must not be, in words: see [`verdict::faults`].
    pub(crate) fn faults(&self, bars: bool) -> Vec<String> {
        let ours = self.warm.iter().chain(&self.cold).filter(|row| row.side == Side::Ours);
        let mut said: Vec<String> =
            ours.flat_map(|row| verdict::faults(row.way, row.figures().early(), row.lost.len())).collect();
        let warm = self.warm.iter().filter(|row| bars && row.side == Side::Ours);
        said.extend(warm.filter_map(|row| verdict::fault(row.way, self.verdict(row.way))));
        said.into_iter().map(|fault| format!("{}: {fault}", self.engine.as_str())).collect()
    }

    /// What the bar says of a mode.
    pub(crate) fn verdict(&self, way: Way) -> Verdict {
        verdict::verdict(way, &self.of(way, Side::Ours), &self.of(way, Side::Bare))
    }

    /// The warm figures of a mode or its control.
    pub(crate) fn of(&self, way: Way, side: Side) -> Figures {
        let row = self.warm.iter().find(|row| (row.way, row.side) == (way, side));
        row.map(Row::figures).unwrap_or_default()
    }
}

impl Row {
    pub(crate) fn figures(&self) -> Figures {
        Figures::of(self.late.clone())
    }

    fn note(&mut self, fired: anyhow::Result<Landed>) {
        match fired {
            Ok(Landed::Confirmed(late) | Landed::Early(late)) => self.late.push(late),
            Err(error) => self.lost.push(format!("{error:#}")),
        }
    }
}

pub(crate) async fn measure(setting: &Setting, engine: Engine, club: &mut Club) -> anyhow::Result<Series> {
    let (version, warm) = warm(setting, engine, club).await?;
    let cold = cold(setting, engine, club).await?;
    Ok(Series { engine, version, warm, cold })
}

async fn warm(setting: &Setting, engine: Engine, club: &mut Club) -> anyhow::Result<(String, Vec<Row>)> {
    let session = new_session(engine).await?;
    page::enter(session.driver(), &club.url).await?;
    let mut range = Range { ours: Ours::of(&session).await?, session: &session, club, ahead: AHEAD };
    let mut rows = rows(&setting.ways, &Side::ALL);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    for round in 0..=setting.openings {
        order.shuffle(&mut rand::rng());
        for at in &order {
            let row = &mut rows[*at];
            let fired = range.fire(row.way, row.side).await;
            // The first round warms everybody.
            if round > 0 {
                row.note(fired);
            }
        }
        eprintln!("{}: round {round} of {}", engine.as_str(), setting.openings);
    }
    let version = session.facts().browser_version.clone();
    drop(range);
    session.quit().await?;
    Ok((version, rows))
}

/// A new session for each shot.
async fn cold(setting: &Setting, engine: Engine, club: &mut Club) -> anyhow::Result<Vec<Row>> {
    let mut rows = rows(&setting.ways, &[Side::Ours]);
    for round in 1..=setting.cold {
        for row in &mut rows {
            let session = new_session(engine).await?;
            page::enter(session.driver(), &club.url).await?;
            let mut range = Range { ours: Ours::of(&session).await?, session: &session, club, ahead: AHEAD_COLD };
            let fired = range.fire(row.way, row.side).await;
            drop(range);
            row.note(fired);
            session.quit().await?;
        }
        eprintln!("{}: cold round {round} of {}", engine.as_str(), setting.cold);
    }
    Ok(rows)
}

fn rows(ways: &[Way], sides: &[Side]) -> Vec<Row> {
    let row = |way, side| Row { way, side, late: Vec::new(), lost: Vec::new() };
    ways.iter().flat_map(|way| sides.iter().map(move |side| row(*way, *side))).collect()
}

async fn new_session(engine: Engine) -> anyhow::Result<Session> {
    let options = Options::new(engine, env!("CARGO_BIN_EXE_firstserve"));
    let opened = open(&options, "bench").await;
    opened.map_err(|error| anyhow::anyhow!("{error}: {}; {}", error.kind, error.help()))
}

/// A session and the club that it is fired at.
struct Range<'a> {
    session: &'a Session,
    ours: Ours,
    club: &'a mut Club,
    ahead: Duration,
}

impl Range<'_> {
    /// One opening: empties the club, fills the form, fires, and asks the ledger.
    async fn fire(&mut self, way: Way, side: Side) -> anyhow::Result<Landed> {
        let opening = self.staged().await?;
        let fired = match side {
            Side::Ours => self.ours.fire(self.session, way, opening.at).await,
            Side::Bare => bare::fire(self.session, &self.club.url, way, opening.at).await,
        };
        fired.with_context(|| format!("{} ({side:?})", way.as_str()))?;
        let landed = self.club.landed(&opening).await.with_context(|| format!("{} ({side:?})", way.as_str()));
        if landed.is_err() {
            eprintln!("{landed:?}");
        }
        landed
    }

    async fn staged(&mut self) -> anyhow::Result<Opening> {
        let mut last = None;
        for _ in 0..TRIES {
            let opening = self.club.opens_in(self.ahead)?;
            match page::stage(self.session.driver(), &self.club.url, &opening).await {
                Ok(()) if SystemClock.now() + STAGED_BY < opening.at => return Ok(opening),
                Ok(()) => {
                    self.ahead += Duration::from_millis(200);
                    last = Some(anyhow::anyhow!("the page was not filled in time"));
                }
                // Most often the page of the last shot, which was still being left. More time would not help, and it would be
                // waited for before every shot to come.
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("nothing was tried")?)
    }
}
