//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::setting::DEFAULT_CONFIG;
use super::{
    audit, book, cancel, clock, club, config, demo, explain, lead, ledger, plan, replay, settle, simulate, vault,
};

/// Books what a website opens at an instant
#[derive(Debug, Parser)]
#[command(name = "firstserve", version, about, long_about = None, propagate_version = true)]
pub(super) struct Args {
    /// The configuration
    #[arg(long, global = true, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub(super) config: PathBuf,

    /// One JSON document on stdout, and nothing else there
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// What to do
    #[command(subcommand)]
    pub(super) command: Command,
}

/// One variant per command; each has its file.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Book a court at a practice club on this machine, in a real browser
    Demo(demo::Args),
    /// The daemon: keeps every booking of the configuration
    Run,
    /// Check the configuration and the selector files: every problem at once
    Check,
    /// Show the next occurrences and when each can be booked
    Plan(plan::Args),
    /// Say why a booking opens when it opens
    Explain(explain::Args),
    /// Show what became of each booking, and what comes next; also while `run` works
    Status,
    /// Make one attempt in the foreground
    Book(book::Args),
    /// Give a confirmed booking back at the site
    Cancel(cancel::Args),
    /// Say what the site shows of a booking that needs attention
    Settle(settle::Args),
    /// Show what happened at which millisecond, and draw it
    Ledger(ledger::Args),
    /// Show whether submits may leave before the opening, so that they arrive at it
    Lead(lead::Args),
    /// Try a site's selector files on saved pages; nothing is submitted
    Replay(replay::Args),
    /// Live through a year in seconds: the real engine against simulated clubs that misbehave
    Simulate(simulate::Args),
    /// Keep the members' user names and passwords
    Vault(vault::VaultArgs),
    /// Show the configurations that were in force, and bring one of them back; also while `run` works
    Config(config::Args),
    /// Show that nothing was changed in the record, or taken out of it; also while `run` works
    Audit(audit::Args),
    /// Ask a site how its clock differs from this machine's
    Clock(clock::Args),
    /// Serve a practice club on loopback
    Club(club::Args),
    /// Print the JSON Schema of booking.toml, for editors
    Schema,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}
