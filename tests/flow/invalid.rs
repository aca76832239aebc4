//! Wrong selector files, and the words that their authors read. Each file of `fixtures/flow/invalid` says in its first
//! line where it stands in the small flow; each folder there is a flow of its own.

use std::fs;
use std::path::Path;

use firstserve::flow::Flow;
use firstserve::report::{Problem, Severity, render};

use super::support::{files, parse_with};

const FOLDER: &str = "fixtures/flow/invalid";

#[test]
fn every_wrong_file_is_explained() {
    let mut cases = 0;
    for entry in fs::read_dir(FOLDER).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let (flow, problems) = if path.is_dir() { Flow::parse(&path, &files(&path)) } else { overlaid(&path) };
        let only_warnings = problems.iter().all(|problem| problem.severity == Severity::Warning);
        assert!(!problems.is_empty(), "{name} is not wrong");
        assert_eq!(flow.is_some(), only_warnings, "{name}: a flow is there unless a problem is an error");
        insta::assert_snapshot!(name, words_of(&problems));
        cases += 1;
    }
    assert!(cases >= 35, "the walk found {cases} cases only");
}

#[test]
fn the_small_flow_itself_is_not_wrong() {
    let small = Path::new("fixtures/flow/valid/small");
    let (flow, problems) = Flow::parse(small, &files(small));
    assert!(flow.is_some() && problems.is_empty(), "{}", render(&problems, false));
}

#[test]
fn paths_relative_to_the_folder_are_read_as_well() {
    let folder = Path::new("fixtures/flow/valid/small");
    let relative: Vec<_> = files(folder)
        .iter()
        .map(|file| {
            let path = file.path().strip_prefix(folder).expect("below the folder");
            firstserve::report::SourceFile::new(path, file.text())
        })
        .collect();
    assert!(Flow::parse(Path::new("/somewhere/else"), &relative).0.is_some());
}

fn overlaid(path: &Path) -> (Option<Flow>, Vec<Problem>) {
    let text = fs::read_to_string(path).expect("text");
    let place =
        text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("the first line says where it stands");
    parse_with(place, &text)
}

/// Code, sentence, characters and cure, as `check` prints them.
fn words_of(problems: &[Problem]) -> String {
    render(problems, false)
}
