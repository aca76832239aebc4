//! How a command speaks: its answer on stdout, everything else on stderr.
//!
//! The one place where text for a terminal is written: what a name or a page brings along is written out, not obeyed. A reader
//! who has gone away (`| head -1`) is no error.

use std::io::{self, ErrorKind, Write};

use super::page;
use crate::report::plain_lines;

/// One JSON document on stdout; JSON has its own escapes.
pub(super) fn answer(document: &serde_json::Value) {
    // Nobody reads a closed pipe; there is nothing else to do about it.
    let _ = writeln!(io::stdout(), "{document:#}");
}

/// A text for a person on stdout, with its own line ends.
///
/// # Errors
/// The system's, but for a reader who has gone away.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    forgive(out.write_all(plain_lines(text).as_bytes()).and_then(|()| out.flush()))
}

/// A line for a person on stderr, broken between words where the terminal ends.
pub(super) fn say(line: &str) {
    draw(&page::laid_out(&plain_lines(line), page::width_of_stderr()));
}

/// A line on stderr that is copied as it stands, a command: it is never broken.
pub(super) fn say_whole(line: &str) {
    draw(&plain_lines(line));
}

/// A line on stderr that is safe for a terminal already, and may bear our own colours.
pub(super) fn draw(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A reader who has gone away has what he wanted.
pub(super) fn forgive(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
