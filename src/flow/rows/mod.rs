//! The site's own list: what its rows are, how they are read from JSON, and which of them are ours.

mod parse;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::condition::{normalised, text_of, tidied};
use super::{pattern, wire};

pub(super) use parse::{Rows, needs_page, rows};

/// One row of the site's list: what was read of it, by column.
pub type Row = BTreeMap<String, String>;

/// The rows of a JSON answer. None: the answer is not the list (no array where the rows should be), which says nothing
/// about what is booked.
pub fn from_json(rows: &wire::Rows, answer: &Json) -> Option<Vec<Row>> {
    let items = answer.pointer(rows.json.as_deref().unwrap_or_default())?.as_array()?;
    Some(items.iter().map(|item| rows.columns.iter().filter_map(|column| cell(column, item)).collect()).collect())
}

/// The rows all of whose `equals` columns agree after normalising. Without any such column no row is ours.
pub fn ours<'r>(found: &'r [Row], rows: &wire::Rows) -> Vec<&'r Row> {
    let wanted: Vec<_> = rows
        .columns
        .iter()
        .filter_map(|column| Some((column.name.as_str(), normalised(column.equals.as_deref()?))))
        .collect();
    let agrees =
        |row: &&Row| wanted.iter().all(|(name, text)| row.get(*name).is_some_and(|cell| normalised(cell) == *text));
    if wanted.is_empty() { Vec::new() } else { found.iter().filter(agrees).collect() }
}

/// The first `equals` column that cannot be read in a row which may be ours for all that can be read of it: such a list is not
/// understood, and says nothing about what is booked.
pub fn unread<'r>(found: &[Row], rows: &'r wire::Rows) -> Option<&'r str> {
    let cell = |row: &Row, column: &wire::Column| {
        row.get(&column.name).map(|text| normalised(text)).filter(|text| !text.is_empty())
    };
    let wanted: Vec<_> = rows.columns.iter().filter(|column| column.equals.is_some()).collect();
    let may_be_ours = |row: &&Row| {
        wanted
            .iter()
            .all(|column| cell(row, column).is_none_or(|text| column.equals.as_deref().map(normalised) == Some(text)))
    };
    let missing =
        |row: &Row| wanted.iter().find(|column| cell(row, column).is_none()).map(|column| column.name.as_str());
    found.iter().filter(may_be_ours).find_map(missing)
}

fn cell(column: &wire::Column, item: &Json) -> Option<(String, String)> {
    let text = text_of(item.pointer(column.json.as_deref().unwrap_or_default())?)?;
    let kept = match &column.matches {
        None => text,
        Some(pattern) => kept(pattern, &tidied(&text))?,
    };
    Some((column.name.clone(), kept))
}

/// The first group, or the whole match.
fn kept(pattern: &str, text: &str) -> Option<String> {
    let found = pattern::compile(pattern).ok()?.captures(text)?;
    found.get(1).or_else(|| found.get(0)).map(|found| found.as_str().to_owned())
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
        let ours: Vec<_> = ours(&found, &rows).into_iter().map(|row| row["reference"].as_str()).collect();
        assert_eq!(ours, ["000123"]);
    }

    #[test]
    fn a_row_that_may_be_ours_and_cannot_be_read_is_no_absence() {
        let rows = list(vec![column("court", Some("5")), column("start", Some("17:00"))]);
        let unread_of = |bookings: serde_json::Value| {
            let found = from_json(&rows, &serde_json::json!({ "bookings": bookings })).expect("it is the list");
            unread(&found, &rows).map(str::to_owned)
        };
        let renamed = serde_json::json!([{"court": 5, "startTime": "17:00"}]);
        assert_eq!(unread_of(renamed).as_deref(), Some("start"));
        assert_eq!(unread_of(serde_json::json!([null, 1, {}])).as_deref(), Some("court"));
        assert_eq!(unread_of(serde_json::json!([{"court": 5, "start": ""}])).as_deref(), Some("start"));
        assert_eq!(unread_of(serde_json::json!([{"court": 7}])), None, "the control: certainly another court's");
        assert_eq!(unread_of(serde_json::json!([{"court": 5, "start": "18:00"}])), None);
        assert_eq!(unread_of(serde_json::json!([])), None);
    }

    #[test]
    fn no_column_that_says_equals_means_no_row_is_ours() {
        let rows = list(vec![column("court", None)]);
        assert!(ours(&[Row::from([("court".to_owned(), "5".to_owned())])], &rows).is_empty());
    }

    #[test]
    fn an_answer_without_the_list_is_no_empty_list() {
        let rows = list(vec![column("court", Some("5"))]);
        assert_eq!(from_json(&rows, &serde_json::json!({"error": "login-expired"})), None);
        assert_eq!(from_json(&rows, &serde_json::json!({"bookings": []})), Some(Vec::new()));
    }
}
