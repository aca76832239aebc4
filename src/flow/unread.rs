//! Files in a flow's folder that nobody reads, though somebody may think so.

use std::path::Path;
use std::sync::Arc;

use super::Phase;
use crate::report::{Place, Problem, SourceFile};

/// Files that stand beside the folders.
const SINGLE: [&str; 2] = ["commit", "outcomes"];

/// What editors and programs leave behind.
const LEFT_BEHIND: [&str; 7] = ["~", "#", ".swp", ".bak", ".orig", ".tmp", ".md"];

/// Whether a file that is not read looks like one that should be: it stands where steps do, or is called like a file of the flow.
/// Notes, hidden files and what editors leave behind do not.
pub fn is_unread(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return false };
    let is_quiet = name.ends_with(".toml")
        || name.starts_with(['.', '#'])
        || LEFT_BEHIND.iter().any(|ending| name.ends_with(ending))
        || name.to_lowercase().starts_with("readme")
        // A name that some editors try whether they may write.
        || name.chars().all(|c| c.is_ascii_digit());
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let is_of_phase = folder.is_some_and(|folder| Phase::parse(&folder).is_some());
    let is_single = SINGLE.iter().any(|single| name.split('.').next() == Some(single));
    !is_quiet && (is_of_phase || is_single)
}

/// What is said of such a file.
pub fn unread(path: &Path) -> Problem {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.split(".toml").next().unwrap_or(&name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let help = format!("only files that end in .toml are read: call it {stem}.toml, or take it away");
    let file: Arc<SourceFile> = SourceFile::new(path, "");
    Problem::warning("unread-file", format!("`{name}` is not read")).help(help).at(Place::new(&file, 0..0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_read_is_told_of_and_notes_are_not() {
        for (inside, cure) in [
            ("login/20-sign-in.txt", "call it 20-sign-in.toml,"),
            ("choose/10-slot.toml.txt", "call it 10-slot.toml,"),
            ("commit.txt", "call it commit.toml,"),
        ] {
            let path = Path::new("selectors/x").join(inside);
            assert!(is_unread(&path), "{inside}");
            let help = unread(&path).help.expect("a cure");
            assert!(help.contains(cure), "{help}");
        }
        let quiet =
            ["README.md", "login/README", "login/.10-a.toml.swp", "login/10-a.toml~", "notes.txt", "login/10-a.toml"];
        for inside in quiet {
            assert!(!is_unread(&Path::new("selectors/x").join(inside)), "{inside}");
        }
    }
}
