//! Why there is no browser, in words that say what to do.

use std::path::PathBuf;

use super::Engine;

/// A session could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("open {} for `{label}`: {kind}", engine.as_str())]
pub struct BrowserError {
    /// Which browser was wanted.
    pub engine: Engine,
    /// The label that the session was to bear.
    pub label: String,
    /// What went wrong.
    #[source]
    pub kind: ErrorKind,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    /// The browser's binary is in none of the usual places.
    #[error("the browser is not installed (looked for {})", looked_for.join(", "))]
    NoBrowser {
        /// Names and paths that were tried.
        looked_for: Vec<String>,
    },
    /// The driver's binary is in none of the usual places.
    #[error("its driver is not installed (looked for {})", looked_for.join(", "))]
    NoDriver {
        /// Names and paths that were tried.
        looked_for: Vec<String>,
    },
    /// The configured path is no program.
    #[error("`{}` is not a program that can be run", path.display())]
    NotAProgram {
        /// The configured path.
        path: PathBuf,
    },
    /// The guardian or the driver could not be started.
    #[error("start the driver: {source}")]
    Start {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The driver ended before it was ready.
    #[error("the driver ended before it was ready: {log}")]
    DriverDied {
        /// The end of what it wrote.
        log: String,
    },
    /// The driver or service did not say that it is ready in time.
    #[error("no ready driver at {at} within {waited_ms} ms: {last}")]
    NotReady {
        /// Where it was expected.
        at: String,
        /// How long it was waited for.
        waited_ms: u128,
        /// What was heard last.
        last: String,
    },
    /// Driver and browser do not fit.
    #[error("driver and browser do not fit together: {said}")]
    Mismatch {
        /// The driver's own words.
        said: String,
    },
    /// The driver refused the session.
    #[error("the driver refused a session: {said}")]
    Refused {
        /// The driver's own words.
        said: String,
    },
    /// The address of the WebDriver service is no address.
    #[error("`{url}` is not the address of a WebDriver service: {why}")]
    BadUrl {
        /// As configured.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The browser sends a POST again when its connection drops, although it was told not to.
    #[error("the browser sent a dropped POST {sent} times")]
    Resends {
        /// How often one POST reached the test server.
        sent: u32,
    },
    /// The session was there and did not answer as a session must.
    #[error("the new session does not work: {said}")]
    Broken {
        /// What it said.
        said: String,
    },
}

impl BrowserError {
    /// What the user can do about it.
    pub fn help(&self) -> String {
        match (&self.kind, self.engine) {
            (ErrorKind::NoBrowser { .. } | ErrorKind::NoDriver { .. }, Engine::Firefox) => {
                "run it as `./geckodriver.sh COMMAND…`, which installs Firefox and geckodriver".to_owned()
            }
            (ErrorKind::NoBrowser { .. } | ErrorKind::NoDriver { .. }, Engine::Chromium) => {
                "run it as `./geckodriver.sh --chromium COMMAND…`, which installs Chromium and its driver, or use Firefox"
                    .to_owned()
            }
            (ErrorKind::NotAProgram { .. }, _) => {
                "correct the path in `[browser]`, or leave it out to have the program looked for".to_owned()
            }
            (ErrorKind::Mismatch { .. }, Engine::Firefox) => {
                "install a newer one: `cargo install geckodriver --locked`, or update Firefox".to_owned()
            }
            (ErrorKind::Mismatch { .. }, Engine::Chromium) => {
                "install browser and driver of one version; Debian's chromium and chromium-driver fit".to_owned()
            }
            (ErrorKind::NotReady { .. } | ErrorKind::BadUrl { .. }, _) => {
                "start the WebDriver service, or set `webdriver = \"auto\"` in `[browser]`".to_owned()
            }
            (ErrorKind::Resends { .. }, _) => {
                "take the preference `network.http.request.max-attempts` out of the configuration".to_owned()
            }
            (
                ErrorKind::Start { .. }
                | ErrorKind::DriverDied { .. }
                | ErrorKind::Refused { .. }
                | ErrorKind::Broken { .. },
                _,
            ) => {
                "see with `free -h` and `df -h /dev/shm` that there is memory, the usual lack, and try it again with `firstserve demo`"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cure that names a command which is not there cures nothing.
    #[test]
    fn every_command_that_a_cure_names_is_there() {
        let said = || "x".to_owned();
        let kinds = [
            ErrorKind::DriverDied { log: said() },
            ErrorKind::Refused { said: said() },
            ErrorKind::Broken { said: said() },
            ErrorKind::Mismatch { said: said() },
            ErrorKind::NoDriver { looked_for: vec![said()] },
        ];
        let mut named = 0;
        for kind in kinds {
            let help = BrowserError { engine: Engine::Firefox, label: said(), kind }.help();
            for command in help.split("`firstserve ").skip(1) {
                named += 1;
                assert!(command.starts_with("demo`"), "{help}");
            }
        }
        assert_eq!(named, 3);
    }
}
