//! Whether a faster way to fire works at a site, tried in a staged session up to the commit and never across it.
//!
//! What goes the whole way, a program in the page or a chain of requests, is given a commit that has nothing to press, so it cannot
//! book whatever happens; the real button is looked at beside that. A prepared request is made ready and dropped; its session is
//! tried at the page that only a member sees.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::browser::BrowserHands;
use super::fire::{Ready, Shooter};
use super::staging::Stager;
use crate::browser::shot::{self, Chained, Visitor};
use crate::browser::{Jar, aim};
use crate::flow::opening::not_chained;
use crate::flow::page::{GaveUp, Phase as ProgramPhase, Reply, Report};
use crate::flow::wire::{By, Commit, Condition, Kept, Locator, Outcome, Program, Send, Step, Verb};
use crate::model::{Answer, FireMode, OpeningWay};
use crate::timing::{Trouble, Way};

/// From arming to the instant of what waits for nothing.
const SOON: Duration = Duration::from_millis(600);

/// How long a program looks for the button that it does not have.
const NO_BUTTON: Duration = Duration::from_secs(2);

/// How often a program is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// What a program may take beyond what its steps may.
const GRACE: Duration = Duration::from_secs(10);

/// A locator that no element fits.
const NOTHING: &str = ":not(*)";

/// What a chain is stuck at that came to its end.
const AT_COMMIT: &str = "commit";

/// A way to fire, and what came of trying it.
pub(in crate::engine) type Trial = (Way, Tried);

/// What came of trying a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Tried {
    /// It works up to the commit; what was seen.
    Works(String),
    /// It does not; why.
    Fails(String),
    /// The site said one of its outcomes on the way, which says nothing of the way.
    Says(Answer),
    /// It could not be tried here and now.
    Untried(String),
}

impl Tried {
    /// What a person reads.
    pub(super) fn words(&self, way: Way) -> String {
        let way = way.words();
        match self {
            Self::Works(seen) => format!("{way} works up to the last click: {seen}"),
            Self::Fails(why) => format!("{way} does not work: {why}"),
            Self::Says(answer) => format!("{way} was not tried to its end: the site says {}", answer.as_str()),
            Self::Untried(why) => format!("{way} was not tried: {why}"),
        }
    }
}

/// Tries a way to fire the first choice in the staged session, not before `at`.
pub(super) async fn prove(hands: &mut BrowserHands, way: Way, at: Timestamp) -> Tried {
    let at = at.max(hands.kit.clock.now() + SOON);
    let shooter = Shooter { hands, choice: 0, at };
    let tried = match (way.mode, way.opening) {
        (FireMode::Armed, opening) => armed(shooter, opening.unwrap_or(OpeningWay::Page)).await,
        (FireMode::Http, None) => request(shooter).await,
        (FireMode::Http, Some(OpeningWay::Http)) => chain(shooter).await,
        _ => Ok(Tried::Untried("this way cannot be rehearsed".to_owned())),
    };
    tried.unwrap_or_else(|trouble| Tried::Fails(trouble.words()))
}

/// A program in the page.
async fn armed(mut shooter: Shooter<'_>, opening: OpeningWay) -> Result<Tried, Trouble> {
    let ready = shooter.ready()?;
    let Some(clock) = shooter.page_clock().await else {
        return Ok(Tried::Untried("the clock of the browser's machine is not known well enough".to_owned()));
    };
    let program = shooter.program(&ready, clock)?;
    if let Some(not) = not_chained(&program.steps, &ready.commit).filter(|_| opening > OpeningWay::Page) {
        return Ok(Tried::Fails(not.to_string()));
    }
    let program = without_button(program, opening, &ready.commit);
    let tried = followed(shooter.hands, shooter.at, &program).await;
    // A chain has looked for the button in its last document.
    let looks = matches!(tried, Tried::Works(_)) && opening == OpeningWay::Page && !program.steps.is_empty();
    if !looks {
        return Ok(tried);
    }
    Ok(match shooter.hands.look_at_commit(0).await {
        Err(Trouble::Answer(answer)) => Tried::Says(answer),
        Err(trouble) => Tried::Fails(trouble.words()),
        Ok(()) => tried,
    })
}

