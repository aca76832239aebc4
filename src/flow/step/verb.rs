//! What a step does, with its templates; and how that is rendered.

use std::path::{Component, Path, PathBuf};

use super::Step;
use super::dialog::Dialog;
use crate::flow::condition::Condition;
use crate::flow::locator::{self, Locator, Target};
use crate::flow::pen::Pen;
use crate::flow::request::Request;
use crate::flow::rows::Rows;
use crate::flow::template::{RenderError, Template};
use crate::flow::wire;
use crate::flow::words::Words;

/// What a step does. The meanings stand at [`wire::Verb`].
#[derive(Clone, Debug)]
pub(in crate::flow) enum Verb {
    Go(Template),
    Reload,
    Click(Target),
    Fill { target: Target, with: Template },
    Type { target: Target, with: Template },
    Clear(Target),
    Set { target: Target, with: Template },
    Select { target: Target, by: wire::SelectBy, options: Vec<Template> },
    Check(Target),
    Uncheck(Target),
    Press { key: String, target: Target },
    Upload { target: Target, folder: PathBuf, file: Template },
    Submit(Target),
    Frame(Target),
    Window(wire::Window),
    Dialog(Dialog),
    WaitFor(Condition),
    Expect(Condition),
    Read { target: Target, attribute: Option<String>, matches: Option<Template>, into: String },
    Rows(Rows),
    When { condition: Condition, steps: Vec<Step> },
    Repeat { until: Condition, at_most: u32, steps: Vec<Step> },
    Script { body: String, into: Option<String> },
    Request(Request),
    Screenshot(Template),
    Pause { ms: u64 },
}

impl Verb {
    /// Renders it.
    pub(super) fn render(&self, words: &Words, pen: &mut Pen<'_>) -> Result<wire::Verb, RenderError> {
        use wire::Verb as Wire;
        Ok(match self {
            Self::Go(url) => Wire::Go(pen.write(url)?),
            Self::Reload => Wire::Reload,
            Self::Click(target) => Wire::Click(locator::render(target, pen)?),
            Self::Fill { target, with } => Wire::Fill { target: locator::render(target, pen)?, with: pen.write(with)? },
            Self::Type { target, with } => Wire::Type { target: locator::render(target, pen)?, with: pen.write(with)? },
            Self::Clear(target) => Wire::Clear(locator::render(target, pen)?),
            Self::Set { target, with } => Wire::Set { target: locator::render(target, pen)?, with: pen.write(with)? },
            Self::Select { target, by, options } => {
                Wire::Select { target: locator::render(target, pen)?, by: *by, options: pen.write_all(options)? }
            }
            Self::Check(target) => Wire::Check(locator::render(target, pen)?),
            Self::Uncheck(target) => Wire::Uncheck(locator::render(target, pen)?),
            Self::Press { key, target } => Wire::Press { key: key.clone(), target: locator::render(target, pen)? },
            Self::Upload { target, folder, file } => {
                let name = pen.write(file)?;
                if !stays_inside(&name) {
                    return Err(file.leads_outside());
                }
                let file = folder.join(name).display().to_string();
                Wire::Upload { target: locator::render(target, pen)?, file }
            }
            Self::Submit(target) => Wire::Submit(locator::render(target, pen)?),
            Self::Frame(target) => Wire::Frame(locator::render(target, pen)?),
            Self::Window(window) => Wire::Window(*window),
            Self::Dialog(dialog) => Wire::Dialog(dialog.render(pen)?),
            Self::WaitFor(condition) => Wire::WaitFor(condition.render(pen)?),
            Self::Expect(condition) => Wire::Expect(condition.render(pen)?),
            Self::Read { target, attribute, matches, into } => Wire::Read {
                target: locator::render(target, pen)?,
                attribute: attribute.clone(),
                matches: pen.write_if(matches.as_ref())?,
                into: into.clone(),
            },
            Self::Rows(rows) => Wire::Rows(rows.render(pen)?),
            Self::When { condition, steps } => {
                Wire::When { condition: condition.render(pen)?, steps: rendered(steps, words)? }
            }
            Self::Repeat { until, at_most, steps } => {
                Wire::Repeat { until: until.render(pen)?, at_most: *at_most, steps: rendered(steps, words)? }
            }
            Self::Script { body, into } => Wire::Script { body: body.clone(), into: into.clone() },
            Self::Request(request) => Wire::Request(request.render(pen)?),
            Self::Screenshot(name) => Wire::Screenshot(pen.write(name)?),
            Self::Pause { ms } => Wire::Pause { ms: *ms },
        })
    }

    /// Whether it can be done without a page.
    pub(super) fn is_of_api(&self) -> bool {
        match self {
            Self::Request(_) | Self::Pause { .. } => true,
            Self::Rows(rows) => rows.are_json(),
            Self::Expect(condition) => !condition.needs_page(),
            Self::When { condition, steps } | Self::Repeat { until: condition, steps, .. } => {
                !condition.needs_page() && steps.iter().all(Step::is_of_api)
            }
            _ => false,
        }
    }

    /// Whether it needs the engine while it is done: real keys, files, frames and windows, or to keep what was read.
    pub(in crate::flow) fn needs_engine(&self) -> bool {
        match self {
            Self::Type { .. }
            | Self::Press { .. }
            | Self::Upload { .. }
            | Self::Frame(_)
            | Self::Window(_)
            | Self::Dialog(_)
            | Self::Screenshot(_)
            | Self::Read { .. }
            | Self::Rows(_)
            | Self::Script { into: Some(_), .. } => true,
            Self::Request(request) => request.reads(),
            _ => false,
        }
    }

    /// Whether a chain of documents cannot do it: it needs the engine, or a page whose scripts run.
    pub(super) fn needs_live_page(&self) -> bool {
        self.needs_engine() || matches!(self, Self::Script { .. })
    }

    /// What it clicks, submits, or presses a key in; none: nothing that it names.
    pub(in crate::flow) fn pressed(&self) -> &[Locator] {
        match self {
            Self::Click(target) | Self::Submit(target) | Self::Press { target, .. } => target,
            _ => &[],
        }
    }

    /// The steps inside it.
    pub(super) fn steps(&self) -> &[Step] {
        match self {
            Self::When { steps, .. } | Self::Repeat { steps, .. } => steps,
            _ => &[],
        }
    }
}

/// Whether a path below a folder stays in it, as far as its text says.
pub(super) fn stays_inside(file: &str) -> bool {
    Path::new(file).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn rendered(steps: &[Step], words: &Words) -> Result<Vec<wire::Step>, RenderError> {
    steps.iter().map(|step| step.render(words)).collect()
}
