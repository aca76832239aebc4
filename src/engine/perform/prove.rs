//! Whether a faster way to fire works at a site, tried in a staged session up to the commit and never across it.
//!
//! A program in the page is given a commit that has nothing to press, so it cannot book whatever happens; the real button was
//! looked at before. A prepared request is made ready and dropped; its session is tried at the page that only a member sees.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::browser::BrowserHands;
use crate::browser::{Trust, aim, shot};
use crate::flow::Phase;
use crate::flow::page::{Phase as ProgramPhase, Reply, Report};
use crate::flow::wire::{By, Commit, Locator, Outcome, Program, Send};
use crate::model::{Answer, FireMode, OpeningWay};
use crate::timing::{Trouble, Way};

/// From arming to the instant of a program that waits for nothing.
const SOON: Duration = Duration::from_millis(600);

/// How long a program looks for the button that it does not have.
const NO_BUTTON: Duration = Duration::from_secs(2);

/// How often a program is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// What a program may take beyond what its steps may.
const GRACE: Duration = Duration::from_secs(10);

/// A locator that no element fits.
const NOTHING: &str = ":not(*)";

/// What came of trying a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Tried {
    /// It works up to the commit; what was seen.
    Works(String),
    /// It does not; why.
    Fails(String),
    /// It could not be tried here and now.
    Untried(String),
}

impl BrowserHands {
    /// Tries a way in the staged session, not before `at`.
    pub(super) async fn prove(&mut self, way: Way, at: Timestamp) -> Tried {
        match (way.mode, way.opening) {
            (FireMode::Armed, None | Some(OpeningWay::Page)) => self.prove_armed(at).await.unwrap_or_else(failed),
            (FireMode::Http, None) => self.prove_http().await,
            _ => Tried::Untried("this way cannot be rehearsed".to_owned()),
        }
    }

