//! A site without pages: every step is a request, and the commit is a shot.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use super::request::{self, Brought, RequestError};
use super::{Kit, Performer};
use crate::browser::Trust;
use crate::browser::shot::{self, Prepared, ShotError, Visitor};
use crate::engine::What;
use crate::flow::condition::{HttpAnswer, holds_for_answer};
use crate::flow::wire::{self, Verb};
use crate::flow::{Phase, Words, rows};
use crate::model::Answer;
use crate::store::Mark;
use crate::timing::{Event, Listing, Trouble, received};

/// Does at a site without pages what was decided.
pub(in crate::engine) struct ApiHands {
    kit: Kit,
    session: Option<Session>,
    marks: Vec<(Mark, Timestamp)>,
}

struct Session {
    client: reqwest::Client,
    words: Words,
    _account: OwnedMutexGuard<()>,
}

impl ApiHands {
    pub(super) fn new(kit: Kit) -> Self {
        Self { kit, session: None, marks: Vec::new() }
    }

    async fn try_stage(&mut self, choice: usize, reuse: bool) -> Result<Listing, Trouble> {
        if reuse && self.session.is_some() {
            self.steps(Phase::Retry, choice).await?;
        } else {
            self.log_in().await?;
            let listing = self.list().await?;
            if listing != Listing::Absent {
                return Ok(listing);
            }
            self.steps(Phase::Prepare, choice).await?;
        }
        self.steps(Phase::Choose, choice).await?;
        Ok(Listing::Absent)
    }

    async fn log_in(&mut self) -> Result<(), Trouble> {
        self.session = None;
        let words = self.kit.words()?;
        let account = self.kit.locks.take(&self.kit.errand.member.id).await;
        let client = request::client(self.kit.answer()).map_err(|error| Trouble::Unreachable(error.to_string()))?;
        self.session = Some(Session { client, words, _account: account });
        self.steps(Phase::Login, 0).await
    }

    async fn steps(&mut self, phase: Phase, choice: usize) -> Result<(), Trouble> {
        let flow = Arc::clone(&self.kit.errand.flow);
        for step in flow.steps(phase) {
            let started = self.kit.clock.uptime();
            self.step(phase, step, choice).await?;
            let took = self.kit.clock.uptime().saturating_sub(started);
            self.kit.done(phase, step.place().to_string(), took);
        }
        Ok(())
    }

    async fn step(&mut self, phase: Phase, step: &crate::flow::Step, choice: usize) -> Result<(), Trouble> {
        let session = self.session.as_mut().expect("steps run in a session");
        session.words = session.words.clone().with_choice(&self.kit.errand.choices[choice]);
        let step = step.render(&session.words).map_err(|error| Trouble::Selector(error.to_string()))?;
        match &step.verb {
            Verb::Request(request) => {
                let brought = request::send(&session.client, request).await;
                let brought = brought.map_err(|error| self.kit.trouble_of(&error, &step.place, choice))?;
                for (name, value) in brought.read {
                    session.words.learn(phase, &name, value);
                }
            }
            Verb::Pause { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            // The flow's check lets requests, pauses and rows through only; rows are read by the list.
            _ => {}
        }
        Ok(())
    }

    /// Runs the verify phase and compares its rows with every choice.
    async fn list(&mut self) -> Result<Listing, Trouble> {
        let flow = Arc::clone(&self.kit.errand.flow);
        let session = self.session.as_mut().expect("the list is read in a session");
        let mut last: Option<HttpAnswer> = None;
        let mut listing = None;
        for step in flow.steps(Phase::Verify) {
            let words = session.words.clone().with_choice(&self.kit.errand.choices[0]);
            let rendered = step.render(&words).map_err(|error| Trouble::Selector(error.to_string()))?;
            match &rendered.verb {
                Verb::Request(request) => {
                    let sent = request::send(&session.client, request).await;
                    let Brought { answer, read } =
                        sent.map_err(|error| self.kit.trouble_of(&error, &rendered.place, 0))?;
                    for (name, value) in read {
                        session.words.learn(Phase::Verify, &name, value);
                    }
                    last = Some(answer);
                }
                Verb::Rows(spec) => {
                    let found = last.as_ref().and_then(|answer| read_rows(spec, answer));
                    let found = found
                        .ok_or_else(|| Trouble::Selector(format!("{}: the answer is not the list", rendered.place)))?;
                    listing = Some(self.kit.listing(&session.words, &found)?);
                }
                _ => {}
            }
        }
        listing.ok_or_else(|| Trouble::Selector("verify/ reads no rows".to_owned()))
    }

    async fn shoot(&mut self, choice: usize, at: Timestamp) -> Event {
        let (commit, visitor) = match self.commit(choice) {
            Ok(ready) => ready,
            Err(trouble) => return Event::NotSent(trouble.words()),
        };
        let now = self.kit.clock.now();
        let request = commit.request.as_ref().expect("a flow without pages commits by a request");
        let prepared = match Prepared::of_request(request, &visitor, now) {
            Ok(prepared) => prepared,
            Err(error) => return Event::NotSent(error.to_string()),
        };
        let warm_with = url::Url::parse(&self.kit.errand.site.url).ok();
        let plan = shot::Plan { prepared, trust: Trust::default(), warm_with, answer: self.kit.answer() };
        match shot::fire_at(Arc::clone(&self.kit.clock), at, plan).await {
            Ok(landed) => {
                self.sent(choice, landed.woke_at, landed.sent_at);
                self.marks.extend(received(|name| landed.reply.header(name)).map(|at| (Mark::Received, at)));
                self.marks.push((Mark::Answered, landed.returned_at));
                let reply = landed.reply;
                let answer = HttpAnswer { status: reply.status, url: reply.url.to_string(), body: reply.text() };
                Event::Answered(self.kit.judge(&answer, choice))
            }
            Err(ShotError::NotSent { why }) => Event::NotSent(why),
            Err(ShotError::Unknown { why, woke_at, sent_at }) => {
                self.sent(choice, woke_at, sent_at);
                Event::NoAnswer(why)
            }
        }
    }

    fn commit(&self, choice: usize) -> Result<(wire::Commit, Visitor), Trouble> {
        let session = self.session.as_ref().ok_or_else(|| Trouble::Unreachable("the session is gone".to_owned()))?;
        let words = session.words.clone().with_choice(&self.kit.errand.choices[choice]);
        let commit = self.kit.errand.flow.commit().render(&words);
        let commit = commit.map_err(|error| Trouble::Selector(error.to_string()))?;
        let user_agent = concat!("firstserve/", env!("CARGO_PKG_VERSION")).to_owned();
        Ok((commit, Visitor { user_agent, ..Visitor::default() }))
    }

    fn sent(&mut self, choice: usize, woke: Timestamp, sent: Timestamp) {
        self.marks.extend([(Mark::Woken, woke), (Mark::Sent, sent)]);
        self.kit.sent(choice, "http", sent);
    }
}

impl Performer for ApiHands {
    async fn stage(&mut self, choice: usize, reuse: bool) -> Event {
        match self.try_stage(choice, reuse).await {
            Ok(listing) => Event::Staged(listing),
            Err(trouble) => Event::StageFailed(self.kit.told(trouble)),
        }
    }

