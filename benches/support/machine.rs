//! On what was measured, without a name that would tell whose machine it is.

use std::fs;

/// Cores and system of this machine, in words.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    in_words(cores, &release)
}

/// `release` is the text of `/etc/os-release`; empty: there is none.
pub(crate) fn in_words(cores: usize, release: &str) -> String {
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.map_or(std::env::consts::OS, |name| name.trim_matches(['"', '\'']));
    let cores = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
    format!("{cores}, {name}")
}
