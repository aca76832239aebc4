//! The site's own list: what its rows are, how they are read from JSON, and which of them are ours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::condition::{self, Condition, normalised, text_of};
use super::locator::{self, Target};
use super::pattern;
use super::pen::Pen;
use super::raw::{Reader, Table, Value};
use super::template::{Context, RenderError, Template};
use super::wire;

/// One row of the site's list: what was read of it, by column. In JSON an object of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    /// A row of these columns.
    pub fn new<N: Into<String>, V: Into<String>>(columns: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(columns.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// What was read for a column; none where the row has none.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    /// Names and texts.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The rows of a JSON answer. None: the answer is not the list (no array where the rows should be), which says nothing
/// about what is booked.
pub fn from_json(rows: &wire::Rows, answer: &Json) -> Option<Vec<Row>> {
    let items = answer.pointer(rows.json.as_deref().unwrap_or_default())?.as_array()?;
    Some(items.iter().map(|item| Row::new(rows.columns.iter().filter_map(|column| cell(column, item)))).collect())
}

/// The rows all of whose `equals` columns agree after normalising. Without any such column no row is ours.
pub fn ours<'r>(found: &'r [Row], rows: &wire::Rows) -> Vec<&'r Row> {
    let wanted: Vec<_> = rows
        .columns
        .iter()
        .filter_map(|column| Some((column.name.as_str(), normalised(column.equals.as_deref()?))))
        .collect();
    let agrees =
        |row: &&Row| wanted.iter().all(|(name, text)| row.get(name).is_some_and(|cell| normalised(cell) == *text));
    if wanted.is_empty() { Vec::new() } else { found.iter().filter(agrees).collect() }
}

fn cell(column: &wire::Column, item: &Json) -> Option<(String, String)> {
    let text = text_of(item.pointer(column.json.as_deref().unwrap_or_default())?)?;
    let kept = match &column.matches {
        None => text,
        Some(pattern) => kept(pattern, &text)?,
    };
    Some((column.name.clone(), kept))
}

/// The first group, or the whole match.
fn kept(pattern: &str, text: &str) -> Option<String> {
    let found = pattern::compile(pattern).ok()?.captures(text)?;
    found.get(1).or_else(|| found.get(0)).map(|found| found.as_str().to_owned())
}

/// The list with its templates.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    source: Source,
    columns: Vec<Column>,
    fresh_if: Option<Condition>,
}

#[derive(Clone, Debug)]
enum Source {
    Page(Target),
    Json(Template),
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    target: Target,
    json: Option<Template>,
    attribute: Option<String>,
    matches: Option<Template>,
    equals: Option<Template>,
}

/// Keys of a column beside those of its locator.
const OF_COLUMN: [&str; 4] = ["json", "attribute", "matches", "equals"];

/// Reads `rows = …` and the keys beside it.
pub(super) fn rows(reader: &mut Reader<'_>, step: Table<'_>, value: &Value<'_>) -> Option<Rows> {
    let source = source(reader, value);
    let columns = columns(reader, step, matches!(source, Some(Source::Json(_))));
    let fresh_if = step.get("fresh-if").map(|value| condition::condition(reader, value));
    let source = source?;
    check_fresh(reader, step, &source, fresh_if.as_ref().and_then(Option::as_ref));
    Some(Rows { source, columns: columns?, fresh_if: fresh_if.map_or(Some(None), |fresh| fresh.map(Some))? })
}

