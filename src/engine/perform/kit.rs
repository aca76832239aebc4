//! What every performer has at hand: the errand, the time, credentials, and a voice.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::answer::first_that_holds;
use super::list::tally;
use super::request::RequestError;
use crate::clock::Clock;
use crate::engine::What;
use crate::engine::errand::Errand;
use crate::engine::lock::Turn;
use crate::engine::report::Reporter;
use crate::flow::condition::HttpAnswer;
use crate::flow::wire::{self, Verb};
use crate::flow::{Phase, Words, rows};
use crate::model::{Answer, AttemptId, Origins};
use crate::store::Store;
use crate::telemetry::Redactor;
use crate::timing::{Listing, Trouble};
use crate::vault::Vault;

/// What every performer has at hand.
pub(super) struct Kit {
    pub(super) attempt: AttemptId,
    pub(super) errand: Errand,
    pub(super) vault: Option<Arc<Vault>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) reporter: Reporter,
    /// The account, where the site bears one session of it.
    pub(super) turn: Turn,
    pub(super) redactor: Redactor,
    pub(super) evidence: PathBuf,
    /// Where sessions at a service and log-ins are written down; none: nothing of this attempt is kept.
    pub(super) journal: Option<Store>,
}

impl Kit {
    /// The words of the templates, credentials included.
    pub(super) fn words(&self) -> Result<Words, Trouble> {
        let missing = || Trouble::Credentials("it is not known where it is; set `identity` under [vault]".to_owned());
        let vault = self.vault.as_ref().ok_or_else(missing)?;
        let credentials =
            vault.get(&self.errand.member.vault).map_err(|error| Trouble::Credentials(error.to_string()))?;
        self.redactor.hide(&credentials.password);
        let words = Words::new(&self.errand.site, self.errand.zone.clone())
            .with_member(&self.errand.member)
            .with_attempt(&self.attempt)
            .with_credentials(&credentials.user, &credentials.password);
        Ok(match &self.errand.booking {
            Some(booking) => words.with_booking(booking),
            None => words,
        })
    }

    /// Where credentials, and what came of them, may go.
    pub(super) fn origins(&self) -> Origins {
        self.errand.flow.origins(&self.errand.site)
    }

    /// Writes down that the site is about to see the credentials: without that they are not sent.
    pub(super) async fn note_log_in(&self, verifies: bool) -> Result<(), Trouble> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let noted = journal.note_log_in(&self.attempt, verifies, self.clock.now()).await;
        noted.map_err(|error| Trouble::Browser(format!("the log-in could not be written down: {error}")))
    }

    /// How long one answer is waited for.
    pub(super) fn answer(&self) -> Duration {
        self.errand.site.patience.answer.unsigned_abs()
    }

    /// A step was done.
    pub(super) fn done(&self, phase: Phase, place: String, took: Duration) {
        self.reporter.say(self.clock.now(), What::Step { phase: phase.as_str(), place, took });
    }

    /// Something worth knowing.
    pub(super) fn note(&self, words: String) {
        self.reporter.say(self.clock.now(), What::Note(words));
    }

    /// The submit left.
    pub(super) fn sent(&self, choice: usize, mode: &'static str, sent: Timestamp) {
        let late = self.errand.lateness(choice, sent);
        let choice = self.errand.choices[choice].clone();
        self.reporter.say(self.clock.now(), What::Sent { choice, mode, sent, late });
    }

    /// Says what went wrong, and hands it on.
    pub(super) fn told(&self, trouble: Trouble) -> Trouble {
        let words = match &trouble {
            Trouble::Selector(_) => self.reporter.of_files(trouble.words(), &self.errand.flow),
            _ => trouble.words(),
        };
        self.reporter.say(self.clock.now(), What::Trouble(words));
        trouble
    }

    /// What the site's own outcomes make of an answer.
    pub(super) fn judge(&self, answer: &HttpAnswer, choice: usize) -> Answer {
        let Ok(words) = self.words() else { return Answer::Unknown };
        let words = words.with_choice(&self.errand.choices[choice]);
        match self.errand.flow.render_outcomes(&words) {
            Ok(outcomes) => first_that_holds(&outcomes, answer),
            Err(_) => Answer::Unknown,
        }
    }

    /// A failed request: what the site said, or where the step stands and what was answered.
    pub(super) async fn trouble_of(&self, error: &RequestError, place: &str, choice: usize) -> Trouble {
        match error.answer() {
            None if error.is_of_files() => Trouble::Selector(format!("{place}: {error}")),
            None => Trouble::Unreachable(error.to_string()),
            Some(answer) => match self.judge(answer, choice) {
                Answer::Unknown | Answer::Confirmed => {
                    self.keep_answer(&answer.body).await;
                    Trouble::Selector(format!("{place}: {error}"))
                }
                known => Trouble::Answer(known),
            },
        }
    }

    /// Which rows are ours: the list is compared with every choice of the attempt, but for those that are another's.
    pub(super) fn listing(&self, words: &Words, found: &[rows::Row]) -> Result<Listing, Trouble> {
        let choices = &self.errand.choices;
        let own: Vec<usize> = (0..choices.len()).filter(|choice| !self.errand.is_anothers(*choice)).collect();
        let specs = own.iter().map(|choice| self.rows_spec(&words.clone().with_choice(&choices[*choice])));
        let specs: Vec<_> = specs.collect::<Result<_, _>>()?;
        let place = specs.first().map(|(_, place)| place.clone()).unwrap_or_default();
        let specs: Vec<_> = specs.into_iter().map(|(spec, _)| spec).collect();
        match tally(found, &specs, &place) {
            Listing::CannotTell(why) => Err(Trouble::Selector(why)),
            Listing::Found { choice, rows, reference } => Ok(Listing::Found { choice: own[choice], rows, reference }),
            told => Ok(told),
        }
    }

    /// The one row of the first choice; how many there are, where it is not one.
    pub(super) fn only_row(&self, words: &Words, found: &[rows::Row]) -> Result<Result<rows::Row, u32>, Trouble> {
        let (spec, _) = self.rows_spec(&words.clone().with_choice(&self.errand.choices[0]))?;
        match self.listing(words, found)? {
            Listing::Found { rows: 1, .. } => Ok(rows::ours(found, &spec).first().map(|row| (*row).clone()).ok_or(0)),
            Listing::Found { rows, .. } => Ok(Err(rows)),
            _ => Ok(Err(0)),
        }
    }

    /// How the site's list is read, for one choice, and where that stands.
    fn rows_spec(&self, words: &Words) -> Result<(wire::Rows, String), Trouble> {
        for step in self.errand.flow.steps(Phase::Verify) {
            let rendered = step.render(words).map_err(|error| Trouble::Selector(error.to_string()))?;
            if let Verb::Rows(spec) = rendered.verb {
                return Ok((spec, rendered.place));
            }
        }
        Err(Trouble::Selector("verify/ reads no rows".to_owned()))
    }
}
