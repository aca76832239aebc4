//! What is looked for, made ready before it counts: selectors compiled, words as they are compared.

use regex::Regex;
use scraper::Selector;

use super::text::normal;
use crate::flow::{pattern, wire};

/// Ordered fallbacks.
pub(super) type Target = Vec<Locator>;

/// How one element is found.
#[derive(Clone, Debug)]
pub(super) struct Locator {
    pub(super) by: By,
    pub(super) within: Target,
    pub(super) has_text: Option<String>,
    pub(super) nth: Option<i32>,
    pub(super) first: bool,
    pub(super) exact: bool,
    /// For messages.
    pub(super) words: String,
}

/// The ways to look; texts are normal.
#[derive(Clone, Debug)]
pub(super) enum By {
    Css(Box<Selector>),
    Id(String),
    Name(String),
    Label(String),
    Role { role: String, name: Option<String> },
    Text(String),
    TestId(String),
    Title(String),
    Placeholder(String),
}

/// Something that holds of a document or does not.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Visible(Target),
    Gone(Target),
    Enabled(Target),
    Text { text: String, within: Target },
    Matches { pattern: Regex, within: Target },
    Url(String),
    Count { of: Target, min: u32, max: Option<u32> },
    Attribute { of: Target, name: String, equals: String },
    Status { from: u16, to: u16 },
    Json { pointer: String, equals: Option<String> },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// Why something cannot be looked for without a page; a small-letter fragment.
pub(super) type Reason = String;

/// Makes a target ready.
pub(super) fn target(target: &wire::Target) -> Result<Target, Reason> {
    target.iter().map(locator).collect()
}

fn locator(locator: &wire::Locator) -> Result<Locator, Reason> {
    Ok(Locator {
        by: by(&locator.by)?,
        within: target(&locator.within)?,
        has_text: locator.has_text.as_deref().map(normal),
        nth: locator.nth,
        first: locator.first,
        exact: locator.exact,
        words: words(locator),
    })
}

fn by(by: &wire::By) -> Result<By, Reason> {
    Ok(match by {
        wire::By::Css(css) => {
            let selector = Selector::parse(css);
            By::Css(Box::new(selector.map_err(|_| format!("css “{css}” asks what only a live page knows"))?))
        }
        wire::By::Xpath(_) => return Err("xpath needs a live page".to_owned()),
        wire::By::Id(id) => By::Id(id.clone()),
        wire::By::Name(name) => By::Name(name.clone()),
        wire::By::Label(label) => By::Label(normal(label)),
        wire::By::Role { role, name } => By::Role { role: role.to_lowercase(), name: name.as_deref().map(normal) },
        wire::By::Text(text) => By::Text(normal(text)),
        wire::By::TestId(id) => By::TestId(id.clone()),
        wire::By::Title(title) => By::Title(normal(title)),
        wire::By::Placeholder(text) => By::Placeholder(normal(text)),
    })
}

fn words(locator: &wire::Locator) -> String {
    let way = match &locator.by {
        wire::By::Css(css) => format!("css “{css}”"),
        wire::By::Xpath(path) => format!("xpath “{path}”"),
        wire::By::Id(id) => format!("id “{id}”"),
        wire::By::Name(name) => format!("name “{name}”"),
        wire::By::Label(label) => format!("label “{label}”"),
        wire::By::Role { role, name: Some(name) } => format!("role {role} “{name}”"),
        wire::By::Role { role, name: None } => format!("role {role}"),
        wire::By::Text(text) => format!("text “{text}”"),
        wire::By::TestId(id) => format!("test-id “{id}”"),
        wire::By::Title(title) => format!("title “{title}”"),
        wire::By::Placeholder(text) => format!("placeholder “{text}”"),
    };
    let text = locator.has_text.as_ref().map(|text| format!(" with the text “{text}”")).unwrap_or_default();
    let nth = locator.nth.map(|nth| format!(" (number {nth})")).unwrap_or_default();
    format!("{way}{text}{nth}")
}

/// Makes a condition ready.
pub(super) fn condition(condition: &wire::Condition) -> Result<Condition, Reason> {
    use wire::Condition as Wire;
    let all = |parts: &[Wire]| parts.iter().map(self::condition).collect::<Result<Vec<_>, _>>();
    Ok(match condition {
        Wire::Visible(of) => Condition::Visible(target(of)?),
        Wire::Gone(of) => Condition::Gone(target(of)?),
        Wire::Enabled(of) => Condition::Enabled(target(of)?),
        Wire::Text { text, within } => Condition::Text { text: normal(text), within: target(within)? },
        Wire::Matches { pattern, within } => {
            let compiled = pattern::compile(pattern).map_err(|_| format!("the pattern “{pattern}” cannot be used"))?;
            Condition::Matches { pattern: compiled, within: target(within)? }
        }
        Wire::Url(glob) => Condition::Url(glob.clone()),
        Wire::Count { of, min, max } => Condition::Count { of: target(of)?, min: *min, max: *max },
        Wire::Attribute { of, name, equals } => {
            Condition::Attribute { of: target(of)?, name: name.to_ascii_lowercase(), equals: normal(equals) }
        }
        Wire::Status { from, to } => Condition::Status { from: *from, to: *to },
        Wire::Json { pointer, equals } => Condition::Json { pointer: pointer.clone(), equals: equals.clone() },
        Wire::All(parts) => Condition::All(all(parts)?),
        Wire::Any(parts) => Condition::Any(all(parts)?),
        Wire::Not(part) => Condition::Not(Box::new(self::condition(part)?)),
    })
}
