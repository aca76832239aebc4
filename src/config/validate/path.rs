//! Paths as written and as they are meant.

use std::path::{Component, Path, PathBuf};

/// What written paths are relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Paths {
    root: PathBuf,
    home: Option<PathBuf>,
}

impl Paths {
    /// The folder that holds `config/`, and the home folder that `~/` stands for.
    pub(in crate::config) fn new(root: PathBuf, home: Option<PathBuf>) -> Self {
        Self { root, home }
    }

    /// The path relative to the process, or absolute.
    pub(in crate::config) fn resolve(&self, written: &str) -> PathBuf {
        match (written.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => tidy(&self.root.join(written)),
        }
    }
}

/// Without `.` parts, which would make two names of one folder.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_folder_that_holds_config() {
        let paths = Paths::new("club".into(), Some("/home/ana".into()));
        assert_eq!(paths.resolve("selectors/x"), Path::new("club/selectors/x"));
        assert_eq!(paths.resolve("./selectors//x/"), Path::new("club/selectors/x"));
        assert_eq!(paths.resolve("/srv/x"), Path::new("/srv/x"));
        assert_eq!(paths.resolve("~/keys/id"), Path::new("/home/ana/keys/id"));
    }
}
