//! How many problems there are, and in which files.

use super::{Problem, Severity, plain};

/// `2 errors in config/booking.toml, 1 error in selectors/club/commit.toml`; empty without errors. A problem that has no place is
/// counted under `otherwise`.
pub fn errors_by_file(problems: &[Problem], otherwise: &str) -> String {
    let mut files: Vec<(String, usize)> = Vec::new();
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
        let file = problem.place.as_ref().map(|place| place.file().path().display().to_string());
        let file = file.unwrap_or_else(|| otherwise.to_owned());
        match files.iter_mut().find(|(known, _)| *known == file) {
            Some((_, count)) => *count += 1,
            None => files.push((file, 1)),
        }
    }
    let told = files.iter().map(|(file, count)| {
        let word = if *count == 1 { "error" } else { "errors" };
        format!("{count} {word} in {}", plain(file))
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{Place, SourceFile};
    use super::*;

    #[test]
    fn each_file_is_named_with_its_errors() {
        let at = |name: &str| Place::new(&SourceFile::new(name, "x = 1"), 0..1);
        let problems = [
            Problem::error("a", "a").at(at("booking.toml")),
            Problem::warning("b", "b").at(at("booking.toml")),
            Problem::error("c", "c").at(at("commit.toml")),
            Problem::error("d", "d"),
        ];
        assert_eq!(errors_by_file(&problems, "booking.toml"), "2 errors in booking.toml, 1 error in commit.toml");
        assert_eq!(errors_by_file(&problems[1..2], "booking.toml"), "");
    }
}
