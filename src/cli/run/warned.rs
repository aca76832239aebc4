//! What `check` warns of, in the log of the daemon: each once, and again only when it was mended in between.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::cli::check;
use crate::config::Loaded;
use crate::report::{Problem, plain};

/// What the daemon says by itself, of members without credentials.
const SAID_OTHERWISE: &str = "no-vault-entry";

/// What was told of the configuration that is in force.
pub(super) struct Warned {
    path: PathBuf,
    told: HashSet<String>,
}

impl Warned {
    /// Nothing yet, of the configuration at this path.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, told: HashSet::new() }
    }

    /// Logs what is new of a configuration that is put in force.
    pub(super) fn tell(&mut self, loaded: &Loaded) {
        for line in self.news(&check::warnings(&self.path, loaded)) {
            tracing::warn!("{line}");
        }
    }

    /// The place is no part of what was told: it moves with every line that is written above it.
    fn news(&mut self, found: &[Problem]) -> Vec<String> {
        let found = || found.iter().filter(|problem| problem.code != SAID_OTHERWISE);
        let before = std::mem::replace(&mut self.told, found().map(|problem| problem.message.clone()).collect());
        found().filter(|problem| !before.contains(&problem.message)).map(words).collect()
    }
}

/// `config/booking.toml:12: what is wrong; what to do`.
fn words(problem: &Problem) -> String {
    let place = problem.place.as_ref();
    let place = place.map(|place| format!("{}:{}: ", place.file().path().display(), place.line())).unwrap_or_default();
    let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    plain(&format!("{place}{}{help}", problem.message)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Place, SourceFile};

    fn problem(message: &str, lines_above: usize) -> Problem {
        let file = SourceFile::new("config/booking.toml", format!("{}x", "\n".repeat(lines_above)));
        Problem::warning("together", message).at(Place::new(&file, lines_above..lines_above)).help("mend it")
    }

    #[test]
    fn each_warning_is_told_once_until_it_is_mended() {
        let mut warned = Warned::new(PathBuf::new());
        assert_eq!(warned.news(&[problem("one", 1)]), ["config/booking.toml:2: one; mend it"]);
        let both = [problem("one", 4), problem("two", 0)];
        assert_eq!(warned.news(&both), ["config/booking.toml:1: two; mend it"], "the place alone is no news");
        assert!(warned.news(&both).is_empty());
        assert!(warned.news(&[]).is_empty());
        assert_eq!(warned.news(&both).len(), 2, "they came again");
    }

    #[test]
    fn what_the_daemon_says_by_itself_is_left_out() {
        let lacking = Problem::warning(SAID_OTHERWISE, "the vault has no entry `club/ana`: ana cannot log in");
        assert!(Warned::new(PathBuf::new()).news(&[lacking]).is_empty());
    }
}
