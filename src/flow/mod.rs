//! Selector files: steps, locators, templates, conditions. Pure.
//!
//! [`Flow::parse`] turns the files of a folder into a [`Flow`], or into every problem in them at once. Its parts are
//! templates still; [`Words`] say what they mean for one choice of one attempt, and rendering with them gives the
//! [`wire`] form that the program in the page understands. What the site answers to a flow without pages is judged here
//! as well ([`condition::holds_for_answer`], [`rows::from_json`]); what a page shows is judged in the page.
//!
//! Not here: browsers, files, and when a phase runs.

mod announcement;
pub mod chain;
mod coherence;
mod commit;
pub mod condition;
mod folder;
mod locator;
mod logged_in;
mod names;
pub mod opening;
mod outcome;
pub mod page;
mod pattern;
mod pen;
mod phase;
mod raw;
mod request;
pub mod rows;
mod selector;
mod step;
pub mod template;
pub mod wire;
mod unread;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::{Booking, FireMode, Origins, Site};
use crate::report::{Place, Problem, did_you_mean};
use crate::timing::Allowed;
use step::Verb;
use wire::OpeningWay;

pub use announcement::{Announcement, NoInstant, OPENING};
pub use commit::Commit;
pub use logged_in::LoggedIn;
pub use outcome::Outcome;
pub use phase::Phase;
pub use step::Step;
pub use template::{RenderError, RenderErrorKind, Template, TemplateError};
pub use unread::{is_unread, unread};
pub use words::Words;

/// A site's selector files, known to be whole.
#[derive(Clone, Debug)]
pub struct Flow {
    folder: PathBuf,
    steps: BTreeMap<Phase, Vec<Step>>,
    logged_in: Option<LoggedIn>,
    announcement: Announcement,
    announced_hash: String,
    commit: Commit,
    outcomes: Vec<Outcome>,
    outside_words: Vec<(String, Place)>,
}

impl Flow {
    /// The folder it was read from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The steps of a phase, in order; perhaps none.
    pub fn steps(&self, phase: Phase) -> &[Step] {
        self.steps.get(&phase).map_or(&[], Vec::as_slice)
    }

    /// How to tell that one is still logged in.
    pub fn logged_in(&self) -> Option<&LoggedIn> {
        self.logged_in.as_ref()
    }

    /// How the instant is written that the announced phase reads; none: the site announces nothing.
    pub fn announcement(&self) -> Option<&Announcement> {
        (!self.steps(Phase::Announced).is_empty()).then_some(&self.announcement)
    }

    /// The hash of the files of the announced phase, in hex: what others have read counts no more.
    pub fn announced_hash(&self) -> &str {
        &self.announced_hash
    }

    /// The one irreversible step.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// What the site's answers mean, in order; one of them is `confirmed`.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Whether it needs no browser: every step is a request.
    pub fn is_api(&self) -> bool {
        coherence::is_api(self.steps.values().flatten(), self.commit.is_request())
    }

    /// The ways to fire that it allows.
    pub fn allowed(&self) -> Allowed {
        let send = match self.commit.send() {
            wire::Send::Form => OpeningWay::Page,
            wire::Send::Fetch => OpeningWay::Fetch,
            wire::Send::Http => OpeningWay::Http,
        };
        Allowed {
            is_api: self.is_api(),
            send,
            opening: (!self.steps(Phase::Opening).is_empty()).then(|| self.opening_way()),
            in_page: self.needs_engine_at_opening().is_none(),
        }
    }

    /// The fastest way in which its opening steps can be done, as far as the files tell.
    fn opening_way(&self) -> OpeningWay {
        match self.cannot_be_chained() {
            _ if self.is_api() => OpeningWay::Http,
            Some(_) => OpeningWay::Page,
            None => self.commit.opening(),
        }
    }

    /// Renders the steps of a phase at once: for phases that use no variable which one of their own steps reads.
    pub fn render_steps(&self, phase: Phase, words: &Words) -> Result<Vec<wire::Step>, RenderError> {
        self.steps(phase).iter().map(|step| step.render(words)).collect()
    }

    /// The first opening step that a program in the page cannot do by itself, if there is one: the flow cannot be armed.
    pub fn needs_engine_at_opening(&self) -> Option<&Step> {
        self.steps(Phase::Opening).iter().find(|step| step.any(&Verb::needs_engine))
    }

    /// Whether the opening steps are a chain of requests of ours in this mode, which ends in the commit.
    pub fn is_chained(&self, mode: FireMode) -> bool {
        let allowed = self.commit.opening() == OpeningWay::Http && self.cannot_be_chained().is_none();
        mode == FireMode::Http && !self.steps(Phase::Opening).is_empty() && !self.is_api() && allowed
    }

