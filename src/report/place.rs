//! Where something stands in a file that a user wrote.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file as it was read, kept so that a problem can show the very characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
}

impl SourceFile {
    /// A file's path, as the user would write it, and its text.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A span of bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: Arc<SourceFile>,
    span: Range<usize>,
}

impl Place {
    /// A span of bytes; one that reaches past the text is cut to it.
    pub fn new(file: &Arc<SourceFile>, span: Range<usize>) -> Self {
        let end = file.text.len();
        let start = floor_char_boundary(&file.text, span.start.min(end));
        let stop = floor_char_boundary(&file.text, span.end.clamp(start, end));
        Self { file: Arc::clone(file), span: start..stop }
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Line, counted from 1.
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// Column in characters, counted from 1.
    pub fn column(&self) -> usize {
        let before = self.before();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        before[line_start..].chars().count() + 1
    }

    fn before(&self) -> &str {
        &self.file.text[..self.span.start]
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file.path.display(), self.line(), self.column())
    }
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_lines_start_at_one() {
        let file = SourceFile::new("config/booking.toml", "a = 1\nñandú = 2\n");
        let at = file.text().find("= 2").expect("the text holds it");
        let place = Place::new(&file, at..at + 1);
        assert_eq!(place.to_string(), "config/booking.toml:2:7");
    }

    #[test]
    fn a_span_past_the_end_is_cut() {
        let file = SourceFile::new("x", "añ");
        assert_eq!(Place::new(&file, 2..90).span(), 1..3);
    }
}
