//! Takes secrets out of texts that leave the process.

use crate::model::Secret;

/// What stands in a secret's place.
pub(super) const MASK: &str = "[masked]";

/// Shorter texts than this are masked only where they are whole attribute values by the page itself: a one-letter secret would
/// mask the whole page.
const SHORTEST: usize = 3;

/// Replaces each secret, also as HTML, JSON and URLs would write it.
pub(super) fn mask(text: &str, secrets: &[Secret]) -> String {
    let mut forms = secrets
        .iter()
        .filter(|secret| secret.expose().chars().count() >= SHORTEST)
        .flat_map(|secret| forms(secret.expose()))
        .collect::<Vec<_>>();
    // The longest first: a form may contain a shorter one.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), MASK))
}

fn forms(secret: &str) -> Vec<String> {
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let attribute = html.replace('"', "&quot;");
    let url = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let percent = url.replace('+', "%20");
    let quoted = serde_json::Value::from(secret).to_string();
    let json = quoted[1..quoted.len() - 1].to_owned();
    let mut forms = vec![secret.to_owned(), html, attribute, url, percent, json];
    forms.sort();
    forms.dedup();
    forms
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
}
