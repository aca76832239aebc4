//! `firstserve config history` and `config rollback`: the configurations that were in force.
//!
//! Reads the database and does not write to it, so both work beside a running daemon, which takes a file that was brought back
//! as it takes any other change of it.

mod history;
mod replace;
mod rollback;

use std::process::ExitCode;

use super::setting::Setting;

/// What `config` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to do
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show every configuration that was in force: number, when, why, and what changed with it
    History(history::Args),
    /// Write an old configuration back into the file
    Rollback(rollback::Args),
}

/// Does it.
///
/// # Errors
/// The database cannot be read, the number is not there, the old text is wrong today, or the file cannot be written.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::History(wanted) => history::run(wanted, setting, as_json),
        Command::Rollback(wanted) => rollback::run(wanted, setting, as_json),
    }
}
