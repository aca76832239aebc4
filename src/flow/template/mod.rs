//! Texts with holes: `De {start:%I:%M %p} a {end:%I:%M %p}`.
//!
//! A hole is a word, perhaps with arithmetic, then colon-separated turns, encodings and at last a
//! format. Where the text goes decides how the values in it are escaped, so that a value can never
//! break the selector or the pattern around it. What the words stand for is [`Words`](super::Words).

mod escape;
mod format;
mod hole;
mod instant;
mod locale;
mod parse;
mod render;
mod word;

use std::ops::Range;

use crate::report::{Place, Problem};

pub use escape::Context;
pub(super) use locale::Language;
pub use render::{RenderError, RenderErrorKind, Rendered};
pub(super) use word::{Word, is_reserved};

use hole::Hole;

/// A text with holes, known to be well-formed. Two are equal that give the same text, wherever they stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
    context: Context,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    Hole(Hole),
}

/// What is wrong with a template, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// A stable kebab-case word.
    pub code: &'static str,
    /// A small-letter fragment.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Bytes of the template's text.
    pub span: Range<usize>,
}

impl Template {
    /// Parses a text whose values go in as they are.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateError>> {
        Self::parse_as(text, Context::Text)
    }

    /// Parses a text for a place where values must be escaped.
    pub fn parse_as(text: &str, context: Context) -> Result<Self, Vec<TemplateError>> {
        let (parts, errors) = parse::parts(text, context);
        if errors.is_empty() { Ok(Self { parts, context }) } else { Err(errors) }
    }

    /// Parses a site's slot label: only the slot's own words (`date`, `start`, `end`, `length`, `court`, `site`) can stand
    /// in it.
    pub fn slot_label(text: &str) -> Result<Self, Vec<TemplateError>> {
        let template = Self::parse(text)?;
        let wrong: Vec<_> = template.holes().filter(|hole| !hole.word.is_of_slot()).map(not_of_slot).collect();
        if wrong.is_empty() { Ok(template) } else { Err(wrong) }
    }

    /// The text with every hole filled by `filler`: enough to check the syntax of what surrounds the holes.
    pub(super) fn skeleton(&self, filler: &str) -> String {
        self.parts.iter().map(|part| if let Part::Literal(text) = part { text } else { filler }).collect()
    }

    /// The text, where it has no hole.
    pub(super) fn whole_text(&self) -> Option<String> {
        self.holes().next().is_none().then(|| self.skeleton(""))
    }

    /// Whether it begins with a hole.
    pub(super) fn begins_with_hole(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Hole(_)))
    }

    /// The words in it, with the hole's bytes in the template's text.
    pub(super) fn words(&self) -> impl Iterator<Item = (&Word, Range<usize>, Option<&Place>)> {
        self.holes().map(|hole| (&hole.word, hole.span.clone(), hole.place.as_ref()))
    }

    /// Remembers where each hole stands in a file whose string literal is at `literal`.
    pub(super) fn placed(mut self, text: &str, literal: &Place) -> Self {
        for part in &mut self.parts {
            if let Part::Hole(hole) = part {
                hole.place = Some(place_within(text, literal, hole.span.clone()));
            }
        }
        self
    }

    /// What is written before its first hole, where that is the whole origin of an address at least.
    pub(super) fn written_origin(&self) -> Option<&str> {
        let Part::Literal(text) = self.parts.first()? else { return None };
        let (_, rest) = text.split_once("://")?;
        (self.parts.len() == 1 || rest.contains(['/', '?', '#'])).then_some(text)
    }

    fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| if let Part::Hole(hole) = part { Some(hole) } else { None })
    }
}

impl TemplateError {
    /// The problem in the file whose string literal (quotes included) is at `literal` and reads `text`.
    pub fn into_problem(self, text: &str, literal: &Place) -> Problem {
        let problem = Problem::error(self.code, self.message).at(place_within(text, literal, self.span));
        if let Some(help) = self.help { problem.help(help) } else { problem }
    }
}

fn not_of_slot(hole: &Hole) -> TemplateError {
    TemplateError {
        code: "not-in-label",
        message: format!("`{}` cannot stand in a slot label", hole.word.name()),
        help: Some("a label is made of `date`, `start`, `end`, `length`, `court.…` and `site.…`".to_owned()),
        span: hole.span.clone(),
    }
}

/// Where bytes of a string's text stand in the file; the whole literal when escapes make that uncertain.
fn place_within(text: &str, literal: &Place, range: Range<usize>) -> Place {
    let span = literal.span();
    let written = &literal.file().text()[span.clone()];
    let opening = written.len() - written.trim_start_matches(['"', '\'']).len();
    let newline = written[opening..].len() - written[opening..].trim_start_matches(['\r', '\n']).len();
    [opening.min(1), opening, opening + newline]
        .into_iter()
        .find(|skip| written.get(*skip..).is_some_and(|rest| rest.starts_with(text)))
        .map_or_else(
            || literal.clone(),
            |skip| {
                let start = span.start + skip;
                Place::new(literal.file(), start + range.start..start + range.end)
            },
        )
}
