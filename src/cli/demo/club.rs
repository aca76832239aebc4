//! The practice club of a demo, as a process of its own.

use std::process::Stdio;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::cli::{Exit, Failure};
use crate::club::{Fault, Shape};

/// How long the club may take to be ready.
const READY: Duration = Duration::from_secs(10);

/// How long its ledger may take.
const ASK: Duration = Duration::from_secs(10);

/// The running club; it ends with this.
pub(super) struct ClubProcess {
    child: Child,
    /// Its address, ending in a slash.
    pub(super) url: String,
    /// When the new date opens, by its own clock.
    pub(super) opening: Timestamp,
}

impl ClubProcess {
    /// Starts our own binary as a club and waits for its ready line.
    pub(super) async fn start(
        opens_in: SignedDuration,
        shape: Shape,
        clock_offset: SignedDuration,
        faults: &[Fault],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["club", "--listen", "127.0.0.1:0", "--opens-in"]).arg(format!("{}ms", opens_in.as_millis()));
        command.args(["--shape", shape.as_str(), "--clock-offset", &clock_offset.as_secs_f64().to_string()]);
        for fault in faults {
            command.args(["--fault", fault.as_str()]);
        }
        command.arg("--ends-with-stdin").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or_else(|| no_club("it has no output"))?;
        let mut line = String::new();
        let read = tokio::time::timeout(READY, BufReader::new(out).read_line(&mut line)).await;
        read.map_err(|_| no_club("it did not get ready"))??;
        let (url, opening) = ready(&line).ok_or_else(|| no_club(line.trim()))?;
        Ok(Self { child, url, opening })
    }

    /// Everything that reached it.
    pub(super) async fn ledger(&self) -> anyhow::Result<Value> {
        let client = reqwest::Client::builder().no_proxy().timeout(ASK).build()?;
        let answer = client.get(format!("{}_club/ledger", self.url)).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Ends it.
    pub(super) async fn stop(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "the practice club did not end");
        }
    }
}

fn no_club(why: &str) -> Failure {
    Failure::new(Exit::Unavailable, format!("the practice club could not be started: {why}"))
}

/// `club ready at http://127.0.0.1:8090/ opening=2026-11-21T03:00:10Z`
fn ready(line: &str) -> Option<(String, Timestamp)> {
    let rest = line.trim().strip_prefix("club ready at ")?;
    let (url, opening) = rest.split_once(" opening=")?;
    Some((url.to_owned(), opening.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_ready_line() {
        let (url, opening) =
            ready("club ready at http://127.0.0.1:8090/ opening=2026-11-21T03:00:10Z\n").expect("ready");
        assert_eq!(url, "http://127.0.0.1:8090/");
        assert_eq!(opening.to_string(), "2026-11-21T03:00:10Z");
        assert!(ready("club ready at http://127.0.0.1:8090/").is_none());
    }
}
