//! What a killed daemon leaves of its browsers is ended by the next start, and nothing else is.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstserve::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::sleep;

use super::world::{Daemon, House, PATIENCE, Practice, booking, member};
use crate::family::{alive_after, descendants};

/// A browser that is being staged.
struct Staged {
    family: BTreeSet<u32>,
    record: PathBuf,
    scratch: PathBuf,
    guardian: Pid,
}

impl Staged {
    /// Waits until the daemon's browser is written down and its processes are there.
    async fn of(house: &House, daemon: &Daemon) -> Self {
        let watch = Stopwatch::start();
        let pid = daemon.pid.as_raw_nonzero().get().cast_unsigned();
        loop {
            let family = descendants(pid);
            // Guardian, driver, browser and the browser's own.
            if let Some((record, told)) = record(house).filter(|_| family.len() > 4) {
                let scratch = told["folder"].as_str().expect("a folder").into();
                let number = told["guardian"]["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok());
                let guardian = number.and_then(Pid::from_raw).expect("the guardian is written down");
                return Self { family, record, scratch, guardian };
            }
            assert!(watch.elapsed() < PATIENCE, "no browser is written down: {:#?}", daemon.said());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn record(house: &House) -> Option<(PathBuf, Value)> {
    let entries = fs::read_dir(house.path("data/browsers")).ok()?;
    let path =
        entries.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "json"))?;
    let told: Value = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    (!told["guardian"].is_null()).then_some((path, told))
}

/// Somebody else's process of the same name, with a scratch folder of its own.
fn stranger(house: &House) -> Child {
    let program = house.path("geckodriver");
    fs::copy("/bin/sleep", &program).expect("it can be copied");
    let mut command = Command::new(program);
    command.arg("300").env("TMPDIR", house.path("elsewhere")).stdin(Stdio::null());
    command.spawn().expect("it starts")
}

/// Who opened it may be gone by then.
#[test]
fn the_end_of_a_family_is_written_down_by_its_guardian() {
    let house = House::empty();
    let (scratch, record) = (house.path("fs-01"), house.path("fs-01.json"));
    let guard = |words: &[&str]| {
        fs::create_dir(&scratch).expect("it can be made");
        fs::write(&record, "{}").expect("it can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstserve"));
        command.arg("__guard").arg(&scratch).args(words).args(["--", "true"]).stdin(Stdio::null());
        assert!(command.status().expect("it runs").success());
        (scratch.exists(), record.exists())
    };
    assert_eq!(guard(&[record.to_str().expect("text")]), (false, false));
    assert_eq!(guard(&[]), (false, true), "the control");
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_of_a_killed_daemon_and_guardian_are_ended_by_the_next_start() {
    let (house, club) = (House::new(), Practice::opens_in(240_000));
    let site = club.site("club").replace("login-lead = \"10s\"", "login-lead = \"10m\"");
    house.write(&[site, member("ana"), booking("kept", "ana", club.date(), "1", "17:00")]);
    let mut daemon = house.run().await;
    let staged = Staged::of(&house, &daemon).await;
    let mut stranger = stranger(&house);
    kill_process(staged.guardian, Signal::KILL).expect("the guardian runs");
    daemon.kill().await;
    let left = alive_after(&staged.family, Duration::from_secs(3));
    assert!(left.len() > 2 && staged.scratch.exists(), "the control: without a start they stay: {left:?}");

    let again = house.run().await;
    assert_eq!(alive_after(&staged.family, PATIENCE), Vec::<u32>::new(), "{:#?}", again.said());
    let watch = Stopwatch::start();
    while staged.scratch.exists() || staged.record.exists() {
        assert!(watch.elapsed() < PATIENCE, "{} is left: {:#?}", staged.scratch.display(), again.said());
        sleep(Duration::from_millis(50)).await;
    }
    assert!(stranger.try_wait().expect("it can be asked").is_none(), "another's process was ended");
    stranger.kill().expect("it is alive");
    stranger.wait().expect("it ends");
    again.stop().await;
}
