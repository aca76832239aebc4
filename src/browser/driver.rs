//! A driver of our own, one for each session, kept by a guardian.
//!
//! Drivers choose their ports themselves (`--port 0`) and say which: a port that is looked for first and used later can be
//! taken in between, by another driver even, which would then answer in its stead.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use url::Url;

use super::error::ErrorKind;
use super::families::Written;
use super::{Engine, Options, environment, guard, scratch};
use crate::clock::Stopwatch;

/// How often a driver is started that finds its port taken.
const PORT_TRIES: u32 = 4;

/// What chromedriver says then.
const PORT_TAKEN: &str = "Address already in use";

/// Between two looks at the driver's log.
const LOOK: Duration = Duration::from_millis(10);

/// How much of the driver's log is looked at.
const LOG_LIMIT: usize = 16 * 1024;

/// How much of the driver's log goes into a message.
const MESSAGE_LIMIT: usize = 600;

/// A running driver. Dropping it ends driver and browser: the guardian notices that its pipe has closed.
#[derive(Debug)]
pub(super) struct Driver {
    guardian: Child,
    pipe: Option<ChildStdin>,
    folder: PathBuf,
    written: Option<Written>,
    log: File,
    /// Where it listens.
    pub(super) url: Url,
    /// Its process.
    pub(super) pid: Option<u32>,
}

impl Driver {
    /// Starts the driver program and waits until it listens; at most `patience`. A driver whose port was taken by somebody between
    /// its two addresses (chromedriver binds `::1` first, and then the same port of 127.0.0.1) is started once more.
    pub(super) async fn start(options: &Options, program: &Path, patience: Duration) -> Result<Self, ErrorKind> {
        let mut tries = PORT_TRIES;
        loop {
            tries -= 1;
            match Self::try_start(options, program, patience).await {
                Err(ErrorKind::DriverDied { log }) if tries > 0 && log.contains(PORT_TAKEN) => {
                    tracing::debug!(log, "a driver found its port taken");
                }
                other => return other,
            }
        }
    }

