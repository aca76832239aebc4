//! A writer that masks: one call is one event, and becomes one line.

use std::borrow::Cow;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use super::Redactor;
use crate::report::is_hidden;

/// What may stand in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dress {
    /// Letters only: what a terminal would obey is written out.
    Plain,
    /// The same, and the colours that the log itself gives it.
    Coloured,
    /// JSON, which has its own escapes.
    Json,
}

/// Makes writers that mask.
#[derive(Clone, Debug)]
pub(super) struct Masked<M> {
    inner: M,
    redactor: Redactor,
    dress: Dress,
}

impl<M> Masked<M> {
    pub(super) fn new(inner: M, redactor: Redactor, dress: Dress) -> Self {
        Self { inner, redactor, dress }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masked<M> {
    type Writer = MaskedWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskedWriter { inner: self.inner.make_writer(), redactor: self.redactor.clone(), dress: self.dress }
    }
}

/// Masks what it is given and hands it on.
#[derive(Debug)]
pub(super) struct MaskedWriter<W> {
    inner: W,
    redactor: Redactor,
    dress: Dress,
}

impl<W: Write> Write for MaskedWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&self.redactor.clean_bytes(event), self.dress);
        self.inner.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A site's text with line ends in it cannot look like lines of ours, and none of it moves a terminal.
fn one_line(event: &[u8], dress: Dress) -> Vec<u8> {
    let (text, end) = match event.strip_suffix(b"\n") {
        Some(text) => (text, "\n"),
        None => (event, ""),
    };
    let text = String::from_utf8_lossy(text);
    let mut line = String::with_capacity(event.len());
    let mut rest: &str = &text;
    while let Some(at) = rest.find(|c| must_be_written_out(c, dress)) {
        line.push_str(&rest[..at]);
        rest = &rest[at..];
        let (shown, after) = one_character(rest, dress);
        line.push_str(&shown);
        rest = after;
    }
    line.push_str(rest);
    line.push_str(end);
    line.into_bytes()
}

fn must_be_written_out(c: char, dress: Dress) -> bool {
    match dress {
        Dress::Json => matches!(c, '\n' | '\r'),
        Dress::Plain | Dress::Coloured => is_hidden(c),
    }
}

/// The first character as it is shown, and what follows. A colour is the log's own: it writes those of others out itself.
fn one_character(rest: &str, dress: Dress) -> (Cow<'_, str>, &str) {
    if dress == Dress::Coloured
        && let Some(colour) = leading_colour(rest)
    {
        let (colour, after) = rest.split_at(colour);
        return (Cow::Borrowed(colour), after);
    }
    let mut characters = rest.chars();
    let shown = characters.next().map(|c| c.escape_default().to_string()).unwrap_or_default();
    (Cow::Owned(shown), characters.as_str())
}

/// How long a leading `ESC [ … m` is.
fn leading_colour(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\u{1b}[")?;
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    codes[end..].starts_with('m').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, dress: Dress) -> String {
        String::from_utf8(one_line(text.as_bytes(), dress)).expect("text stays text")
    }

    #[test]
    fn an_event_is_one_line() {
        for dress in [Dress::Plain, Dress::Coloured, Dress::Json] {
            assert_eq!(shown("a\r\nb\n", dress), "a\\r\\nb\n");
            assert_eq!(shown("a", dress), "a");
        }
    }

    #[test]
    fn only_the_logs_own_colours_reach_a_terminal() {
        let text = "\u{1b}[2mwhy\u{1b}[0m=\u{1b}]0;t\u{7} \u{1b}[2J \u{202e}x\u{9b}1m";
        assert_eq!(
            shown(text, Dress::Coloured),
            "\u{1b}[2mwhy\u{1b}[0m=\\u{1b}]0;t\\u{7} \\u{1b}[2J \\u{202e}x\\u{9b}1m"
        );
        assert_eq!(shown("\u{1b}[2mx", Dress::Plain), "\\u{1b}[2mx");
        assert_eq!(shown("\u{202e}", Dress::Json), "\u{202e}", "JSON has its own escapes");
    }
}
