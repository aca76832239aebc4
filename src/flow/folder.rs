//! From the files of a folder to a flow that can be run, or to every problem in them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::report::{Place, Problem, Severity, SourceFile, did_you_mean};

use super::announcement::{Announcement, announcement};
use super::commit::{Commit, commit};
use super::logged_in::{LoggedIn, logged_in};
use super::names::Names;
use super::outcome::{Outcome, outcomes};
use super::raw::{Reader, Table, list};
use super::step::{Step, steps_of_file};
use super::{Flow, Phase, coherence};

/// The files that are no phase's.
const SINGLE: [&str; 2] = ["commit.toml", "outcomes.toml"];

/// The file of the login phase that holds no steps.
const LOGGED_IN: &str = "logged-in.toml";

/// The file of the announced phase that holds no steps.
const FORMAT: &str = "format.toml";

/// What `verify/` is for, and where more is said.
const VERIFY_HELP: &str = "only the site's own list of your bookings confirms one, and the steps in verify/ read it; \
                           docs/selectors.md says how. Write verify/10-list.toml, with the words of your site's page:\n";

/// A whole file of it.
const VERIFY_EXAMPLE: &str = r#"
[[step]]
go = "{site.url}my-bookings"
[[step]]
# `fresh-if` stands below the rows: a page that was cut off is then no list,
# and not a list with fewer bookings.
rows = "table.bookings tbody tr"
fresh-if = { visible = "p.bookings-total" }
[step.columns]
date = { css = "td.date", equals = "{date:%d/%m/%Y}" }
start = { css = "td.time", equals = "{start:%H:%M}" }
court = { css = "td.court", equals = "{court.name}" }"#;

/// What a file is, in the order in which a flow meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Login,
    LoggedIn,
    Announced,
    Format,
    Prepare,
    Choose,
    Opening,
    Commit,
    Outcomes,
    Retry,
    Verify,
    Cancel,
}

/// Everything that was read, whole or not.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) steps: BTreeMap<Phase, Vec<Step>>,
    pub(super) logged_in: Option<LoggedIn>,
    pub(super) announcement: Option<Announcement>,
    pub(super) commit: Option<Commit>,
    pub(super) outcomes: Vec<Outcome>,
    /// The hash of the announced phase's files, in hex.
    announced_hash: String,
    /// The roles of files that are there, readable or not.
    present: Vec<Role>,
}

impl Flow {
    /// Reads a flow. The files' paths lie in `folder`, or are relative to it; what does not end in `.toml` is passed over. The
    /// flow is there if no problem is an error.
    pub fn parse(folder: &Path, files: &[Arc<SourceFile>]) -> (Option<Self>, Vec<Problem>) {
        let Read { parts, names, mut problems, whole } = Read::files(folder, files);
        parts.say_what_is_missing(folder, &mut problems);
        if whole {
            problems.extend(coherence::problems(&parts, &problems));
            problems.extend(names.problems(&parts.columns()));
        }
        if !problems.iter().any(is_error) {
            problems.extend(parts.commit.as_ref().and_then(|commit| names.choice_unused(commit.place())));
        }
        problems.sort_by(in_reading_order);
        (parts.whole(folder, names, &problems), problems)
    }

    /// What is wrong in the files themselves, for a folder of which some could not be read: what would be missing, and
    /// what would not go together, may be in those.
    pub fn problems_in(folder: &Path, files: &[Arc<SourceFile>]) -> Vec<Problem> {
        Read::files(folder, files).problems
    }
}

/// The files, each read by itself.
struct Read {
    parts: Parts,
    names: Names,
    problems: Vec<Problem>,
    /// Whether each was TOML: what one that was not would have held is unknown.
    whole: bool,
}

impl Read {
    fn files(folder: &Path, files: &[Arc<SourceFile>]) -> Self {
        let (mut parts, mut names, mut problems, mut whole) = (Parts::default(), Names::default(), Vec::new(), true);
        for (role, file) in in_flow_order(folder, files, &mut problems) {
            parts.present.push(role);
            let phase = role.phase();
            let mut reader = Reader { file, folder, phase, names: &mut names, problems: &mut problems };
            whole &= reader.document(|reader, table| parts.read(role, reader, table)).is_some();
        }
        parts.announced_hash = hash_of(Phase::Announced, folder, files);
        Self { parts, names, problems, whole }
    }
}

impl Parts {
    fn read(&mut self, role: Role, reader: &mut Reader<'_>, table: Table<'_>) {
        match (role, role.phase()) {
            (_, Some(phase)) => self.steps.entry(phase).or_default().extend(steps_of_file(reader, table)),
            (Role::Format, _) => self.announcement = announcement(reader, table),
            (Role::LoggedIn, _) => self.logged_in = logged_in(reader, table),
            (Role::Commit, _) => self.commit = commit(reader, table),
            _ => self.outcomes = outcomes(reader, table),
        }
    }

