//! `outcomes.toml`: what the site's answers mean, in order.

use crate::model::Answer;
use crate::report::Place;

use super::condition::{self, Condition};
use super::pen::Pen;
use super::raw::{Reader, Table, list};
use super::template::RenderError;
use super::wire;
use super::words::Words;

/// One row of the table with its templates.
#[derive(Clone, Debug)]
pub struct Outcome {
    is: Answer,
    when: Condition,
    place: Place,
}

/// Reads the file.
pub(super) fn outcomes(reader: &mut Reader<'_>, file: Table<'_>) -> Vec<Outcome> {
    reader.refuse_unknown(file, "in outcomes.toml", &["outcome"]);
    let tables = file.get("outcome").map_or_else(Vec::new, |value| reader.entries(value, "outcome"));
    let known = words();
    // One pair of brackets, which is said: what it holds is not looked at.
    let mut confirms = file.get("outcome").is_some_and(|value| value.get_ref().is_table());
    let mut found = Vec::new();
    for table in tables {
        confirms |= table.get("is").and_then(|value| value.get_ref().as_str()) == Some(Answer::Confirmed.as_str());
        found.extend(outcome(reader, table, &known));
    }
    if !confirms {
        let help = "write an [[outcome]] with is = \"confirmed\" and what only the page after a booking shows";
        reader.error_with_help("no-confirmed", "no outcome is `confirmed`", help, file.span());
    }
    found
}

fn outcome(reader: &mut Reader<'_>, table: Table<'_>, known: &[&str]) -> Option<Outcome> {
    let keys: Vec<&str> = ["is", "note"].into_iter().chain(condition::KEYS).collect();
    reader.refuse_unknown(table, "in an outcome", &keys);
    let is = is(reader, table, known);
    let when = condition::conditions_in(reader, table, table.span());
    let place = reader.place(table.line_of("is"));
    Some(Outcome { is: is?, when: when?, place })
}

fn is(reader: &mut Reader<'_>, table: Table<'_>, known: &[&str]) -> Option<Answer> {
    let Some(value) = table.get("is") else {
        reader.missing(table, "is", &format!("is = one of {}", list(known)));
        return None;
    };
    let word = reader.text(value)?;
    let answer = Answer::parse(word);
    if answer.is_none() {
        reader.unknown("unknown-outcome", "outcome", word, known, value.span());
    }
    answer
}

fn words() -> Vec<&'static str> {
    Answer::ALL.into_iter().map(Answer::as_str).collect()
}

impl Outcome {
    /// Renders it for one choice.
    pub fn render(&self, words: &Words) -> Result<wire::Outcome, RenderError> {
        let when = self.when.render(&mut Pen::new(words))?;
        Ok(wire::Outcome { is: self.is.as_str().to_owned(), when, place: self.place.to_string() })
    }

    /// What it means.
    pub fn answer(&self) -> Answer {
        self.is
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether an HTTP answer alone cannot decide it.
    pub(super) fn needs_page(&self) -> bool {
        self.when.needs_page()
    }
}
