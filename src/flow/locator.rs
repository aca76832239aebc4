//! How a step says which element it means.

use super::pen::Pen;
use super::raw::{Reader, Table, Value, list};
use super::template::{Context, RenderError, Template};
use super::{selector, wire};
use crate::report::Problem;

/// Ordered fallbacks.
pub(super) type Target = Vec<Locator>;

/// The keys of which a locator has exactly one.
pub(super) const WAYS: [&str; 10] =
    ["css", "xpath", "id", "name", "label", "role", "text", "test-id", "title", "placeholder"];

/// The keys that narrow a locator.
const NARROWING: [&str; 5] = ["within", "has-text", "nth", "first", "exact"];

/// Roles that elements have by their tag, or that sites write.
const ROLES: [&str; 60] = [
    "alert",
    "alertdialog",
    "article",
    "banner",
    "button",
    "cell",
    "checkbox",
    "columnheader",
    "combobox",
    "complementary",
    "contentinfo",
    "dialog",
    "figure",
    "form",
    "grid",
    "gridcell",
    "group",
    "heading",
    "img",
    "link",
    "list",
    "listbox",
    "listitem",
    "log",
    "main",
    "marquee",
    "menu",
    "menubar",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "meter",
    "navigation",
    "note",
    "option",
    "paragraph",
    "progressbar",
    "radio",
    "radiogroup",
    "region",
    "row",
    "rowgroup",
    "rowheader",
    "search",
    "searchbox",
    "separator",
    "slider",
    "spinbutton",
    "status",
    "switch",
    "tab",
    "table",
    "tablist",
    "tabpanel",
    "textbox",
    "timer",
    "toolbar",
    "tooltip",
    "tree",
    "treeitem",
];

