//! What no single file can be blamed for: parts that do not go together.

use crate::report::{Problem, Severity};

use super::Phase;
use super::announcement::OPENING;
use super::folder::Parts;
use super::step::{Step, Verb};

/// Every incoherence.
pub(super) fn problems(parts: &Parts, known: &[Problem]) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(verify_reads_nothing(parts, known));
    problems.extend(announces_nothing(parts));
    problems.extend(format_of_nothing(parts));
    problems.extend(steps_that_press(parts));
    problems.extend(steps_that_send(parts));
    problems.extend(retry_would_resend(parts));
    problems.extend(login_cannot_be_checked(parts));
    problems.extend(pages_with_a_request(parts));
    problems.extend(conditions_without_pages(parts));
    problems
}

/// Whether nothing in it needs a page.
pub(super) fn is_api<'s>(mut steps: impl Iterator<Item = &'s Step>, commit_is_request: bool) -> bool {
    commit_is_request && steps.all(Step::is_of_api)
}

/// Rows that are there and wrong are told as that.
fn verify_reads_nothing(parts: &Parts, known: &[Problem]) -> Option<Problem> {
    let steps = parts.of(Phase::Verify);
    let reads = steps.iter().any(|step| step.any(&|verb| matches!(verb, Verb::Rows(_))));
    let first = steps.first().filter(|_| !reads)?;
    let is_of_verify = |problem: &&Problem| {
        let folder = problem.place.as_ref().and_then(|place| place.file().path().parent()?.file_name());
        problem.severity == Severity::Error && folder.is_some_and(|folder| folder == Phase::Verify.as_str())
    };
    if known.iter().any(|problem| is_of_verify(&problem)) {
        return None;
    }
    let help = "write rows = \"table.my-bookings tr\" with [step.columns]: only the site's own list confirms a booking";
    Some(Problem::error("no-rows", "verify/ reads no `rows`").at(first.place().clone()).help(help))
}

/// Steps that say nothing about the opening.
fn announces_nothing(parts: &Parts) -> Option<Problem> {
    let steps = parts.of(Phase::Announced);
    let first = steps.first().filter(|_| !steps.iter().any(|step| step.reads(OPENING)))?;
    let help = "read = \"time.opens\" with attribute = \"datetime\" and into = \"opening\"; of a site without pages, \
                read = { opening = \"/opens\" } in the request";
    Some(Problem::error("no-opening", "announced/ reads no `opening`").at(first.place().clone()).help(help))
}

fn format_of_nothing(parts: &Parts) -> Option<Problem> {
    let place = parts.format_place().filter(|_| parts.of(Phase::Announced).is_empty())?;
    let help = "write the steps beside it that read the instant, into = \"opening\", or take the file away";
    Some(Problem::error("no-opening", "nothing in announced/ reads what this describes").at(place.clone()).help(help))
}

/// The phases on whose pages the button of the commit may be. On the page where one logs in and on the list, a locator as plain
/// as `button[type=submit]` means another one.
const BESIDE_THE_COMMIT: [Phase; 5] = [Phase::Announced, Phase::Prepare, Phase::Choose, Phase::Opening, Phase::Retry];

/// A step that presses the button of the commit would submit before there is a permit. Only what is written alike is found: two
/// locators may mean one button, and nobody can tell that without the page.
fn steps_that_press(parts: &Parts) -> Vec<Problem> {
    let Some(commit) = &parts.commit else { return Vec::new() };
    let help = format!(
        "{} clicks it, once and at the instant: take this step away; if it means another button, on another page, say which one: \
         within = …, has-text = \"…\"",
        commit.place()
    );
    let presses = |verb: &Verb| verb.pressed().iter().any(|locator| commit.clicked().contains(locator));
    early(parts, |phase| BESIDE_THE_COMMIT.contains(&phase), &presses)
        .map(|step| {
            Problem::error("commits-early", "this step would press the button that books, before it may")
                .at(step.place().clone())
                .help(help.as_str())
        })
        .collect()
}

