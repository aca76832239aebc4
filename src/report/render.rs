//! Problems for people: code, sentence, the characters themselves, and the cure.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::plain::{in_place, plain, plain_lines};
use super::{Problem, Severity};

/// Renders every problem in the order given, as miette draws them, a blank line after each.
pub fn render(problems: &[Problem], colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut out = String::new();
    for problem in problems {
        let shown = Shown::new(problem);
        handler.render_report(&mut out, &shown).expect("writing to a String cannot fail");
        out.push('\n');
    }
    out
}

#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: Option<NamedSource<String>>,
}

impl<'a> Shown<'a> {
    fn new(problem: &'a Problem) -> Self {
        let source = problem.place.as_ref().map(|place| {
            let file = place.file();
            NamedSource::new(plain(&file.path().display().to_string()), in_place(file.text()).into_owned())
        });
        Self { problem, source }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain_lines(&self.problem.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(self.problem.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.problem.help.as_ref().map(|help| Box::new(plain_lines(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.problem.place.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::underline(place.span()))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Place, SourceFile};
    use super::*;

    #[test]
    fn neither_a_file_nor_a_name_in_it_speaks_to_the_terminal() {
        let text = "name = \"\u{202e}x\u{1b}]0;t\u{7}\"\n";
        let file = SourceFile::new("booking.toml", text);
        let at = text.find('x').expect("it is there");
        let problem = Problem::error("wrong", "`\u{1b}]0;t\u{7}` is wrong")
            .at(Place::new(&file, at..at + 1))
            .help("not \u{202e}");
        let shown = render(std::slice::from_ref(&problem), false);
        assert!(!shown.contains(|c| super::super::is_hidden(c) && c != '\n'), "{shown:?}");
        assert!(shown.contains(r"\u{1b}]0;t\u{7}") && shown.contains(r"\u{202e}") && shown.contains('?'), "{shown}");
    }
}
