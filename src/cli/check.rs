//! `firstserve check`: says what is wrong with the configuration, all at once.

mod advice;

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;

use super::page;
use crate::config::{self, Environment, Loaded, Zones};
use crate::report::{self, Place, Problem, Severity, plain};

/// Nothing is wrong; there may be warnings.
pub const OK: u8 = 0;
/// The file cannot be read (`EX_IOERR`).
pub const CANNOT_READ: u8 = 74;
/// The file is wrong (`EX_CONFIG`).
pub const WRONG: u8 = 78;

/// How the result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As JSON on `out`.
    Json,
    /// For people on `err`.
    Plain,
    /// For people on `err`, in colour.
    Coloured,
}

/// Checks the file and its selector folders, warns of what is lacking beside them, and gives the exit code. For people everything goes
/// to `err`, laid out in so many columns where that is a terminal; as JSON one document goes to `out`.
///
/// # Errors
/// When `out` or `err` cannot be written.
pub fn run(
    path: &Path,
    environment: &Environment,
    zones: &Zones,
    now: Timestamp,
    shown: Shown,
    columns: Option<usize>,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> io::Result<u8> {
    let mut loaded = config::load(path, environment, zones, now);
    if let Some(config) = &loaded.config {
        loaded.problems.extend(advice::advice(path, config));
    }
    match shown {
        Shown::Json => writeln!(out, "{:#}", report::json(&loaded.problems))?,
        Shown::Plain | Shown::Coloured => {
            write!(err, "{}", report::render_in(&loaded.problems, shown == Shown::Coloured, columns))?;
            writeln!(err, "{}", page::laid_out(&summary(path, &loaded), columns))?;
        }
    }
    Ok(exit_code(&loaded))
}

/// What is worth knowing of a configuration that is used: the same that a check says, for the log.
pub(in crate::cli) fn warnings(path: &Path, loaded: &Loaded) -> Vec<Problem> {
    let advice = loaded.config.iter().flat_map(|config| advice::advice(path, config));
    let found = loaded.problems.iter().filter(|problem| problem.severity == Severity::Warning);
    found.cloned().chain(advice).collect()
}

/// The exit code that a loaded configuration deserves.
pub fn exit_code(loaded: &Loaded) -> u8 {
    match loaded {
        Loaded { config: Some(_), .. } => OK,
        Loaded { unreadable: true, .. } => CANNOT_READ,
        _ => WRONG,
    }
}

fn is_in(problem: &Problem, path: &str) -> bool {
    let elsewhere = |place: &Place| place.file().path() != Path::new(path);
    problem.severity != Severity::Error || !problem.place.as_ref().is_some_and(elsewhere)
}

fn summary(path: &Path, loaded: &Loaded) -> String {
    let count = |severity: Severity| loaded.problems.iter().filter(|problem| problem.severity == severity).count();
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let found = match (errors, warnings) {
        (0, 0) => "no problems".to_owned(),
        (0, _) => counted(warnings, "warning"),
        (_, 0) => counted(errors, "error"),
        _ => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    match &loaded.config {
        Some(config) => format!(
            "{}: {found}; {}, {}, {}",
            plain(&path.display().to_string()),
            counted(config.sites.len(), "site"),
            counted(config.members.len(), "member"),
            counted(config.bookings.len(), "booking"),
        ),
        // Where some are elsewhere than in the file itself, each file is named with its own.
        None => {
            let path = path.display().to_string();
            let by_file = report::errors_by_file(&loaded.problems, &path);
            let warned = if warnings > 0 { format!("; {}", counted(warnings, "warning")) } else { String::new() };
            match loaded.problems.iter().all(|problem| is_in(problem, &path)) {
                true => format!("{}: {found}", plain(&path)),
                false => format!("{by_file}{warned}"),
            }
        }
    }
}
