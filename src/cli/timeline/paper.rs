//! Where the lines are written that stay.

use indicatif::ProgressBar;

use crate::cli::page;

/// Where lines that stay are written.
pub(super) trait Paper {
    /// Its columns; none where it has no edge.
    fn width(&self) -> Option<usize>;

    /// Writes a line, which may bear our own colours.
    fn write(&self, line: &str);
}

/// The terminal that stderr is, above what is drawn again; or what stderr is instead.
pub(super) struct Stderr(pub(super) ProgressBar);

impl Paper for Stderr {
    fn width(&self) -> Option<usize> {
        page::width_of_stderr()
    }

    fn write(&self, line: &str) {
        if self.0.is_hidden() { crate::cli::draw(line) } else { self.0.println(line) }
    }
}
