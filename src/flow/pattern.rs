//! Regular expressions that mean the same in a page and here: what Rust compiles and JavaScript's `u` flag accepts.

use regex::{Regex, RegexBuilder};

use super::selector::Mistake;

/// Compiles as the page does: any case.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).build()
}

/// What is wrong with a pattern.
pub(super) fn check(pattern: &str) -> Option<Mistake> {
    if let Err(error) = compile(pattern) {
        let words = error.to_string();
        let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let help = "write a regular expression; a sign that stands for itself has a backslash before it, in single quotes: '\\(2\\)'";
        return Some((format!("this pattern does not compile: {last}"), help.to_owned()));
    }
    only_here(pattern).map(|part| {
        let message = format!("`{part}` means nothing, or something else, to a browser");
        (message, "patterns are compared in any case; escape only ^$\\.*+?()[]{}|/".to_owned())
    })
}

/// The first part that Rust takes and a browser refuses or reads otherwise.
fn only_here(pattern: &str) -> Option<String> {
    let mut in_class = false;
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = after.chars().next()?;
                if !is_shared_escape(after, in_class) {
                    return Some(format!("\\{escaped}"));
                }
                rest = &after[escaped.len_utf8()..];
                continue;
            }
            '(' if !in_class => {
                if let Some(group) = foreign_group(after) {
                    return Some(group);
                }
            }
            '[' if in_class => return Some("[ inside [ ]".to_owned()),
            '[' => in_class = true,
            ']' if in_class => in_class = false,
            '&' | '~' | '-' if in_class && after.starts_with(c) => return Some(format!("{c}{c}")),
            ']' | '}' if !in_class && !closes_quantifier(pattern, rest) => return Some(c.to_string()),
            _ => {}
        }
        rest = after;
    }
    None
}

/// `(?P<name>…)`, `(?i)` and their like.
fn foreign_group(after: &str) -> Option<String> {
    let inner = after.strip_prefix('?')?;
    let shared = inner.starts_with(':') || inner.starts_with('<');
    (!shared).then(|| format!("(?{}", inner.chars().take(1).collect::<String>()))
}

fn is_shared_escape(after: &str, in_class: bool) -> bool {
    let mut chars = after.chars();
    let Some(c) = chars.next() else { return false };
    match c {
        'p' | 'P' => chars.next() == Some('{'),
        '-' => in_class,
        'x' => chars.next().is_some_and(|c| c.is_ascii_hexdigit()),
        'b' => !in_class && chars.next() != Some('{'),
        _ => r"^$\.*+?()[]{}|/dDwWsSBfnrtu".contains(c),
    }
}

/// Whether a `}` ends something that began with a `{`.
fn closes_quantifier(pattern: &str, rest: &str) -> bool {
    let before = &pattern[..pattern.len() - rest.len()];
    rest.starts_with('}') && before.rfind('{').is_some_and(|open| !before[open..].contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_sides_understand_passes() {
        for right in
            [r"R-\d{6}", r"(?:a|b)+?", r"(?<ref>\w+)", r"[\w\-. ]+", r"\p{L}{2,4}", r"10\/2", r"€ ?(\d+[.,]\d\d)"]
        {
            assert_eq!(check(right), None, "{right}");
        }
        for wrong in
            ["(", "a(?=b)", r"(a)\1", "(?i)a", "(?P<x>a)", r"\Aa", r"a\-b", r"\#", "[[:alpha:]]", "[a&&b]", "a]", "a}"]
        {
            assert!(check(wrong).is_some(), "{wrong}");
        }
    }
}
