//! One hole: `{word±arithmetic:turn:encoding:format}`.

use std::ops::Range;

use crate::report::Place;

use super::TemplateError;
use super::format::{self, Encoding, Format};
use super::locale::Language;
use super::word::{Moment, Turn, Unit, Word, shifts};

/// One hole, ready to be filled.
#[derive(Clone, Debug)]
pub(super) struct Hole {
    /// What is asked for.
    pub(super) word: Word,
    /// How it is written.
    pub(super) format: Format,
    /// What is done to the written text, in order.
    pub(super) encodings: Vec<Encoding>,
    /// Its bytes in the template's text, braces included.
    pub(super) span: Range<usize>,
    /// Where it stands in a file.
    pub(super) place: Option<Place>,
}

/// The parts behind the word, while they are read.
#[derive(Default)]
struct Parts {
    turns: Vec<Turn>,
    language: Language,
    encodings: Vec<Encoding>,
    format: Option<Format>,
}

impl PartialEq for Hole {
    fn eq(&self, other: &Self) -> bool {
        (&self.word, &self.format, &self.encodings) == (&other.word, &other.format, &other.encodings)
    }
}

impl Hole {
    /// Parses what stands between the braces; `span` is the hole's bytes in the template, braces included.
    pub(super) fn parse(inner: &str, span: Range<usize>) -> Result<Self, TemplateError> {
        let start = span.start + 1;
        let (head, rest) = inner.split_once(':').map_or((inner, None), |(head, rest)| (head, Some(rest)));
        let mut word = Word::parse(head.trim(), start..start + head.len())?;
        let mut parts = Parts::default();
        if let Some(rest) = rest {
            parts.read(rest, start + head.len() + 1, &word)?;
        }
        if let Word::Moment(_, turns) = &mut word {
            turns.append(&mut parts.turns);
        }
        let format = parts.format.unwrap_or_else(|| Format::default_for(&word));
        Ok(Self { word, format, encodings: parts.encodings, span, place: None })
    }
}

impl Parts {
    /// Reads turns, languages and encodings up to the first thing that is none of them: the format.
    fn read(&mut self, mut text: &str, mut at: usize, word: &Word) -> Result<(), TemplateError> {
        loop {
            let (head, rest) = text.split_once(':').map_or((text, None), |(head, rest)| (head, Some(rest)));
            let span = at..at + head.len();
            if !self.turn(head, &span, word)? && !self.language(head) && !self.encoding(head) {
                self.format = Some(format::parse(text, at..at + text.len(), word, self.language)?);
                return Ok(());
            }
            let Some(rest) = rest else { return Ok(()) };
            at += head.len() + 1;
            text = rest;
        }
    }

    fn turn(&mut self, text: &str, span: &Range<usize>, word: &Word) -> Result<bool, TemplateError> {
        let Some((name, turn)) = format::TURNS.into_iter().find(|(name, _)| is_turn(text, name)) else {
            return Ok(false);
        };
        let Word::Moment(moment, _) = word else {
            return Err(not_a_date(name, word, span.clone()));
        };
        let moved = shifts(&text[name.len()..], span)?;
        if *moment == Moment::Date && moved.iter().any(|turn| !is_of_days(*turn)) {
            return Err(not_a_date(text, word, span.clone()));
        }
        self.turns.push(turn);
        self.turns.extend(moved);
        Ok(true)
    }

    fn language(&mut self, text: &str) -> bool {
        let language = Language::parse(text);
        self.language = language.unwrap_or(self.language);
        language.is_some()
    }

    fn encoding(&mut self, text: &str) -> bool {
        let encoding = Encoding::parse(text);
        self.encodings.extend(encoding);
        encoding.is_some()
    }
}

fn is_turn(text: &str, name: &str) -> bool {
    text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', '-']))
}

fn is_of_days(turn: Turn) -> bool {
    !matches!(turn, Turn::Shift(_, Unit::Hours | Unit::Minutes | Unit::Seconds))
}

fn not_a_date(turn: &str, word: &Word, span: Range<usize>) -> TemplateError {
    TemplateError {
        code: "bad-format",
        message: format!("`{turn}` does not go with `{}`", word.name()),
        help: Some("turns of the calendar go with `date`, `start` and `end`".to_owned()),
        span,
    }
}
