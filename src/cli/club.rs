//! `firstserve club`: the practice club as a process of its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::run::signals::Signals;
use super::{Exit, Failure};
use crate::club::{Club, Options};

/// What `club` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,

    /// End when standard input does: with whoever started it
    #[arg(long, hide = true)]
    ends_with_stdin: bool,
}

/// Serves until SIGINT or SIGTERM; the first line on stdout says where.
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { options, ends_with_stdin } = args;
    let listener = TcpListener::bind(options.listen).map_err(|error| {
        Failure::new(Exit::Unavailable, format!("listen on {}: {error}; choose another with --listen", options.listen))
    })?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let stop = CancellationToken::new();
        let club = Club::new(listener, &options, stop.clone())?;
        writeln!(std::io::stdout(), "{}", club.ready()?)?;
        std::io::stdout().flush()?;
        if ends_with_stdin {
            let stop = stop.clone();
            std::thread::spawn(move || end_with_stdin(&stop));
        }
        tokio::spawn(async move {
            signals.stop().await;
            stop.cancel();
        });
        club.serve().await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn end_with_stdin(stop: &CancellationToken) {
    let mut rest = [0; 64];
    while matches!(std::io::stdin().read(&mut rest), Ok(1..)) {}
    stop.cancel();
}