    /// Whether there are opening steps that the engine does one by one in this mode, before the fire. A program in the page and a
    /// chain do theirs as part of it.
    pub fn engine_opens(&self, mode: FireMode) -> bool {
        !self.steps(Phase::Opening).is_empty() && mode != FireMode::Armed && !self.is_chained(mode)
    }

    /// The first thing about the opening that a chain cannot do, and why; none: it can be a chain, as far as the files tell. Of
    /// rendered steps [`opening::not_chained`] says the same.
    pub fn cannot_be_chained(&self) -> Option<(&Place, &'static str)> {
        let steps = self.steps(Phase::Opening);
        let first = steps.first()?;
        if !first.loads_a_page() {
            return Some((first.place(), "a chain begins with `reload` or `go`"));
        }
        if let Some(step) = steps.iter().find(|step| step.needs_live_page()) {
            return Some((step.place(), "this step needs a live page"));
        }
        let asks = self.commit.answers_a_dialog();
        asks.then(|| (self.commit.place(), "a dialog that is dismissed, or wants a text, needs a live page"))
    }

    /// Where the site's credentials may go: to the site's address, to absolute addresses in these files and in the site's
    /// variables, and to its `login-hosts`.
    pub fn origins(&self, site: &Site) -> Origins {
        let steps = self.steps.values().flatten().flat_map(Step::addresses);
        let others = self.logged_in.iter().map(LoggedIn::address).chain(self.commit.address());
        let written = steps.chain(others).filter_map(Template::written_origin);
        Origins::of(&site.url, written.chain(site.variables.values().map(String::as_str)), &site.login_hosts)
    }

    /// Renders the outcome table.
    pub fn render_outcomes(&self, words: &Words) -> Result<Vec<wire::Outcome>, RenderError> {
        self.outcomes.iter().map(|outcome| outcome.render(words)).collect()
    }

    /// The `{site.KEY}` words that the site does not define, and a fire mode that the opening steps do not allow.
    pub fn problems_with_site(&self, site: &Site) -> Vec<Problem> {
        let known: Vec<_> =
            site.variables.keys().map(|key| format!("site.{key}")).chain(["site.url".to_owned()]).collect();
        let owner = format!("site `{}`", site.id);
        let mut problems = self.undefined("site.", &known, &owner, &format!("[site.{}]", site.id));
        problems.extend(self.cannot_be_armed(site).or_else(|| self.goes_by_page(site)));
        problems
    }

    /// The site allows its opening to be chained, its mode would do it, and the steps do not.
    fn goes_by_page(&self, site: &Site) -> Option<Problem> {
        let wanted = match site.fire {
            FireMode::Armed | FireMode::Http => true,
            FireMode::Auto => self.commit.names_opening(),
            FireMode::Native | FireMode::Script => false,
        };
        let (place, why) = self.cannot_be_chained().filter(|_| wanted && self.commit.opening() > OpeningWay::Page)?;
        let what = format!("the opening of site `{}` cannot be done as a chain: {why}", site.id);
        let help = "it goes page by page instead, which is slower; docs/chains.md says what a chain can do, and with \
                    opening = \"page\" in commit.toml nobody expects one";
        Some(Problem::warning("not-chained", what).at(place.clone()).help(help))
    }

    fn cannot_be_armed(&self, site: &Site) -> Option<Problem> {
        let step = self.needs_engine_at_opening().filter(|_| site.fire == FireMode::Armed)?;
        let what =
            format!("site `{}` is set to `armed`, but a program in the page cannot do this step by itself", site.id);
        let help = "it fires as `script` instead; in opening/, `armed` allows no `read`, `rows`, `into`, real keys, files, frames, \
                    windows, pictures or `dialog`";
        Some(Problem::warning("not-armed", what).at(step.place().clone()).help(help))
    }

    /// The `{booking.KEY}` words that the booking does not define.
    pub fn problems_with_booking(&self, booking: &Booking) -> Vec<Problem> {
        let keys = booking.variables.keys().map(|key| format!("booking.{key}"));
        let known: Vec<_> = keys.chain(["booking.name".to_owned()]).collect();
        self.undefined("booking.", &known, &format!("booking `{}`", booking.name), "the [[booking]]")
    }

    fn undefined(&self, prefix: &str, known: &[String], owner: &str, table: &str) -> Vec<Problem> {
        let wrong = |(word, _): &&(String, Place)| word.starts_with(prefix) && !known.contains(word);
        let problem = |(word, place): &(String, Place)| {
            let near = did_you_mean(word, known.iter().map(String::as_str));
            let key = word.trim_start_matches(prefix);
            let cure = || format!("write variables = {{ {key} = \"…\" }} into {table}");
            let help = near.map_or_else(cure, |near| format!("did you mean `{near}`?"));
            Problem::error("undefined-word", format!("{owner} does not define `{word}`")).at(place.clone()).help(help)
        };
        self.outside_words.iter().filter(wrong).map(problem).collect()
    }
}
