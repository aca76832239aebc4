//! From a text to literals and holes; every mistake in it at once.

use std::ops::Range;

use super::hole::Hole;
use super::{Context, Part, TemplateError};

/// Splits a text. The parts are whole only when there is no error.
pub(super) fn parts(text: &str, context: Context) -> (Vec<Part>, Vec<TemplateError>) {
    let mut scan = Scan { text, context, at: 0, literal: String::new(), parts: Vec::new(), errors: Vec::new() };
    while scan.at < text.len() {
        scan.step();
    }
    scan.end_literal();
    (scan.parts, scan.errors)
}

struct Scan<'t> {
    text: &'t str,
    context: Context,
    at: usize,
    literal: String,
    parts: Vec<Part>,
    errors: Vec<TemplateError>,
}

impl Scan<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let plain = rest.find(['{', '}']).unwrap_or(rest.len());
        if plain > 0 {
            self.keep(plain);
        } else if rest.starts_with("{{") || rest.starts_with("}}") {
            self.literal.push_str(&rest[..1]);
            self.at += 2;
        } else if let Some(length) = self.brace_of_pattern(rest) {
            self.keep(length);
        } else if rest.starts_with('}') {
            self.fail("a `}` without its `{`", "write `}}` for a brace that is meant", self.at..self.at + 1);
        } else {
            self.hole(rest);
        }
    }

    fn hole(&mut self, rest: &str) {
        let end = rest[1..].find(['{', '}']).map(|end| end + 1);
        let Some(end) = end.filter(|end| rest[*end..].starts_with('}')) else {
            let stop = self.at + end.unwrap_or(rest.len());
            return self.fail("a `{` without its `}`", "write `{{` for a brace that is meant", self.at..stop);
        };
        let span = self.at..self.at + end + 1;
        match Hole::parse(&rest[1..end], span.clone()) {
            Ok(hole) => {
                self.end_literal();
                self.parts.push(Part::Hole(hole));
            }
            Err(error) => self.errors.push(error),
        }
        self.at = span.end;
    }

    /// In a pattern, the length of `{2,4}`, or of the braces behind `\p`, `\u`, `\x`; a lone `}` is left as it is.
    fn brace_of_pattern(&self, rest: &str) -> Option<usize> {
        if self.context != Context::Pattern {
            return None;
        }
        if rest.starts_with('}') {
            return Some(1);
        }
        let inner = rest[1..].split_once('}')?.0;
        let quantifier =
            inner.starts_with(|c: char| c.is_ascii_digit()) && inner.chars().all(|c| c.is_ascii_digit() || c == ',');
        let class = ["\\p", "\\P", "\\u", "\\x"].iter().any(|escape| self.literal.ends_with(escape));
        (quantifier || class).then_some(inner.len() + 2)
    }

    fn keep(&mut self, length: usize) {
        self.literal.push_str(&self.text[self.at..self.at + length]);
        self.at += length;
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(Part::Literal(std::mem::take(&mut self.literal)));
        }
    }

    fn fail(&mut self, message: &str, help: &str, span: Range<usize>) {
        self.at = span.end;
        self.errors.push(TemplateError {
            code: "bad-template",
            message: message.to_owned(),
            help: Some(help.to_owned()),
            span,
        });
    }
}
