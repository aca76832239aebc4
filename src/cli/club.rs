//! `firstserve club`: the practice club as a process of its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::run::signals::Signals;
use super::{Exit, Failure};
use crate::club::{Club, Options};

/// Whom the club knows, for whoever practises.
const MEMBERS: &str = "Its members are ana, bruno, carla and 23 more; the password of NAME is NAME-raqueta.";

/// What `club` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = MEMBERS)]
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
        if !ends_with_stdin {
            for line in advice(options.listen.ip().is_loopback()) {
                writeln!(std::io::stderr(), "{line}")?;
            }
        }
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

/// What a person who starts it wants to know next.
fn advice(is_loopback: bool) -> impl Iterator<Item = &'static str> {
    let open = "other machines can reach this club: its passwords are no secret, and it is made for practice only";
    std::iter::once(MEMBERS).chain((!is_loopback).then_some(open))
}

fn end_with_stdin(stop: &CancellationToken) {
    let mut rest = [0; 64];
    while matches!(std::io::stdin().read(&mut rest), Ok(1..)) {}
    stop.cancel();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::club;

    #[test]
    fn what_is_said_of_the_members_is_true() {
        assert_eq!(club::MEMBERS.len(), 26);
        assert!(["ana", "bruno", "carla"].iter().all(|name| club::MEMBERS.iter().any(|known| known.0 == *name)));
        assert!(club::MEMBERS.iter().all(|(name, password)| *password == format!("{name}-raqueta")));
    }

    #[test]
    fn who_opens_it_to_the_network_is_told() {
        assert_eq!(advice(true).count(), 1);
        assert!(advice(false).any(|line| line.contains("other machines")));
    }
}
