//! Reading and rendering `rows = …` with its columns.

use crate::flow::condition::{self, Condition};
use crate::flow::locator::{self, Target};
use crate::flow::pen::Pen;
use crate::flow::raw::{Reader, Table, Value};
use crate::flow::template::{Context, RenderError, Template};
use crate::flow::wire;

/// The list with its templates.
#[derive(Clone, Debug)]
pub(in crate::flow) struct Rows {
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
pub(in crate::flow) fn rows(reader: &mut Reader<'_>, step: Table<'_>, value: &Value<'_>) -> Option<Rows> {
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
                        name something that only the list's page shows, and that stands below the rows, for example fresh-if = { visible = \"#total\" }";
            reader.error_with_help("no-fresh-if", "rows without `fresh-if`", help, step.line_of("rows"));
        }
        (Source::Json(_), Some(fresh_if)) if fresh_if.needs_page() => needs_page(reader, step, "fresh-if"),
        _ => {}
    }
}

/// Says that a condition on an answer needs a page.
pub(in crate::flow) fn needs_page(reader: &mut Reader<'_>, table: Table<'_>, key: &str) {
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
    pub(in crate::flow) fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Rows, RenderError> {
        let (of, json) = match &self.source {
            Source::Page(target) => (locator::render(target, pen)?, None),
            Source::Json(pointer) => (Vec::new(), Some(pen.write(pointer)?)),
        };
        let columns = self.columns.iter().map(|column| column.render(pen)).collect::<Result<_, _>>()?;
        let fresh_if = self.fresh_if.as_ref().map(|condition| condition.render(pen)).transpose()?;
        Ok(wire::Rows { of, json, columns, fresh_if })
    }

    /// Whether they are read from a JSON answer.
    pub(in crate::flow) fn are_json(&self) -> bool {
        matches!(self.source, Source::Json(_))
    }

    /// The columns' names.
    pub(in crate::flow) fn names(&self) -> impl Iterator<Item = &str> {
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