    /// The steps of a phase.
    pub(super) fn of(&self, phase: Phase) -> &[Step] {
        self.steps.get(&phase).map_or(&[], Vec::as_slice)
    }

    /// Whether `logged-in.toml` is there, readable or not.
    pub(super) fn has_logged_in(&self) -> bool {
        self.present.contains(&Role::LoggedIn)
    }

    /// The place of the file that says how an announcement is written, where it is there.
    pub(super) fn format_place(&self) -> Option<&Place> {
        self.announcement.as_ref().and_then(Announcement::place)
    }

    fn columns(&self) -> Vec<&str> {
        self.of(Phase::Verify).iter().flat_map(Step::columns).collect()
    }

    fn say_what_is_missing(&self, folder: &Path, problems: &mut Vec<Problem>) {
        let folder = folder.display();
        let mut say = |code, what: String, help: &str| problems.push(Problem::error(code, what).help(help));
        if self.present.is_empty() {
            return say(
                "no-flow",
                format!("`{folder}` holds no selector files"),
                "docs/selectors.md shows a whole flow",
            );
        }
        if !self.present.contains(&Role::Commit) {
            say(
                "no-commit",
                format!("`{folder}` has no commit.toml"),
                "it holds the one step that books, without [[step]]: click = { text = \"Reserve\" }; see docs/selectors.md",
            );
        }
        if !self.present.contains(&Role::Outcomes) {
            let help = "it says what the site's answers mean: an [[outcome]] with is = \"confirmed\" and what only that page \
                        shows, one with is = \"taken\", …; see docs/selectors.md";
            say("no-outcomes", format!("`{folder}` has no outcomes.toml"), help);
        }
        if !self.present.contains(&Role::Verify) {
            let help = format!("{VERIFY_HELP}{VERIFY_EXAMPLE}");
            say("no-verify", format!("`{folder}` has no verify/ folder"), &help);
        }
    }

    fn whole(self, folder: &Path, names: Names, problems: &[Problem]) -> Option<Flow> {
        if problems.iter().any(is_error) {
            return None;
        }
        Some(Flow {
            folder: folder.to_owned(),
            steps: self.steps,
            logged_in: self.logged_in,
            announcement: self.announcement.unwrap_or_default(),
            announced_hash: self.announced_hash,
            commit: self.commit?,
            outcomes: self.outcomes,
            outside_words: names.into_outside(),
        })
    }
}

impl Role {
    /// The phase whose steps the file holds.
    fn phase(self) -> Option<Phase> {
        match self {
            Self::Login => Some(Phase::Login),
            Self::Announced => Some(Phase::Announced),
            Self::Prepare => Some(Phase::Prepare),
            Self::Choose => Some(Phase::Choose),
            Self::Opening => Some(Phase::Opening),
            Self::Retry => Some(Phase::Retry),
            Self::Verify => Some(Phase::Verify),
            Self::Cancel => Some(Phase::Cancel),
            Self::LoggedIn | Self::Format | Self::Commit | Self::Outcomes => None,
        }
    }

    fn of_phase(phase: Phase) -> Self {
        match phase {
            Phase::Login => Self::Login,
            Phase::Announced => Self::Announced,
            Phase::Prepare => Self::Prepare,
            Phase::Choose => Self::Choose,
            Phase::Opening => Self::Opening,
            Phase::Retry => Self::Retry,
            Phase::Verify => Self::Verify,
            Phase::Cancel => Self::Cancel,
        }
    }
}

