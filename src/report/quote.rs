//! The quote that was left open.

/// Where the text begins whose quote is still open at the end of `text`: a single quote ends with its line, three do not.
pub(super) fn left_open(text: &str) -> Option<usize> {
    let mut open: Option<(usize, &str)> = None;
    let mut comment = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let step = match open {
            _ if rest.starts_with('\n') => {
                comment = false;
                open = open.filter(|(_, quote)| quote.len() == 3);
                1
            }
            _ if comment => width(rest),
            Some((_, quote)) if rest.starts_with(quote) => {
                open = None;
                quote.len()
            }
            Some((_, quote)) if quote.starts_with('"') && rest.starts_with('\\') => 1 + width(&rest[1..]),
            Some(_) => width(rest),
            None => {
                open = QUOTES.into_iter().find(|quote| rest.starts_with(quote)).map(|quote| (at, quote));
                comment = rest.starts_with('#');
                open.map_or(width(rest), |(_, quote)| quote.len())
            }
        };
        at += step;
    }
    open.map(|(start, _)| start)
}

/// The longer ones first.
const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];

fn width(rest: &str) -> usize {
    // A backslash never hides the end of a line.
    rest.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_quote_is_found_and_a_closed_one_is_none() {
        for (text, at) in [
            ("a = \"b", Some(4)),
            ("a = 'it\"s", Some(4)),
            ("a = [\"17:00\", \"18:00]", Some(14)),
            ("a = \"b\\\"", Some(4)),
            ("a = 'b\\'", None),
            ("a = \"b\nc = 1", None),
            ("# it's\na = 1", None),
            ("a = \"#\"", None),
            ("a = \"\"\"b\nc = \"x\"\n", Some(4)),
            ("a = '''b\nc'''\nd = \"ñ", Some(18)),
            ("a = \"\\", Some(4)),
            ("a = \"\\\nb", None),
        ] {
            assert_eq!(left_open(text), at, "{text}");
        }
    }
}
