//! `kill -9` of the process that holds browsers leaves no browser behind.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstserve::browser::{Engine, Options, open};
use rustix::process::{Pid, Signal, kill_process};

use crate::family::{alive_after, descendants};

/// How long everything may take to end after the crash.
const PATIENCE: Duration = Duration::from_secs(10);

/// Names the guardian for the process that holds the browsers.
const GUARDIAN: &str = "FIRSTSERVE_TEST_GUARDIAN";

#[test]
fn a_crash_leaves_no_browser_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut holder = holder(env!("CARGO_BIN_EXE_firstserve"), folder.path());
    let family = descendants(holder.id());
    assert!(family.len() >= 8, "two guardians, two drivers and their browsers: {family:?}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    let left = alive_after(&family, PATIENCE);
    assert!(left.is_empty(), "still alive: {left:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "profiles are left");
}

#[test]
fn without_a_guardian_browsers_survive_the_same_crash() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("no-guardian");
    std::fs::write(&script, "#!/bin/sh\nexport TMPDIR=\"$2\"; shift 3; exec \"$@\"\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut holder = holder(script.to_str().unwrap(), folder.path());
    let family = descendants(holder.id());
    holder.kill().unwrap();
    holder.wait().unwrap();
    let left = alive_after(&family, Duration::from_secs(3));
    left.iter().for_each(|pid| end(*pid));
    assert!(!left.is_empty(), "the test above would pass without a guardian");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_guardian_is_killed_still_ends_whole() {
    for engine in [Engine::Firefox, Engine::Chromium] {
        let session = open(&Options::new(engine, env!("CARGO_BIN_EXE_firstserve")), "crash").await.unwrap();
        let guardian = session.facts().guardian_pid.unwrap();
        let family = descendants(guardian);
        assert!(family.len() >= 3, "{family:?}");
        end(guardian);
        session.quit().await.unwrap();
        let left = alive_after(&family, Duration::from_secs(1));
        assert!(left.is_empty(), "{engine:?}: still alive: {left:?}");
    }
}

/// Holds a Firefox and a Chromium until it is killed. Only of use in a process of its own, which its siblings start.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by its siblings, to be killed"]
async fn holds_browsers() {
    let Some(guardian) = std::env::var_os(GUARDIAN) else { panic!("{GUARDIAN} is not set") };
    let mut held = Vec::new();
    for engine in [Engine::Firefox, Engine::Chromium] {
        held.push(open(&Options::new(engine, &guardian), "crash").await.unwrap());
    }
    writeln!(std::io::stderr(), "holding {}", held.len()).unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
}

fn holder(guardian: &str, scratch: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "drivers::browser::crash::holds_browsers", "--ignored", "--nocapture"]);
    let mut holder = command
        .env(GUARDIAN, guardian)
        .env("TMPDIR", scratch)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stderr.take().unwrap()).lines();
    let said: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.starts_with("holding")).collect();
    assert!(holder.try_wait().unwrap().is_none(), "the holder ended: {said:?}");
    holder
}

fn end(pid: u32) {
    // It may have ended just now.
    let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL);
}
