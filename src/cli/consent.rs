//! A question on the terminal before something is done that cannot be taken back, or that only a person knows.

use std::io::{IsTerminal, Write};

use super::{Exit, Failure};
use crate::report::plain_lines;

/// Fails where nobody can be asked, and nobody has said yes beforehand; `otherwise` says what `--yes` does.
///
/// # Errors
/// There is no terminal.
pub(super) fn can_be_asked(yes: bool, otherwise: &str) -> Result<(), Failure> {
    if yes || std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, format!("there is no terminal to ask on; with --yes {otherwise}")))
}

/// Asks on the terminal; anything but a yes is a no.
///
/// # Errors
/// The terminal's.
pub(super) fn is_given(question: &str) -> Result<bool, Failure> {
    let question = format!("{} [y/N] ", plain_lines(question));
    let io = |error: std::io::Error| Failure::new(Exit::Io, format!("the question cannot be asked: {error}"));
    let mut out = std::io::stderr().lock();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).map_err(io)?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(io)?;
    Ok(is_yes(&line))
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y\n", "Y", " yes \r\n", "YES"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "no", "yess", "y n"].into_iter().any(is_yes));
    }
}
