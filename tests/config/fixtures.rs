//! Every file of `fixtures/config` and the words that its author would read.

use std::fs;
use std::path::{Path, PathBuf};

use firstserve::config::Loaded;
use firstserve::report::{Severity, render};

use super::world::load_plainly;

#[test]
fn every_wrong_file_is_told_what_is_wrong() {
    for (path, loaded) in all("fixtures/config/invalid", 15) {
        assert!(loaded.config.is_none(), "{} was taken", path.display());
        assert!(loaded.problems.iter().any(|problem| problem.severity == Severity::Error), "{}", path.display());
        for problem in &loaded.problems {
            assert!(problem.help.as_ref().is_some_and(|help| !help.is_empty()), "{problem:?} has no help");
            assert!(problem.place.is_some(), "{problem:?} has no place");
        }
        snapshot(&path, &loaded);
    }
}

#[test]
fn every_right_file_is_taken_and_warnings_are_said() {
    let mut clean = 0;
    for (path, loaded) in all("fixtures/config/valid", 5) {
        assert!(loaded.config.is_some(), "{}: {}", path.display(), render(&loaded.problems, false));
        clean += usize::from(loaded.problems.is_empty());
        snapshot(&path, &loaded);
    }
    assert!(clean >= 3, "{clean} files without a warning");
}

#[test]
fn no_secret_of_a_wrong_file_is_shown() {
    let mut found = 0;
    for (path, loaded) in all("fixtures/config/invalid", 15) {
        let text = fs::read(&path).expect("the file can be read");
        let text = String::from_utf8_lossy(&text);
        let shown = format!("{} {:?}", render(&loaded.problems, false), loaded.problems);
        for secret in ["hunter2", "s3cret", "letmein", "ábrete", "abc123", "me:secret"] {
            found += usize::from(text.contains(secret));
            assert!(!shown.contains(secret), "{} shows {secret}", path.display());
        }
    }
    assert!(found >= 6, "the fixtures hold {found} secrets only");
}

fn all(folder: &str, least: usize) -> Vec<(PathBuf, Loaded)> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    assert!(paths.len() >= least, "the walk found {} files only", paths.len());
    paths.into_iter().map(|path| (path.clone(), load_plainly(&path))).collect()
}

fn snapshot(path: &Path, loaded: &Loaded) {
    let mut settings = insta::Settings::clone_current();
    let folder = path.parent().expect("a file lies in a folder").canonicalize().expect("the folder is there");
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
    settings.bind(|| insta::assert_snapshot!(name, render(&loaded.problems, false)));
}
