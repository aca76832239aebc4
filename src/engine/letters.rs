//! Which letter an attempt's end is worth, and to whom.

use std::sync::Arc;

use super::Parts;
use super::errand::Errand;
use super::run::{Ending, Write};
use crate::model::{Attempt, Choice, Language};
use crate::notify::{Facts, Reader, letter};
use crate::store::Slot;

/// Writes the letters of one attempt; none when nobody is to be told.
pub(super) fn letters(errand: &Errand, attempt: &Attempt, parts: &Parts) -> Write {
    let to = recipient(errand, parts);
    let (attempt, choices) = (attempt.clone(), errand.choices.clone());
    let (site_url, member) = (errand.site.url.clone(), errand.member.id.clone());
    Arc::new(move |ending: &Ending<'_>| {
        let to = to.as_deref()?;
        let slot = ending.won.map(|won| Slot::from(&choices[won]));
        let mut attempt = attempt.clone();
        attempt.note = Some(ending.note.to_owned());
        let opening = |choice: &Choice| choice.opening;
        let lateness = ending.won.zip(ending.sent).map(|(won, sent)| sent.duration_since(opening(&choices[won])));
        let facts = Facts {
            attempt: &attempt,
            outcome: ending.outcome,
            slot: slot.as_ref(),
            site_url: &site_url,
            lateness,
            duplicate: ending.duplicate,
        };
        letter(&facts, &Reader { to, name: member.as_str(), language: Language::default() })
    })
}

/// The member's own address, or the one that the configuration names for everybody.
fn recipient(errand: &Errand, parts: &Parts) -> Option<String> {
    let everybody = parts.config.mail.as_ref().and_then(|mail| mail.to.clone());
    errand.member.mail.clone().or(everybody)
}
