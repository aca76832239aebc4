//! The forms in which a secret can be written in a text, as patterns to search for: what whoever masks must know.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::bytes::{Regex, RegexBuilder};
use zeroize::Zeroizing;

/// A piece of base64 that is shorter says too little to be searched for.
const SHORTEST_BASE64: usize = 6;

/// A search may grow to this before it is refused: some thousands of long passwords.
const LARGEST: usize = 64 * 1024 * 1024;

/// What HTML calls the characters from U+00A0 to U+00FF.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy \
    reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo \
    frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute \
    Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring \
    aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute \
    ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// HTML's names of other characters.
const NAMED: [(char, &str); 5] = [('&', "amp"), ('<', "lt"), ('>', "gt"), ('"', "quot"), ('\'', "apos")];

/// What two worlds write in their own short way.
const SHORT: [(char, &str); 4] = [(' ', r"\+"), ('\n', r"\\+n"), ('\r', r"\\+r"), ('\t', r"\\+t")];

/// Patterns for the secret however each of its characters is escaped or misread, and for its base64 at each of the three
/// alignments, so that it is found inside a longer encoded text too. They are for [`search`].
pub fn patterns(secret: &str) -> Vec<Zeroizing<String>> {
    let mut patterns = vec![escaped(secret)];
    let encodings = [Some(Zeroizing::new(secret.as_bytes().to_vec())), latin_bytes(secret)];
    for bytes in encodings.iter().flatten() {
        for piece in (0..3).flat_map(|shift| base64(bytes, shift)) {
            let pattern = escaped(&piece);
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
    }
    patterns
}

/// One search for all of them; where several fit, the first wins.
///
/// # Errors
/// They are too large together.
pub fn search<'p>(patterns: impl Iterator<Item = &'p str>) -> Result<Regex, regex::Error> {
    let mut all = Zeroizing::new(String::new());
    for pattern in patterns {
        if !all.is_empty() {
            all.push('|');
        }
        all.push_str(pattern);
    }
    RegexBuilder::new(&all).size_limit(LARGEST).unicode(false).build()
}

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

/// Each character as it is, escaped by any writer, or read in another character set and then escaped.
fn character(pattern: &mut String, c: char) -> std::fmt::Result {
    pattern.push_str("(?:");
    written(pattern, c)?;
    for misread in misread(c) {
        pattern.push('|');
        for c in misread.chars() {
            pattern.push_str("(?:");
            written(pattern, c)?;
            pattern.push(')');
        }
    }
    pattern.push(')');
    // Parsers of addresses drop these.
    if matches!(c, '\n' | '\r' | '\t') {
        pattern.push('?');
    }
    Ok(())
}

/// As it is, or escaped for JSON (once or again), Rust, HTML or addresses (once or again), as each writer pleases.
fn written(pattern: &mut String, c: char) -> std::fmt::Result {
    // Writers that escape what was escaped already put more backslashes before it.
    let raw = if c == '\\' { r"\\+".to_owned() } else { format!(r"\\*{}", regex::escape(&c.to_string())) };
    write!(pattern, "{raw}|")?;
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(pattern, "(?i:%(?:25)*{byte:02x})")?;
    }
    pattern.push_str(r"|(?i:");
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(pattern, r"\\+u{unit:04x}")?;
    }
    let code = u32::from(c);
    write!(pattern, r")|(?i:\\+u\{{0*{code:x}\}})|&(?:amp;)*#0*{code};|(?i:&(?:amp;)*#x0*{code:x};)")?;
    if let Some(byte) = latin(c).filter(|byte| !byte.is_ascii()) {
        write!(pattern, r"|\x{byte:02x}|(?i:%(?:25)*{byte:02x})")?;
    }
    if let Some(name) = name(c) {
        write!(pattern, "|&(?:amp;)*{name};")?;
    }
    match SHORT.iter().find(|(of, _)| *of == c) {
        Some((_, short)) => write!(pattern, "|{short}"),
        None => Ok(()),
    }
}

