//! The forms in which a secret can appear in a text, as patterns to search for.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// A piece of base64 that is shorter says too little to be searched for.
const SHORTEST_BASE64: usize = 6;

/// Patterns for the secret however each of its characters is escaped, and for its base64 at each of the three alignments, so
/// that it is found inside a longer encoded text too.
pub(super) fn patterns(secret: &str) -> Vec<Zeroizing<String>> {
    let mut patterns = vec![escaped(secret)];
    for shift in 0..3 {
        for piece in base64(secret.as_bytes(), shift) {
            let pattern = escaped(&piece);
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
    }
    patterns
}

/// Each character as it is, or escaped for JSON (once or again), Rust, HTML or addresses, as each writer pleases.
fn escaped(text: &str) -> Zeroizing<String> {
    let mut pattern = Zeroizing::new(String::with_capacity(16 * text.len()));
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            pattern.push(c);
        } else {
            character(&mut pattern, c).expect("writing to a String cannot fail");
        }
    }
    pattern
}

fn character(pattern: &mut String, c: char) -> std::fmt::Result {
    // Writers that escape what was escaped already put more backslashes before it.
    let raw = if c == '\\' { r"\\+".to_owned() } else { format!(r"\\*{}", regex::escape(&c.to_string())) };
    write!(pattern, "(?:{raw}|")?;
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(pattern, "(?i:%{byte:02x})")?;
    }
    pattern.push_str(r"|(?i:");
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(pattern, r"\\+u{unit:04x}")?;
    }
    let code = u32::from(c);
    write!(pattern, r")|(?i:\\+u\{{0*{code:x}\}})|&#0*{code};|(?i:&#x0*{code:x};)")?;
    for (of, short) in [
        (' ', r"\+"),
        ('\n', r"\\+n"),
        ('\r', r"\\+r"),
        ('\t', r"\\+t"),
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&apos;"),
    ] {
        if of == c {
            write!(pattern, "|{short}")?;
        }
    }
    pattern.push(')');
    // Parsers of addresses drop these.
    if matches!(c, '\n' | '\r' | '\t') {
        pattern.push('?');
    }
    Ok(())
}

/// What is the same in any base64 text that holds these bytes after `shift` others (modulo 3), in both alphabets.
fn base64(bytes: &[u8], shift: usize) -> Vec<String> {
    let mut shifted = Zeroizing::new(Vec::with_capacity(shift + bytes.len()));
    shifted.resize(shift, 0);
    shifted.extend_from_slice(bytes);
    // Digits that other bytes share are left off at both ends.
    let first = [0, 2, 3][shift];
    let last = shifted.len() * 8 / 6;
    [STANDARD_NO_PAD.encode(&*shifted), URL_SAFE_NO_PAD.encode(&*shifted)]
        .into_iter()
        .filter_map(|text| text.get(first..last).map(str::to_owned))
        .filter(|text| text.len() >= SHORTEST_BASE64)
        .collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use regex::bytes::Regex;

    use super::*;

    fn is_found(secret: &str, text: &str) -> bool {
        patterns(secret).iter().any(|pattern| Regex::new(pattern).expect("a pattern").is_match(text.as_bytes()))
    }

    #[test]
    fn base64_is_found_wherever_it_starts() {
        let secret = "hunter2-canary";
        for (before, after) in [("", ""), ("a:", ":b"), ("ab", "c"), ("abc", "xy"), ("user@example.org:", "")] {
            let text = STANDARD.encode(format!("{before}{secret}{after}"));
            assert!(is_found(secret, &text), "{text}");
        }
        assert!(!is_found(secret, &STANDARD.encode("somebody-else")), "control");
    }

    #[test]
    fn every_way_to_escape_is_known() {
        let secret = "a \"ñ\\/<&😀\n'";
        let found = [
            secret,
            r#"a \"ñ\\/<&😀\n'"#,
            r#"a \\\"ñ\\\\\\/<&😀\\n'"#,
            r#"a \"\u00f1\\\/<&\ud83d\ude00\n'"#,
            r#"a \"\u{f1}\\/<&\u{1f600}\n\'"#,
            "a+%22%c3%b1%5C%2F%3C%26%F0%9F%98%80%0A%27",
            "a%20%22%C3%B1\\/%3C&%F0%9F%98%80'",
            "a &quot;ñ\\/&lt;&amp;😀\n&#39;",
            "a &#34;&#xF1;&#92;&#47;&lt;&amp;&#128512;&#10;&apos;",
        ];
        for text in found {
            assert!(is_found(secret, text), "{text}");
        }
        for text in ["a \"n\\/<&😀\n'", "a_\"ñ\\/<&😀\n'", "a \"ñ\\/<&😀"] {
            assert!(!is_found(secret, text), "control: {text}");
        }
    }
}
