//! The binary as a process of its own, bounded.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstserve::clock::Stopwatch;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How often a process is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Three bookings in browsers at a time, which mostly wait: more would make each other late.
static TURNS: Semaphore = Semaphore::const_new(3);

/// Waits for its turn.
pub(super) fn turn() -> SemaphorePermit<'static> {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(next_turn())
}

/// Waits for its turn, in an async test.
pub(super) async fn next_turn() -> SemaphorePermit<'static> {
    TURNS.acquire().await.expect("it is never closed")
}

/// A running firstserve. It is killed with the value.
pub(super) struct Process {
    pub(super) child: Child,
    folder: TempDir,
}

/// How it ended, and what it wrote.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Process {
    /// Starts the binary with these words and variables.
    pub(super) fn start(words: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstserve"));
        command.args(words).envs(variables.iter().copied()).env("TMPDIR", &scratch).stdin(Stdio::null());
        // Files, not pipes: browsers inherit them and would keep a pipe open.
        command.stdout(File::create(folder.path().join("out")).unwrap());
        command.stderr(File::create(folder.path().join("err")).unwrap());
        Self { child: command.spawn().unwrap(), folder }
    }

    /// Waits until it ends; panics, with what it said, when that takes longer.
    pub(super) fn ended(mut self, within: Duration) -> Ended {
        let waiting = Stopwatch::start();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(waiting.elapsed() < within, "still running after {within:?}: {}", self.said());
            std::thread::sleep(LOOK);
        };
        let stdout = fs::read_to_string(self.folder.path().join("out")).unwrap();
        Ended { code: status.code(), stdout, stderr: self.said() }
    }

    /// Waits until it has said this on stderr.
    pub(super) fn says(&mut self, words: &str, within: Duration) {
        let waiting = Stopwatch::start();
        while !self.said().contains(words) {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended without saying {words}: {}", self.said());
            assert!(waiting.elapsed() < within, "not said within {within:?}: {words}: {}", self.said());
            std::thread::sleep(LOOK);
        }
    }

    /// Where it keeps what it needs while it runs.
    pub(super) fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("err")).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may have ended just now.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    /// The one JSON document on stdout, with nothing beside it.
    pub(super) fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        parsed.unwrap_or_else(|error| panic!("{error}: stdout is not one JSON document: {self:?}"))
    }
}