    async fn check_login(&mut self) -> Event {
        let (Some(check), Some(session)) = (self.kit.errand.flow.logged_in(), &self.session) else {
            return Event::LoginChecked(true);
        };
        let Ok(check) = check.render(&session.words) else { return Event::LoginChecked(true) };
        match request::send(&session.client, &check.request).await {
            Ok(brought) => Event::LoginChecked(holds_for_answer(&check.when, &brought.answer)),
            // A check that could not be made says nothing; the submit itself will tell.
            Err(RequestError::Unreachable { .. }) => Event::LoginChecked(true),
            Err(_) => Event::LoginChecked(false),
        }
    }

    async fn open(&mut self, choice: usize, at: Timestamp) -> Event {
        self.kit.clock.sleep_until(at).await;
        match self.steps(Phase::Opening, choice).await {
            Ok(()) => Event::Opened,
            Err(trouble) => Event::OpeningFailed(self.kit.told(trouble)),
        }
    }

    async fn fire(&mut self, choice: usize, at: Timestamp) -> Event {
        self.marks.push((Mark::Planned, at));
        self.shoot(choice, at).await
    }

    async fn fence(&mut self) -> Event {
        // A shot is one write that has ended one way or the other: nothing of ours can submit any more.
        self.session = None;
        Event::Fenced
    }

    async fn read_list(&mut self) -> Event {
        if self.session.is_none()
            && let Err(trouble) = self.log_in().await
        {
            return Event::Listed(Listing::CannotTell(trouble.words()));
        }
        let listing = self.list().await.unwrap_or_else(|trouble| Listing::CannotTell(trouble.words()));
        if matches!(listing, Listing::CannotTell(_)) {
            self.session = None;
        }
        self.marks.push((Mark::Verified, self.kit.clock.now()));
        self.kit.reporter.say(self.kit.clock.now(), What::listed(&listing));
        Event::Listed(listing)
    }

    async fn rest(&mut self) {
        self.session = None;
    }

    fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
        std::mem::take(&mut self.marks)
    }
}

/// The rows of an answer; none: it is not the list, or not a fresh one.
fn read_rows(spec: &wire::Rows, answer: &HttpAnswer) -> Option<Vec<rows::Row>> {
    if spec.fresh_if.as_ref().is_some_and(|fresh| !holds_for_answer(fresh, answer)) {
        return None;
    }
    rows::from_json(spec, &serde_json::from_str(&answer.body).ok()?)
}

/// The first outcome that holds of an answer.
pub(super) fn first_that_holds(outcomes: &[wire::Outcome], answer: &HttpAnswer) -> Answer {
    let holds = outcomes.iter().find(|outcome| holds_for_answer(&outcome.when, answer));
    holds.and_then(|outcome| Answer::parse(&outcome.is)).unwrap_or(Answer::Unknown)
}
