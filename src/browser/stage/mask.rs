//! Takes secrets out of texts that leave the process, in every form in which they can be written ([`forms`]).

use crate::model::{Secret, forms};

/// What stands in a secret's place.
pub(super) const MASK: &str = "[masked]";

/// Shorter texts than this are masked only where they are whole attribute values by the page itself: a one-letter secret would
/// mask the whole page.
const SHORTEST: usize = 3;

/// Replaces each secret, however it is written. A text that cannot be searched is masked whole.
pub(super) fn mask(text: &str, secrets: &[Secret]) -> String {
    let mut long: Vec<&Secret> = long(secrets).collect();
    if long.is_empty() {
        return text.to_owned();
    }
    // The longest first: one may contain a shorter one.
    long.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    let patterns: Vec<_> = long.iter().flat_map(|secret| forms::patterns(secret.expose())).collect();
    let Ok(search) = forms::search(patterns.iter().map(|pattern| pattern.as_str())) else { return MASK.to_owned() };
    let masked = search.replace_all(text.as_bytes(), MASK.as_bytes());
    String::from_utf8_lossy(&masked).into_owned()
}

/// Those that are masked.
pub(super) fn long(secrets: &[Secret]) -> impl Iterator<Item = &Secret> {
    secrets.iter().filter(|secret| secret.expose().chars().count() >= SHORTEST)
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
