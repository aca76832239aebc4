//! Writes templates out, and remembers whether a secret went through.

use super::template::{RenderError, Template};
use super::words::Words;

/// One rendering.
pub(super) struct Pen<'w> {
    words: &'w Words,
    secret: bool,
}

impl<'w> Pen<'w> {
    /// A pen that has written nothing.
    pub(super) fn new(words: &'w Words) -> Self {
        Self { words, secret: false }
    }

    /// The text.
    pub(super) fn write(&mut self, template: &Template) -> Result<String, RenderError> {
        let rendered = template.render(self.words)?;
        self.secret |= rendered.secret;
        Ok(rendered.text)
    }

    /// The text of a template that may be missing.
    pub(super) fn write_if(&mut self, template: Option<&Template>) -> Result<Option<String>, RenderError> {
        template.map(|template| self.write(template)).transpose()
    }

    /// The texts.
    pub(super) fn write_all(&mut self, templates: &[Template]) -> Result<Vec<String>, RenderError> {
        templates.iter().map(|template| self.write(template)).collect()
    }

    /// Names and texts.
    pub(super) fn write_pairs(&mut self, pairs: &[(String, Template)]) -> Result<Vec<(String, String)>, RenderError> {
        pairs.iter().map(|(name, template)| Ok((name.clone(), self.write(template)?))).collect()
    }

    /// Whether a value that was written must be masked.
    pub(super) fn wrote_secret(&self) -> bool {
        self.secret
    }
}