/// Arms a program and follows it to its end.
async fn followed(hands: &mut BrowserHands, at: Timestamp, program: &Program) -> Tried {
    let clock = Arc::clone(&hands.kit.clock);
    let answer = hands.kit.answer();
    let Some(live) = hands.live.as_mut() else { return Tried::Untried("the session is gone".to_owned()) };
    if let Err(trouble) = live.stage.arm(program).await {
        return Tried::Fails(trouble.reason);
    }
    clock.sleep_until(at).await;
    let deadline = clock.uptime() + answer + NO_BUTTON + GRACE;
    let mut last = "the program never answered".to_owned();
    while clock.uptime() < deadline {
        match live.stage.armed_report(&program.id).await {
            Ok(Some(report)) if report.is_over() => return came_to_its_commit(&report, program),
            Ok(_) => {}
            Err(trouble) => last = trouble.reason,
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Tried::Fails(last)
}

/// The browser's own request, prepared; and its session, tried.
async fn request(shooter: Shooter<'_>) -> Result<Tried, Trouble> {
    let commit = shooter.ready()?.commit;
    Ok(try_request(shooter, &commit).await.unwrap_or_else(Tried::Fails))
}

async fn try_request(mut shooter: Shooter<'_>, commit: &Commit) -> Result<Tried, String> {
    let kit = &shooter.hands.kit;
    let (answer, now, flow) = (kit.answer(), kit.clock.now(), Arc::clone(&kit.errand.flow));
    let words = shooter.hands.words(0).map_err(|trouble| trouble.words())?;
    let Some(live) = shooter.hands.live.as_mut() else { return Err("the session is gone".to_owned()) };
    let shot = aim::shot(&live.session, &mut live.stage, commit, answer, now).await;
    let (plan, visitor) = shot.map_err(|trouble| trouble.to_string())?;
    let Some(check) = flow.logged_in() else {
        return Ok(Tried::Untried("the flow has no login/logged-in.toml to try the session with".to_owned()));
    };
    let check = check.render(&words).map_err(|error| error.to_string())?;
    let page = Url::parse(&check.request.url).map_err(|error| error.to_string())?;
    let from = plan.warm_with.clone().unwrap_or_else(|| page.clone());
    let before = Jar::new(live.session.cookies().await?);
    let visitor = Visitor { jar: before.clone(), ..visitor };
    let (reply, visitor) = shot::look(page, &from, visitor, plan.trust, answer, now).await?;
    shooter.hand_back(&before, &visitor.jar).await;
    let reply = Reply { status: reply.status, url: reply.url.to_string(), text: reply.text() };
    let known = Outcome { is: Answer::Confirmed.as_str().to_owned(), when: check.when, place: check.place };
    let (method, path) = (plan.prepared.method(), plan.prepared.url().path());
    let Some(live) = shooter.hands.live.as_mut() else { return Err("the session is gone".to_owned()) };
    Ok(match live.stage.judge(&[known], &reply).await {
        Some(_) => Tried::Works(format!(
            "{method} {path} was prepared and not sent, and over our own connection the site knows the session"
        )),
        None => Tried::Fails("over our own connection the site does not know the browser's session".to_owned()),
    })
}

/// A chain of requests of ours.
async fn chain(mut shooter: Shooter<'_>) -> Result<Tried, Trouble> {
    let Ready { commit, outcomes } = shooter.ready()?;
    let mut steps = shooter.opening_steps()?;
    if let Some(not) = not_chained(&steps, &commit) {
        return Ok(Tried::Fails(not.to_string()));
    }
    let count = steps.len();
    steps.push(look_for(&commit));
    let ready = Ready { commit: nothing_to_press(commit.place), outcomes };
    let plan = match shooter.chain_plan(&ready, &steps).await {
        Ok(plan) => plan,
        Err(why) => return Ok(Tried::Fails(why)),
    };
    let before = plan.visitor.jar.clone();
    let run = shot::chain_at(Arc::clone(&shooter.hands.kit.clock), shooter.at, plan).await;
    shooter.hand_back(&before, &run.visitor.jar).await;
    Ok(ended(run.end, count))
}

/// A chain has done all that it could when it is left at its commit.
fn ended(end: Chained, steps: usize) -> Tried {
    match end {
        Chained::Left(leave) if leave.verb == AT_COMMIT => {
            let steps = done(steps);
            Tried::Works(format!("over our own connection {steps}; the button was found in the last page, not pressed"))
        }
        Chained::Left(leave) => Tried::Fails(leave.to_string()),
        Chained::Says(answer) => Tried::Says(answer),
        Chained::Failed(error) => Tried::Fails(error.to_string()),
        Chained::Landed(_) => Tried::Fails("the chain acted without a button".to_owned()),
    }
}

/// The opening steps, and a commit that has nothing to press.
fn without_button(program: Program, opening: OpeningWay, commit: &Commit) -> Program {
    let mut program = Program {
        id: format!("{}-look", program.id),
        opening: opening.min(OpeningWay::Fetch),
        commit: nothing_to_press(commit.place.clone()),
        // Nothing is pressed, so nothing need be as it was filled in.
        kept: Kept::default(),
        answer_ms: u64::try_from(NO_BUTTON.as_millis()).unwrap_or(u64::MAX),
        ..program
    };
    if program.opening == OpeningWay::Fetch {
        program.steps.push(look_for(commit));
    }
    program
}

fn nothing_to_press(place: String) -> Commit {
    let by = By::Css(NOTHING.to_owned());
    let nothing = Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false };
    Commit { click: vec![nothing], send: Send::Form, request: None, dialog: None, place }
}

/// Whether the real button is in a document that nobody sees.
fn look_for(commit: &Commit) -> Step {
    Step {
        verb: Verb::Expect(Condition::Visible(commit.click.clone())),
        timeout_ms: 0,
        optional: false,
        dialog: None,
        place: commit.place.clone(),
        secret: false,
    }
}

/// A program has done all that it could when it gave up at its commit; one that went along a chain, when it left it there.
fn came_to_its_commit(report: &Report, program: &Program) -> Tried {
    if report.fired_at_ms.is_some() {
        return Tried::Fails("the program acted without a button".to_owned());
    }
    let chained = program.opening == OpeningWay::Fetch;
    let stuck = report.left.as_ref().filter(|_| chained).or(report.failure.as_ref());
    let said = report.answer.as_ref().and_then(|said| Answer::parse(&said.is));
    match (report.phase, stuck, said) {
        (ProgramPhase::Failed, Some(stuck), _) if stuck.verb == AT_COMMIT => {
            Tried::Works(seen(report, program, chained))
        }
        (_, _, Some(said)) if !matches!(said, Answer::Confirmed | Answer::Unknown) => Tried::Says(said),
        (_, Some(GaveUp { place, verb, reason, .. }), _) => Tried::Fails(format!("{place}: {verb}: {reason}")),
        (phase, None, _) => Tried::Fails(format!("the program ended as {phase:?}")),
    }
}

fn seen(report: &Report, program: &Program, chained: bool) -> String {
    let woke = report.woke_at_ms.map(|woke| woke - program.at_ms);
    let woke = woke.map_or_else(String::new, |late| format!(" and woke {late:.1} ms after its instant"));
    // The last step of a chain is the look for the button.
    let steps = match program.steps.len() - usize::from(chained) {
        0 => String::new(),
        steps => format!(", {}", done(steps)),
    };
    let button = if chained { "was found in the last page" } else { "was looked at" };
    format!("a program waited in the page{woke}{steps}; the button {button}, not pressed")
}

fn done(steps: usize) -> String {
    if steps == 1 { "its opening step was done".to_owned() } else { format!("its {steps} opening steps were done") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::chain::Leave;

    fn program(opening: OpeningWay) -> Program {
        let program = Program {
            id: "look".into(),
            at_ms: 1_000.0,
            steps: Vec::new(),
            opening: OpeningWay::Page,
            commit: nothing_to_press("commit.toml:1:1".into()),
            kept: Kept::default(),
            outcomes: Vec::new(),
            answer_ms: 2_000,
        };
        let commit = program.commit.clone();
        without_button(program, opening, &commit)
    }

    fn tried(opening: OpeningWay, report: serde_json::Value) -> Tried {
        came_to_its_commit(&serde_json::from_value(report).expect("a report"), &program(opening))
    }

    fn gave_up(verb: &str) -> serde_json::Value {
        json!({ "place": "opening/10-date.toml:1:1", "verb": verb, "kind": "not-found", "reason": "nothing" })
    }

    #[test]
    fn a_program_that_came_to_its_commit_works() {
        let report = json!({ "phase": "failed", "woke-at-ms": 1_000.4, "failure": gave_up("commit") });
        let works = tried(OpeningWay::Page, report);
        assert!(matches!(&works, Tried::Works(seen) if seen.contains("woke 0.4 ms")), "{works:?}");
    }

    #[test]
    fn one_that_gave_up_before_or_acted_does_not() {
        let report = json!({ "phase": "failed", "woke-at-ms": 1_000.4, "failure": gave_up("select") });
        let fails = tried(OpeningWay::Page, report);
        assert_eq!(fails, Tried::Fails("opening/10-date.toml:1:1: select: nothing".into()));
        let acted = tried(OpeningWay::Page, json!({ "phase": "answered", "fired-at-ms": 1_001.0 }));
        assert!(matches!(acted, Tried::Fails(_)));
        assert!(matches!(tried(OpeningWay::Page, json!({ "phase": "disarmed" })), Tried::Fails(_)));
    }

    #[test]
    fn a_chain_works_when_it_was_left_at_the_commit_and_no_step_before() {
        let left = |verb: &str| json!({ "phase": "failed", "left": gave_up(verb), "failure": gave_up("commit") });
        assert!(matches!(tried(OpeningWay::Fetch, left("commit")), Tried::Works(_)));
        for verb in ["select", "expect"] {
            let fails = tried(OpeningWay::Fetch, left(verb));
            assert!(matches!(fails, Tried::Fails(_)), "it went on by page, which is another way: {fails:?}");
        }
        let by_page = tried(OpeningWay::Page, left("select"));
        assert!(matches!(by_page, Tried::Works(_)), "control: the same report of a program that goes by page");
        let never_left = json!({ "phase": "failed", "failure": gave_up("commit") });
        assert!(
            matches!(tried(OpeningWay::Fetch, never_left), Tried::Works(_)),
            "its last page cannot be opened again"
        );
    }

    #[test]
    fn what_the_site_says_on_the_way_is_no_failure_of_the_way() {
        let report = json!({ "phase": "failed", "answer": { "is": "taken" }, "failure": gave_up("select") });
        assert_eq!(tried(OpeningWay::Page, report), Tried::Says(Answer::Taken));
        assert_eq!(ended(Chained::Says(Answer::Taken), 1), Tried::Says(Answer::Taken));
    }

    #[test]
    fn a_chain_of_requests_works_when_it_is_left_at_its_commit() {
        let left = |verb| {
            let leave = Leave { place: "commit.toml:1:1".into(), verb, reason: "nothing".into(), resume: None };
            ended(Chained::Left(leave), 2)
        };
        assert!(matches!(left("commit"), Tried::Works(seen) if seen.contains("2 opening steps")));
        assert!(matches!(left("expect"), Tried::Fails(_)));
    }
}
