//! Which letter an attempt's end is worth, and to whom.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Parts;
use super::errand::Errand;
use super::run::{Ending, Write};
use crate::model::{Attempt, Language, Outcome};
use crate::notify::{Facts, Reader, letter};
use crate::store::{Letter, Slot};

/// Writes the letters of one attempt; none when nobody is to be told.
pub(super) fn letters(errand: &Errand, attempt: &Attempt, parts: &Parts) -> Write {
    let (post, errand) = (Post::of(attempt, parts), errand.clone());
    Arc::new(move |ending: &Ending<'_>| {
        let won = Won {
            slot: ending.won.or(ending.tried).map(|choice| Slot::from(&errand.choices[choice])),
            lateness: ending.won.zip(ending.sent).and_then(|(won, sent)| errand.lateness(won, sent)),
            submits: ending.submits,
            duplicate: ending.duplicate,
        };
        post.letter(ending.outcome, ending.note, &won)
    })
}

/// The letter of an attempt that ends without having been run.
pub(super) fn unrun(attempt: &Attempt, outcome: Outcome, note: &str, parts: &Parts) -> Option<Letter> {
    Post::of(attempt, parts).letter(outcome, note, &Won::default())
}

/// What was won, or may have been.
#[derive(Default)]
struct Won {
    slot: Option<Slot>,
    lateness: Option<SignedDuration>,
    submits: u8,
    duplicate: bool,
}

/// Who is told about an attempt, in which language, and where its site is.
struct Post {
    attempt: Attempt,
    to: Option<String>,
    language: Language,
    site_url: String,
    vault: String,
    config: PathBuf,
}

impl Post {
    /// To the member's own address, or the one that the configuration names for everybody.
    fn of(attempt: &Attempt, parts: &Parts) -> Self {
        let config = &parts.config;
        let member = config.member(&attempt.member);
        let own = member.and_then(|member| member.mail.clone());
        let language = member.map_or_else(Language::default, |member| member.language);
        let everybody = config.mail.as_ref().and_then(|mail| mail.to.clone());
        let site_url = config.site(&attempt.site).map_or_else(|| attempt.site.to_string(), |site| site.url.clone());
        let vault = member.map(|member| member.vault.clone()).unwrap_or_default();
        let (to, config) = (own.or(everybody), config.path.clone());
        Self { attempt: attempt.clone(), to, language, site_url, vault, config }
    }

    fn letter(&self, outcome: Outcome, note: &str, won: &Won) -> Option<Letter> {
        let to = self.to.as_deref()?;
        let attempt = Attempt { note: Some(note.to_owned()), ..self.attempt.clone() };
        let facts = Facts {
            attempt: &attempt,
            outcome,
            slot: won.slot.as_ref(),
            site_url: &self.site_url,
            vault: &self.vault,
            config: &self.config,
            lateness: won.lateness,
            submits: won.submits,
            duplicate: won.duplicate,
        };
        let name = self.attempt.member.as_str();
        let letter = letter(&facts, &Reader { to, name, language: self.language })?;
        Some(Letter { message_id: self.message_id(letter.message_id), ..letter })
    }

    /// An attempt that was planned once more may end in the same way once more: that is another letter.
    fn message_id(&self, id: String) -> String {
        let Attempt { created_at, planned_at, .. } = self.attempt;
        if planned_at == created_at {
            return id;
        }
        format!("<{}.{}", planned_at.as_millisecond(), id.trim_start_matches('<'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::errand::Reason;
    use crate::notify::told;

    #[test]
    fn what_the_engine_ends_an_attempt_with_is_told_in_the_members_language() {
        let date = jiff::civil::date(2027, 7, 18);
        let held = |is_to_settle| Reason::Held { booking: "b".into(), date, is_to_settle };
        for reason in [Reason::Unconfigured, Reason::Begun, Reason::Vanished, held(false), held(true)] {
            let note = reason.to_string();
            assert_ne!(told(&note, Language::Spanish), note);
        }
        for note in super::super::fault::NOTES {
            let said = told(note, Language::Spanish);
            assert!(!said.contains("firstserve itself") && !said.contains("site's"), "{said}");
        }
        assert_eq!(told("anything else", Language::Spanish), "anything else", "the control");
    }
}
