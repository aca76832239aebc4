//! The ways to fire, each from "the permit is in the store" to the site's answer.

mod http;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::answer::is_puzzling;
use super::browser::{BrowserHands, Live, for_scripts};
use super::explain::Failed;
use crate::browser::aim;
use crate::browser::stage::{self, FailureKind};
use crate::browser::{Command, FireError, PageClock};
use crate::engine::What;
use crate::flow::opening::not_chained;
use crate::flow::page::{Phase as ProgramPhase, Reply, Report, Tried};
use crate::flow::wire::{Commit, OpeningWay, Outcome, Program, Step};
use crate::flow::{Phase, Words};
use crate::model::{Answer, FireMode};
use crate::store::Mark;
use crate::timing::{Event, Trouble};

/// How often an armed program is asked how far it is, once its instant has come.
const ASK_EVERY: Duration = Duration::from_millis(25);

/// The page is left alone from this long before the instant on.
const HANDS_OFF: Duration = Duration::from_millis(100);

/// How often, and until how long before the instant, it is asked whether an armed browser is still there.
const WATCH_EVERY: Duration = Duration::from_millis(200);
const WATCHED_UNTIL: Duration = Duration::from_millis(400);

/// How long the commit's button may take to be there.
const BUTTON: Duration = Duration::from_secs(3);

/// How often, and how long, a page is asked for its time.
const TIME_QUESTIONS: u32 = 5;
const TIME_PATIENCE: Duration = Duration::from_millis(250);

/// A page whose clock is known less well than this does not wait for the instant itself: it would be late by as much.
const VAGUEST_CLOCK: SignedDuration = SignedDuration::from_millis(50);

/// One firing.
pub(super) struct Shooter<'a> {
    pub(super) hands: &'a mut BrowserHands,
    pub(super) choice: usize,
    pub(super) at: Timestamp,
}

/// What is needed to fire, rendered.
pub(super) struct Ready {
    pub(super) commit: Commit,
    pub(super) outcomes: Vec<Outcome>,
}

