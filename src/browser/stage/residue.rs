//! Whether a secret can still be read in a page's source that was masked: in pieces, in other letters' case, backwards, in hex.
//!
//! Masking replaces what stands there in one piece ([`super::mask`]). What is found here cannot be replaced, for it is nowhere in one
//! piece: such a source is not kept.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use scraper::{Html, Node};

use super::mask::MASK;
use crate::model::Secret;

/// Shorter secrets stand in every page.
const SHORTEST: usize = 4;

/// So many digits of base64 in one piece are some bytes of the secret and no chance.
const BASE64_WINDOW: usize = 8;

/// Whether one of the secrets (of four characters and more) can be read in the source.
pub(super) fn shows(source: &str, secrets: &[Secret]) -> bool {
    let secrets: Vec<&str> =
        secrets.iter().map(Secret::expose).filter(|s| bare(s).chars().count() >= SHORTEST).collect();
    if secrets.is_empty() {
        return false;
    }
    let source = source.replace(MASK, "\u{0}");
    let views = views(&source);
    let folded: Vec<String> = views.iter().map(|view| view.to_lowercase()).collect();
    secrets.into_iter().any(|secret| {
        let (plain, coded) = (written(secret), pieces_of_base64(secret));
        folded.iter().any(|view| plain.iter().any(|form| view.contains(form)))
            || views.iter().any(|view| coded.iter().any(|piece| view.contains(piece)))
    })
}

/// The source as different readers see it.
fn views(source: &str) -> Vec<String> {
    let (text, rest) = read(source);
    [source, &text, &rest].into_iter().flat_map(|view| [bare(view), bare(&unescaped(view))]).collect()
}

/// The document's text without markup; and, apart from each other, comments and values of attributes.
fn read(source: &str) -> (String, String) {
    let (mut text, mut rest) = (String::new(), String::new());
    for node in Html::parse_document(source).tree.values() {
        match node {
            Node::Text(piece) => text.push_str(piece),
            Node::Comment(comment) => {
                rest.push_str(comment);
                rest.push('\u{0}');
            }
            Node::Element(element) => {
                for (_, value) in element.attrs() {
                    rest.push_str(value);
                    rest.push('\u{0}');
                }
            }
            _ => {}
        }
    }
    (text, rest)
}

/// Without spaces of any kind and without what nobody sees.
fn bare(text: &str) -> String {
    let is_seen = |c: char| {
        !c.is_whitespace()
            && !matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
            && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    text.chars().filter(|c| is_seen(*c)).collect()
}

/// With `%73`, `\x73`, `\u0073` and `\u{73}` read; whatever is none of them stays.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (read, length) = escape(rest).unwrap_or_else(|| {
            let first = rest.chars().next().expect("something is left");
            (first.to_string().into_bytes(), first.len_utf8())
        });
        bytes.extend(read);
        at += length;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The escape at the beginning of the text, and its length.
fn escape(text: &str) -> Option<(Vec<u8>, usize)> {
    let digits = |from: usize, count: usize| {
        let digits = text.get(from..from + count).filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let character = |code: u32| char::from_u32(code).map(|c| c.to_string().into_bytes());
    if text.starts_with('%') {
        return Some((vec![u8::try_from(digits(1, 2)?).ok()?], 3));
    }
    if text.starts_with("\\x") {
        return Some((character(digits(2, 2)?)?, 4));
    }
    if text.starts_with("\\u{") {
        let count = text.get(3..)?.find('}').filter(|count| (1..=6).contains(count))?;
        return Some((character(digits(3, count)?)?, count + 4));
    }
    text.starts_with("\\u").then(|| Some((character(digits(2, 4)?)?, 6))).flatten()
}

/// The secret in small letters, backwards, and its bytes in hex.
fn written(secret: &str) -> Vec<String> {
    let plain = bare(secret).to_lowercase();
    let backwards = plain.chars().rev().collect();
    vec![backwards, hex(secret), hex(&secret.to_lowercase()), plain]
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        hex
    })
}

/// Parts of its base64 at each of the three alignments, without the digits that neighbours share.
fn pieces_of_base64(secret: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(secret.as_bytes());
        let coded = STANDARD_NO_PAD.encode(&bytes);
        let Some(own) = coded.get([0, 2, 3][shift]..bytes.len() * 8 / 6) else { continue };
        let starts = 0..=own.len().saturating_sub(BASE64_WINDOW);
        pieces.extend(starts.filter_map(|start| own.get(start..start + BASE64_WINDOW)).map(str::to_owned));
    }
    let other_alphabet: Vec<_> = pieces.iter().map(|piece| piece.replace('+', "-").replace('/', "_")).collect();
    pieces.extend(other_alphabet);
    pieces
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn found(secret: &str, source: &str) -> bool {
        shows(source, &[Secret::new(secret)])
    }

    #[test]
    fn what_a_person_can_still_read_is_found() {
        let secret = "Echoed ñ-9x";
        for (how, source) in [
            ("pieces", "<i>Echoed ñ</i><b>-9x</b>".to_owned()),
            ("a comment between", "Echoed<!-- x --> ñ-9x".to_owned()),
            ("nbsp", "Echoed&nbsp;ñ-9x".to_owned()),
            ("a tag for each letter", secret.chars().map(|c| format!("<i>{c}</i>\n")).collect()),
            ("zero width", "Ech\u{200b}oed ñ&#8203;-9&shy;x".to_owned()),
            ("case", "<p title='ECHOED Ñ-9X'>".to_owned()),
            ("entities for letters", "&#69;&#x63;hoed ñ-9x".to_owned()),
            ("percent for letters", "<a href='/x?p=%45%63hoed%20%C3%B1-9x'>".to_owned()),
            ("a script's escapes", "<script>x = '\\x45\\u0063ho\\u{65}d ñ-9x'</script>".to_owned()),
            ("backwards", "<!-- x9-ñ deohcE -->".to_owned()),
            ("hex", hex(secret).to_uppercase()),
            ("hex with spaces", "45 63 68 6f 65 64 20 c3 b1 2d 39 78".to_owned()),
            ("base64 in pieces", format!("<i>{}</i>", STANDARD.encode(secret).replace('b', "b</i><i>"))),
            ("base64 of a part", STANDARD.encode(&secret[1..9])),
        ] {
            assert!(found(secret, &format!("<html><body>{source}</body></html>")), "{how}: {source}");
        }
    }

    #[test]
    fn an_honest_page_is_kept() {
        for source in ["<p>Echoed n-9x", "<p>[masked]</p>", "", "<i>Echoed</i> and more ñ-9x", "%zz \\u12 % \\x"] {
            assert!(!found("Echoed ñ-9x", source), "{source}");
        }
        assert!(!found("abc", "<i>a</i>bc"), "too short to be told from chance");
        assert!(!found("masked", "<p>[masked]</p>"), "our own word");
        assert!(!shows("<p>x", &[]));
    }
}
