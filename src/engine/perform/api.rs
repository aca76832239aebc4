//! A site without pages: every step is a request, and the commit is a shot.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::answer::is_puzzling;
use super::prove::Tried;
use super::request::{self, Brought, Client, RequestError};
use super::staging::{self, Account, Stager, Standing};
use super::{Kit, Performer};
use crate::browser::Trust;
use crate::browser::shot::{self, Prepared, ShotError, Visitor};
use crate::engine::lock::Pressed;
use crate::flow::condition::{HttpAnswer, holds_for_answer};
use crate::flow::wire::{self, Verb};
use crate::flow::{Flow, Phase, Step, Words, rows};
use crate::model::{Announced, Answer, Secret};
use crate::store::Mark;
use crate::telemetry::{Learnt, Redactor};
use crate::timing::{Event, Hold, Listing, Staging, Trouble, Way, received};

/// Does at a site without pages what was decided.
pub(in crate::engine) struct ApiHands {
    kit: Kit,
    session: Option<Session>,
    account: Account,
    marks: Vec<(Mark, Timestamp)>,
}

struct Session {
    client: Client,
    words: Words,
    standing: Standing,
    /// Masked while the session lasts.
    learnt: Vec<Learnt>,
}

impl ApiHands {
    pub(super) fn new(kit: Kit) -> Self {
        Self { kit, session: None, account: Account::default(), marks: Vec::new() }
    }

    async fn step(&mut self, phase: Phase, step: &Step, choice: usize) -> Result<(), Trouble> {
        let session = self.session.as_mut().expect("steps run in a session");
        session.words = session.words.clone().with_choice(&self.kit.errand.choices[choice]);
        let step = step.render(&session.words).map_err(|error| Trouble::Selector(error.to_string()))?;
        if phase == Phase::Login && session.standing.log_in.begins(&step) {
            self.kit.note_log_in(self.account.verifies).await?;
            self.account.logins += 1;
        }
        match &step.verb {
            Verb::Request(request) => match request::send(&session.client, request).await {
                Ok(brought) => {
                    session.learnt.extend(hide_learnt(&self.kit.redactor, phase, &brought.read));
                    learn(&mut session.words, phase, brought.read);
                }
                Err(error) => return Err(self.kit.trouble_of(&error, &step.place, choice).await),
            },
            Verb::Pause { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            // The flow's check lets requests, pauses and rows through only; rows are read by the list.
            _ => {}
        }
        Ok(())
    }

    async fn shoot(&mut self, choice: usize, at: Timestamp) -> Event {
        let prepared = match self.commit(choice) {
            Ok(prepared) => prepared,
            Err(trouble) => return staging::not_sent(self, trouble).await,
        };
        let warm_with = url::Url::parse(&self.kit.errand.site.url).ok();
        let plan = shot::Plan { prepared, trust: Trust::default(), warm_with, answer: self.kit.answer() };
        match shot::fire_at(Arc::clone(&self.kit.clock), at, plan).await {
            Ok(landed) => {
                self.sent(choice, landed.woke_at, landed.sent_at);
                self.marks.extend(received(|name| landed.reply.header(name)).map(|at| (Mark::Received, at)));
                self.marks.push((Mark::Answered, landed.returned_at));
                self.judge(landed.reply, choice).await
            }
            Err(ShotError::NotSent { why } | ShotError::Unfit { why }) => {
                staging::not_sent(self, Trouble::Unreachable(why)).await
            }
            Err(ShotError::Unknown { why, woke_at, sent_at }) => {
                self.sent(choice, woke_at, sent_at);
                Event::NoAnswer(why)
            }
        }
    }

    async fn judge(&self, reply: shot::Reply, choice: usize) -> Event {
        let answer = HttpAnswer { status: reply.status, url: reply.url.to_string(), body: reply.text() };
        let said = self.kit.judge(&answer, choice);
        if is_puzzling(said) {
            self.kit.keep_answer(&answer.body).await;
        }
        if let (Answer::Unknown, Some(why)) = (said, reply.shortened()) {
            return Event::NoAnswer(why);
        }
        Event::Answered(said)
    }

    /// The commit's request, ready to be sent.
    fn commit(&self, choice: usize) -> Result<Prepared, Trouble> {
        let session = self.session.as_ref().ok_or_else(|| Trouble::Browser("the session is gone".to_owned()))?;
        let words = session.words.clone().with_choice(&self.kit.errand.choices[choice]);
        let commit = self.kit.errand.flow.commit().render(&words);
        let commit = commit.map_err(|error| Trouble::Selector(error.to_string()))?;
        let user_agent = concat!("firstserve/", env!("CARGO_PKG_VERSION")).to_owned();
        let visitor = Visitor { user_agent, ..Visitor::default() };
        let request = commit.request.as_ref().expect("a flow without pages commits by a request");
        if let Some(why) = self.kit.origins().refuse(&request.url) {
            return Err(Trouble::Selector(format!("{}: {why}", commit.place)));
        }
        let prepared = Prepared::of_request(request, &visitor, self.kit.clock.now());
        prepared.map_err(|error| Trouble::Selector(format!("{}: {error}", commit.place)))
    }

    fn sent(&mut self, choice: usize, woke: Timestamp, sent: Timestamp) {
        self.marks.extend([(Mark::Woken, woke), (Mark::Sent, sent)]);
        self.kit.sent(choice, "http", sent);
    }
}

impl Stager for ApiHands {
    fn kit(&self) -> &Kit {
        &self.kit
    }

    fn account(&mut self) -> &mut Account {
        &mut self.account
    }

    fn kit_mut(&mut self) -> &mut Kit {
        &mut self.kit
    }

    fn read_words(&mut self) -> Option<&mut Words> {
        self.session.as_mut().map(|session| &mut session.words)
    }

