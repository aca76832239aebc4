//! The examples of `docs/selectors.md` are selector files that the program reads without a word.

use std::path::Path;
use std::sync::Arc;

use firstserve::flow::Flow;
use firstserve::report::{Problem, SourceFile, render};

use super::support::{files, parse_with};

const GUIDE: &str = include_str!("../../docs/selectors.md");

/// What is said about chains.
const CHAINS: &str = include_str!("../../docs/chains.md");

#[test]
fn every_example_of_the_guide_is_clean() {
    let examples = [examples(GUIDE), examples(CHAINS)].concat();
    assert!(examples.len() >= 16, "{} examples only", examples.len());
    for (path, text) in &examples {
        if path.starts_with("api/") {
            continue;
        }
        let problems = problems_of(path, text);
        assert!(problems.is_empty(), "{path}\n{}", render(&problems, false));
    }
}

#[test]
fn the_guides_site_without_pages_is_a_whole_flow() {
    let api: Vec<_> = examples(GUIDE)
        .into_iter()
        .filter_map(|(path, text)| Some(SourceFile::new(path.strip_prefix("api/")?, text)))
        .collect();
    let (flow, problems) = Flow::parse(Path::new("api"), &api);
    assert!(problems.is_empty(), "{}", render(&problems, false));
    assert!(flow.is_some_and(|flow| flow.is_api()));
}

#[test]
fn a_broken_example_would_be_caught() {
    let broken = GUIDE.replacen("value = \"{court.site-id}\"", "valeu = \"{court.site}\"", 1);
    assert_ne!(broken, GUIDE, "the guide still has the line");
    let examples = examples(&broken);
    let (path, text) = examples.iter().find(|(path, _)| path == "choose/10-slot.toml").expect("the example");
    assert!(!problems_of(path, text).is_empty());
}

#[test]
fn every_verb_locator_and_condition_is_in_the_guide() {
    let (_, problems) = parse_with(
        "choose/10-slot.toml",
        "[[step]]\nx-x-x = 1\n[[step]]\nclick = { nth = 1 }\n[[step]]\nexpect = {}\n",
    );
    let said: Vec<_> = problems.iter().filter_map(|problem| problem.help.clone()).collect();
    let words: Vec<&str> = said.iter().flat_map(|help| help.split('`').skip(1).step_by(2)).collect();
    assert!(words.len() > 45, "the messages list the words: {words:?}");
    for word in words {
        assert!(
            GUIDE.contains(&format!("`{word}")) || GUIDE.contains(&format!("{word} = ")),
            "`{word}` is not in the guide"
        );
    }
}

/// The example in the place of that file of a flow that has everything else; the club's, for it has all phases.
fn problems_of(path: &str, text: &str) -> Vec<Problem> {
    let folder = Path::new("selectors/club");
    let path = folder.join(path);
    let mut flow: Vec<Arc<SourceFile>> = files(folder).into_iter().filter(|file| file.path() != path).collect();
    // The format is that of what the steps beside it read.
    if path.ends_with("announced/format.toml") {
        let steps = examples(GUIDE).into_iter().find(|(path, _)| path == "announced/10-read.toml");
        flow.extend(steps.map(|(path, text)| SourceFile::new(folder.join(path), text)));
    }
    flow.push(SourceFile::new(path, text));
    Flow::parse(folder, &flow).1
}

/// Path and text of each TOML block.
fn examples(guide: &str) -> Vec<(String, String)> {
    let blocks = guide.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    blocks
        .map(|block| {
            let place = block.lines().next().and_then(|line| line.strip_prefix("# "));
            (place.expect("an example says where it stands").to_owned(), block.to_owned())
        })
        .collect()
}
