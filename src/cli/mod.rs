//! The command line: one file per command.

pub mod explain;
pub mod plan;
pub mod vault;
pub mod check;
pub mod schema;

use std::process::ExitCode;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
