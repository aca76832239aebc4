//! How wide the reader's terminal is, and texts laid out in it.

use std::io::IsTerminal;
use std::os::fd::AsFd;

/// Narrower than this nothing is laid out.
const NARROWEST: usize = 60;

/// Columns of the terminal that stdout is; none where it is a file or a pipe, which has no edge.
pub(super) fn width() -> Option<usize> {
    columns_of(std::io::stdout())
}

/// The same of stderr.
pub(super) fn width_of_stderr() -> Option<usize> {
    columns_of(std::io::stderr())
}

fn columns_of(out: impl AsFd + IsTerminal) -> Option<usize> {
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0).map(|columns| columns.max(NARROWEST))
}

/// Breaks a text between words so that its lines, `indent` columns in, end before the edge. A word that is longer than a line
/// stays whole; colours take no room.
pub(super) fn wrapped(text: &str, indent: usize, width: Option<usize>) -> String {
    let Some(room) = width.map(|width| width.saturating_sub(indent).max(1)) else { return text.to_owned() };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// The columns that a text takes: an SGR code, from its escape to its `m`, takes none.
fn columns(text: &str) -> usize {
    let mut codes = text.split('\u{1b}');
    let plain = codes.next().map_or(0, |first| first.chars().count());
    let after = |code: &str| code.split_once('m').map_or(0, |(_, rest)| rest.chars().count());
    plain + codes.map(after).sum::<usize>()
}

/// Breaks the lines of a text that is laid out already between words: what follows stands below the last column of the line, or two
/// columns further in than the line begins.
pub(super) fn laid_out(text: &str, width: Option<usize>) -> String {
    let mut laid = String::new();
    for line in text.split_inclusive('\n') {
        let (bare, end) = line.strip_suffix('\n').map_or((line, ""), |bare| (bare, "\n"));
        if width.is_none_or(|width| bare.chars().count() <= width) {
            laid.push_str(line);
            continue;
        }
        let chars: Vec<char> = bare.chars().collect();
        let indent = last_column(&chars);
        let hangs = if indent == 0 { 2 } else { indent };
        let (head, rest): (String, String) = (chars[..indent].iter().collect(), chars[indent..].iter().collect());
        laid.push_str(&format!("{head}{}{end}", wrapped(&rest, hangs, width)));
    }
    laid
}

/// Where the last column of a line begins, within its first half.
fn last_column(line: &[char]) -> usize {
    /// Nothing begins further in than this.
    const FARTHEST: usize = 30;
    let begins = |at: &usize| line[*at] != ' ' && line[at - 2..*at] == [' ', ' '];
    (2..line.len().min(FARTHEST)).rev().find(begins).unwrap_or(0)
}

/// The first characters of a text, with a sign where something is left out.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_the_edge() {
        assert_eq!(wrapped("one two three four", 4, Some(13)), "one two\n    three\n    four");
        assert_eq!(wrapped("one two", 4, None), "one two");
        assert_eq!(wrapped("unbreakable", 2, Some(5)), "unbreakable");
        let red = "\u{1b}[1;31mone\u{1b}[0m";
        assert_eq!(wrapped(&format!("{red} two three"), 0, Some(7)), format!("{red} two\nthree"));
    }

    #[test]
    fn a_line_of_columns_goes_on_below_its_last_one() {
        let text = "  clock  one two three\nfour five six seven eight\nshort\n";
        assert_eq!(laid_out(text, Some(18)), "  clock  one two\n         three\nfour five six\n  seven eight\nshort\n");
        assert_eq!(laid_out(text, None), text);
    }

    #[test]
    fn what_is_left_out_is_marked() {
        assert_eq!(cut("mañana", 6), "mañana");
        assert_eq!(cut("mañanas", 6), "mañan…");
    }
}
