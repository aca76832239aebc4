//! A picture of the page in which no secret can be read: what shows one is covered first, and put back afterwards.
//!
//! The page tells every text that it shows, and is told what to show instead; it is never told a secret. What cannot be looked
//! into (a frame of another site) is not shown. Where this cannot be done, there is no picture.

use serde_json::Value;

use super::mask::Masker;
use super::{FailureKind, Stage, Trouble, call};
use crate::flow::page::{self, Shown};

/// How often a picture is tried of a page that changes meanwhile.
const TRIES: u32 = 3;

/// A page that shows more text than this is not looked through.
const LONGEST: usize = 4 * 1024 * 1024;

impl Stage {
    /// A PNG of the window, without secrets.
    pub(super) async fn png(&mut self) -> Result<Vec<u8>, Trouble> {
        let masker = Masker::of(&self.secrets);
        let mut taken = self.png_once(&masker).await;
        for _ in 1..TRIES {
            match &taken {
                Err(trouble) if trouble.kind == FailureKind::Expectation => taken = self.png_once(&masker).await,
                _ => break,
            }
        }
        taken
    }

    async fn png_once(&mut self, masker: &Masker) -> Result<Vec<u8>, Trouble> {
        let taken = self.covered_png(masker).await;
        let uncovered = self.patient::<Value>(&page::uncover()).await;
        let revealed = self.patient::<Value>(&page::conceal(false)).await;
        let png = taken?;
        uncovered.and(revealed)?;
        Ok(png)
    }

    async fn covered_png(&mut self, masker: &Masker) -> Result<Vec<u8>, Trouble> {
        self.patient::<Value>(&page::conceal(true)).await?;
        if masker.is_idle() {
            return call::bounded(self.driver.screenshot_as_png()).await;
        }
        let shown = self.shown().await?;
        self.patient::<Value>(&page::cover(&changes(&shown, masker))).await?;
        self.refuse_secrets(masker).await?;
        let png = call::bounded(self.driver.screenshot_as_png()).await?;
        // A page that has written it anew meanwhile may be on the picture.
        self.refuse_secrets(masker).await?;
        Ok(png)
    }

    async fn shown(&mut self) -> Result<Vec<Shown>, Trouble> {
        let shown: Vec<Shown> = self.patient(&page::shown()).await?;
        if shown.iter().map(|each| each.text.len()).sum::<usize>() > LONGEST {
            return Err(Trouble::new(FailureKind::Unsupported, "the page shows more text than can be looked through"));
        }
        Ok(shown)
    }

    async fn refuse_secrets(&mut self, masker: &Masker) -> Result<(), Trouble> {
        if shows_none(&self.shown().await?, masker) {
            return Ok(());
        }
        Err(Trouble::new(FailureKind::Expectation, "the page shows a secret that could not be covered"))
    }
}

/// What must stand elsewhere, as (place, what stands there, what shall).
fn changes<'s>(shown: &'s [Shown], masker: &Masker) -> Vec<(usize, &'s str, String)> {
    let masked = shown.iter().map(|each| (each.text.as_str(), masker.mask(&each.text)));
    let changed = masked.enumerate().filter(|(_, (text, masked))| text != masked);
    changed.map(|(at, (text, masked))| (at, text, masked.into_owned())).collect()
}

/// Neither in one text, nor in several that follow each other.
fn shows_none(shown: &[Shown], masker: &Masker) -> bool {
    let flowing: String = shown.iter().filter(|each| each.flows).map(|each| each.text.as_str()).collect();
    changes(shown, masker).is_empty() && masker.mask(&flowing) == flowing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn shown(texts: &[(&str, bool)]) -> Vec<Shown> {
        texts.iter().map(|(text, flows)| Shown { text: (*text).to_owned(), flows: *flows }).collect()
    }

    #[test]
    fn what_holds_a_secret_is_changed_and_nothing_else() {
        let masker = Masker::of(&[Secret::new("sesame")]);
        let shown = shown(&[("hello", true), ("you wrote sesame!", true), ("sesame", false)]);
        let wanted = [(1, "you wrote sesame!", "you wrote [masked]!".to_owned()), (2, "sesame", "[masked]".to_owned())];
        assert_eq!(changes(&shown, &masker), wanted);
        assert!(!shows_none(&shown, &masker));
    }

    #[test]
    fn a_secret_in_pieces_is_seen() {
        let masker = Masker::of(&[Secret::new("sesame")]);
        assert!(!shows_none(&shown(&[("ses", true), ("x", false), ("ame", true)]), &masker));
        assert!(shows_none(&shown(&[("ses", true), ("ame", false)]), &masker), "two controls are not one text");
    }
}
