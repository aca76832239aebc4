//! Deciding a condition by an HTTP answer alone, where there is no page.

use serde_json::Value;

use crate::flow::pattern;
use crate::flow::wire::Condition;

/// What a site answered to a request of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The address that answered, after redirects.
    pub url: String,
    /// The body as text.
    pub body: String,
}

/// Whether the condition holds of the answer. What only a page can decide (`visible`, `count`, …) never holds, and
/// neither does its negation.
pub fn holds_for_answer(condition: &Condition, answer: &HttpAnswer) -> bool {
    decide(condition, answer) == Some(true)
}

/// As texts are compared, in a page and here: tidied, in small letters.
pub fn normalised(text: &str) -> String {
    tidied(text).to_lowercase()
}

/// One space for any run of white space (NBSP and U+202F too), none at the ends; without zero-width characters, soft
/// hyphens and the private-use glyphs of icon fonts.
pub(in crate::flow) fn tidied(text: &str) -> String {
    let read: String = text.chars().filter(|c| !is_noise(*c)).collect();
    read.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_noise(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}')
}

/// A JSON scalar as text; none for an array, an object or null.
pub(in crate::flow) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// None: an answer cannot decide it.
fn decide(condition: &Condition, answer: &HttpAnswer) -> Option<bool> {
    match condition {
        Condition::Status { from, to } => Some((*from..=*to).contains(&answer.status)),
        Condition::Url(pattern) => Some(address(pattern, &answer.url)),
        Condition::Json { pointer, equals } => Some(json(&answer.body, pointer, equals.as_deref())),
        Condition::Text { text, within } if within.is_empty() => {
            Some(normalised(&readable(&answer.body)).contains(&normalised(text)))
        }
        Condition::Matches { pattern, within } if within.is_empty() => {
            pattern::compile(pattern).ok().map(|pattern| pattern.is_match(&tidied(&readable(&answer.body))))
        }
        Condition::All(parts) => all(parts.iter().map(|part| decide(part, answer))),
        Condition::Any(parts) => {
            all(parts.iter().map(|part| decide(part, answer).map(|holds| !holds))).map(|none| !none)
        }
        Condition::Not(part) => decide(part, answer).map(|holds| !holds),
        _ => None,
    }
}

/// False wins over undecided, undecided over true.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<_> = parts.collect();
    if parts.contains(&Some(false)) { Some(false) } else { (!parts.contains(&None)).then_some(true) }
}

fn json(body: &str, pointer: &str, equals: Option<&str>) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return false };
    let Some(found) = body.pointer(pointer) else { return false };
    match equals {
        Some(wanted) => text_of(found).is_some_and(|text| text == wanted),
        None => !found.is_null(),
    }
}

/// The texts of a JSON body, with their escapes undone; any other body as it is.
fn readable(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    let mut texts = Vec::new();
    gather(&value, &mut texts);
    texts.join("\n")
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Object(members) => members.values().for_each(|member| gather(member, texts)),
        scalar => texts.extend(text_of(scalar)),
    }
}

/// The whole address; a pattern that begins with a slash is compared with what follows the host.
pub(in crate::flow) fn address(pattern: &str, url: &str) -> bool {
    if !pattern.starts_with('/') {
        return wildcard(pattern, url);
    }
    let Ok(url) = url::Url::parse(url) else { return false };
    wildcard(pattern, &url[url::Position::BeforePath..])
}

/// `*` stands for any characters; the whole text must match.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer { status, url: "https://club.example/api/bookings?x=1".to_owned(), body: body.to_owned() }
    }

    fn status(from: u16, to: u16) -> Condition {
        Condition::Status { from, to }
    }

    #[test]
    fn status_json_text_and_url_are_decided() {
        let json = |pointer: &str, equals: Option<&str>| Condition::Json {
            pointer: pointer.to_owned(),
            equals: equals.map(str::to_owned),
        };
        let text = |text: &str| Condition::Text { text: text.to_owned(), within: Vec::new() };
        let matches = |pattern: &str| Condition::Matches { pattern: pattern.to_owned(), within: Vec::new() };
        let url = |pattern: &str| Condition::Url(pattern.to_owned());
        let taken = answer(409, r#"{"error":"taken","say":"La cancha\u00a0ya est\u00e1 RESERVADA","n":7,"none":null}"#);
        let holds = [
            status(409, 409),
            status(400, 499),
            json("/error", Some("taken")),
            json("/n", Some("7")),
            json("/error", None),
            text("ya está reservada"),
            matches("YA está\\s+RESERVADA"),
            url("/api/bookings*"),
            url("/api/bookings?x=1"),
            url("*/api/bookings*"),
            url("https://*.example/*=1"),
            Condition::Not(Box::new(status(200, 299))),
            Condition::Any(vec![status(200, 200), status(409, 409)]),
        ];
        for condition in holds {
            assert!(holds_for_answer(&condition, &taken), "{condition:?}");
        }
        let fails = [
            status(200, 299),
            json("/error", Some("quota")),
            json("/none", None),
            json("/nothing", None),
            text("available"),
            url("*/api"),
            url("/api/bookings"),
            json("/error", Some("Taken")),
            Condition::All(vec![status(409, 409), json("/error", Some("quota"))]),
        ];
        for condition in fails {
            assert!(!holds_for_answer(&condition, &taken), "{condition:?}");
        }
    }

    #[test]
    fn what_needs_a_page_is_neither_true_nor_false() {
        let visible = Condition::Visible(Vec::new());
        let ok = answer(200, "");
        assert!(!holds_for_answer(&visible, &ok));
        assert!(!holds_for_answer(&Condition::Not(Box::new(visible.clone())), &ok));
        assert!(!holds_for_answer(&Condition::All(vec![visible.clone(), status(200, 200)]), &ok));
        assert!(holds_for_answer(&Condition::Any(vec![visible, status(200, 200)]), &ok));
    }
}
