//! Fire mode `http`: requests of our own with the browser's session, and the way back into the browser where the site needs it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Ready, Shooter};
use crate::browser::aim;
use crate::browser::shot::{self, ChainPlan, Chained, Landed, Plan, Run, ShotError, Visitor};
use crate::browser::stage;
use crate::browser::{Jar, Trust};
use crate::flow::Phase;
use crate::flow::chain::Resume;
use crate::flow::page::Reply;
use crate::flow::wire::{Step, Verb};
use crate::model::{Answer, FireMode};
use crate::store::Mark;
use crate::timing::{Event, Trouble, received};

/// How long a page may take that a chain is continued in.
const PAGE_MS: u64 = 15_000;

impl Shooter<'_> {
    /// The browser's own request, sent from a warm connection of ours; or a chain of them, where steps stand before it.
    pub(super) async fn http(&mut self, ready: &Ready) -> Event {
        if self.hands.kit.errand.is_chained() {
            return Box::pin(self.chain(ready)).await;
        }
        let (plan, visitor) = match self.plan(ready).await {
            Ok(planned) => planned,
            Err(trouble) => return self.not_done(ready, &trouble).await,
        };
        // After the form was read: what was read is what was filled in.
        if let Err(trouble) = self.last_look(ready).await {
            return self.not_done(ready, &trouble).await;
        }
        let trust = plan.trust.clone();
        match shot::fire_at(Arc::clone(&self.hands.kit.clock), self.at, plan).await {
            Ok(landed) => {
                let before = visitor.jar.clone();
                self.landed(ready, landed, &before, visitor, trust).await
            }
            Err(error) => self.not_landed(ready, error).await,
        }
    }

    async fn plan(&mut self, ready: &Ready) -> Result<(Plan, Visitor), stage::Trouble> {
        let (answer, now) = (self.answer(), self.hands.kit.clock.now());
        let live = self.live();
        aim::shot(&live.session, &mut live.stage, &ready.commit, answer, now).await
    }

    async fn landed(&mut self, ready: &Ready, landed: Landed, before: &Jar, visitor: Visitor, trust: Trust) -> Event {
        self.sent("http", landed.woke_at, landed.sent_at);
        if let Some(at) = received(|name| landed.reply.header(name)) {
            self.mark(Mark::Received, at);
        }
        self.mark(Mark::Answered, landed.returned_at);
        let (reply, shortened, after) = self.follow(landed.reply, visitor, trust).await;
        self.hand_back(before, &after).await;
        match reply {
            Ok(reply) => self.judge(ready, &reply, shortened).await,
            Err(why) => Event::NoAnswer(why),
        }
    }

    async fn not_landed(&mut self, ready: &Ready, error: ShotError) -> Event {
        match error {
            ShotError::NotSent { why } => Event::NotSent(Trouble::Unreachable(why)),
            // The browser stands ready on the same page.
            ShotError::Unfit { why } => {
                tracing::warn!(why, "the site does not take requests of ours; the browser submits");
                self.by_the_page(ready, FireMode::Script).await
            }
            ShotError::Unknown { why, woke_at, sent_at } => {
                self.sent("http", woke_at, sent_at);
                Event::NoAnswer(why)
            }
        }
    }

    /// Opening steps and commit in one go: everything before the commit is reversible.
    async fn chain(&mut self, ready: &Ready) -> Event {
        let steps = match self.opening_steps() {
            Ok(steps) => steps,
            Err(trouble) => return Event::OpeningFailed(trouble),
        };
        if self.hands.needs_page {
            return self.by_page(ready, &steps, None).await;
        }
        let plan = match self.chain_plan(ready, &steps).await {
            Ok(plan) => plan,
            Err(why) => {
                tracing::warn!(why, "the opening is not chained; it goes by page");
                return self.by_page(ready, &steps, None).await;
            }
        };
        let (before, trust) = (plan.visitor.jar.clone(), plan.trust.clone());
        let run = shot::chain_at(Arc::clone(&self.hands.kit.clock), self.at, plan).await;
        let Run { end, woke_at, steps: done, visitor } = run;
        for (place, took) in done {
            self.hands.kit.done(Phase::Opening, place, took);
        }
        match end {
            Chained::Landed(landed) => self.landed(ready, landed, &before, visitor, trust).await,
            Chained::Says(answer) => {
                self.hand_back(&before, &visitor.jar).await;
                self.opening_failed(woke_at, Trouble::Answer(answer))
            }
            Chained::Left(leave) => {
                tracing::warn!(%leave, "the chain needs a live page; the steps go on by page");
                self.hand_back(&before, &visitor.jar).await;
                self.hands.needs_page = true;
                if leave.resume.is_none() && woke_at.is_some() {
                    return self.opening_failed(woke_at, Trouble::Unreachable(leave.to_string()));
                }
                self.by_page(ready, &steps, leave.resume).await
            }
            Chained::Failed(ShotError::NotSent { why }) => self.opening_failed(woke_at, Trouble::Unreachable(why)),
            Chained::Failed(ShotError::Unfit { why }) => {
                tracing::warn!(why, "the site does not take requests of ours; the opening goes by page");
                self.by_page(ready, &steps, None).await
            }
            Chained::Failed(unknown @ ShotError::Unknown { .. }) => self.not_landed(ready, unknown).await,
        }
    }

    pub(in super::super) fn opening_steps(&self) -> Result<Vec<Step>, Trouble> {
        let steps = self.hands.kit.errand.flow.render_steps(Phase::Opening, &self.words()?);
        steps.map_err(|error| Trouble::Selector(error.to_string()))
    }

    pub(in super::super) async fn chain_plan(&mut self, ready: &Ready, steps: &[Step]) -> Result<ChainPlan, String> {
        let answer = self.answer();
        let live = self.live();
        aim::chain(&live.session, steps, &ready.commit, &ready.outcomes, answer).await
    }

    fn opening_failed(&mut self, woke_at: Option<Timestamp>, trouble: Trouble) -> Event {
        if let Some(woke_at) = woke_at {
            self.mark(Mark::Woken, woke_at);
        }
        Event::OpeningFailed(self.hands.kit.told(trouble))
    }

    /// The steps in the browser's page, or those that a chain has left, and the commit there. The permit is in the store.
    async fn by_page(&mut self, ready: &Ready, steps: &[Step], resume: Option<Resume>) -> Event {
        self.hands.kit.clock.sleep_until(self.at).await;
        let rest = match resume {
            Some(Resume { url, step }) => {
                let open = Step {
                    verb: Verb::Go(url.into()),
                    timeout_ms: PAGE_MS,
                    optional: false,
                    dialog: None,
                    place: ready.commit.place.clone(),
                    secret: false,
                };
                std::iter::once(open).chain(steps.iter().skip(step).cloned()).collect()
            }
            None => steps.to_vec(),
        };
        if let Err(trouble) = self.hands.rendered_steps(Phase::Opening, &rest, self.choice).await {
            return Event::OpeningFailed(self.hands.kit.told(trouble));
        }
        self.by_the_page(ready, FireMode::Script).await
    }

    /// Gives the browser the cookies that the answers have changed.
    pub(in super::super) async fn hand_back(&mut self, before: &Jar, after: &Jar) {
        let changed: Vec<_> =
            after.cookies().iter().filter(|cookie| !before.cookies().contains(cookie)).cloned().collect();
        if let Err(error) = self.live().session.set_cookies(&changed).await {
            tracing::warn!(error, "the browser did not take the session back");
        }
    }

    /// Where the answer leads a browser, why it is not whole, where it is not, and the cookies then.
    async fn follow(
        &self,
        reply: shot::Reply,
        visitor: Visitor,
        trust: Trust,
    ) -> (Result<Reply, String>, Option<String>, Jar) {
        let now = self.hands.kit.clock.now();
        let (followed, visitor) = shot::follow(reply, visitor, trust, self.answer(), now).await;
        let reply = followed.map_err(|error| error.to_string());
        let shortened = reply.as_ref().ok().and_then(shot::Reply::shortened);
        let reply = reply.map(|reply| Reply { status: reply.status, url: reply.url.to_string(), text: reply.text() });
        (reply, shortened, visitor.jar)
    }

    /// What the site's own outcomes say of an answer.
    async fn judge(&mut self, ready: &Ready, reply: &Reply, shortened: Option<String>) -> Event {
        let said = self.live().stage.judge(&ready.outcomes, reply).await;
        let answer = said.as_deref().and_then(Answer::parse).unwrap_or(Answer::Unknown);
        self.keep_what_puzzles(answer, Some(reply)).await;
        match answer {
            Answer::Unknown => {
                let why = shortened.map_or_else(String::new, |why| format!(": {why}"));
                Event::NoAnswer(format!("no outcome fits the answer {}{why}", reply.status))
            }
            answer => Event::Answered(answer),
        }
    }
}
