//! The mask.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use regex::bytes::Regex;
use zeroize::Zeroizing;

use crate::model::{Secret, forms};

/// What stands where a secret stood.
const MASK: &[u8] = b"[secret]";

/// A shorter text cannot be told from ordinary words.
const SHORTEST: usize = 4;

/// What is masked by its looks, whoever wrote it: values of telling names, headers that carry log-ins, passwords in
/// addresses, age keys. `E` stands for colour escapes.
static TELLING: LazyLock<[(Regex, &'static [u8]); 4]> = LazyLock::new(|| {
    let colour = r"(?:\x1b\[[0-9;]*m)*";
    let name = r#"(?i:[\w.-]*(?:passw(?:or)?d|passphrase|token|secret|cookie|authorization|api[_-]?key)[\w.-]*)"#;
    let value = r#"(?:"(?:[^"\\\n]|\\.)*"|[^\s"',;&}\)\]]+)"#;
    [
        (regex(&format!(r#"(?P<name>{name}{colour}(?:=|\\?"\s*:\s*){colour}){value}"#)), b"${name}[secret]"),
        (regex(r#"(?P<name>(?i:(?:set-)?cookie|(?:proxy-)?authorization):\s*)(?:[^\r\n"\\])+"#), b"${name}[secret]"),
        (regex(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+@"), b"${scheme}[secret]@"),
        (regex(r"(?i:AGE-SECRET-KEY-)[0-9A-Za-z-]+"), b"[secret]"),
    ]
});

/// Knows the secrets that are in memory and masks them in every text. Cheap to clone; all clones know the same.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    secrets: Mutex<Vec<Hidden>>,
    /// Replaced whole, so that nobody who writes a line waits while it is made.
    search: RwLock<Option<Regex>>,
}

struct Hidden {
    secret: Secret,
    patterns: Vec<Zeroizing<String>>,
}

impl Redactor {
    /// One that knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks this secret from now on, in every form in which it is likely to appear. One of fewer than four bytes is not
    /// masked: it would hide half of every line.
    pub fn hide(&self, secret: &Secret) {
        if secret.expose().len() < SHORTEST {
            return;
        }
        let mut secrets = self.known.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if secrets.iter().any(|hidden| hidden.secret == *secret) {
            return;
        }
        secrets.push(Hidden { secret: secret.clone(), patterns: forms::patterns(secret.expose()) });
        secrets.sort_by_key(|hidden| std::cmp::Reverse(hidden.secret.expose().len()));
        let search = search(&secrets);
        *self.known.search.write().unwrap_or_else(PoisonError::into_inner) = Some(search);
    }

    /// The text without secrets.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.clean_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The bytes without secrets: page sources, answers, logs.
    pub fn clean_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let known = self.known.search.read().unwrap_or_else(PoisonError::into_inner);
        let mut cleaned = match &*known {
            Some(search) => search.replace_all(bytes, MASK),
            None => Cow::Borrowed(bytes),
        };
        for (telling, mask) in TELLING.iter() {
            if let Cow::Owned(masked) = telling.replace_all(&cleaned, *mask) {
                cleaned = Cow::Owned(masked);
            }
        }
        cleaned
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

/// One search for all; where several fit, the longest secret wins, since they are in that order.
fn search(secrets: &[Hidden]) -> Regex {
    let patterns = secrets.iter().flat_map(|hidden| &hidden.patterns).map(|pattern| pattern.as_str());
    forms::search(patterns).expect("escaped texts are a pattern, and secrets are few and short")
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that a test compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(secret: &str) -> Redactor {
        let redactor = Redactor::new();
        redactor.hide(&Secret::new(secret));
        redactor
    }

    #[test]
    fn known_secrets_go_and_the_rest_stays() {
        let redactor = hiding("sesamo \"abrete\"");
        assert_eq!(redactor.clean("typed sesamo \"abrete\" twice"), "typed [secret] twice");
        assert_eq!(redactor.clean(r#"{"value":"sesamo \"abrete\""}"#), r#"{"value":"[secret]"}"#);
        assert_eq!(redactor.clean("q=sesamo%20%22abrete%22&x=1"), "q=[secret]&x=1");
        assert_eq!(redactor.clean("q=sesamo+%22abrete%22"), "q=[secret]");
        assert!(matches!(redactor.clean("nothing to see"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_secret_inside_another_does_not_uncover_it() {
        let redactor = hiding("abcd");
        redactor.hide(&Secret::new("abcdefgh"));
        assert_eq!(redactor.clean("abcdefgh abcd"), "[secret] [secret]");
    }

    #[test]
    fn what_looks_like_a_secret_goes_unasked() {
        let redactor = Redactor::new();
        let cases = [
            ("password=hunter2 next=1", "password=[secret] next=1"),
            (r#"{"access_token": "abc\"def", "n": 1}"#, r#"{"access_token": [secret], "n": 1}"#),
            ("Cookie: sid=1; other=2", "Cookie: [secret]"),
            ("authorization: Bearer abc.def", "authorization: [secret]"),
            ("postgres://ana:pw@host/db", "postgres://[secret]@host/db"),
            ("AGE-SECRET-KEY-1QQQ", "[secret]"),
            ("\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m\"a b\" x", "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m[secret] x"),
        ];
        for (text, expected) in cases {
            assert_eq!(redactor.clean(text), expected);
        }
        for plain in ["https://host:8080/path@2x", "the password is wrong", "court=2 opening=2027-07-09T06:00:00Z"] {
            assert_eq!(redactor.clean(plain), plain);
        }
    }

    #[test]
    fn a_short_word_is_no_secret_and_debug_tells_nothing() {
        assert_eq!(hiding("abc").clean("abc"), "abc");
        assert_eq!(format!("{:?}", hiding("hunter2")), "Redactor");
    }

    #[test]
    fn many_secrets_are_searched_at_once() {
        let redactor = Redactor::new();
        for number in 0..40 {
            redactor.hide(&Secret::new(format!("canary-{number:04}-with a rather \"long\" tail ñ")));
        }
        let text = "x canary-0037-with a rather \"long\" tail ñ y";
        assert_eq!(redactor.clean(text), "x [secret] y");
    }
}