fn source(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Source> {
    let json = value.get_ref().as_table().and_then(|_| reader.table(value)).filter(|table| table.has("json"));
    let Some(table) = json else {
        return locator::target(reader, value).map(Source::Page);
    };
    reader.refuse_unknown(table, "beside `json`", &["json"]);
    condition::pointer(reader, table.get("json")?).map(Source::Json)
}

/// A page that is not the list has no rows either; only `fresh-if` tells the two apart.
fn check_fresh(reader: &mut Reader<'_>, step: Table<'_>, source: &Source, fresh_if: Option<&Condition>) {
    match (source, fresh_if) {
        (Source::Page(_), None) if !step.has("fresh-if") => {
            let help = "a login or error page has no rows either and would read as \"not booked\": \
                        name something that only the list's page shows, for example fresh-if = { visible = \"h1.my-bookings\" }";
            reader.error_with_help("no-fresh-if", "rows without `fresh-if`", help, step.line_of("rows"));
        }
        (Source::Json(_), Some(fresh_if)) if fresh_if.needs_page() => needs_page(reader, step, "fresh-if"),
        _ => {}
    }
}

/// Says that a condition on an answer needs a page.
pub(super) fn needs_page(reader: &mut Reader<'_>, table: Table<'_>, key: &str) {
    let help = "an answer is judged by `status`, `json`, `url`, and by `text` or `matches` without `in`";
    reader.error_with_help("needs-a-page", "there is no page here, only an answer", help, table.line_of(key));
}

fn columns(reader: &mut Reader<'_>, step: Table<'_>, json: bool) -> Option<Vec<Column>> {
    let Some(value) = step.get("columns") else {
        let help =
            "name what is read of each row: [step.columns] date = { css = \"td.date\", equals = \"{date:%d/%m/%Y}\" }";
        reader.error_with_help("missing-key", "`columns` is missing", help, step.line_of("rows"));
        return None;
    };
    let entries = reader.table(value)?.entries();
    let columns: Vec<_> = entries.iter().map(|(name, _, value)| column(reader, name, value, json)).collect();
    let columns = columns.into_iter().collect::<Option<Vec<_>>>()?;
    if !columns.iter().any(|column| column.equals.is_some()) {
        let help = "give the columns that make a row ours an `equals`: date, time, court";
        reader.error_with_help("rows-match-anything", "no column says which rows are ours", help, value.span());
    }
    Some(columns)
}

fn column(reader: &mut Reader<'_>, name: &str, value: &Value<'_>, json: bool) -> Option<Column> {
    if value.get_ref().is_str() && !json {
        let target = locator::target(reader, value)?;
        return Some(Column {
            name: name.to_owned(),
            target,
            json: None,
            attribute: None,
            matches: None,
            equals: None,
        });
    }
    let table = reader.table(value)?;
    let matches = table.get("matches").map(|value| condition::pattern(reader, value));
    let equals = table.get("equals").map(|value| reader.template(value, Context::Text));
    let attribute = table.get("attribute").map(|value| reader.filled_text(value).map(str::to_owned));
    let (target, pointer) = if json {
        reader.refuse_unknown(table, "in a column", &["json", "matches", "equals"]);
        (Vec::new(), Some(column_pointer(reader, table, name)?))
    } else {
        (locator::target_beside(reader, table, &OF_COLUMN[1..])?, None)
    };
    Some(Column {
        name: name.to_owned(),
        target,
        json: pointer,
        attribute: given(attribute)?,
        matches: given(matches)?,
        equals: given(equals)?,
    })
}

/// Left out: the member of the column's own name.
fn column_pointer(reader: &mut Reader<'_>, table: Table<'_>, name: &str) -> Option<Template> {
    match table.get("json") {
        Some(value) => condition::pointer(reader, value),
        None => Template::parse(&format!("/{name}")).ok(),
    }
}

/// A key that was not written is fine; one that could not be read is not.
fn given<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| value.map(Some))
}

impl Rows {
    /// Renders it.
    pub(super) fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Rows, RenderError> {
        let (of, json) = match &self.source {
            Source::Page(target) => (locator::render(target, pen)?, None),
            Source::Json(pointer) => (Vec::new(), Some(pen.write(pointer)?)),
        };
        let columns = self.columns.iter().map(|column| column.render(pen)).collect::<Result<_, _>>()?;
        let fresh_if = self.fresh_if.as_ref().map(|condition| condition.render(pen)).transpose()?;
        Ok(wire::Rows { of, json, columns, fresh_if })
    }

    /// Whether they are read from a JSON answer.
    pub(super) fn are_json(&self) -> bool {
        matches!(self.source, Source::Json(_))
    }

    /// The columns' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

impl Column {
    fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Column, RenderError> {
        Ok(wire::Column {
            name: self.name.clone(),
            target: locator::render(&self.target, pen)?,
            json: pen.write_if(self.json.as_ref())?,
            attribute: self.attribute.clone(),
            matches: pen.write_if(self.matches.as_ref())?,
            equals: pen.write_if(self.equals.as_ref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, equals: Option<&str>) -> wire::Column {
        wire::Column {
            name: name.to_owned(),
            target: Vec::new(),
            json: Some(format!("/{name}")),
            attribute: None,
            matches: None,
            equals: equals.map(str::to_owned),
        }
    }

    fn list(columns: Vec<wire::Column>) -> wire::Rows {
        wire::Rows { of: Vec::new(), json: Some("/bookings".to_owned()), columns, fresh_if: None }
    }

    #[test]
    fn ours_agree_in_every_column_that_says_equals() {
        let rows = list(vec![
            column("court", Some("5")),
            column("slot", Some("De 05:00 PM a 06:00 PM")),
            wire::Column { matches: Some("-(\\d+)".to_owned()), ..column("reference", None) },
        ]);
        let answer = serde_json::json!({"bookings": [
            {"court": 5, "slot": "de 05:00\u{202f}PM  a 06:00\u{a0}PM", "reference": "R-000123"},
            {"court": 5, "slot": "De 06:00 PM a 07:00 PM", "reference": "R-000124"},
            {"court": 7, "slot": "De 05:00 PM a 06:00 PM", "reference": "R-000125"},
            {"slot": "De 05:00 PM a 06:00 PM", "reference": "R-000126"},
        ]});
        let found = from_json(&rows, &answer).expect("it is the list");
        assert_eq!(found.len(), 4);
        let ours: Vec<_> = ours(&found, &rows).into_iter().map(|row| row.get("reference")).collect();
        assert_eq!(ours, [Some("000123")]);
    }

    #[test]
    fn no_column_that_says_equals_means_no_row_is_ours() {
        let rows = list(vec![column("court", None)]);
        assert!(ours(&[Row::new([("court", "5")])], &rows).is_empty());
    }

    #[test]
    fn an_answer_without_the_list_is_no_empty_list() {
        let rows = list(vec![column("court", Some("5"))]);
        assert_eq!(from_json(&rows, &serde_json::json!({"error": "login-expired"})), None);
        assert_eq!(from_json(&rows, &serde_json::json!({"bookings": []})), Some(Vec::new()));
    }
}