/// The same for a request. An address means the same wherever it is asked, so every phase is looked at that runs before there is
/// a permit, or without one; only what cancels is its own affair.
fn steps_that_send(parts: &Parts) -> Vec<Problem> {
    let Some((commit, request)) = parts.commit.as_ref().and_then(|commit| Some((commit, commit.request()?))) else {
        return Vec::new();
    };
    let help = format!(
        "{} sends it, once and at the instant: take this step away; if it asks this address for something else, say so in a field \
         of the body that both write out: action = \"look\" here, action = \"book\" there",
        commit.place()
    );
    let sends = |verb: &Verb| matches!(verb, Verb::Request(asked) if asked.asks_the_same(request));
    early(parts, |phase| phase != Phase::Cancel, &sends)
        .map(|step| {
            Problem::error("commits-early", "this step would send the request that books, before it may")
                .at(step.place().clone())
                .help(help.as_str())
        })
        .collect()
}

/// The steps of some phases that do what they must not, inner ones included.
fn early<'p>(
    parts: &'p Parts,
    is_looked_at: impl Fn(Phase) -> bool,
    commits: &impl Fn(&Verb) -> bool,
) -> impl Iterator<Item = &'p Step> {
    let steps = parts.steps.iter().filter(move |(phase, _)| is_looked_at(**phase)).flat_map(|(_, steps)| steps);
    steps.filter_map(move |step| step.find(commits))
}

/// A reload of the page that answered a form sends the form again.
fn retry_would_resend(parts: &Parts) -> Option<Problem> {
    let reloads = |step: &&Step| step.any(&|verb| matches!(verb, Verb::Reload));
    let leaves = |step: &Step| step.any(&|verb| matches!(verb, Verb::Go(_)));
    let reload = parts.of(Phase::Opening).iter().find(reloads)?;
    if parts.of(Phase::Retry).iter().any(leaves) {
        return None;
    }
    let help = "after a refusal opening/ runs again, and reloading the page that answered the form would send it again: \
                let retry/ `go` to the page of the form first";
    Some(
        Problem::error("retry-would-resend", "this reload could send the form again")
            .at(reload.place().clone())
            .help(help),
    )
}

fn login_cannot_be_checked(parts: &Parts) -> Option<Problem> {
    let first = parts.of(Phase::Login).first()?;
    if parts.has_logged_in() {
        return None;
    }
    let help = "write login/logged-in.toml: page = \"{site.url}…\" and what only a logged-in member sees there; without it a lost \
                session is noticed at the opening only";
    Some(Problem::warning("no-logged-in", "login/ has no logged-in.toml").at(first.place().clone()).help(help))
}

/// A request as commit is for flows that are requests all over.
fn pages_with_a_request(parts: &Parts) -> Option<Problem> {
    let commit = parts.commit.as_ref().filter(|commit| commit.is_request())?;
    let step = parts.steps.values().flatten().find(|step| !step.is_of_api())?;
    let help = format!(
        "{} commits with a request, so every step must be a `request`; a site with pages commits with `click`",
        commit.place()
    );
    Some(Problem::error("page-step", "this step needs a page").at(step.place().clone()).help(help))
}

fn conditions_without_pages(parts: &Parts) -> Vec<Problem> {
    let commit_is_request = parts.commit.as_ref().is_some_and(super::Commit::is_request);
    if !is_api(parts.steps.values().flatten(), commit_is_request) {
        return Vec::new();
    }
    let outcomes = parts.outcomes.iter().filter(|outcome| outcome.needs_page()).map(|outcome| outcome.place().clone());
    let logged_in = parts.logged_in.iter().filter(|check| check.needs_page()).map(|check| check.place().clone());
    let help = "every step is a `request`: an answer is judged by `status`, `json`, `url`, and by `text` or `matches` without `in`";
    outcomes
        .chain(logged_in)
        .map(|place| Problem::error("needs-a-page", "there is no page here, only an answer").at(place).help(help))
        .collect()
}
