//! The ways to fire, each from "the permit is in the store" to the site's answer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::browser::{BrowserHands, Live};
use crate::browser::aim;
use crate::browser::shot::{self, Plan, ShotError, Visitor};
use crate::browser::stage::FailureKind;
use crate::browser::{Command, FireError, Trust};
use crate::flow::page::{Phase as ProgramPhase, Reply, Report, Tried};
use crate::flow::wire::{Commit, Outcome, Program};
use crate::flow::{Phase, Words};
use crate::model::{Answer, FireMode};
use crate::store::Mark;
use crate::timing::{Event, Trouble, received};

/// How often an armed program is asked how far it is, once its instant has come.
const ASK_EVERY: Duration = Duration::from_millis(25);

/// The page is left alone from this long before the instant on.
const HANDS_OFF: Duration = Duration::from_millis(100);

/// How long the commit's button may take to be there.
const BUTTON: Duration = Duration::from_secs(3);

/// One firing.
pub(super) struct Shooter<'a> {
    pub(super) hands: &'a mut BrowserHands,
    pub(super) choice: usize,
    pub(super) at: Timestamp,
}

/// What is needed to fire, rendered.
struct Ready {
    commit: Commit,
    outcomes: Vec<Outcome>,
}

impl Shooter<'_> {
    /// Submits, not before the instant, and reads the answer.
    pub(super) async fn fire(mut self) -> Event {
        let ready = match self.ready() {
            Ok(ready) => ready,
            Err(trouble) => return Event::NotSent(trouble.words()),
        };
        match self.hands.kit.errand.mode() {
            FireMode::Native => Box::pin(self.native(&ready)).await,
            FireMode::Armed => Box::pin(self.armed(&ready)).await,
            FireMode::Http => Box::pin(self.http(&ready)).await,
            FireMode::Script | FireMode::Auto => Box::pin(self.script(&ready)).await,
        }
    }

    fn ready(&self) -> Result<Ready, Trouble> {
        let flow = &self.hands.kit.errand.flow;
        let words = self.words()?;
        let selector = |error: crate::flow::RenderError| Trouble::Selector(error.to_string());
        let commit = flow.commit().render(&words).map_err(selector)?;
        let outcomes = flow.render_outcomes(&words).map_err(selector)?;
        Ok(Ready { commit, outcomes })
    }

    fn words(&self) -> Result<Words, Trouble> {
        let live = self.hands.live.as_ref().ok_or_else(|| Trouble::Browser("the session is gone".to_owned()))?;
        Ok(live.words.clone().with_choice(&self.hands.kit.errand.choices[self.choice]))
    }

    fn live(&mut self) -> &mut Live {
        self.hands.live.as_mut().expect("ready() has seen the session")
    }

    fn answer(&self) -> Duration {
        self.hands.kit.answer()
    }

    /// A WebDriver click on the button.
    async fn native(&mut self, ready: &Ready) -> Event {
        let click = match aim::click(&mut self.live().stage, &ready.commit, BUTTON).await {
            Ok(Some(click)) => click,
            Ok(None) => return Event::NotSent("the commit has no button".to_owned()),
            Err(trouble) => return Event::NotSent(trouble.reason),
        };
        let dialog = ready.commit.dialog.clone();
        self.live().stage.declare(dialog);
        let at = self.at;
        match self.pull(click, at).await {
            Ok(fired) => {
                self.sent("native", fired.woke_at, fired.sent_at);
                self.race(ready).await
            }
            Err(error) => self.not_fired("native", error),
        }
    }

    /// One script call that is held in the page until the instant, and clicks there.
    async fn script(&mut self, ready: &Ready) -> Event {
        if let Err(trouble) = self.live().stage.commit_button(&ready.commit, BUTTON).await {
            return Event::NotSent(trouble.reason);
        }
        let dialog = ready.commit.dialog.clone();
        self.live().stage.declare(dialog);
        let command = aim::script(&ready.commit, self.at);
        let early = self.at - aim::SCRIPT_LEAD;
        let fired = match self.pull(command, early).await {
            Ok(fired) => fired,
            Err(error) => return self.not_fired("script", error),
        };
        match page_answer(&fired.result) {
            Said::Sent { woke, sent } => {
                self.sent("script", woke, sent);
                self.race(ready).await
            }
            Said::Refused(why) => Event::NotSent(why),
            Said::Unclear(why) => {
                self.sent("script", fired.woke_at, fired.returned_at);
                tracing::info!(why, "the page did not say when it sent");
                self.race(ready).await
            }
        }
    }

    async fn pull(&mut self, command: Command, at: Timestamp) -> Result<crate::browser::Fired, FireError> {
        let (clock, answer) = (Arc::clone(&self.hands.kit.clock), self.answer());
        let trigger = self.live().trigger.as_mut();
        let trigger = trigger.ok_or_else(|| FireError::NotSent { why: "there is no trigger".to_owned() })?;
        trigger.fire_at(clock, at, command, answer).await
    }

    fn not_fired(&mut self, mode: &'static str, error: FireError) -> Event {
        match error {
            FireError::NotSent { why } | FireError::Refused { why, .. } => Event::NotSent(why),
            FireError::Unknown { why, sent_at } => {
                self.sent(mode, sent_at, sent_at);
                Event::NoAnswer(why)
            }
        }
    }

    async fn race(&mut self, ready: &Ready) -> Event {
        let within = self.answer();
        let raced = self.live().stage.race(&ready.outcomes, within).await;
        self.mark(Mark::Answered, self.hands.kit.clock.now());
        if let Some(note) = &raced.note {
            tracing::info!(note, "the answer to the submit");
        }
        match Answer::parse(&raced.answer).unwrap_or(Answer::Unknown) {
            Answer::Unknown => Event::NoAnswer(raced.note.unwrap_or_else(|| "no outcome held".to_owned())),
            answer => Event::Answered(answer),
        }
    }

    /// A program in the page that waits for the instant by itself, does the opening steps and the commit.
    async fn armed(&mut self, ready: &Ready) -> Event {
        let program = match self.program(ready) {
            Ok(program) => program,
            Err(trouble) => return Event::NotSent(trouble.words()),
        };
        if let Err(trouble) = self.live().stage.arm(&program).await {
            return if trouble.is_before_acting() {
                Event::NotSent(trouble.reason)
            } else {
                Event::NoAnswer(trouble.reason)
            };
        }
        let clock = Arc::clone(&self.hands.kit.clock);
        if self.at - HANDS_OFF > clock.now() {
            clock.sleep_until(self.at + ASK_EVERY).await;
        }
        self.follow_program(&program.id).await
    }

    fn program(&self, ready: &Ready) -> Result<Program, Trouble> {
        let steps = self.hands.kit.errand.flow.render_steps(Phase::Opening, &self.words()?);
        Ok(Program {
            id: format!("{}-{}", self.hands.kit.attempt, self.at.as_nanosecond()),
            at_ms: aim::page_milliseconds(self.at),
            steps: steps.map_err(|error| Trouble::Selector(error.to_string()))?,
            commit: ready.commit.clone(),
            outcomes: ready.outcomes.clone(),
            answer_ms: u64::try_from(self.answer().as_millis()).unwrap_or(u64::MAX),
        })
    }

    async fn follow_program(&mut self, id: &str) -> Event {
        let deadline = self.hands.kit.clock.now() + self.answer() + self.answer();
        let mut last = "the program never answered".to_owned();
        while self.hands.kit.clock.now() < deadline {
            match self.live().stage.armed_report(id).await {
                Ok(Some(report)) => {
                    if let Some(event) = self.conclude(&report) {
                        return event;
                    }
                }
                Ok(None) => "the page that is there now cannot know".clone_into(&mut last),
                Err(trouble) => last = trouble.reason,
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Event::NoAnswer(last)
    }

    fn conclude(&mut self, report: &Report) -> Option<Event> {
        match report.phase {
            ProgramPhase::Armed | ProgramPhase::Opening | ProgramPhase::Committed => return None,
            ProgramPhase::Disarmed => return Some(Event::NotSent("the program was called off".to_owned())),
            ProgramPhase::Answered | ProgramPhase::Failed => {}
        }
        let Some(fired) = report.fired_at_ms else {
            let failure = report.failure.as_ref();
            let why = failure.map(|failure| format!("{}: {}: {}", failure.place, failure.verb, failure.reason));
            return Some(Event::NotSent(why.unwrap_or_else(|| "the program gave up before its commit".to_owned())));
        };
        let instant = |ms: Option<f64>| ms.map_or(timestamp(fired), timestamp);
        self.sent("armed", instant(report.woke_at_ms), instant(report.sent_at_ms));
        self.mark(Mark::Answered, instant(report.answered_at_ms));
        let answer = report.answer.as_ref().and_then(|answer| Answer::parse(&answer.is));
        Some(match answer.unwrap_or(Answer::Unknown) {
            Answer::Unknown => Event::NoAnswer(report.error.clone().unwrap_or_else(|| "no outcome held".to_owned())),
            answer => Event::Answered(answer),
        })
    }

    /// The browser's own request, sent from a warm connection of ours.
    async fn http(&mut self, ready: &Ready) -> Event {
        let (plan, visitor) = match self.plan(ready).await {
            Ok(planned) => planned,
            Err(why) => return Event::NotSent(why),
        };
        let trust = plan.trust.clone();
        match shot::fire_at(Arc::clone(&self.hands.kit.clock), self.at, plan).await {
            Ok(landed) => {
                self.sent("http", landed.woke_at, landed.sent_at);
                if let Some(at) = received(|name| landed.reply.header(name)) {
                    self.mark(Mark::Received, at);
                }
                self.mark(Mark::Answered, landed.returned_at);
                self.judge(ready, landed.reply, visitor, trust).await
            }
            Err(ShotError::NotSent { why }) => Event::NotSent(why),
            Err(ShotError::Unknown { why, woke_at, sent_at }) => {
                self.sent("http", woke_at, sent_at);
                Event::NoAnswer(why)
            }
        }
    }

    async fn plan(&mut self, ready: &Ready) -> Result<(Plan, Visitor), String> {
        let (answer, now) = (self.answer(), self.hands.kit.clock.now());
        let live = self.live();
        aim::shot(&live.session, &mut live.stage, &ready.commit, answer, now).await
    }

    /// Follows the answer as a browser would, hands the session back to the browser, and asks the site's own outcomes.
    async fn judge(&mut self, ready: &Ready, reply: shot::Reply, visitor: Visitor, trust: Trust) -> Event {
        let (answer, now) = (self.answer(), self.hands.kit.clock.now());
        let (followed, visitor) = shot::follow(reply, visitor, trust, answer, now).await;
        let live = self.live();
        if let Err(error) = live.session.set_cookies(visitor.jar.cookies()).await {
            tracing::warn!(error, "the browser did not take the session back");
        }
        let reply = match followed {
            Ok(reply) => Reply { status: reply.status, url: reply.url.to_string(), text: reply.text() },
            Err(error) => return Event::NoAnswer(error.to_string()),
        };
        match live.stage.judge(&ready.outcomes, &reply).await.as_deref().and_then(Answer::parse) {
            None | Some(Answer::Unknown) => Event::NoAnswer(format!("no outcome fits the answer {}", reply.status)),
            Some(answer) => Event::Answered(answer),
        }
    }

    fn sent(&mut self, mode: &'static str, woke: Timestamp, sent: Timestamp) {
        self.hands.marks.extend([(Mark::Woken, woke), (Mark::Sent, sent)]);
        self.hands.kit.sent(self.choice, mode, sent);
    }

    fn mark(&mut self, mark: Mark, at: Timestamp) {
        self.hands.marks.push((mark, at));
    }
}

/// What a script call into the page came back with.
enum Said {
    Sent { woke: Timestamp, sent: Timestamp },
    Refused(String),
    Unclear(String),
}

fn page_answer(result: &serde_json::Value) -> Said {
    let Ok(tried) = serde_json::from_value::<Tried>(result["value"].clone()) else {
        return Said::Unclear(result.to_string());
    };
    match (tried.fired_at_ms, tried.sent_at_ms) {
        (Some(fired), Some(sent)) => Said::Sent { woke: timestamp(fired), sent: timestamp(sent) },
        (Some(fired), None) => Said::Sent { woke: timestamp(fired), sent: timestamp(fired) },
        (None, _) => without_instant(&tried),
    }
}

/// Without an instant, only what the page says before it acts proves that nothing was sent; a script that threw may have clicked.
fn without_instant(tried: &Tried) -> Said {
    let why = tried.reason.clone().unwrap_or_else(|| "the page could not act".to_owned());
    match tried.kind.as_deref().and_then(FailureKind::parse) {
        Some(kind) if kind.is_before_acting() => Said::Refused(why),
        _ => Said::Unclear(why),
    }
}

fn timestamp(ms: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a page's clock is far within range")]
    Timestamp::from_microsecond((ms * 1_000.0) as i64).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_threw_may_have_clicked() {
        let answer = |kind: &str| page_answer(&serde_json::json!({ "value": { "state": "fail", "kind": kind } }));
        assert!(matches!(answer("covered"), Said::Refused(_)));
        assert!(matches!(answer("script"), Said::Unclear(_)));
        assert!(matches!(page_answer(&serde_json::json!({ "missing": true })), Said::Unclear(_)));
    }
}
