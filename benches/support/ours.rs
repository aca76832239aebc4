//! firstserve's own ways to fire, through the layers that the engine uses.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use firstserve::browser::stage::Stage;
use firstserve::browser::{Session, Trigger, aim, shot};
use firstserve::clock::{Clock, SystemClock};
use firstserve::flow::wire::{Kept, OpeningWay, Program, Send};
use jiff::Timestamp;

use crate::page::{commit, outcomes};
use crate::way::Way;

/// How long the button may take, and how long an answer.
const BUTTON: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);

/// How often an armed program is asked once its instant has come.
const ASK_EVERY: Duration = Duration::from_millis(25);

/// A session with all that fires on it.
pub(crate) struct Ours {
    stage: Stage,
    trigger: Trigger,
}

impl Ours {
    pub(crate) async fn of(session: &Session) -> anyhow::Result<Self> {
        Ok(Self { stage: Stage::begin(session.driver().clone()).await?, trigger: session.trigger()? })
    }

    /// Fires from the staged page, not before `at`.
    pub(crate) async fn fire(&mut self, session: &Session, way: Way, at: Timestamp) -> anyhow::Result<()> {
        match way {
            Way::Native => self.native(at).await,
            Way::Script => self.script(at).await,
            Way::ArmedForm => self.armed(Send::Form, at).await,
            Way::ArmedFetch => self.armed(Send::Fetch, at).await,
            Way::Http => self.http(session, at).await,
        }
    }

    async fn native(&mut self, at: Timestamp) -> anyhow::Result<()> {
        let click = aim::click(&mut self.stage, &commit(Send::Form), BUTTON).await?.context("there is no button")?;
        self.trigger.fire_at(Arc::new(SystemClock), at, click, ANSWER).await?;
        Ok(())
    }

    async fn script(&mut self, at: Timestamp) -> anyhow::Result<()> {
        let commit = commit(Send::Form);
        self.stage.commit_button(&commit, BUTTON).await?;
        let (kept, early) = (Kept::default(), at - aim::SCRIPT_LEAD);
        self.stage.last_look(&outcomes(), &kept).await?;
        let command = aim::script(&commit, &outcomes(), &kept, at);
        self.trigger.fire_at(Arc::new(SystemClock), early, command, ANSWER).await?;
        Ok(())
    }

    async fn armed(&mut self, send: Send, at: Timestamp) -> anyhow::Result<()> {
        let program = Program {
            id: format!("bench-{}", at.as_nanosecond()),
            at_ms: aim::page_milliseconds(at),
            steps: Vec::new(),
            opening: OpeningWay::Page,
            commit: commit(send),
            kept: Kept::default(),
            outcomes: outcomes(),
            answer_ms: u64::try_from(ANSWER.as_millis())?,
        };
        self.stage.arm(&program).await?;
        SystemClock.sleep_until(at + ASK_EVERY).await;
        let deadline = at + ANSWER;
        while SystemClock.now() < deadline {
            if let Ok(Some(report)) = self.stage.armed_report(&program.id).await
                && report.is_over()
            {
                ensure!(report.fired_at_ms.is_some(), "the program gave up: {:?}", report.failure);
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        bail!("the program never answered")
    }

    async fn http(&mut self, session: &Session, at: Timestamp) -> anyhow::Result<()> {
        let planned = aim::shot(session, &mut self.stage, &commit(Send::Http), ANSWER, SystemClock.now()).await;
        let (plan, _) = planned.map_err(anyhow::Error::msg)?;
        shot::fire_at(Arc::new(SystemClock), at, plan).await?;
        Ok(())
    }
}
