//! `firstserve club`: the practice club as a process of its own.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::{Exit, Failure};
use crate::club::{Club, Options};

/// Serves until SIGINT or SIGTERM; the first line on stdout says where.
///
/// # Errors
/// The address cannot be listened on.
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(options.listen).map_err(|error| {
        Failure::new(Exit::Unavailable, format!("listen on {}: {error}; choose another with --listen", options.listen))
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let club = Club::new(listener, &options, stop.clone())?;
        writeln!(std::io::stdout(), "{}", club.ready()?)?;
        std::io::stdout().flush()?;
        tokio::spawn(async move {
            super::run::asked_to_stop().await;
            stop.cancel();
        });
        club.serve().await
    })?;
    Ok(ExitCode::SUCCESS)
}