fn name(c: char) -> Option<&'static str> {
    let place = u32::from(c).checked_sub(0xa0).and_then(|place| usize::try_from(place).ok());
    let named = NAMED.iter().find(|(of, _)| *of == c).map(|(_, name)| *name);
    named.or_else(|| LATIN.split_whitespace().nth(place?))
}

/// What becomes of a character whose UTF-8 is read as Latin-1: as browsers do it (Windows-1252), and by the letter.
fn misread(c: char) -> Vec<String> {
    if c.is_ascii() {
        return Vec::new();
    }
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).as_bytes();
    let (windows, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
    let letters: String = bytes.iter().copied().map(char::from).collect();
    if letters == windows { vec![letters] } else { vec![windows.into_owned(), letters] }
}

/// The secret in Latin-1, where that is something else than UTF-8.
fn latin_bytes(secret: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes: Option<Vec<u8>> = secret.chars().map(latin).collect();
    bytes.filter(|_| !secret.is_ascii()).map(Zeroizing::new)
}

fn latin(c: char) -> Option<u8> {
    u8::try_from(u32::from(c)).ok()
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

    use super::*;

    fn is_found_in(secret: &str, text: &[u8]) -> bool {
        let patterns = patterns(secret);
        search(patterns.iter().map(|pattern| pattern.as_str())).expect("patterns").is_match(text)
    }

    fn is_found(secret: &str, text: &str) -> bool {
        is_found_in(secret, text.as_bytes())
    }

    #[test]
    fn base64_is_found_wherever_it_starts() {
        let secret = "hunter2-canary";
        for (before, after) in [("", ""), ("a:", ":b"), ("ab", "c"), ("abc", "xy"), ("user@example.org:", "")] {
            let text = STANDARD.encode(format!("{before}{secret}{after}"));
            assert!(is_found(secret, &text), "{text}");
        }
        assert!(!is_found(secret, &STANDARD.encode("somebody-else")), "control");
        let latin = STANDARD.encode(b"ana:contrase\xf1a-larga");
        assert!(is_found("contraseña-larga", &latin), "a log-in in Latin-1");
    }

    /// Every form by its name, alone: a secret with each kind of character.
    #[test]
    fn each_form_is_found() {
        let secret = "a! &<\"ñ'/";
        for (form, text) in [
            ("plain", r#"a! &<"ñ'/"#),
            ("html", "a! &amp;&lt;&quot;ñ&#39;/"),
            ("html, every character that has a name", "a! &amp;&lt;&quot;&ntilde;&apos;/"),
            ("html in html", "a! &amp;amp;&amp;lt;&amp;quot;ñ&amp;#39;/"),
            ("json", r#"a! &<\"ñ'/"#),
            ("json, no character beyond ASCII", r#"a! &<\"\u00f1'\/"#),
            ("percent", "a%21%20%26%3C%22%C3%B1%27%2F"),
            ("percent, as encodeURIComponent does it", "a!%20%26%3C%22%C3%B1'%2F"),
            ("percent in percent", "a!%2520%2526%253C%2522%25C3%25B1'%252F"),
            ("a form's", "a%21+%26%3C%22%C3%B1%27%2F"),
            ("a form's, in Latin-1", "a%21+%26%3C%22%F1%27%2F"),
            ("UTF-8 read as Latin-1", r#"a! &<"Ã±'/"#),
            ("UTF-8 read as Latin-1, in HTML", "a! &amp;&lt;&quot;&Atilde;&plusmn;&#039;/"),
            ("UTF-8 read as Latin-1, in an address", "a!%20%26%3C%22%C3%83%C2%B1'%2F"),
        ] {
            assert!(is_found(secret, text), "{form}: {text}");
        }
        assert!(is_found_in(secret, b"a! &<\"\xf1'/"), "Latin-1 itself");
        for text in ["a! &<\"n'/", "a! &<\"Ã'/", "a!_&<\"ñ'/"] {
            assert!(!is_found(secret, text), "control: {text}");
        }
    }

    #[test]
    fn what_browsers_make_of_bytes_that_latin_1_leaves_empty() {
        assert!(is_found("precio-€-ñ", "precio-â\u{82}¬-Ã±"), "by the letter");
        assert!(is_found("precio-€-ñ", "precio-â‚¬-Ã±"), "Windows-1252");
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