    async fn try_start(options: &Options, program: &Path, patience: Duration) -> Result<Self, ErrorKind> {
        let Spawned { mut guardian, folder, written, log } =
            spawn(options, program).map_err(|source| ErrorKind::Start { source })?;
        let pipe = guardian.stdin.take();
        let waiting = Stopwatch::start();
        while waiting.elapsed() < patience {
            let text = read(&log);
            if let Some(port) = port_in(options.engine, &text) {
                let url = format!("http://127.0.0.1:{port}/").parse().expect("an address with a port is an address");
                return Ok(Self { guardian, pipe, folder, written, pid: driver_in(&text), log, url });
            }
            if let Ok(Some(status)) = guardian.try_wait() {
                // What was written down while the guardian ended is over as well.
                written.iter().filter(|_| status.success()).for_each(Written::strike_out);
                return Err(ErrorKind::DriverDied { log: last_of(&read(&log)) });
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(ErrorKind::NotReady {
            at: program.display().to_string(),
            waited_ms: patience.as_millis(),
            last: last_of(&read(&log)),
        })
    }

    /// Whether the guardian, and with it the driver, still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.guardian.try_wait(), Ok(None))
    }

    /// The process that guards the driver.
    pub(super) fn guardian_pid(&self) -> Option<u32> {
        self.guardian.id()
    }

    /// The scratch folder, by which its family is known.
    pub(super) fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The end of what the driver wrote.
    pub(super) fn last_words(&self) -> String {
        last_of(&read(&self.log))
    }

    /// Has driver, browser and scratch folder ended by the guardian, or by ourselves when that is dead or does not come to an
    /// end. `Ok` says that none of them is left.
    pub(super) async fn end(mut self, patience: Duration) -> Result<(), String> {
        let written = self.written.take();
        self.end_all(patience).await?;
        if let Some(written) = written {
            written.strike_out();
        }
        Ok(())
    }

    async fn end_all(mut self, patience: Duration) -> Result<(), String> {
        drop(self.pipe.take());
        match tokio::time::timeout(patience, self.guardian.wait()).await {
            Ok(Ok(status)) if status.success() => return Ok(()),
            Ok(Ok(status)) => tracing::warn!(%status, log = self.last_words(), "a guardian did not end well"),
            Ok(Err(error)) => tracing::warn!(%error, "a guardian cannot be waited for"),
            Err(_) => tracing::warn!(waited_ms = patience.as_millis(), "a guardian does not come to an end"),
        }
        // An error means that it has ended.
        let _ = self.guardian.kill().await;
        let folder = self.folder;
        let standing_in = tokio::task::spawn_blocking(move || guard::stand_in(&folder));
        standing_in.await.unwrap_or_else(|error| Err(error.to_string()))
    }
}

struct Spawned {
    guardian: Child,
    folder: PathBuf,
    written: Option<Written>,
    log: File,
}

fn spawn(options: &Options, program: &Path) -> io::Result<Spawned> {
    let folder = scratch::make()?;
    let mut written = write_down(options, &folder);
    match spawn_in(options, program, &folder, written.as_ref()) {
        Ok((guardian, log)) => {
            let added = written.as_mut().map_or(Ok(()), |written| written.guarded_by(guardian.id()));
            added.unwrap_or_else(|error| tracing::warn!(%error, "the guardian of a browser was not written down"));
            Ok(Spawned { guardian, folder, written, log })
        }
        Err(error) => {
            // The first error is the one to tell.
            let _ = scratch::wipe(&folder);
            written.iter().for_each(Written::strike_out);
            Err(error)
        }
    }
}

/// The guardian ends a family in almost every case: one that cannot be written down is started nevertheless.
fn write_down(options: &Options, folder: &Path) -> Option<Written> {
    let written = Written::before(options.families.as_ref()?, folder);
    written.inspect_err(|error| tracing::warn!(%error, "a browser cannot be written down before it starts")).ok()
}

fn spawn_in(options: &Options, program: &Path, folder: &Path, written: Option<&Written>) -> io::Result<(Child, File)> {
    // Kept open, so that it can be read when the guardian has wiped the folder.
    let log =
        OpenOptions::new().create_new(true).read(true).append(true).mode(0o600).open(folder.join("driver.log"))?;
    let mut command = Command::new(&options.guardian);
    command.arg(guard::WORD).arg(folder).args(written.map(Written::path));
    command.arg("--").arg(program).args(arguments(options.engine, folder));
    // The driver and every process of the browser get what the guardian has.
    command.env_clear().envs(environment::of_browsers());
    command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    // A group of its own: Ctrl-C in the terminal is for firstserve, which then ends its browsers in order.
    command.process_group(0);
    Ok((command.spawn()?, log))
}

fn arguments(engine: Engine, folder: &Path) -> Vec<PathBuf> {
    match engine {
        Engine::Firefox => {
            let fixed = ["--host", "127.0.0.1", "--port", "0", "--websocket-port", "0", "--profile-root"];
            fixed.into_iter().map(PathBuf::from).chain([folder.to_owned()]).collect()
        }
        Engine::Chromium => vec![PathBuf::from("--port=0")],
    }
}

/// `… Listening on 127.0.0.1:41843` or `ChromeDriver was started successfully on port 45069.`
fn port_in(engine: Engine, log: &str) -> Option<u16> {
    let marker = match engine {
        Engine::Firefox => "Listening on 127.0.0.1:",
        Engine::Chromium => "started successfully on port ",
    };
    number_after(marker, log)
}

fn driver_in(log: &str) -> Option<u32> {
    number_after(guard::DRIVER_LINE, log)
}

/// The number after the marker; a line that is not yet whole has none.
fn number_after<N: std::str::FromStr>(marker: &str, log: &str) -> Option<N> {
    let (_, rest) = log.split_once(marker)?;
    let (line, _) = rest.split_once('\n')?;
    let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn read(log: &File) -> String {
    let mut bytes = vec![0; LOG_LIMIT];
    let read = log.read_at(&mut bytes, 0).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

fn last_of(log: &str) -> String {
    let words = log.split_whitespace().collect::<Vec<_>>().join(" ");
    let skip = words.chars().count().saturating_sub(MESSAGE_LIMIT);
    words.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_from_whole_lines_only() {
        let gecko = "guard: driver 77\n1795230178041\tgeckodriver\tINFO\tListening on 127.0.0.1:42591\n";
        assert_eq!(port_in(Engine::Firefox, gecko), Some(42591));
        assert_eq!(driver_in(gecko), Some(77));
        assert_eq!(port_in(Engine::Firefox, gecko.trim_end()), None, "4259 would be another driver");
        let chrome = "Starting ChromeDriver 156.0 on port 0\nChromeDriver was started successfully on port 45069.\n";
        assert_eq!(port_in(Engine::Chromium, chrome), Some(45069));
    }

    #[test]
    fn a_long_log_is_cut_at_its_front() {
        let log = format!("{}the end\n", "x ".repeat(5000));
        assert!(last_of(&log).ends_with("the end"));
        assert_eq!(last_of(&log).chars().count(), MESSAGE_LIMIT);
    }

    /// A program that finds its port taken so many times before it starts; `tries` counts its starts.
    fn unlucky(folder: &Path, times: u32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let (program, tries) = (folder.join("chromedriver"), folder.join("tries"));
        let script = format!(
            "#!/bin/sh\necho x >> {tries}\nif [ $(wc -l < {tries}) -le {times} ]; then\n\
             echo 'bind() failed: Address already in use (98)'; rm -r \"$2\"; exit 1\nfi\n\
             echo 'ChromeDriver was started successfully on port 45069.'\nexec cat\n",
            tries = tries.display()
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        program
    }

    async fn started(times: u32) -> (Result<u16, ErrorKind>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let program = unlucky(folder.path(), times);
        // The program stands in for the guardian: what is tried again is the start of both.
        let options = Options::new(Engine::Chromium, &program);
        let driver = loop {
            match Driver::start(&options, &program, Duration::from_secs(20)).await {
                // Another test has started a program meanwhile, which for a moment held this one open.
                Err(ErrorKind::Start { source }) if source.kind() == io::ErrorKind::ExecutableFileBusy => {
                    tokio::time::sleep(LOOK).await;
                }
                other => break other,
            }
        };
        let port = driver.map(|driver| {
            let wiped = scratch::wipe(&driver.folder);
            assert!(wiped.is_ok(), "{wiped:?}");
            driver.url.port().unwrap()
        });
        (port, std::fs::read_to_string(folder.path().join("tries")).unwrap().lines().count())
    }

    #[tokio::test]
    async fn a_port_that_was_taken_is_tried_again_and_not_for_ever() {
        for times in [0, 1, PORT_TRIES - 1] {
            let (port, tries) = started(times).await;
            assert_eq!((port.unwrap(), tries), (45069, times as usize + 1));
        }
        let (refused, tries) = started(99).await;
        assert!(matches!(&refused, Err(ErrorKind::DriverDied { log }) if log.contains(PORT_TAKEN)), "{refused:?}");
        assert_eq!(tries, PORT_TRIES as usize);
    }
}
