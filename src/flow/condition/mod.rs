//! What must hold of a page or of an answer: written, checked, rendered; and, of answers without a page, decided.

mod answer;
mod parse;

use super::locator::{self, Target};
use super::pen::Pen;
use super::template::{RenderError, Template};
use super::wire;

pub use answer::{HttpAnswer, holds_for_answer, normalised};
pub(super) use answer::{address, text_of, tidied};
pub(super) use parse::{KEYS, condition, conditions_in, pattern, pointer};

/// A condition with its templates.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Visible(Target),
    Gone(Target),
    Enabled(Target),
    Text { text: Template, within: Target },
    Matches { pattern: Template, within: Target },
    Url(Template),
    Count { of: Target, min: u32, max: Option<u32> },
    Attribute { of: Target, name: String, equals: Template },
    Status { from: u16, to: u16 },
    Json { pointer: Template, equals: Option<Template> },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// Renders it.
    pub(super) fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Condition, RenderError> {
        use wire::Condition as Wire;
        Ok(match self {
            Self::Visible(target) => Wire::Visible(locator::render(target, pen)?),
            Self::Gone(target) => Wire::Gone(locator::render(target, pen)?),
            Self::Enabled(target) => Wire::Enabled(locator::render(target, pen)?),
            Self::Text { text, within } => Wire::Text { text: pen.write(text)?, within: locator::render(within, pen)? },
            Self::Matches { pattern, within } => {
                Wire::Matches { pattern: pen.write(pattern)?, within: locator::render(within, pen)? }
            }
            Self::Url(pattern) => Wire::Url(pen.write(pattern)?),
            Self::Count { of, min, max } => Wire::Count { of: locator::render(of, pen)?, min: *min, max: *max },
            Self::Attribute { of, name, equals } => {
                Wire::Attribute { of: locator::render(of, pen)?, name: name.clone(), equals: pen.write(equals)? }
            }
            Self::Status { from, to } => Wire::Status { from: *from, to: *to },
            Self::Json { pointer, equals } => {
                Wire::Json { pointer: pen.write(pointer)?, equals: pen.write_if(equals.as_ref())? }
            }
            Self::All(parts) => Wire::All(rendered(parts, pen)?),
            Self::Any(parts) => Wire::Any(rendered(parts, pen)?),
            Self::Not(part) => Wire::Not(Box::new(part.render(pen)?)),
        })
    }

    /// Whether an HTTP answer alone cannot decide it.
    pub(super) fn needs_page(&self) -> bool {
        match self {
            Self::Visible(_) | Self::Gone(_) | Self::Enabled(_) | Self::Count { .. } | Self::Attribute { .. } => true,
            Self::Text { within, .. } | Self::Matches { within, .. } => !within.is_empty(),
            Self::Url(_) | Self::Status { .. } | Self::Json { .. } => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::needs_page),
            Self::Not(part) => part.needs_page(),
        }
    }
}

fn rendered(parts: &[Condition], pen: &mut Pen<'_>) -> Result<Vec<wire::Condition>, RenderError> {
    parts.iter().map(|part| part.render(pen)).collect()
}
