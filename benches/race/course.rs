//! What all parts need: the clubs, the peers, and one entrant at one opening.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use jiff::Timestamp;

use crate::entrant::{Entrant, Who};
use crate::household::Household;
use crate::job::Job;
use crate::lane::{Lane, Opened};
use crate::ledger::Story;
use crate::peers::Peers;
use crate::process::{Over, Running};
use crate::setting::Setting;
use crate::shot::{Part, Shot};
use crate::{contender, family};

/// How long after an opening its entrants may take: they look at the answer, and some at their list.
pub(crate) const PATIENCE: Duration = Duration::from_secs(25);

/// How long before an opening the form must be filled in, at least.
const READY: Duration = Duration::from_millis(300);

/// A part of the idle time that is idle for sure, whoever was slow to fill in the form.
const IDLE_SHARE: f64 = 0.5;

/// The clubs, the peers and the counts.
pub(crate) struct Course {
    pub(crate) setting: Setting,
    pub(crate) lanes: Vec<Lane>,
    peers: Peers,
    logs: PathBuf,
}

impl Course {
    pub(crate) fn new(setting: Setting, peers: Peers, logs: PathBuf) -> anyhow::Result<Self> {
        family::adopt()?;
        let lanes = (0..setting.lanes).map(|_| Lane::start()).collect::<anyhow::Result<_>>()?;
        Ok(Self { setting, lanes, peers, logs })
    }

    /// One entrant at one opening, in a browser of its own; it is idle until then.
    pub(crate) async fn cold(&self, entrant: Entrant, job: &Job) -> anyhow::Result<()> {
        let deadline = job.at()? + PATIENCE;
        match (entrant.mode(), entrant.who.peer()) {
            (Some(mode), _) => {
                let household = Household::build(job, mode, entrant.engine)?;
                let running = Running::start(household.command(), &self.log(entrant))?;
                finish(running, deadline).await
            }
            (None, Some(peer)) => {
                let mut running = Running::start(self.peers.command(entrant, peer)?, &self.log(entrant))?;
                let told = running.tell(job).await;
                let finished = finish(running, deadline).await;
                finished.and(told)
            }
            (None, None) => bail!("nobody knows how to start {}", entrant.id()),
        }
    }

    /// A process that serves one opening after the other in one session.
    pub(crate) fn warm(&self, entrant: Entrant) -> anyhow::Result<Running> {
        let command = match entrant.who {
            Who::Peer(peer) => self.peers.command(entrant, peer)?,
            Who::Ours(way) => {
                let mut command = contender::command(way.word())?;
                command.arg(entrant.engine.as_str());
                command
            }
            Who::Reloading(_) => bail!("there is no warm part at a reload"),
        };
        Running::start(command, &self.log(entrant))
    }

    fn log(&self, entrant: Entrant) -> PathBuf {
        self.logs.join(format!("{}.log", entrant.id()))
    }

    /// What came of a cold shot: the ledger decides, and the entrant's own words only explain.
    pub(crate) fn judge(&self, shot: Shot, story: Option<Story>, ended: anyhow::Result<()>) -> Shot {
        let Some(story) = story else {
            return Shot { failed: Some("the club's ledger could not be read".to_owned()), ..shot };
        };
        match self.staged_late(story) {
            Some(why) => told(Shot { failed: Some(why), staged_late: true, ..shot }, story),
            None => {
                let failed = fault(&shot, story, &ended);
                told(Shot { failed, ..shot }, story)
            }
        }
    }

    /// Who has submitted and was not idle for long enough was kept from it by the others' start.
    fn staged_late(&self, story: Story) -> Option<String> {
        let least = self.setting.idle.as_secs_f64() * IDLE_SHARE;
        match story {
            Story { submits: 0, .. } => None,
            Story { idle_s: Some(idle), .. } if idle < least => Some(format!("idle for {idle:.1} s only")),
            Story { idle_s: None, .. } => Some("the form was not loaded before the opening".to_owned()),
            _ => None,
        }
    }

    /// What came of a shot in a session that serves many.
    pub(crate) fn judge_warm(shot: Shot, story: Option<Story>, ended: &anyhow::Result<Ready>) -> Shot {
        let words = ended.as_ref().err().map(|error| format!("{error:#}"));
        match story {
            _ if matches!(ended, Ok(Ready::TooLate)) => {
                Shot { failed: Some("the form was not filled in in time".to_owned()), staged_late: true, ..shot }
            }
            Some(story) if story.submits == 1 && story.confirmed => told(shot, story),
            Some(story) => {
                let words = words.unwrap_or_else(|| "not confirmed".to_owned());
                let failed = Some(format!("{} submits: {words}", story.submits));
                told(Shot { failed, ..shot }, story)
            }
            None => Shot { failed: words.or_else(|| Some("the ledger could not be read".to_owned())), ..shot },
        }
    }
}

fn fault(shot: &Shot, story: Story, ended: &anyhow::Result<()>) -> Option<String> {
    let words = ended.as_ref().err().map_or_else(|| "it said nothing".to_owned(), |error| format!("{error:#}"));
    match story {
        Story { submits: 0, .. } => Some(format!("no submit: {words}")),
        Story { early: 1.., late_ms: None, .. } => Some("it came before the opening and not again".to_owned()),
        Story { submits: 2.., .. } => Some(format!("{} submits for one opening", story.submits)),
        Story { confirmed: false, .. } if !shot.part.is_contested() => Some(format!("not confirmed: {words}")),
        _ => None,
    }
}

/// A shot of which nothing is known yet.
pub(crate) fn blank(part: Part, round: usize, entrant: Entrant) -> Shot {
    Shot {
        part,
        round,
        entrant: entrant.id(),
        label: entrant.label(),
        ours: entrant.is_ours(),
        late_ms: None,
        early: 0,
        won: false,
        idle_s: None,
        failed: None,
        staged_late: false,
    }
}

fn told(shot: Shot, story: Story) -> Shot {
    Shot { late_ms: story.late_ms, early: story.early, won: story.confirmed, idle_s: story.idle_s, ..shot }
}

async fn finish(mut running: Running, deadline: Timestamp) -> anyhow::Result<()> {
    let over = running.over(deadline).await;
    running.end().await;
    match over {
        Over::Done => Ok(()),
        Over::Failed(why) => bail!("{why}"),
        Over::Silent => bail!("nothing was heard of it until {} s after the opening", PATIENCE.as_secs()),
    }
}

/// Whether a session that serves many was ready for an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    InTime,
    TooLate,
}

/// One opening of a session that serves many.
///
/// # Errors
/// It failed, or has not said that it was over.
pub(crate) async fn next_opening(running: &mut Running, lane: &Lane, opened: &Opened) -> anyhow::Result<Ready> {
    running.tell(&lane.job(opened, 0, PATIENCE)).await?;
    match running.staged(opened.at - READY).await {
        Over::Done => {}
        Over::Failed(why) => bail!("not staged: {why}"),
        Over::Silent => return Ok(Ready::TooLate),
    }
    match running.over(opened.at + PATIENCE).await {
        Over::Done => Ok(Ready::InTime),
        Over::Failed(why) => bail!("{why}"),
        Over::Silent => bail!("nothing was heard of it"),
    }
}
