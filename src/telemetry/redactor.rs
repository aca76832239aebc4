//! The mask.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex::bytes::Regex;

use super::held::{self, Held, Hidden};
use super::search::Search;
use crate::model::Secret;

/// A shorter text cannot be told from ordinary words.
pub const SHORTEST_MASKED: usize = 4;

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
    /// Replaced whole, so that nobody who writes a line waits while a search is made or another line is searched.
    known: Arc<RwLock<Arc<Vec<Hidden>>>>,
}

/// Keeps a secret masked that was learnt in a session. When the last such guard of it is dropped it is forgotten, but not at
/// once: lines about the session may still be written.
#[must_use = "a secret that nobody holds is soon forgotten"]
#[derive(Debug)]
pub struct Learnt {
    redactor: Redactor,
    search: Arc<Search>,
}

impl Redactor {
    /// One that knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks this secret from now on and for ever, in every form in which it is likely to appear. One of fewer than four bytes
    /// is not masked: it would hide half of every line.
    pub fn hide(&self, secret: &Secret) {
        if masked(secret) {
            self.add(secret, |held| *held = Held::Always);
        }
    }

    /// Masks this secret like [`Self::hide`], but only for as long as the guard is held, and a little longer. None: it is too
    /// short. Where very many are held at once, the oldest is forgotten.
    pub fn learn(&self, secret: &Secret) -> Option<Learnt> {
        masked(secret).then(|| Learnt { redactor: self.clone(), search: self.add(secret, Held::hold) })
    }

    fn add(&self, secret: &Secret, change: impl Fn(&mut Held)) -> Arc<Search> {
        let known = self.searches().iter().find(|hidden| hidden.search.is_for(secret)).map(|h| Arc::clone(&h.search));
        // Made before anything is locked.
        let search = known.unwrap_or_else(|| Arc::new(Search::of(secret)));
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        held::add(Arc::make_mut(&mut all), search, change)
    }

    fn searches(&self) -> Arc<Vec<Hidden>> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
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
        let mut cleaned = Cow::Borrowed(bytes);
        for hidden in self.searches().iter() {
            if let Cow::Owned(masked) = hidden.search.mask(&cleaned) {
                cleaned = Cow::Owned(masked);
            }
        }
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

impl Drop for Learnt {
    fn drop(&mut self) {
        let mut all = self.redactor.known.write().unwrap_or_else(PoisonError::into_inner);
        held::let_go(Arc::make_mut(&mut all), &self.search);
    }
}

/// Whether a secret is long enough to be masked: a shorter one would blot out every text.
pub fn masked(secret: &Secret) -> bool {
    secret.expose().len() >= SHORTEST_MASKED
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
    fn what_was_learnt_is_forgotten_some_time_after_its_session_and_a_vaults_secret_never() {
        let redactor = hiding("hunter2-of-the-vault");
        let also_learnt = redactor.learn(&Secret::new("hunter2-of-the-vault"));
        let first = redactor.learn(&Secret::new("first-token"));
        let twin = redactor.learn(&Secret::new("first-token"));
        assert_eq!(redactor.clean("first-token"), "[secret]");
        drop((first, also_learnt));
        let session = |number: usize| drop(redactor.learn(&Secret::new(format!("token-{number:04}"))));
        (0..100).for_each(session);
        assert_eq!(redactor.clean("first-token"), "[secret]", "another session holds it");
        drop(twin);
        assert_eq!(redactor.clean("first-token token-0099"), "[secret] [secret]", "a late line");
        (100..200).for_each(session);
        assert_eq!(redactor.clean("first-token"), "first-token");
        assert_eq!(redactor.clean("hunter2-of-the-vault"), "[secret]");
    }

    /// A year of log-ins: as many tokens as there were sessions, none of them needed any more.
    #[test]
    fn five_thousand_tokens_one_after_the_other_leave_no_more_than_a_few() {
        let redactor = hiding("hunter2-of-the-vault");
        for number in 0..5_000 {
            let held = redactor.learn(&Secret::new(format!("canary-{number:04}")));
            assert!(redactor.searches().len() <= held::LINGERING + 2, "{number}");
            drop(held);
        }
        assert_eq!(redactor.clean("canary-4999 hunter2-of-the-vault canary-0001"), "[secret] [secret] canary-0001");
    }

    #[test]
    fn tokens_that_nobody_lets_go_of_are_bounded_too() {
        let redactor = hiding("hunter2-of-the-vault");
        let mut held: Vec<_> = (0..300).map(|n| redactor.learn(&Secret::new(format!("canary-{n:04}")))).collect();
        assert_eq!(redactor.searches().len(), held::MOST + 1);
        assert_eq!(redactor.clean("canary-0299 hunter2-of-the-vault"), "[secret] [secret]");
        assert_eq!(redactor.clean("canary-0000"), "canary-0000", "the oldest goes first");
        // Learnt anew, it is not let go of by who held it before.
        let again = redactor.learn(&Secret::new("canary-0000"));
        drop(held.remove(0));
        held.truncate(50);
        assert_eq!(redactor.clean("canary-0000"), "[secret]");
        drop(again);
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
