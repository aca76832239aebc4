//! The command line: one file per command.
//!
//! What is written to stdout is the answer (with `--json` one JSON document); everything said to a person on the way goes to
//! stderr. Exit codes are in [`Exit`].

mod args;
mod audit;
mod book;
mod cancel;
pub mod check;
mod clock;
mod club;
mod config;
mod consent;
mod demo;
mod descriptors;
mod exit;
mod household;
pub mod explain;
pub mod heard;
mod kept;
mod page;
mod lead;
mod ledger;
mod mail;
mod named;
pub mod plan;
mod replay;
mod run;
pub mod schema;
mod scratch;
mod setting;
mod settle;
mod simulate;
mod span;
mod speak;
pub mod status;
mod timeline;
pub mod vault;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use serde_json::json;

use crate::browser::{guard, install_provider};
use crate::clock::{Clock, SystemClock};

use args::{Args, Command};
use exit::exit_of;
pub use exit::{Exit, Failure};
use speak::{answer, draw, forgive, print, say, say_whole};
pub use timeline::Timeline;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    keep_files_private();
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == guard::WORD) {
        return guard::main(words);
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    descriptors::raise();
    install_provider();
    let json = args.json;
    match perform(args) {
        Ok(code) => code,
        Err(error) => complain(&error, json),
    }
}

/// Logs, evidence, the database: what this process and its browsers write is its owner's alone.
fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Help and version are answers; everything else is a wrong command line.
fn usage(error: &clap::Error) -> ExitCode {
    let shown = forgive(error.print());
    if shown.is_err() || error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

fn perform(args: Args) -> anyhow::Result<ExitCode> {
    let setting = setting::Setting::new(&args);
    match args.command {
        Command::Demo(wanted) => demo::run(&wanted, args.json),
        Command::Run => run::run(&setting),
        Command::Check => checked(&setting, args.json),
        Command::Plan(wanted) => plan::run(&wanted, &setting, args.json),
        Command::Explain(wanted) => explain::run(&wanted, &setting, args.json),
        Command::Ledger(wanted) => ledger::run(&wanted, &setting, args.json),
        Command::Lead(wanted) => lead::run(&wanted, &setting, args.json),
        Command::Status => status::run(&setting, args.json),
        Command::Book(wanted) => book::run(&wanted, &setting, args.json),
        Command::Cancel(wanted) => cancel::run(&wanted, &setting, args.json),
        Command::Settle(wanted) => settle::run(&wanted, &setting, args.json),
        Command::Replay(wanted) => replay::run(&wanted, &setting, args.json),
        Command::Simulate(wanted) => simulate::run(&wanted, &setting, args.json),
        Command::Vault(mut wanted) => {
            let found = setting.vault();
            wanted.identity = wanted.identity.or(found.identity);
            Ok(wanted.run(&found.data, &found.entries, args.json))
        }
        Command::Club(options) => club::run(options, args.json),
        Command::Config(wanted) => config::run(&wanted, &setting, args.json),
        Command::Audit(wanted) => audit::run(&wanted, &setting, args.json),
        Command::Clock(wanted) => clock::run(&wanted, &setting, args.json),
        Command::Schema => forgive(schema::run(&mut std::io::stdout())).map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Command::Completions { .. } if args.json => {
            Err(Failure::new(Exit::Usage, "completions are a script for a shell, not JSON; leave out --json").into())
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "firstserve", &mut script);
            print(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn checked(setting: &setting::Setting, json: bool) -> anyhow::Result<ExitCode> {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let shown = match (json, colour) {
        (true, _) => check::Shown::Json,
        (false, true) => check::Shown::Coloured,
        (false, false) => check::Shown::Plain,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (zones, now) = (setting.zones(), SystemClock.now());
    let (path, environment, columns) = (&setting.path, &setting.environment, page::width_of_stderr());
    let code = check::run(path, environment, &zones, now, shown, columns, (&mut out, &mut err))?;
    forgive(std::io::stdout().write_all(&out))?;
    if !err.is_empty() {
        draw(String::from_utf8_lossy(&err).trim_end());
    }
    Ok(ExitCode::from(code))
}

/// Says what went wrong, once, where the caller looks for it.
fn complain(error: &anyhow::Error, json: bool) -> ExitCode {
    let text = format!("{error:#}");
    if json {
        answer(&json!({ "error": text }));
    }
    say(&format!("firstserve: {text}"));
    exit_of(error).into()
}

/// The runtime of every command: two workers, with room for the deep futures of an unoptimised build.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    const STACK: usize = 8 * 1024 * 1024;
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_stack_size(STACK).enable_all().build()
}