    fn standing(&mut self) -> Option<&mut Standing> {
        self.session.as_mut().map(|session| &mut session.standing)
    }

    fn mark(&mut self, mark: Mark, at: Timestamp) {
        self.marks.push((mark, at));
    }

    async fn open_session(&mut self) -> Result<(), Trouble> {
        let words = self.kit.words()?;
        self.kit.turn.take(self.account.verifies).await.map_err(Trouble::Account)?;
        let client = request::client(self.kit.answer(), self.kit.origins())
            .map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let (standing, learnt) = (Standing::default(), Vec::new());
        self.session = Some(Session { client, words, standing, learnt });
        Ok(())
    }

    async fn end_session(&mut self) {
        self.session = None;
    }

    async fn do_steps(&mut self, phase: Phase, choice: usize) -> Result<(), Trouble> {
        let flow = Arc::clone(&self.kit.errand.flow);
        for step in flow.steps(phase) {
            let started = self.kit.clock.uptime();
            self.step(phase, step, choice).await?;
            let took = self.kit.clock.uptime().saturating_sub(started);
            self.kit.done(phase, step.place().to_string(), took);
        }
        Ok(())
    }

    fn session_words(&mut self) -> Option<&mut Words> {
        self.session.as_mut().map(|session| &mut session.words)
    }

    async fn rows(&mut self) -> Result<Vec<rows::Row>, Trouble> {
        let flow = Arc::clone(&self.kit.errand.flow);
        let session = self.session.as_mut().expect("the list is read in a session");
        let mut last: Option<HttpAnswer> = None;
        let mut cut = false;
        let mut rows = None;
        for step in flow.steps(Phase::Verify) {
            let words = session.words.clone().with_choice(&self.kit.errand.choices[0]);
            let rendered = step.render(&words).map_err(|error| Trouble::Selector(error.to_string()))?;
            match &rendered.verb {
                Verb::Request(request) => match request::send(&session.client, request).await {
                    Ok(Brought { answer, is_cut, read }) => {
                        cut = is_cut;
                        learn(&mut session.words, Phase::Verify, read);
                        last = Some(answer);
                    }
                    Err(error) => return Err(self.kit.trouble_of(&error, &rendered.place, 0).await),
                },
                Verb::Rows(spec) => {
                    let Some(found) = last.as_ref().and_then(|answer| read_rows(spec, answer)) else {
                        self.kit.keep_answer(last.as_ref().map_or("", |answer| &answer.body)).await;
                        let why = if cut { request::TOO_LARGE } else { "the answer is not the list" };
                        return Err(Trouble::Selector(format!("{}: {why}", rendered.place)));
                    };
                    rows = Some(found);
                }
                _ => {}
            }
        }
        rows.ok_or_else(|| Trouble::Selector("verify/ reads no rows".to_owned()))
    }

    async fn list_beside(&mut self) -> Result<Listing, Trouble> {
        self.list().await
    }

    async fn look_at_commit(&mut self, choice: usize) -> Result<(), Trouble> {
        self.commit(choice).map(drop)
    }

    async fn prove(&mut self, _: Way, _: Timestamp) -> Tried {
        Tried::Untried("a site without pages has one way only".to_owned())
    }
}

impl Performer for ApiHands {
    async fn stage(&mut self, choice: usize, from: Staging) -> Event {
        staging::stage(self, choice, from).await
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
        staging::open(self, choice, at).await
    }

    async fn fire(&mut self, choice: usize, at: Timestamp) -> Event {
        self.marks.push((Mark::Planned, at));
        self.shoot(choice, at).await
    }

    async fn fence(&mut self) -> Event {
        // A shot is one write that has ended one way or the other: nothing of ours can submit any more.
        self.rest().await;
        Event::Fenced
    }

    async fn read_list(&mut self, may_log_in: bool) -> Event {
        staging::read_list(self, may_log_in).await
    }

    async fn rest(&mut self) {
        self.session = None;
        self.kit.turn.end();
    }

    fn pressed(&self, pressed: Pressed) -> BoxFuture<'static, String> {
        self.kit.turn.pressed(pressed)
    }

    async fn give_way(&mut self) -> bool {
        staging::give_way(self).await
    }

    fn take(&mut self, flow: Arc<Flow>) {
        self.kit.errand.take(flow);
    }

    fn held(&mut self, held: &[Hold]) {
        self.kit.errand.held = held.to_vec();
    }

    fn logins(&mut self) -> u8 {
        std::mem::take(&mut self.account.logins)
    }

    fn announced(&mut self) -> Vec<(usize, Announced)> {
        self.account.moved = false;
        std::mem::take(&mut self.account.announced)
    }

    fn has_moved(&self) -> bool {
        self.account.moved
    }

    fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
        std::mem::take(&mut self.marks)
    }
}

/// What log-in reads is as good as a password (a token, a session's name), for as long as its session lasts.
pub(super) fn hide_learnt(redactor: &Redactor, phase: Phase, read: &[(String, String)]) -> Vec<Learnt> {
    let read = if phase == Phase::Login { read } else { &[] };
    read.iter().filter_map(|(_, value)| redactor.learn(&Secret::new(value.clone()))).collect()
}

fn learn(words: &mut Words, phase: Phase, read: Vec<(String, String)>) {
    for (name, value) in read {
        words.learn(phase, &name, value);
    }
}

/// The rows of an answer; none: it is not the list, or not a fresh one.
fn read_rows(spec: &wire::Rows, answer: &HttpAnswer) -> Option<Vec<rows::Row>> {
    if spec.fresh_if.as_ref().is_some_and(|fresh| !holds_for_answer(fresh, answer)) {
        return None;
    }
    rows::from_json(spec, &serde_json::from_str(&answer.body).ok()?)
}
