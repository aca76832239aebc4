//! Problems for people: code, sentence, the characters themselves, and the cure.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::plain::{in_place, plain, plain_lines};
use super::{Place, Problem, Severity};

/// A line of more bytes is not drawn whole: nobody finds anything in it.
const LONGEST_LINE: usize = 1000;

/// So many characters of such a line are shown before the place, and from it on.
const AROUND: usize = 40;

/// Columns in which sentences are laid out where the reader's terminal is wider, or nobody knows how wide it is.
const WIDEST: usize = 100;

/// Narrower than this nothing is laid out.
const NARROWEST: usize = 60;

/// Renders every problem in the order given, as miette draws them, a blank line after each.
pub fn render(problems: &[Problem], colour: bool) -> String {
    render_in(problems, colour, None)
}

/// The same for a terminal of so many columns; none: it is a file or a pipe.
pub fn render_in(problems: &[Problem], colour: bool, columns: Option<usize>) -> String {
    let columns = columns.unwrap_or(WIDEST).clamp(NARROWEST, WIDEST);
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(columns);
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
    /// What stands around a place in lines that are too long to be drawn.
    around: Option<String>,
}

impl<'a> Shown<'a> {
    fn new(problem: &'a Problem) -> Self {
        let around = problem.place.as_ref().filter(|place| is_in_long_lines(place)).map(around);
        let drawn = problem.place.as_ref().filter(|_| around.is_none());
        let source = drawn.map(|place| {
            let file = place.file();
            NamedSource::new(plain(&file.path().display().to_string()), in_place(file.text()).into_owned())
        });
        Self { problem, source, around }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain_lines(&self.problem.message))?;
        self.around.as_ref().map_or(Ok(()), |around| write!(f, "\n{around}"))
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
        let place = self.problem.place.as_ref().filter(|_| self.around.is_none())?;
        Some(Box::new(std::iter::once(LabeledSpan::underline(place.span()))))
    }
}

/// Whether one of the lines that would be drawn, the neighbours included, is too long for it.
fn is_in_long_lines(place: &Place) -> bool {
    let (text, span) = (place.file().text(), place.span());
    let before = text[..span.start].rsplitn(3, '\n').take(2).map(str::len);
    let after = text[span.end..].splitn(3, '\n').take(2).map(str::len);
    let inside = text[span].split('\n').map(str::len);
    before.chain(inside).chain(after).any(|length| length > LONGEST_LINE)
}

/// Where it is, and the characters around it.
fn around(place: &Place) -> String {
    let (text, start) = (place.file().text(), place.span().start);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before: Vec<char> = text[line..start].chars().rev().take(AROUND).collect();
    let after: String = text[start..].lines().next().unwrap_or_default().chars().take(AROUND).collect();
    let (before, place) = (before.into_iter().rev().collect::<String>(), place.to_string());
    format!("at {}, in a line too long to be shown: … {}{} …", plain(&place), plain(&before), plain(&after))
}

#[cfg(test)]
mod tests {
    use super::super::{Place, SourceFile};
    use super::*;

    #[test]
    fn a_line_that_nobody_can_read_is_cut_around_the_place() {
        let long = "x".repeat(100_000);
        for text in [format!("a = 1\nb = \"{long}ñandú{long}\"\nc = 2"), format!("# {long}\nñandú = 1\n# {long}")] {
            let file = SourceFile::new("booking.toml", text.clone());
            let at = text.find("ñandú").expect("it is there");
            let shown = render(&[Problem::error("wrong", "this is wrong").at(Place::new(&file, at..at + 7))], false);
            assert!(shown.len() < 600, "{} bytes", shown.len());
            assert!(shown.contains("booking.toml:2:") && shown.contains("ñandú"), "{shown}");
        }
        let file = SourceFile::new("booking.toml", "a = 1\nñandú = 2\n");
        let shown = render(&[Problem::error("wrong", "this is wrong").at(Place::new(&file, 6..13))], false);
        assert!(shown.contains("2 │ ñandú = 2"), "the control: {shown}");
    }

    #[test]
    fn sentences_end_before_the_edge() {
        let words = "court 1 opens sooner than court 2, and is tried before it; ".repeat(5);
        let file = SourceFile::new("booking.toml", "a = 1\nñandú = 2\n");
        let problem = Problem::error("wrong", words.trim()).at(Place::new(&file, 6..13)).help(words.trim());
        let widest = |columns| {
            let shown = render_in(std::slice::from_ref(&problem), false, columns);
            assert!(
                shown.split_whitespace().filter(|word| *word == "sooner").count() == 10,
                "no word is broken: {shown}"
            );
            shown.lines().map(|line| line.chars().count()).max().unwrap_or_default()
        };
        for (columns, most) in [(Some(80), 80), (Some(20), NARROWEST), (Some(300), WIDEST), (None, WIDEST)] {
            let widest = widest(columns);
            assert!(widest <= most && widest > most - 15, "{columns:?}: {widest}");
        }
    }

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
