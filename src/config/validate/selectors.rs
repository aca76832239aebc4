//! The selector files of a site.
//!
//! The files are read elsewhere; here is the one place where their content is checked.

use std::sync::Arc;

use crate::config::raw::{At, Origin};
use crate::flow::{Flow, Template};
use crate::report::{Problem, SourceFile};

use super::{Problems, World};

/// A folder of selector files, as it was read.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Folder {
    /// Why it could not be read at all, and the cure.
    pub(in crate::config) unreadable: Option<(String, &'static str)>,
    /// Its `*.toml` files, sorted by path.
    pub(in crate::config) files: Vec<Arc<SourceFile>>,
    /// Files in it that are not read, though somebody may think so.
    pub(in crate::config) unread: Vec<Problem>,
    /// Files in it that could not be read.
    pub(in crate::config) problems: Vec<Problem>,
}

/// The files of a site's flow; none when the folder cannot be used, which is then said.
pub(super) fn flow(written: &At<String>, world: &World<'_>, problems: &mut Problems) -> Option<Vec<Arc<SourceFile>>> {
    let path = world.paths.resolve(&written.value);
    let folder = world.folders.get(&path)?;
    if let Some((why, help)) = &folder.unreadable {
        let message = format!("the selector files in `{}` cannot be read: {why}", path.display());
        problems.push(written.error("no-selectors", message).help(*help));
        return None;
    }
    problems.extend(folder.unread.iter().cloned());
    if !folder.problems.is_empty() {
        problems.extend(folder.problems.iter().map(|problem| placed(problem.clone(), written)));
        problems.extend(Flow::problems_in(&path, &folder.files));
        return None;
    }
    if folder.files.is_empty() {
        let message = format!("there are no selector files in `{}`", path.display());
        let help = "a flow is made of login/, prepare/, choose/, commit.toml, verify/ and outcomes.toml: docs/selectors.md \
                    shows a whole one, and selectors/club of firstserve is one";
        problems.push(written.error("no-selectors", message).help(help));
        return None;
    }
    Some(folder.files.clone())
}

/// The flow that the files make; none when they are wrong, which is then said.
pub(super) fn parsed(
    written: &At<String>,
    files: &[Arc<SourceFile>],
    world: &World<'_>,
    problems: &mut Problems,
) -> Option<Arc<Flow>> {
    if files.is_empty() {
        return None;
    }
    let (flow, wrong) = Flow::parse(&world.paths.resolve(&written.value), files);
    problems.extend(wrong.into_iter().map(|problem| placed(problem, written)));
    flow.map(Arc::new)
}

/// What is missing altogether is said where the folder is named.
fn placed(problem: Problem, written: &At<String>) -> Problem {
    if problem.place.is_some() { problem } else { written.origin.blame(problem) }
}

/// Checks how the site writes a slot.
pub(super) fn slot_label(label: &At<String>, problems: &mut Problems) {
    let Err(errors) = Template::slot_label(&label.value) else { return };
    for error in errors {
        problems.push(match &label.origin {
            Origin::File(place) => error.into_problem(&label.value, place),
            elsewhere => elsewhere.blame(Problem::error(error.code, error.message)),
        });
    }
}
