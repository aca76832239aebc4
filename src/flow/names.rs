//! Every word that a flow uses and every variable that it reads, in flow order; and what is wrong with that order.

use crate::report::{Place, Problem, did_you_mean};

use super::Phase;
use super::template::{Template, Word};

/// What was met while reading the files, in flow order.
#[derive(Debug, Default)]
pub(super) struct Names {
    used: Vec<Used>,
    read: Vec<ReadAt>,
    /// How many variables had been read before the step or file that is being read.
    before: usize,
}

#[derive(Debug)]
struct Used {
    word: Word,
    phase: Option<Phase>,
    place: Place,
    /// How many variables had been read before its step began; only these have a value when it is rendered.
    before: usize,
    /// How many had been read before it in the text.
    above: usize,
}

#[derive(Debug)]
struct ReadAt {
    name: String,
    place: Place,
}

impl Names {
    /// Notes that a file, or a step that stands in no other step, begins.
    pub(super) fn begin(&mut self) {
        self.before = self.read.len();
    }

    /// Notes the words of a template.
    pub(super) fn used(&mut self, template: &Template, phase: Option<Phase>, literal: &Place) {
        let (before, above) = (self.before, self.read.len());
        self.used.extend(template.words().map(|(word, _, place)| Used {
            word: word.clone(),
            phase,
            place: place.unwrap_or(literal).clone(),
            before,
            above,
        }));
    }

    /// Notes that a variable is read.
    pub(super) fn read(&mut self, name: &str, place: Place) {
        self.read.push(ReadAt { name: name.to_owned(), place });
    }

    /// Forgets everything but the words whose keys are written outside the flow: `site.KEY` and `booking.KEY`.
    pub(super) fn into_outside(self) -> Vec<(String, Place)> {
        let outside = |name: &str| name.starts_with("site.") || name.starts_with("booking.");
        self.used
            .into_iter()
            .map(|used| (used.word.name().to_owned(), used.place))
            .filter(|(name, _)| outside(name))
            .collect()
    }

    /// What is wrong; `columns` are those of the verify phase.
    pub(super) fn problems(&self, columns: &[&str]) -> Vec<Problem> {
        self.used.iter().filter_map(|used| self.problem(used, columns)).collect()
    }

    /// A flow that never says what to book books whatever the page shows.
    pub(super) fn choice_unused(&self, commit: &Place) -> Option<Problem> {
        let early =
            |used: &&Used| matches!(used.phase, Some(Phase::Login | Phase::Announced | Phase::Verify | Phase::Cancel));
        if self.used.iter().filter(|used| !early(used)).any(|used| used.word.is_of_choice()) {
            return None;
        }
        let help = "use `{date}`, `{start}`, `{court.site-id}` or `{slot}` in choose/, opening/ or commit.toml";
        let message = "nothing before this commit says what to book";
        Some(Problem::warning("choice-unused", message).at(commit.clone()).help(help))
    }

    fn problem(&self, used: &Used, columns: &[&str]) -> Option<Problem> {
        let name = used.word.name();
        if let Some(column) = name.strip_prefix("row.") {
            return row(used, column, columns);
        }
        if name == "password" && used.phase != Some(Phase::Login) {
            let help = "only the steps in login/ may use `password`: move this step there";
            return Some(error("secret-outside-login", "a password outside login/", used).help(help));
        }
        if used.word.is_variable() && !self.read[..used.before].iter().any(|read| read.name == name) {
            return Some(self.unread(used));
        }
        if matches!(used.phase, Some(Phase::Login | Phase::Prepare)) && used.word.differs_between_choices() {
            return Some(too_early(used));
        }
        None
    }

    fn unread(&self, used: &Used) -> Problem {
        let name = used.word.name();
        if let Some((at, read)) = self.read.iter().enumerate().find(|(_, read)| read.name == name) {
            let help = if at < used.above {
                format!("it is read in the same step, at {}: use it in a step that follows", read.place)
            } else {
                format!("it is read later, at {}: move that step before this one", read.place)
            };
            return error("read-later", format!("`{name}` has no value yet"), used).help(help);
        }
        let always: Vec<&str> = Word::always().collect();
        let known = self.read.iter().map(|read| read.name.as_str()).chain(always.iter().copied());
        let help = match did_you_mean(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                format!("no step reads it (`into = \"{name}\"`); always there are {}", super::raw::list(&always))
            }
        };
        error("unknown-word", format!("unknown word `{name}`"), used).help(help)
    }
}

fn row(used: &Used, column: &str, columns: &[&str]) -> Option<Problem> {
    if used.phase != Some(Phase::Cancel) {
        let help = "take it out: `row.…` is the row of the site's list that cancel/ is about, and only cancel/ has one";
        return Some(error("row-outside-cancel", format!("`row.{column}` outside cancel/"), used).help(help));
    }
    // Without any column the lack of verify/ or of its `rows` is said already.
    if columns.is_empty() || columns.contains(&column) {
        return None;
    }
    let help = match did_you_mean(column, columns.iter().copied()) {
        Some(near) => format!("did you mean `row.{near}`?"),
        None => format!("the columns of verify/ are {}", super::raw::list(columns)),
    };
    Some(error("unknown-column", format!("verify/ reads no column `{column}`"), used).help(help))
}

fn too_early(used: &Used) -> Problem {
    let name = used.word.name();
    let message = format!("`{name}` is here that of the first choice only");
    let help = "login/ and prepare/ are not done again for the next choice: move this step to choose/";
    Problem::warning("choice-too-early", message).at(used.place.clone()).help(help)
}

fn error(code: &'static str, message: impl Into<String>, used: &Used) -> Problem {
    Problem::error(code, message).at(used.place.clone())
}
