//! What is plainly wrong with a CSS selector or an XPath expression, without a browser at hand.

/// Words of other tools that no browser understands, and what is written here instead.
const FOREIGN: [(&str, &str); 7] = [
    (":contains(", "has-text = \"…\""),
    (":has-text(", "has-text = \"…\""),
    (":text(", "text = \"…\""),
    (":visible", "first = true"),
    (":eq(", "nth = 1"),
    (":first ", "nth = 1"),
    (">>", "within = …"),
];

/// A mistake and its cure.
pub(super) type Mistake = (String, String);

/// Checks a CSS selector.
pub(super) fn css(text: &str) -> Option<Mistake> {
    let bare = without_quoted(text);
    let foreign = FOREIGN.iter().find(|(word, _)| bare.contains(word));
    if let Some((word, instead)) = foreign {
        let word = word.trim().trim_end_matches('(');
        return Some((format!("`{word}` is not CSS"), format!("write `{instead}` beside the locator")));
    }
    let bare = bare.trim();
    if bare.starts_with("//") || bare.starts_with("(//") {
        return Some(("this is XPath, not CSS".to_owned(), "write `xpath = …`".to_owned()));
    }
    if bare.ends_with([',', '>', '+', '~', '.', '#', ':']) || bare.starts_with([',', ')']) {
        let help = "write what goes with the sign at its end or beginning, or take the sign away".to_owned();
        return Some(("a part of this selector is missing".to_owned(), help));
    }
    unbalanced(text)
}

/// CSS that a browser refuses, or that is none: a name in it begins with a digit.
pub(super) fn never_matches(css: &str) -> Option<Mistake> {
    let bare = without_brackets(&without_quoted(css));
    let is_time = bare.trim().parse::<jiff::SignedDuration>().is_ok();
    let mut before = ' ';
    for (at, c) in bare.char_indices() {
        let begins = c.is_ascii_digit() && (before.is_whitespace() || ">+~,#.".contains(before));
        if begins && is_time {
            let help = format!("to wait for a time, write pause = \"{}\"", bare.trim());
            return Some(("this is a length of time, and no element".to_owned(), help));
        }
        if begins {
            let name: String = bare[at..].chars().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
            let help = match before {
                '#' => format!("write {{ id = \"{name}\" }}"),
                '.' => format!("write [class~='{name}']"),
                _ => "in CSS a name begins with a letter: write { id = … } or { text = … } for another".to_owned(),
            };
            return Some((format!("`{name}` begins with a digit, which CSS does not allow: this finds nothing"), help));
        }
        before = c;
    }
    None
}

/// The name behind a sign that only CSS knows.
pub(super) fn sign_of_css(id: &str) -> Option<&str> {
    id.strip_prefix('#').filter(|name| !name.is_empty())
}

/// What stands in brackets is an attribute, or a number of a pseudo-class.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
        if depth == 0 && matches!(c, ']' | ')') {
            kept.push('x');
        }
    }
    kept
}

/// Checks an XPath expression.
pub(super) fn xpath(text: &str) -> Option<Mistake> {
    unbalanced(text)
}

/// The first bracket or quote that has no partner.
fn unbalanced(text: &str) -> Option<Mistake> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (_, '\\') => drop(chars.next()),
            (Some(mark), c) if c == mark => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => open.push(c),
            (None, ')' | ']') if open.pop() != Some(partner(c)) => return Some(no_partner(c)),
            _ => {}
        }
    }
    quote.or_else(|| open.pop()).map(no_partner)
}

fn no_partner(mark: char) -> Mistake {
    let help = "brackets and quotes come in pairs: close it, or take it away".to_owned();
    (format!("`{mark}` has no partner"), help)
}

fn partner(closing: char) -> char {
    if closing == ')' { '(' } else { '[' }
}

fn without_quoted(text: &str) -> String {
    let mut quote = None;
    text.chars()
        .filter(|c| match quote {
            Some(mark) => {
                if *c == mark {
                    quote = None;
                }
                false
            }
            None => {
                if matches!(c, '"' | '\'') {
                    quote = Some(*c);
                }
                quote.is_none()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_never_match_is_seen_and_nothing_else() {
        for (text, cure) in
            [("#1abc", "id = \"1abc\""), ("td .2x", "[class~='2x']"), ("2s", "pause = \"2s\""), ("#a > 3b", "letter")]
        {
            let (_, help) = never_matches(text).expect(text);
            assert!(help.contains(cure), "{help}");
        }
        for text in
            ["#a1", "td:nth-child(2n + 1) a", "[id='1abc']", "h1 > h2", ".x-2", "a[href*=1]", "li:nth-of-type(2)"]
        {
            assert_eq!(never_matches(text), None, "{text}");
        }
        assert_eq!((sign_of_css("#a"), sign_of_css("a")), (Some("a"), None));
    }

    #[test]
    fn plain_mistakes_are_seen_and_nothing_else() {
        let wrong = ["td[a='x'", "a:has(b", "a)", "a['x]", "a:contains('x')", "form >> a", "//a[1]", "a >", "#"];
        for text in wrong {
            assert!(css(text).is_some(), "{text}");
        }
        let right = [
            "#reserva",
            "td[title=\"a) b\"]",
            "tr:has(td.x) > a:not([disabled])",
            r"a[href='it\'s']",
            ".a\\:b",
            "[x=':contains(']",
            "a:first-child",
        ];
        for text in right {
            assert_eq!(css(text), None, "{text}");
        }
        assert!(xpath("//a[text()='x']").is_none() && xpath("//a[text()='x'").is_some());
    }
}