/// The hash of the files of a phase, in hex.
fn hash_of(phase: Phase, folder: &Path, files: &[Arc<SourceFile>]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        let parts = parts_of(folder, file.path());
        if parts.first().is_some_and(|first| first == phase.as_str()) {
            let name = parts.join("/");
            for part in [name.as_bytes(), file.text().as_bytes()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

/// Errors before warnings; what is missing altogether first, then file by file, from top to bottom.
fn in_reading_order(a: &Problem, b: &Problem) -> Ordering {
    let at =
        |problem: &Problem| problem.place.as_ref().map(|place| (place.file().path().to_owned(), place.span().start));
    b.severity.cmp(&a.severity).then_with(|| at(a).cmp(&at(b)))
}

fn in_flow_order<'f>(
    folder: &Path,
    files: &'f [Arc<SourceFile>],
    problems: &mut Vec<Problem>,
) -> Vec<(Role, &'f Arc<SourceFile>)> {
    let mut known = Vec::new();
    for file in files.iter().filter(|file| file.path().extension().is_some_and(|ending| ending == "toml")) {
        match role(&parts_of(folder, file.path())) {
            Ok((role, problem)) => {
                problems.extend(problem.map(|problem| problem.at(Place::new(file, 0..0))));
                known.push((role, file));
            }
            Err(problem) => problems.push(problem.at(Place::new(file, 0..0))),
        }
    }
    known.sort_by(|(role, file), (other_role, other)| role.cmp(other_role).then_with(|| file.path().cmp(other.path())));
    known
}

fn parts_of(folder: &Path, path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let normal = |part: Component<'_>| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    };
    inside.components().filter_map(normal).collect()
}

/// What the file is, perhaps with a warning; or why it is nothing.
fn role(parts: &[String]) -> Result<(Role, Option<Problem>), Problem> {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["commit.toml"] => Ok((Role::Commit, None)),
        ["outcomes.toml"] => Ok((Role::Outcomes, None)),
        ["login", LOGGED_IN] => Ok((Role::LoggedIn, None)),
        ["announced", FORMAT] => Ok((Role::Format, None)),
        [_, file] if SINGLE.contains(file) => {
            let message = format!("`{file}` stands beside the folders, not in one");
            Err(Problem::error("misplaced-file", message).help("move it there: no folder's steps may book"))
        }
        [folder, file] => match Phase::parse(folder) {
            Some(phase) => Ok((Role::of_phase(phase), unnumbered(file))),
            None => Err(unknown_folder(folder)),
        },
        [LOGGED_IN] => Err(Problem::error("unknown-file", "`logged-in.toml` belongs in login/").help("move it there")),
        [file] => Err(unknown("unknown-file", "file", file, &SINGLE, "beside the folders stand")),
        [folder, ..] if Phase::parse(folder).is_some() => {
            let help = format!("the files of {folder}/ stand directly in it");
            Err(Problem::error("unknown-folder", format!("{folder}/ holds a folder")).help(help))
        }
        [folder, ..] => Err(unknown_folder(folder)),
        [] => {
            let help = format!("take it away; beside the folders stand {}", list(&SINGLE));
            Err(Problem::error("unknown-file", "this is not a file of the flow").help(help))
        }
    }
}

fn unnumbered(file: &str) -> Option<Problem> {
    let numbered = file.starts_with(|c: char| c.is_ascii_digit());
    let help = format!("files run in the order of their names: call it 10-{file}");
    (!numbered).then(|| Problem::warning("unnumbered-file", format!("`{file}` does not say when it runs")).help(help))
}

fn unknown_folder(folder: &str) -> Problem {
    let known = Phase::ALL.map(Phase::as_str);
    unknown("unknown-folder", "folder", folder, &known, "a flow's folders are")
}

fn unknown(code: &'static str, what: &str, name: &str, known: &[&str], otherwise: &str) -> Problem {
    let help = match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{otherwise} {}", list(known)),
    };
    Problem::error(code, format!("unknown {what} `{name}`")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who copies it must not be told that it is wrong.
    #[test]
    fn the_example_of_verify_is_right() {
        let path = Path::new("x/verify/10-list.toml");
        let problems = Flow::problems_in(Path::new("x"), &[SourceFile::new(path, VERIFY_EXAMPLE)]);
        assert_eq!(problems, []);
        let columns = Read::files(Path::new("x"), &[SourceFile::new(path, VERIFY_EXAMPLE)]).parts;
        assert_eq!(columns.columns().len(), 3);
    }

    /// A page in the words of the example, as the clubs' own look: something above the rows, and something below them.
    const LIST: &str = "<h1 class=my-bookings>My bookings</h1><table class=bookings><tbody><tr><td class=date>18/07/2027</tr>\
                        <tr><td class=date>25/07/2027</tr></tbody></table><p class=bookings-total>2 bookings</p>";

    /// How many rows the example finds in a page; none: for the example that is no list.
    fn rows_found(example: &str, page: &str) -> Option<usize> {
        let table: toml::Table = example.parse().expect("TOML");
        let step = &table["step"][1];
        let page = scraper::Html::parse_document(page);
        let count = |css: &toml::Value| {
            let css = scraper::Selector::parse(css.as_str().expect("a selector")).expect("a selector");
            page.select(&css).count()
        };
        (count(&step["fresh-if"]["visible"]) > 0).then(|| count(&step["rows"]))
    }

    /// Otherwise who copies it books twice when the site's answer breaks off.
    #[test]
    fn the_sign_of_the_example_is_below_the_rows() {
        let (cut, _) = LIST.split_once("</tr>").expect("it has rows");
        assert_eq!(rows_found(VERIFY_EXAMPLE, LIST), Some(2));
        assert_eq!(rows_found(VERIFY_EXAMPLE, cut), None);
        let above = VERIFY_EXAMPLE.replace("p.bookings-total", "h1.my-bookings");
        assert_eq!(rows_found(&above, cut), Some(1), "the control: with a heading it is a list with fewer bookings");
    }
}
