//! Texts of others, as they may be shown on a terminal.
//!
//! Names, page texts and answers come from files and sites. A control character in them could move the cursor, rename the window
//! or hide what follows; a character that turns the direction of writing could make one word look like another. What is absent:
//! secrets (`telemetry` masks them), and JSON, which has escapes of its own.

use std::borrow::Cow;

/// The text with every control and direction character written out (`\n`, `\u{1b}`, `\u{202e}`); letters of every language stay
/// as they are.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let written = text.chars().map(|c| if is_hidden(c) { c.escape_default().to_string() } else { c.to_string() });
    Cow::Owned(written.collect())
}

/// The same for a text of several lines: its line ends stay.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_hidden(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(plain).collect::<Vec<_>>().join("\n"))
}

/// The same text with a stand-in of as many bytes for each such character, so that places in it stay where they are. Line ends
/// and tabs stay.
pub(super) fn in_place(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let stand_in = |c: char| match c.len_utf8() {
        1 => '?',
        2 => '·',
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(|c| if hidden(c) { stand_in(c) } else { c }).collect())
}

/// Moves, rings, erases, breaks a line, or turns the direction of writing.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(plain("a\u{1b}]0;title\u{7}b"), r"a\u{1b}]0;title\u{7}b");
        assert_eq!(plain("abc\u{202e}fdp"), r"abc\u{202e}fdp");
        assert_eq!(plain("one\ntwo\r\tthree\u{9b}2J"), r"one\ntwo\r\tthree\u{9b}2J");
        assert!(matches!(plain("ñandú – 東京 ✓ שלום"), Cow::Borrowed(_)), "letters of every language");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(plain_lines("one\ntwo\u{1b}[2J\n"), "one\ntwo\\u{1b}[2J\n");
        assert!(matches!(plain_lines("one\ntwo\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_stand_in_moves_nothing() {
        let text = "a\u{1b}b\u{9b}c\u{202e}d\n\te";
        let shown = in_place(text);
        assert_eq!(shown, "a?b·c\u{fffd}d\n\te");
        assert_eq!(shown.len(), text.len());
    }
}
