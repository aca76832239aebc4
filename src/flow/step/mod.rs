//! One step of a phase: a verb, and what every verb can have beside it.

pub(in crate::flow) mod dialog;
mod parse;
mod read;
mod spec;
mod time;
mod verb;

use crate::report::Place;

use super::pen::Pen;
use super::template::{RenderError, Template};
use super::wire;
use super::words::Words;

pub(super) use parse::steps_of_file;
pub(in crate::flow) use verb::Verb;

use dialog::Dialog;

/// A step with its templates.
#[derive(Clone, Debug)]
pub struct Step {
    verb: Verb,
    timeout_ms: u64,
    optional: bool,
    dialog: Option<Dialog>,
    place: Place,
}

impl Step {
    /// Renders it with what is known now; the words that earlier steps read must have been learnt.
    pub fn render(&self, words: &Words) -> Result<wire::Step, RenderError> {
        let mut pen = Pen::new(words);
        let verb = self.verb.render(words, &mut pen)?;
        let dialog = self.dialog.as_ref().map(|dialog| dialog.render(&mut pen)).transpose()?;
        let inside = match &verb {
            wire::Verb::When { steps, .. } | wire::Verb::Repeat { steps, .. } => steps.iter().any(|step| step.secret),
            _ => false,
        };
        Ok(wire::Step {
            verb,
            timeout_ms: self.timeout_ms,
            optional: self.optional,
            dialog,
            place: self.place.to_string(),
            secret: pen.wrote_secret() || inside,
        })
    }

    /// Where its verb stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether it can be done without a page.
    pub fn is_of_api(&self) -> bool {
        self.verb.is_of_api()
    }

    /// Whether it loads a page, whatever is open: with such a step a chain begins.
    pub(super) fn loads_a_page(&self) -> bool {
        matches!(self.verb, Verb::Go(_) | Verb::Reload)
    }

    /// Whether a chain can do neither it nor a step inside it.
    pub(super) fn needs_live_page(&self) -> bool {
        self.verb.needs_live_page()
            || self.dialog.as_ref().is_some_and(Dialog::is_more_than_ok)
            || self.verb.steps().iter().any(Self::needs_live_page)
    }

    /// This step and the steps inside it satisfy something.
    pub(super) fn any(&self, wanted: &impl Fn(&Verb) -> bool) -> bool {
        wanted(&self.verb) || self.verb.steps().iter().any(|step| step.any(wanted))
    }

    /// The first of this step and the steps inside it that satisfies something.
    pub(super) fn find(&self, wanted: &impl Fn(&Verb) -> bool) -> Option<&Self> {
        if wanted(&self.verb) {
            return Some(self);
        }
        self.verb.steps().iter().find_map(|step| step.find(wanted))
    }

    /// The addresses that it opens or asks, inner steps included.
    pub(super) fn addresses(&self) -> Vec<&Template> {
        match &self.verb {
            Verb::Go(address) => vec![address],
            Verb::Request(request) => vec![request.address()],
            verb => verb.steps().iter().flat_map(Self::addresses).collect(),
        }
    }

    /// Whether it, or a step inside it, reads a variable.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.any(&|verb| match verb {
            Verb::Read { into, .. } | Verb::Script { into: Some(into), .. } => into == name,
            Verb::Request(request) => request.reads_into(name),
            _ => false,
        })
    }

    /// The names of the columns that it reads.
    pub(super) fn columns(&self) -> Vec<&str> {
        match &self.verb {
            Verb::Rows(rows) => rows.names().collect(),
            _ => self.verb.steps().iter().flat_map(Self::columns).collect(),
        }
    }
}
