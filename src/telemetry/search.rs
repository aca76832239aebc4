//! Looks for one secret in texts, and masks it.
//!
//! Each secret has a search of its own, which is made once: one search for all would have to be made anew with each token that
//! a site hands out, and would one day be too large.

use std::borrow::Cow;

use regex::bytes::{NoExpand, Regex};

use crate::model::{Secret, forms};

/// What stands where a secret stood.
const MASK: &[u8] = b"[secret]";

/// A longer secret is looked for as it is only: a search for all its forms would take long to make, and much memory.
const LONGEST: usize = 4 * 1024;

/// A search for one secret.
pub(super) struct Search {
    secret: Secret,
    /// Every form in which it can be written; none: it is looked for as it is.
    forms: Option<Regex>,
}

impl Search {
    /// Takes about a millisecond for a token of a thousand characters.
    pub(super) fn of(secret: &Secret) -> Self {
        let text = secret.expose();
        let forms = (text.len() <= LONGEST).then(|| {
            let patterns = forms::patterns(text);
            forms::search(patterns.iter().map(|pattern| pattern.as_str())).ok()
        });
        Self { secret: secret.clone(), forms: forms.flatten() }
    }

    /// Whether it looks for this secret.
    pub(super) fn is_for(&self, secret: &Secret) -> bool {
        self.secret == *secret
    }

    /// Whether both look for the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.secret == other.secret
    }

    /// How long the secret is.
    pub(super) fn len(&self) -> usize {
        self.secret.expose().len()
    }

    /// The bytes with a mask wherever the secret stands.
    pub(super) fn mask<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.forms {
            Some(forms) => forms.replace_all(bytes, NoExpand(MASK)),
            None => mask_as_it_is(bytes, self.secret.expose().as_bytes()),
        }
    }
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Search")
    }
}

fn mask_as_it_is<'a>(bytes: &'a [u8], secret: &[u8]) -> Cow<'a, [u8]> {
    let find = |bytes: &[u8]| bytes.windows(secret.len()).position(|window| window == secret);
    let (mut masked, mut rest) = (Vec::new(), bytes);
    while let Some(at) = find(rest) {
        masked.extend_from_slice(&rest[..at]);
        masked.extend_from_slice(MASK);
        rest = &rest[at + secret.len()..];
    }
    if rest.len() == bytes.len() {
        return Cow::Borrowed(bytes);
    }
    masked.extend_from_slice(rest);
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_any_length_is_masked_and_none_is_too_long() {
        for length in [4, 900, LONGEST, LONGEST + 1, 3_000_000] {
            let secret = "a-b/".repeat(length / 4 + 1);
            let search = Search::of(&Secret::new(secret.clone()));
            let text = format!("x {secret} y {secret}");
            assert_eq!(search.mask(text.as_bytes()).as_ref(), b"x [secret] y [secret]", "{length}");
            assert!(matches!(search.mask(b"x y"), Cow::Borrowed(_)));
            assert_eq!(search.forms.is_some(), secret.len() <= LONGEST);
        }
    }
}