    async fn prove_armed(&mut self, at: Timestamp) -> Result<Tried, Trouble> {
        let at = at.max(self.kit.clock.now() + SOON);
        let program = self.program_without_button(at)?;
        let Some(live) = self.live.as_mut() else { return Ok(Tried::Untried("the session is gone".to_owned())) };
        if let Err(trouble) = live.stage.arm(&program).await {
            return Ok(Tried::Fails(trouble.reason));
        }
        self.kit.clock.sleep_until(at).await;
        let deadline = self.kit.clock.uptime() + self.kit.answer() + NO_BUTTON + GRACE;
        let mut last = "the program never answered".to_owned();
        while self.kit.clock.uptime() < deadline {
            let Some(live) = self.live.as_mut() else { break };
            match live.stage.armed_report(&program.id).await {
                Ok(Some(report)) if report.is_over() => return Ok(came_to_its_commit(&report, &program)),
                Ok(_) => {}
                Err(trouble) => last = trouble.reason,
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(Tried::Fails(last))
    }

    /// The opening steps, and a commit that has nothing to press.
    fn program_without_button(&self, at: Timestamp) -> Result<Program, Trouble> {
        let live = self.live.as_ref().ok_or_else(|| Trouble::Browser("the session is gone".to_owned()))?;
        let words = live.words.clone().with_choice(&self.kit.errand.choices[0]);
        let steps = self.kit.errand.flow.render_steps(Phase::Opening, &words);
        Ok(Program {
            id: format!("{}-look-{}", self.kit.attempt, at.as_nanosecond()),
            at_ms: aim::page_milliseconds(at),
            steps: steps.map_err(|error| Trouble::Selector(error.to_string()))?,
            commit: nothing_to_press(self.kit.errand.flow.commit().place().to_string()),
            outcomes: Vec::new(),
            answer_ms: u64::try_from(NO_BUTTON.as_millis()).unwrap_or(u64::MAX),
        })
    }

    async fn prove_http(&mut self) -> Tried {
        match self.try_http().await {
            Ok(tried) => tried,
            Err(why) => Tried::Fails(why),
        }
    }

    async fn try_http(&mut self) -> Result<Tried, String> {
        let (answer, now) = (self.kit.answer(), self.kit.clock.now());
        let flow = std::sync::Arc::clone(&self.kit.errand.flow);
        let Some(live) = self.live.as_mut() else { return Ok(Tried::Untried("the session is gone".to_owned())) };
        let words = live.words.clone().with_choice(&self.kit.errand.choices[0]);
        let commit = flow.commit().render(&words).map_err(|error| error.to_string())?;
        let (plan, visitor) = aim::shot(&live.session, &mut live.stage, &commit, answer, now).await?;
        let Some(check) = flow.logged_in() else {
            return Ok(Tried::Untried("the flow has no login/logged-in.toml to try the session with".to_owned()));
        };
        let check = check.render(&words).map_err(|error| error.to_string())?;
        let page = Url::parse(&check.request.url).map_err(|error| error.to_string())?;
        let from = plan.warm_with.clone().unwrap_or_else(|| page.clone());
        let (reply, visitor) = shot::look(page, &from, visitor, Trust::default(), answer, now).await?;
        live.session.set_cookies(visitor.jar.cookies()).await?;
        let reply = Reply { status: reply.status, url: reply.url.to_string(), text: reply.text() };
        let known = Outcome { is: Answer::Confirmed.as_str().to_owned(), when: check.when, place: check.place };
        let (method, path) = (plan.prepared.method(), plan.prepared.url().path());
        Ok(match live.stage.judge(&[known], &reply).await {
            Some(_) => Tried::Works(format!(
                "{method} {path} was prepared and not sent, and over our own connection the site knows the session"
            )),
            None => Tried::Fails("over our own connection the site does not know the browser's session".to_owned()),
        })
    }
}

fn failed(trouble: Trouble) -> Tried {
    Tried::Fails(trouble.words())
}

fn nothing_to_press(place: String) -> Commit {
    let by = By::Css(NOTHING.to_owned());
    let nothing = Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false };
    Commit { click: vec![nothing], send: Send::Form, request: None, dialog: None, place }
}

/// A program has done all that it could when it gave up at its commit.
fn came_to_its_commit(report: &Report, program: &Program) -> Tried {
    let gave_up =
        report.failure.as_ref().map(|failure| (failure.verb.as_str(), failure.reason.as_str(), &failure.place));
    match (report.phase, gave_up) {
        _ if report.fired_at_ms.is_some() => Tried::Fails("the program acted without a button".to_owned()),
        (ProgramPhase::Failed, Some(("commit", ..))) => {
            let woke = report.woke_at_ms.map(|woke| woke - program.at_ms);
            let woke = woke.map_or_else(String::new, |late| format!(" and woke {late:.1} ms after its instant"));
            let steps = match program.steps.len() {
                0 => String::new(),
                1 => ", its opening step was done".to_owned(),
                steps => format!(", its {steps} opening steps were done"),
            };
            Tried::Works(format!("a program waited in the page{woke}{steps}; the button was looked at, not pressed"))
        }
        (_, Some((verb, reason, place))) => Tried::Fails(format!("{place}: {verb}: {reason}")),
        (phase, None) => Tried::Fails(format!("the program ended as {phase:?}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn program() -> Program {
        Program {
            id: "look".into(),
            at_ms: 1_000.0,
            steps: Vec::new(),
            commit: nothing_to_press("commit.toml:1:1".into()),
            outcomes: Vec::new(),
            answer_ms: 2_000,
        }
    }

    fn tried(report: serde_json::Value) -> Tried {
        came_to_its_commit(&serde_json::from_value(report).expect("a report"), &program())
    }

    #[test]
    fn a_program_that_came_to_its_commit_works() {
        let failure = json!({ "place": "commit.toml:1:1", "verb": "commit", "kind": "not-found", "reason": "nothing" });
        let works = tried(json!({ "phase": "failed", "woke-at-ms": 1_000.4, "failure": failure }));
        assert!(matches!(&works, Tried::Works(seen) if seen.contains("woke 0.4 ms")), "{works:?}");
    }

    #[test]
    fn one_that_gave_up_before_or_acted_does_not() {
        let failure =
            json!({ "place": "opening/10-date.toml:1:1", "verb": "select", "kind": "not-found", "reason": "no date" });
        let fails = tried(json!({ "phase": "failed", "woke-at-ms": 1_000.4, "failure": failure }));
        assert_eq!(fails, Tried::Fails("opening/10-date.toml:1:1: select: no date".into()));
        assert!(matches!(tried(json!({ "phase": "answered", "fired-at-ms": 1_001.0 })), Tried::Fails(_)));
        assert!(matches!(tried(json!({ "phase": "disarmed" })), Tried::Fails(_)));
    }
}
