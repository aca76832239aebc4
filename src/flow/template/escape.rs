//! Where a text goes, and what a value must not do there.

/// Where a rendered text goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Context {
    /// As it is.
    #[default]
    Text,
    /// A CSS selector: values are escaped, within quotes and outside alike.
    Css,
    /// An XPath expression: a value that would close the quotes around it is refused.
    Xpath,
    /// A regular expression: values match themselves, and quantifiers such as `{6}` are not holes.
    Pattern,
    /// JSON as text: values are escaped as inside quotes.
    Json,
}

/// The value as it may stand there; none where nothing can make it safe. `before` is what was rendered so far.
pub(super) fn escape(value: &str, context: Context, before: &str) -> Option<String> {
    match context {
        Context::Text => Some(value.to_owned()),
        Context::Css => Some(css(value)),
        Context::Xpath => open_quote(before).is_none_or(|quote| !value.contains(quote)).then(|| value.to_owned()),
        Context::Pattern => Some(pattern(value)),
        Context::Json => Some(json(value)),
    }
}

/// A backslash before whatever is neither a letter, a digit, `-`, `_` nor beyond ASCII.
fn css(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_ascii_control() {
            out.push_str(&format!("\\{:x} ", u32::from(c)));
            continue;
        }
        if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '-' && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Only the syntax characters: under JavaScript's `u` flag any other escape is an error.
fn pattern(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if r"^$\.*+?()[]{}|/".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The quote that is open at the end of an XPath text.
fn open_quote(text: &str) -> Option<char> {
    text.chars().fold(None, |open, c| match (open, c) {
        (None, '"' | '\'') => Some(c),
        (Some(quote), c) if c == quote => None,
        (open, _) => open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_place() {
        let table = [
            (Context::Text, "a'b\"c", Some("a'b\"c")),
            (Context::Css, "17:00", Some(r"17\:00")),
            (Context::Css, r#"x"] , body"#, Some(r#"x\"\]\ \,\ body"#)),
            (Context::Css, "Peña-2_a", Some("Peña-2_a")),
            (Context::Css, "a\nb", Some(r"a\a b")),
            (Context::Pattern, "R-1.5 (x)", Some(r"R-1\.5 \(x\)")),
            (Context::Json, "say \"hi\"\n", Some(r#"say \"hi\"\n"#)),
            (Context::Xpath, "O'Brien", None),
            (Context::Xpath, "Ana", Some("Ana")),
        ];
        for (context, value, wanted) in table {
            assert_eq!(escape(value, context, "//td[.='").as_deref(), wanted, "{context:?} {value}");
        }
        assert_eq!(escape("O'Brien", Context::Xpath, "//td[.=\"").as_deref(), Some("O'Brien"));
    }
}
