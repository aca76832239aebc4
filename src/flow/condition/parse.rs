//! Reading a condition: a table whose keys must all hold.

use std::ops::Range;

use toml::de::DeValue;

use super::Condition;
use crate::flow::locator::{self, Target};
use crate::flow::raw::{Reader, Table, Value, list};
use crate::flow::template::{Context, Template};

/// The keys of a condition.
pub(in crate::flow) const KEYS: [&str; 14] = [
    "visible",
    "gone",
    "enabled",
    "text",
    "matches",
    "in",
    "url",
    "count",
    "attribute",
    "status",
    "json",
    "all",
    "any",
    "not",
];

/// How deep `all`, `any` and `not` may be nested.
const DEEPEST: u8 = 8;

/// A table, or a bare CSS text for "visible".
pub(in crate::flow) fn condition(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Condition> {
    at_depth(reader, value, 0)
}

/// The condition that stands among other keys of a table; the others are the caller's.
pub(in crate::flow) fn conditions_in(
    reader: &mut Reader<'_>,
    table: Table<'_>,
    span: Range<usize>,
) -> Option<Condition> {
    all_of(reader, table, span, 0)
}

fn at_depth(reader: &mut Reader<'_>, value: &Value<'_>, depth: u8) -> Option<Condition> {
    if depth > DEEPEST {
        let help = format!("`all`, `any` and `not` go {DEEPEST} deep at most: write it flatter");
        reader.error_with_help("too-deep", "conditions are nested too deeply", help, value.span());
        return None;
    }
    match value.get_ref() {
        DeValue::String(_) => locator::target(reader, value).map(Condition::Visible),
        DeValue::Table(_) => {
            let table = reader.table(value)?;
            reader.refuse_unknown(table, "in a condition", &KEYS);
            all_of(reader, table, table.span(), depth)
        }
        _ => reader.wrong_type(value, "a condition (a table such as { visible = \"#done\" })"),
    }
}

/// Several keys must all hold; none is an error.
fn all_of(reader: &mut Reader<'_>, table: Table<'_>, span: Range<usize>, depth: u8) -> Option<Condition> {
    let within = within(reader, table);
    let mut parts = Vec::new();
    let mut keys = 0;
    for (key, _, value) in table.entries() {
        if key == "in" || !KEYS.contains(&key) {
            continue;
        }
        keys += 1;
        parts.extend(one(reader, key, value, within.as_ref(), depth));
    }
    if keys == 0 && !misspelt(table) {
        let help =
            format!("write one or more of {}", list(&KEYS.iter().filter(|key| **key != "in").collect::<Vec<_>>()));
        reader.error_with_help("no-condition", "this says nothing that could hold", help, span);
    }
    match parts.len() {
        0 => None,
        found if found < keys => None,
        1 => parts.pop(),
        _ => Some(Condition::All(parts)),
    }
}

/// Whether a key is one of a condition's but for a slip of the pen, which is said already.
fn misspelt(table: Table<'_>) -> bool {
    KEYS.into_iter().any(|key| table.misspells(key))
}

fn within(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Target> {
    let value = table.get("in")?;
    if !table.has("text") && !table.has("matches") {
        let help = "write `text` or `matches` beside it: `in` says where that is looked for";
        reader.error_with_help("misplaced-key", "`in` without `text` or `matches`", help, table.line_of("in"));
    }
    locator::target(reader, value)
}

fn one(reader: &mut Reader<'_>, key: &str, value: &Value<'_>, within: Option<&Target>, depth: u8) -> Option<Condition> {
    let within = || within.cloned().unwrap_or_default();
    match key {
        "visible" => locator::target(reader, value).map(Condition::Visible),
        "gone" => locator::target(reader, value).map(Condition::Gone),
        "enabled" => locator::target(reader, value).map(Condition::Enabled),
        "text" => any_of(reader, value, |reader, value| {
            reader.filled_text(value)?;
            reader.template(value, Context::Text).map(|text| Condition::Text { text, within: within() })
        }),
        "matches" => any_of(reader, value, |reader, value| {
            pattern(reader, value).map(|pattern| Condition::Matches { pattern, within: within() })
        }),
        "url" => any_of(reader, value, |reader, value| {
            reader.filled_text(value)?;
            reader.template(value, Context::Text).map(Condition::Url)
        }),
        "status" => any_of(reader, value, status),
        "count" => count(reader, value),
        "attribute" => attribute(reader, value),
        "json" => json(reader, value),
        "all" => parts(reader, value, depth).map(Condition::All),
        "any" => parts(reader, value, depth).map(Condition::Any),
        _ => at_depth(reader, value, depth + 1).map(|part| Condition::Not(Box::new(part))),
    }
}

/// One value, or a list of which one must hold.
fn any_of(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    mut read: impl FnMut(&mut Reader<'_>, &Value<'_>) -> Option<Condition>,
) -> Option<Condition> {
    let values = reader.one_or_more(value);
    let mut found: Vec<_> = values.iter().filter_map(|value| read(reader, value)).collect();
    match found.len() {
        0 => None,
        count if count < values.len() => None,
        1 => found.pop(),
        _ => Some(Condition::Any(found)),
    }
}

fn parts(reader: &mut Reader<'_>, value: &Value<'_>, depth: u8) -> Option<Vec<Condition>> {
    reader.array(value)?;
    let values = reader.one_or_more(value);
    let found: Vec<_> = values.iter().filter_map(|value| at_depth(reader, value, depth + 1)).collect();
    (!found.is_empty() && found.len() == values.len()).then_some(found)
}

/// A regular expression that a page and this program read alike.
pub(in crate::flow) fn pattern(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Template> {
    reader.filled_text(value)?;
    let template = reader.template(value, Context::Pattern)?;
    match crate::flow::pattern::check(&template.skeleton("x")) {
        None => return Some(template),
        Some((message, help)) => reader.error_with_help("bad-pattern", message, help, value.span()),
    }
    None
}

/// 409, or "5xx" for a class.
fn status(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Condition> {
    if !value.get_ref().is_str() {
        let status = u16::try_from(reader.whole(value, 100..=599)?).ok()?;
        return Some(Condition::Status { from: status, to: status });
    }
    let text = reader.text(value)?;
    let class = text.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok()).filter(|n| (1..=5).contains(n));
    if class.is_none() {
        reader.error_with_help(
            "bad-status",
            format!("`{text}` is no status"),
            "write a number such as 409, or \"5xx\" for a class",
            value.span(),
        );
    }
    class.map(|class| Condition::Status { from: class * 100, to: class * 100 + 99 })
}

/// `{ of = LOCATOR, is = 3 }` or `min` and `max`.
fn count(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Condition> {
    let table = reader.table(value)?;
    reader.refuse_unknown(table, "in `count`", &["of", "is", "min", "max"]);
    let Some(of) = table.get("of") else {
        reader.missing(table, "of", "count = { of = \"table tr\", min = 1 }");
        return None;
    };
    let of = locator::target(reader, of);
    let mut number = |key: &str| {
        table.get(key).map(|value| reader.whole(value, 0..=100_000).and_then(|number| u32::try_from(number).ok()))
    };
    let (is, min, max) = (number("is"), number("min"), number("max"));
    if is.is_none() && min.is_none() && max.is_none() {
        reader.missing(table, "is", "say how many: `is`, `min` or `max`");
        return None;
    }
    let (min, max) = match is {
        Some(is) => (is?, Some(is?)),
        None => (min.unwrap_or(Some(0))?, max.map_or(Some(None), |max| max.map(Some))?),
    };
    Some(Condition::Count { of: of?, min, max })
}

fn attribute(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Condition> {
    let table = reader.table(value)?;
    reader.refuse_unknown(table, "in `attribute`", &["of", "name", "equals"]);
    let (Some(of), Some(name), Some(equals)) = (table.get("of"), table.get("name"), table.get("equals")) else {
        let missing = ["of", "name", "equals"].into_iter().find(|key| !table.has(key)).unwrap_or("of");
        reader.missing(table, missing, "attribute = { of = \"#slot\", name = \"class\", equals = \"free\" }");
        return None;
    };
    let (of, name) = (locator::target(reader, of), reader.filled_text(name));
    let equals = reader.template(equals, Context::Text);
    Some(Condition::Attribute { of: of?, name: name?.to_owned(), equals: equals? })
}

/// `"/token"` for "it is there", or `{ at = "/error", equals = "taken" }`.
fn json(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Condition> {
    if value.get_ref().is_str() {
        return pointer(reader, value).map(|pointer| Condition::Json { pointer, equals: None });
    }
    let table = reader.table(value)?;
    reader.refuse_unknown(table, "in `json`", &["at", "equals"]);
    let Some(at) = table.get("at") else {
        reader.missing(table, "at", "json = { at = \"/error\", equals = \"taken\" }");
        return None;
    };
    let at = pointer(reader, at);
    let equals = table.get("equals").map(|equals| reader.template(equals, Context::Text));
    Some(Condition::Json { pointer: at?, equals: equals.map_or(Some(None), |equals| equals.map(Some))? })
}

/// An RFC 6901 pointer: empty, or beginning with a slash.
pub(in crate::flow) fn pointer(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Template> {
    let text = reader.text(value)?;
    if !text.is_empty() && !text.starts_with('/') {
        let help = format!("a pointer begins with a slash: \"/{}\"", text.replace('.', "/"));
        reader.error_with_help("bad-pointer", format!("`{text}` is no JSON pointer"), help, value.span());
        return None;
    }
    reader.template(value, Context::Text)
}