/// One way to find one element. Two are equal that are written alike, wherever they stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Locator {
    by: By,
    within: Target,
    has_text: Option<Template>,
    nth: Option<i32>,
    first: bool,
    exact: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum By {
    Way(Way, Template),
    Role { role: String, name: Option<Template> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Css,
    Xpath,
    Id,
    Name,
    Label,
    Text,
    TestId,
    Title,
    Placeholder,
}

/// A text (CSS), a table, or a list of them in order of preference.
pub(super) fn target(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Target> {
    let values = reader.one_or_more(value);
    let found: Vec<_> = values.iter().filter_map(|value| locator(reader, value)).collect();
    (!found.is_empty() && found.len() == values.len()).then_some(found)
}

/// A locator written into a table that has further keys of its own; none of its keys there: the row itself.
pub(super) fn target_beside(reader: &mut Reader<'_>, table: Table<'_>, others: &[&str]) -> Option<Target> {
    let known: Vec<&str> = WAYS.into_iter().chain(NARROWING).chain(others.iter().copied()).collect();
    reader.refuse_unknown(table, "in a column", &known);
    if !WAYS.into_iter().chain(NARROWING).any(|key| table.has(key)) {
        return Some(Vec::new());
    }
    let by = by(reader, table)?;
    Some(vec![narrowed(reader, table, by)?])
}

/// Renders every fallback.
pub(super) fn render(target: &Target, pen: &mut Pen<'_>) -> Result<wire::Target, RenderError> {
    target.iter().map(|locator| locator.render(pen)).collect()
}

fn locator(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Locator> {
    if value.get_ref().is_str() {
        let css = way(reader, value, "css")?;
        return Some(Locator { by: css, within: Vec::new(), has_text: None, nth: None, first: false, exact: false });
    }
    let Some(table) = value.get_ref().as_table().and_then(|_| reader.table(value)) else {
        return reader.wrong_type(value, "a locator (CSS as a text, or a table such as { id = \"send\" })");
    };
    let known: Vec<&str> = WAYS.into_iter().chain(NARROWING).collect();
    reader.refuse_unknown(table, "in a locator", &known);
    by(reader, table).and_then(|by| narrowed(reader, table, by))
}

/// Finds the one way; `name` beside `role` is the accessible name.
fn by(reader: &mut Reader<'_>, table: Table<'_>) -> Option<By> {
    if let Some(role) = table.get("role") {
        let role = self::role(reader, role)?;
        let name = table.get("name").and_then(|name| reader.template(name, Context::Text));
        refuse_second(reader, table, &["role", "name"]);
        return Some(By::Role { role, name });
    }
    let Some(key) = WAYS.into_iter().find(|key| table.has(key)) else {
        if !WAYS.into_iter().any(|key| table.misspells(key)) {
            let help = format!("write one of {}", list(&WAYS));
            reader.error_with_help("no-way", "this locator does not say how to look", help, table.span());
        }
        return None;
    };
    refuse_second(reader, table, &[key]);
    way(reader, table.get(key)?, key)
}

fn refuse_second(reader: &mut Reader<'_>, table: Table<'_>, taken: &[&str]) {
    for key in WAYS.into_iter().filter(|key| !taken.contains(key) && table.has(key)) {
        let message = format!("this locator looks in two ways: `{}` and `{key}`", taken[0]);
        let help = "write fallbacks as a list of locators: [{ … }, { … }]; narrow with `within` and `has-text`";
        reader.error_with_help("two-ways", message, help, table.line_of(key));
    }
}

fn role(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<String> {
    let role = reader.filled_text(value)?;
    if !ROLES.contains(&role) {
        reader.unknown("unknown-role", "role", role, &ROLES, value.span());
    }
    Some(role.to_owned())
}

fn way(reader: &mut Reader<'_>, value: &Value<'_>, key: &str) -> Option<By> {
    reader.filled_text(value)?;
    let (way, context) = match key {
        "css" => (Way::Css, Context::Css),
        "xpath" => (Way::Xpath, Context::Xpath),
        "id" => (Way::Id, Context::Text),
        "name" => (Way::Name, Context::Text),
        "label" => (Way::Label, Context::Text),
        "text" => (Way::Text, Context::Text),
        "test-id" => (Way::TestId, Context::Text),
        "title" => (Way::Title, Context::Text),
        _ => (Way::Placeholder, Context::Text),
    };
    let template = reader.template(value, context)?;
    check_syntax(reader, value, way, &template).then_some(By::Way(way, template))
}

fn check_syntax(reader: &mut Reader<'_>, value: &Value<'_>, way: Way, template: &Template) -> bool {
    let (code, mistake) = match way {
        Way::Css => ("bad-css", selector::css(&template.skeleton("x"))),
        Way::Xpath => ("bad-xpath", selector::xpath(&template.skeleton("x"))),
        _ => {
            never_matches(reader, value, way, &template.skeleton("x"));
            return true;
        }
    };
    match mistake {
        None => {
            never_matches(reader, value, way, &template.skeleton("x"));
            return true;
        }
        Some((message, help)) => reader.error_with_help(code, message, help, value.span()),
    }
    false
}

/// What is well written and finds nothing all the same.
fn never_matches(reader: &mut Reader<'_>, value: &Value<'_>, way: Way, text: &str) {
    let found = match way {
        Way::Css => selector::never_matches(text),
        Way::Id => selector::sign_of_css(value.get_ref().as_str().unwrap_or_default())
            .map(|name| ("an id is written without CSS signs".to_owned(), format!("write id = \"{name}\""))),
        _ => None,
    };
    if let Some((message, help)) = found {
        reader.tell(Problem::warning("never-matches", message), help, value.span());
    }
}

fn narrowed(reader: &mut Reader<'_>, table: Table<'_>, by: By) -> Option<Locator> {
    let within = table.get("within").map(|value| target(reader, value));
    let has_text = table.get("has-text").and_then(|value| reader.template(value, Context::Text));
    let nth = table.get("nth").and_then(|value| nth(reader, value));
    let first = table.get("first").and_then(|value| reader.flag(value)).unwrap_or(false);
    let exact = table.get("exact").and_then(|value| reader.flag(value)).unwrap_or(false);
    if first && nth.is_some() {
        let help = "keep one: `first` is the first visible and enabled match, `nth` counts all of them";
        reader.error_with_help("first-and-nth", "`first` and `nth` exclude each other", help, table.line_of("nth"));
    }
    let within = within.map_or(Some(Vec::new()), |within| within)?;
    Some(Locator { by, within, has_text, nth, first, exact })
}

fn nth(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<i32> {
    let nth = reader.whole(value, -10_000..=10_000)?;
    if nth == 0 {
        reader.error_with_help(
            "nth-zero",
            "`nth` counts from 1",
            "write 1 for the first match, -1 for the last",
            value.span(),
        );
    }
    i32::try_from(nth).ok()
}

impl Locator {
    fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Locator, RenderError> {
        Ok(wire::Locator {
            by: self.by.render(pen)?,
            within: render(&self.within, pen)?,
            has_text: pen.write_if(self.has_text.as_ref())?,
            nth: self.nth,
            first: self.first,
            exact: self.exact,
        })
    }
}

impl By {
    fn render(&self, pen: &mut Pen<'_>) -> Result<wire::By, RenderError> {
        let (way, text) = match self {
            Self::Way(way, template) => (way, pen.write(template)?),
            Self::Role { role, name } => {
                return Ok(wire::By::Role { role: role.clone(), name: pen.write_if(name.as_ref())? });
            }
        };
        Ok(match way {
            Way::Css => wire::By::Css(text),
            Way::Xpath => wire::By::Xpath(text),
            Way::Id => wire::By::Id(text),
            Way::Name => wire::By::Name(text),
            Way::Label => wire::By::Label(text),
            Way::Text => wire::By::Text(text),
            Way::TestId => wire::By::TestId(text),
            Way::Title => wire::By::Title(text),
            Way::Placeholder => wire::By::Placeholder(text),
        })
    }
}
