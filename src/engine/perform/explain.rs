//! Why something could not be done: what the site itself says about it, or the place in the selector files; and what is kept
//! of the page for a person to see.

use std::time::Duration;

use super::Kit;
use super::browser::BrowserHands;
use crate::browser::stage::{self, FailureKind, StepFailure, keep_picture};
use crate::flow::Phase;
use crate::flow::wire::Commit;
use crate::model::Answer;
use crate::timing::Trouble;

/// How long the site is asked for its own words about something that failed.
const EXPLAIN: Duration = Duration::from_millis(300);

/// How long a page may take to show itself, picture and source.
const EVIDENCE: Duration = Duration::from_secs(8);

/// Where the pictures of `screenshot` steps are, among the evidence.
const PICTURES: &str = "pictures";

/// Something that failed.
pub(super) struct Failed {
    /// In which phase; none: the commit.
    pub(super) phase: Option<Phase>,
    /// What kind of failure.
    pub(super) kind: FailureKind,
    /// The place in the selector files, and what happened there.
    pub(super) text: String,
}

impl Failed {
    /// Who has to act, where the site says nothing about it.
    fn trouble(self) -> Trouble {
        match self.kind {
            FailureKind::Unreachable | FailureKind::Timeout | FailureKind::Changed => Trouble::Unreachable(self.text),
            FailureKind::Driver | FailureKind::NoWindow | FailureKind::Early => Trouble::Browser(self.text),
            _ => Trouble::Selector(self.text),
        }
    }

    /// The log-in's own page always looks like that of somebody who is not logged in.
    fn is_explained_by(&self, said: Answer) -> bool {
        let says_nothing = self.phase == Some(Phase::Login) && said == Answer::LoginExpired;
        // What another site's page shows is not our site's word, and what a page says that has changed was there before.
        let says_nothing = says_nothing || matches!(self.kind, FailureKind::Origin | FailureKind::Changed);
        !says_nothing && !matches!(said, Answer::Unknown | Answer::Confirmed)
    }
}

impl BrowserHands {
    /// Why a step failed.
    pub(super) async fn explain_step(&mut self, phase: Phase, failure: &StepFailure, choice: usize) -> Trouble {
        let text = format!("{failure} (at {})", failure.page_url);
        self.explain(Failed { phase: Some(phase), kind: failure.kind, text }, choice).await
    }

    /// Why the commit could not be done; nothing was sent.
    pub(super) async fn explain_commit(&mut self, commit: &Commit, trouble: &stage::Trouble, choice: usize) -> Trouble {
        let text = format!("{}: {}", commit.place, trouble.reason);
        self.explain(Failed { phase: None, kind: trouble.kind, text }, choice).await
    }

    /// Why something failed: what the site itself says on its page, or the place in the selector files.
    pub(super) async fn explain(&mut self, failed: Failed, choice: usize) -> Trouble {
        let said = self.ask_outcomes(choice, EXPLAIN).await;
        let explained = failed.is_explained_by(said);
        // Nobody will look at the list again for a refusal; of a list that cannot be read, or credentials that are refused, a
        // person must see why.
        let is_looked_into = matches!(said, Answer::SiteError | Answer::LoginRefused);
        if !explained || is_looked_into || failed.phase == Some(Phase::Verify) {
            self.keep_evidence().await;
        }
        if explained {
            self.kit.told(Trouble::Selector(format!("{}; the site says {}", failed.text, said.as_str())));
            return Trouble::Answer(said);
        }
        failed.trouble()
    }

    async fn ask_outcomes(&mut self, choice: usize, within: Duration) -> Answer {
        let Ok(words) = self.words(choice) else { return Answer::Unknown };
        let Ok(outcomes) = self.kit.errand.flow.render_outcomes(&words) else { return Answer::Unknown };
        let Some(live) = self.live.as_mut() else { return Answer::Unknown };
        // The answer to an earlier submit explains nothing: only what the page shows counts.
        let said = live.stage.says(&outcomes, within).await;
        said.as_deref().and_then(Answer::parse).unwrap_or(Answer::Unknown)
    }

    /// Keeps picture and source of the page as it is now, as far as they can be had in time.
    pub(super) async fn keep_evidence(&mut self) {
        let Some(live) = self.live.as_mut() else { return };
        let keeping = live.stage.evidence(&self.kit.evidence);
        let words = match tokio::time::timeout(EVIDENCE, keeping).await {
            Ok(kept) => {
                kept.notes.iter().for_each(|note| tracing::warn!("of the page that failed: {note}"));
                kept.words(&self.kit.evidence)
            }
            Err(_) => {
                tracing::warn!("of the page that failed nothing is kept: it did not show itself within {EVIDENCE:?}");
                format!("nothing is kept of the page: it did not show itself within {EVIDENCE:?}")
            }
        };
        self.kit.note(words);
    }
}

impl Kit {
    /// Keeps what `screenshot` steps saw.
    pub(super) async fn keep_pictures(&self, pictures: &[(String, Vec<u8>)]) {
        for (name, png) in pictures {
            match keep_picture(&self.evidence.join(PICTURES), name, png).await {
                Ok(path) => tracing::info!(path = %path.display(), "a picture was kept"),
                Err(why) => tracing::warn!(name, why, "a picture was not kept"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(phase: Option<Phase>, kind: FailureKind) -> Failed {
        Failed { phase, kind, text: "commit.toml:3:1: it is not there".to_owned() }
    }

    #[test]
    fn what_the_site_says_goes_before_what_is_missing() {
        let missing = failed(None, FailureKind::NotFound);
        for said in [Answer::Captcha, Answer::Taken, Answer::NotOpen, Answer::LoginExpired] {
            assert!(missing.is_explained_by(said), "{said:?}");
        }
        assert!(!missing.is_explained_by(Answer::Unknown));
        assert!(!missing.is_explained_by(Answer::Confirmed), "a page of an earlier booking");
        assert!(!failed(Some(Phase::Login), FailureKind::NotFound).is_explained_by(Answer::LoginExpired));
    }

    #[test]
    fn each_kind_is_the_trouble_of_whoever_can_help() {
        assert!(
            matches!(failed(None, FailureKind::NotFound).trouble(), Trouble::Selector(text) if text.contains(":3:1"))
        );
        let elsewhere = failed(Some(Phase::Login), FailureKind::Origin);
        assert!(
            !elsewhere.is_explained_by(Answer::LoginRefused) && matches!(elsewhere.trouble(), Trouble::Selector(_))
        );
        assert!(matches!(failed(None, FailureKind::Covered).trouble(), Trouble::Selector(_)));
        assert!(matches!(failed(None, FailureKind::Timeout).trouble(), Trouble::Unreachable(_)));
        assert!(matches!(failed(None, FailureKind::Driver).trouble(), Trouble::Browser(_)));
        assert!(matches!(failed(None, FailureKind::Early).trouble(), Trouble::Browser(_)));
    }
}