impl Shooter<'_> {
    /// Submits, not before the instant, and reads the answer.
    pub(super) async fn fire(mut self) -> Event {
        let ready = match self.ready() {
            Ok(ready) => ready,
            Err(trouble) => return Event::NotSent(trouble),
        };
        match self.hands.kit.errand.mode() {
            FireMode::Native => Box::pin(self.native(&ready)).await,
            FireMode::Http => Box::pin(self.http(&ready)).await,
            mode => Box::pin(self.by_the_page(&ready, mode)).await,
        }
    }

    /// The page waits for the instant by its own clock, where that is known well enough.
    async fn by_the_page(&mut self, ready: &Ready, mode: FireMode) -> Event {
        let Some(clock) = self.page_clock().await else {
            tracing::warn!("the page's clock cannot be relied on; the driver clicks instead");
            return self.native_after_opening(ready, mode).await;
        };
        match mode {
            FireMode::Armed => self.armed(ready, clock).await,
            _ => self.script(ready, clock).await,
        }
    }

    /// The clock of a browser on another machine is not ours; one on this machine shows ours, if no script of the page has put
    /// another in its place: none then.
    pub(super) async fn page_clock(&mut self) -> Option<PageClock> {
        let clock = Arc::clone(&self.hands.kit.clock);
        let live = self.live();
        let asked = live.stage.ask_time(&*clock, TIME_QUESTIONS, TIME_PATIENCE).await;
        let proven = PageClock::proven_by(&asked)?;
        if live.session.is_remote() {
            return Some(proven).filter(|clock| clock.width() <= VAGUEST_CLOCK);
        }
        proven.may_be_ours().then_some(PageClock::OURS)
    }

    /// An armed program would have done the opening steps by itself.
    async fn native_after_opening(&mut self, ready: &Ready, mode: FireMode) -> Event {
        if mode == FireMode::Armed {
            self.hands.kit.clock.sleep_until(self.at).await;
            if let Err(trouble) = super::staging::Stager::do_steps(self.hands, Phase::Opening, self.choice).await {
                return Event::NotSent(trouble);
            }
        }
        self.native(ready).await
    }

    pub(super) fn ready(&self) -> Result<Ready, Trouble> {
        let commit = self.hands.commit(self.choice)?;
        let outcomes = self.hands.kit.errand.flow.render_outcomes(&self.words()?);
        Ok(Ready { commit, outcomes: outcomes.map_err(|error| Trouble::Selector(error.to_string()))? })
    }

    fn words(&self) -> Result<Words, Trouble> {
        self.hands.words(self.choice)
    }

    fn live(&mut self) -> &mut Live {
        self.hands.live.as_mut().expect("ready() has seen the session")
    }

    fn answer(&self) -> Duration {
        self.hands.kit.answer()
    }

    /// Nothing was sent: why the commit could not be done.
    async fn not_done(&mut self, ready: &Ready, trouble: &stage::Trouble) -> Event {
        Event::NotSent(self.hands.explain_commit(&ready.commit, trouble, self.choice).await)
    }

    /// What holds already is no answer; what was filled in must still stand.
    async fn last_look(&mut self, ready: &Ready) -> Result<(), stage::Trouble> {
        let live = self.live();
        live.stage.last_look(&ready.outcomes, &live.kept).await
    }

    /// A WebDriver click on the button.
    async fn native(&mut self, ready: &Ready) -> Event {
        let click = match aim::click(&mut self.live().stage, &ready.commit, BUTTON).await {
            Ok(Some(click)) => click,
            Ok(None) => {
                return Event::NotSent(Trouble::Selector(format!("{}: there is no button", ready.commit.place)));
            }
            Err(trouble) => return self.not_done(ready, &trouble).await,
        };
        if let Err(trouble) = self.last_look(ready).await {
            return self.not_done(ready, &trouble).await;
        }
        let dialog = ready.commit.dialog.clone();
        self.live().stage.declare(dialog);
        let at = self.at;
        match self.pull(click, at).await {
            Ok(fired) => {
                self.sent("native", fired.woke_at, fired.sent_at);
                self.race(ready).await
            }
            Err(error) => self.not_fired(ready, error).await,
        }
    }

    /// One script call that is held in the page until the instant, and clicks there.
    async fn script(&mut self, ready: &Ready, clock: PageClock) -> Event {
        if let Err(trouble) = self.live().stage.commit_button(&ready.commit, BUTTON).await {
            return self.not_done(ready, &trouble).await;
        }
        if let Err(trouble) = self.last_look(ready).await {
            return self.not_done(ready, &trouble).await;
        }
        let dialog = ready.commit.dialog.clone();
        self.live().stage.declare(dialog);
        let at = clock.shows(self.at);
        let command = aim::script(&ready.commit, &ready.outcomes, &self.live().kept, at);
        // What is not known of the page's clock must not make it hold the call for longer than it does.
        let early = self.at - aim::SCRIPT_LEAD.saturating_sub(clock.width().unsigned_abs());
        let fired = match self.pull(command, early).await {
            Ok(fired) => fired,
            Err(error) => return self.not_fired(ready, error).await,
        };
        match page_answer(&fired.result) {
            Said::Sent { woke, sent } => {
                self.sent("script", clock.ours(woke), clock.ours(sent));
                self.race(ready).await
            }
            Said::Refused(kind, why) => {
                let text = format!("{}: {why}", ready.commit.place);
                Event::NotSent(self.hands.explain(Failed { phase: None, kind, text }, self.choice).await)
            }
            Said::Unclear(why) => {
                self.may_be_sent(&format!("the page did not say: {why}"));
                self.race(ready).await
            }
        }
    }

    async fn pull(&mut self, command: Command, at: Timestamp) -> Result<crate::browser::Fired, FireError> {
        let (clock, answer) = (Arc::clone(&self.hands.kit.clock), self.answer());
        let live = self.live();
        live.arm(FireMode::Native).map_err(|why| FireError::NotSent { why })?;
        let trigger = live.trigger.as_mut().expect("a click has its trigger");
        trigger.fire_at(clock, at, command, answer).await
    }

    async fn not_fired(&mut self, ready: &Ready, error: FireError) -> Event {
        match error {
            FireError::NotSent { why } => Event::NotSent(Trouble::Browser(why)),
            // The driver says so only of a button that it does not find or cannot reach.
            FireError::Refused { why, .. } => {
                let (kind, text) = (FailureKind::Covered, format!("{}: {why}", ready.commit.place));
                Event::NotSent(self.hands.explain(Failed { phase: None, kind, text }, self.choice).await)
            }
            FireError::Unknown { why, .. } => {
                self.may_be_sent(&why);
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
        let answer = Answer::parse(&raced.answer).unwrap_or(Answer::Unknown);
        self.keep_what_puzzles(answer, raced.reply.as_ref()).await;
        match answer {
            Answer::Unknown => Event::NoAnswer(raced.note.unwrap_or_else(|| "no outcome held".to_owned())),
            answer => Event::Answered(answer),
        }
    }

    /// What no outcome describes, a person must see.
    async fn keep_what_puzzles(&mut self, answer: Answer, reply: Option<&Reply>) {
        if !is_puzzling(answer) {
            return;
        }
        match reply {
            Some(reply) => self.hands.kit.keep_answer(&reply.text).await,
            None => self.hands.keep_evidence().await,
        }
    }

    /// A program in the page that waits for the instant by itself, does the opening steps and the commit.
    async fn armed(&mut self, ready: &Ready, clock: PageClock) -> Event {
        let program = match self.program(ready, clock) {
            Ok(program) => program,
            Err(trouble) => return Event::NotSent(trouble),
        };
        if let Err(trouble) = self.last_look(ready).await {
            return self.not_done(ready, &trouble).await;
        }
        if let Err(trouble) = self.live().stage.arm(&program).await {
            return match trouble.is_before_acting() {
                true => self.not_done(ready, &trouble).await,
                false => Event::NoAnswer(trouble.reason),
            };
        }
        self.follow_program(&program.id, clock).await
    }

    pub(super) fn program(&mut self, ready: &Ready, clock: PageClock) -> Result<Program, Trouble> {
        let words = self.words()?;
        let steps = self.hands.kit.errand.flow.render_steps(Phase::Opening, &words);
        let steps = steps.map_err(|error| Trouble::Selector(error.to_string()))?;
        self.live().stage.set_words(for_scripts(&words));
        Ok(Program {
            id: format!("{}-{}", self.hands.kit.attempt, self.at.as_nanosecond()),
            at_ms: aim::page_milliseconds(clock.shows(self.at)),
            opening: self.opening_way(&steps, &ready.commit),
            steps,
            commit: ready.commit.clone(),
            kept: self.live().kept.clone(),
            outcomes: ready.outcomes.clone(),
            answer_ms: u64::try_from(self.answer().as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// The opening way that is chosen, as far as the steps can go it.
    fn opening_way(&self, steps: &[Step], commit: &Commit) -> OpeningWay {
        let chosen = self.hands.kit.errand.chosen.way.opening;
        if steps.is_empty() || chosen.is_none_or(|way| way == OpeningWay::Page) {
            return OpeningWay::Page;
        }
        match not_chained(steps, commit) {
            None => OpeningWay::Fetch,
            Some(not) => {
                tracing::info!(%not, "the opening goes by page");
                OpeningWay::Page
            }
        }
    }

    async fn follow_program(&mut self, id: &str, clock: PageClock) -> Event {
        if let Some(event) = self.leave_alone().await {
            return event;
        }
        let deadline = self.hands.kit.clock.now() + self.answer() + self.answer();
        let mut last = "the program never answered".to_owned();
        while self.hands.kit.clock.now() < deadline {
            match self.live().stage.armed_report(id).await {
                Ok(Some(report)) => {
                    if let Some(event) = self.conclude(&report, clock).await {
                        return event;
                    }
                }
                Ok(None) => "the page that is there now cannot know".clone_into(&mut last),
                Err(trouble) if trouble.kind == FailureKind::Driver && self.is_gone().await => {
                    self.may_be_sent(&trouble.reason);
                    return Event::NoAnswer(trouble.reason);
                }
                Err(trouble) => last = trouble.reason,
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        self.keep_what_puzzles(Answer::Unknown, None).await;
        Event::NoAnswer(last)
    }

    /// Nobody asks the page for anything around the instant. Until then its driver is asked whether there is a browser: one that
    /// is lost before has sent nothing.
    async fn leave_alone(&mut self) -> Option<Event> {
        let clock = Arc::clone(&self.hands.kit.clock);
        while self.at - WATCHED_UNTIL > clock.now() {
            if self.is_gone().await {
                return Some(self.lost_ahead().await);
            }
            clock.sleep_until((clock.now() + WATCH_EVERY).min(self.at - WATCHED_UNTIL)).await;
        }
        if self.at - HANDS_OFF > clock.now() {
            clock.sleep_until(self.at + ASK_EVERY).await;
        }
        None
    }

    /// Whether the driver says that there is no browser any more; one that is busy says nothing.
    async fn is_gone(&mut self) -> bool {
        tokio::time::timeout(WATCH_EVERY, self.live().session.alive()).await == Ok(false)
    }

    /// No answer is no proof; but what has ended before the instant can send nothing.
    async fn lost_ahead(&mut self) -> Event {
        let why = "the browser was lost after the permit".to_owned();
        self.hands.end_live().await;
        if self.hands.loose.is_empty() && self.hands.kit.clock.now() < self.at {
            return Event::NotSent(Trouble::Browser(why));
        }
        self.may_be_sent(&why);
        Event::NoAnswer(why)
    }

    async fn conclude(&mut self, report: &Report, clock: PageClock) -> Option<Event> {
        match report.phase {
            ProgramPhase::Armed | ProgramPhase::Opening | ProgramPhase::Committed => return None,
            ProgramPhase::Disarmed => {
                return Some(Event::NotSent(Trouble::Browser("the program was called off".to_owned())));
            }
            ProgramPhase::Answered | ProgramPhase::Failed => {}
        }
        if let Some(left) = &report.left {
            tracing::info!(place = left.place, reason = left.reason, "the chain was left, the steps went on by page");
        }
        let Some(fired) = report.fired_at_ms else { return Some(self.gave_up(report).await) };
        let instant = |ms: Option<f64>| clock.ours(timestamp(ms.unwrap_or(fired)));
        self.sent("armed", instant(report.woke_at_ms), instant(report.sent_at_ms));
        self.mark(Mark::Answered, instant(report.answered_at_ms));
        let answer = report.answer.as_ref().and_then(|answer| Answer::parse(&answer.is)).unwrap_or(Answer::Unknown);
        self.keep_what_puzzles(answer, report.reply.as_ref()).await;
        Some(match answer {
            Answer::Unknown => Event::NoAnswer(report.error.clone().unwrap_or_else(|| "no outcome held".to_owned())),
            answer => Event::Answered(answer),
        })
    }

    /// A program that ended before its commit: what the site says on the page where it stopped, or which step failed.
    async fn gave_up(&mut self, report: &Report) -> Event {
        if let Some(said) = report.answer.as_ref().and_then(|said| Answer::parse(&said.is))
            && !matches!(said, Answer::Confirmed | Answer::Unknown)
        {
            return Event::Answered(said);
        }
        let failed = report.failure.as_ref().map(|failure| Failed {
            phase: Some(Phase::Opening),
            kind: FailureKind::parse(&failure.kind).unwrap_or(FailureKind::Script),
            text: format!("{}: {}: {}", failure.place, failure.verb, failure.reason),
        });
        let lost = || "the program gave up before its commit".to_owned();
        let failed = failed.unwrap_or_else(|| Failed { phase: None, kind: FailureKind::Driver, text: lost() });
        Event::NotSent(self.hands.explain(failed, self.choice).await)
    }

    fn sent(&mut self, mode: &'static str, woke: Timestamp, sent: Timestamp) {
        self.hands.marks.extend([(Mark::Woken, woke), (Mark::Sent, sent)]);
        self.hands.kit.sent(self.choice, mode, sent);
    }

    /// Nobody says when the submit left, or whether it did.
    fn may_be_sent(&self, why: &str) {
        let words = format!("the submit may have been sent, the site's list will tell: {why}");
        self.hands.kit.reporter.say(self.hands.kit.clock.now(), What::Trouble(words));
    }

    fn mark(&mut self, mark: Mark, at: Timestamp) {
        self.hands.marks.push((mark, at));
    }
}

/// What a script call into the page came back with.
enum Said {
    Sent { woke: Timestamp, sent: Timestamp },
    Refused(FailureKind, String),
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
        Some(kind) if kind.is_before_acting() => Said::Refused(kind, why),
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
        assert!(matches!(answer("covered"), Said::Refused(FailureKind::Covered, _)));
        assert!(matches!(answer("script"), Said::Unclear(_)));
        assert!(matches!(page_answer(&serde_json::json!({ "missing": true })), Said::Unclear(_)));
    }
}
