//! The guardian: our own binary, re-executed, that keeps one driver and ends everything it started.
//!
//! ```text
//! firstserve ── stdin pipe ──▶ firstserve __guard ──▶ geckodriver ──▶ firefox ──▶ …
//! ```
//!
//! The guardian is the *subreaper* of all that, so nothing can leave its family. When its stdin closes (we closed it, or we
//! were killed, even by `kill -9`), when it gets a signal, or when the driver ends by itself, it ends every descendant and
//! wipes the scratch folder. What is absent: WebDriver. The guardian knows processes only.

mod family;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid};
use tokio::signal::unix::{SignalKind, signal};

pub(super) use family::Started;

use super::scratch;

/// The hidden word after which the binary is a guardian.
pub const WORD: &str = "__guard";

/// What the guardian writes before the driver's number, in the log that it shares with the driver.
pub(super) const DRIVER_LINE: &str = "guard: driver ";

/// sysexits.h: the command was used wrongly.
const USAGE: u8 = 64;

/// sysexits.h: the system did not let us.
const OSERR: u8 = 71;

/// Descendants are still alive after everything that could be done.
const SURVIVORS: u8 = 70;

/// How it is called.
const CALLED: &str = "usage: SCRATCH [RECORD] -- PROGRAM ARGUMENT…";

/// Runs as a guardian with the arguments after [`WORD`]: `SCRATCH [RECORD] -- PROGRAM ARGUMENT…`. The scratch folder is wiped at
/// the end, and the record of the family removed once its end is certain: who opened it may be gone by then. Exit code 0 says
/// that no descendant is alive.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let (folder, record, program, rest) = match args.as_slice() {
        [folder, dashes, program, rest @ ..] if dashes == "--" => (folder, None, program, rest),
        [folder, record, dashes, program, rest @ ..] if dashes == "--" => (folder, Some(record), program, rest),
        _ => return complain(USAGE, CALLED),
    };
    match guard(Path::new(folder), record.map(Path::new), program, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::System(error)) => complain(OSERR, &error.to_string()),
        Err(Failure::Survivors(left)) => complain(SURVIVORS, &format!("still alive: {left:?}")),
    }
}

enum Failure {
    System(io::Error),
    Survivors(Vec<i32>),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

fn guard(folder: &Path, record: Option<&Path>, program: &OsStr, args: &[OsString]) -> Result<(), Failure> {
    let me = getpid();
    set_child_subreaper(Some(me)).map_err(io::Error::from)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watched = runtime.block_on(watch(folder, program, args));
    let left = family::end(me.as_raw_nonzero().get());
    let wiped = scratch::wipe(folder);
    if !left.is_empty() {
        return Err(Failure::Survivors(left));
    }
    if let Some(record) = record.filter(|_| wiped.is_ok()) {
        // Who opened it may have struck it out; one that stays does no harm.
        let _ = std::fs::remove_file(record);
    }
    watched?;
    Ok(wiped?)
}

/// Starts the driver and comes back when it is time to end everything.
async fn watch(folder: &Path, program: &OsStr, args: &[OsString]) -> io::Result<()> {
    // The handlers must stand before the driver starts, or its end could be missed.
    let mut ended = signal(SignalKind::child())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let parent = parent_is_gone();
    let mut command = Command::new(program);
    // Chromium keeps its crash reports with the configuration.
    command.args(args).env("TMPDIR", folder).env("XDG_CONFIG_HOME", folder);
    let driver = command.stdin(Stdio::null()).spawn()?;
    let driver = Pid::from_child(&driver);
    writeln!(io::stderr(), "{DRIVER_LINE}{}", driver.as_raw_nonzero())?;
    let gone = async {
        loop {
            ended.recv().await;
            if reap().contains(&driver) {
                break;
            }
        }
    };
    tokio::select! {
        () = gone => {}
        _ = parent => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Over when the pipe on stdin has no writer any more.
fn parent_is_gone() -> tokio::sync::oneshot::Receiver<()> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut byte = [0_u8; 64];
        let mut stdin = io::stdin().lock();
        while matches!(stdin.read(&mut byte), Ok(1..)) {}
        // Nobody listens any more when the guardian ends for another reason.
        let _ = tell.send(());
    });
    told
}

/// Does a dead guardian's work: kills everything that was started with the scratch folder, and wipes it.
pub(super) fn stand_in(folder: &Path) -> Result<(), String> {
    let left = family::kill_those_of(folder, 0);
    scratch::wipe(folder).map_err(|error| error.to_string())?;
    if left.is_empty() { Ok(()) } else { Err(format!("still alive: {left:?}")) }
}

/// Ends what a dead run has left in a scratch folder: its guardian, when that does not come to an end by itself, and everything
/// that it guarded. `owner` is the run; a guardian that never said who it is started after it.
pub(super) fn end_orphans(guardian: Option<Started>, owner: Started, folder: &Path) -> Result<(), String> {
    let mut left = guardian.map(family::outlast).unwrap_or_default();
    left.extend(family::kill_those_of(folder, guardian.unwrap_or(owner).start));
    if left.is_empty() { Ok(()) } else { Err(format!("still alive: {left:?}")) }
}

/// Whether something runs that was started in this scratch folder.
pub(super) fn is_in_use(folder: &Path) -> bool {
    family::is_in_use(folder)
}

/// Takes the exit of every descendant that has ended.
fn reap() -> Vec<Pid> {
    let mut reaped = Vec::new();
    while let Ok(Some((pid, _status))) = waitpid(None, WaitOptions::NOHANG) {
        reaped.push(pid);
    }
    reaped
}

fn complain(code: u8, text: &str) -> ExitCode {
    // stderr may be gone with the parent; then nobody could read it anyway.
    let _ = writeln!(io::stderr(), "guard: {text}");
    ExitCode::from(code)
}
