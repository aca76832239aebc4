//! Takes secrets out of texts that leave the process, in every form in which they can be written ([`forms`]).

use std::borrow::Cow;

use regex::bytes::Regex;

use crate::model::{Secret, forms};

/// What stands in a secret's place.
pub(super) const MASK: &str = "[masked]";

/// Shorter texts than this are masked only where they are whole attribute values by the page itself: a one-letter secret would
/// mask the whole page.
const SHORTEST: usize = 3;

/// What masks the same secrets in many texts.
pub(super) struct Masker(Search);

enum Search {
    /// There is no secret.
    None,
    For(Regex),
    /// They cannot be searched for: nothing of a text is certain to be none.
    Impossible,
}

impl Masker {
    pub(super) fn of(secrets: &[Secret]) -> Self {
        let mut long: Vec<&str> =
            secrets.iter().map(Secret::expose).filter(|s| s.chars().count() >= SHORTEST).collect();
        if long.is_empty() {
            return Self(Search::None);
        }
        // The longest first: one may contain a shorter one.
        long.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let patterns: Vec<_> = long.into_iter().flat_map(forms::patterns).collect();
        let search = forms::search(patterns.iter().map(|pattern| pattern.as_str()));
        Self(search.map_or(Search::Impossible, Search::For))
    }

    /// Whether every text stays as it is.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.0, Search::None)
    }

    /// Replaces each secret, however it is written. A text that cannot be searched is masked whole.
    pub(super) fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Search::None => Cow::Borrowed(text),
            Search::For(search) if !search.is_match(text.as_bytes()) => Cow::Borrowed(text),
            Search::For(search) => {
                let masked = search.replace_all(text.as_bytes(), MASK.as_bytes());
                Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
            }
            Search::Impossible => Cow::Borrowed(MASK),
        }
    }
}

/// The same for one text.
pub(super) fn mask(text: &str, secrets: &[Secret]) -> String {
    Masker::of(secrets).mask(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_it_is_masked() {
        let secrets = [Secret::new("a&b \"c\""), Secret::new("x")];
        let text = r#"a&b "c" | a&amp;b "c" | a&amp;b &quot;c&quot; | a%26b+%22c%22 | a%26b%20%22c%22 | a&b \"c\" | x"#;
        assert_eq!(mask(text, &secrets), "[masked] | [masked] | [masked] | [masked] | [masked] | [masked] | x");
    }

    #[test]
    fn what_only_logs_were_masked_for_is_masked_in_pages_too() {
        let secrets = [Secret::new("¡contraseña!")];
        let text = "¡contraseña! | YW5hOsKhY29udHJhc2XDsWEh | %C2%A1contrase%C3%B1a! | Â¡contraseÃ±a! | contraseña";
        assert_eq!(mask(text, &secrets), "[masked] | YW5hOs[masked] | [masked] | [masked] | contraseña");
    }

    #[test]
    fn a_secret_inside_another_uncovers_nothing_and_none_masks_nothing() {
        assert_eq!(mask("abcdef abc", &[Secret::new("abc"), Secret::new("abcdef")]), "[masked] [masked]");
        assert_eq!(mask("abc", &[]), "abc");
        assert_eq!(mask("", &[Secret::new("")]), "");
    }
}
