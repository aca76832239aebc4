//! The peers' own folder: what they need from PyPI and npm, in the versions of `peers/`, and how each is started.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::contender;
use crate::entrant::{Entrant, Peer, Who};
use crate::programs;

/// How long one installation may take.
const INSTALLING: Duration = Duration::from_secs(600);

const REQUIREMENTS: &str = include_str!("peers/requirements.txt");
const PACKAGE: &str = include_str!("peers/package.json");
const SELENIUM: (&str, &str) = ("selenium_apscheduler.py", include_str!("peers/selenium_apscheduler.py"));
const PLAYWRIGHT_PYTHON: (&str, &str) = ("playwright_loop.py", include_str!("peers/playwright_loop.py"));
const PLAYWRIGHT_NODE: (&str, &str) = ("playwright_loop.js", include_str!("peers/playwright_loop.js"));

/// What is installed; an installation that failed is told by every shot of those who need it.
pub(crate) struct Peers {
    folder: PathBuf,
    python: Result<(), String>,
    node: Result<(), String>,
}

impl Peers {
    /// Installs what is not there yet into `folder`.
    pub(crate) async fn install(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        for (name, text) in [SELENIUM, PLAYWRIGHT_PYTHON, PLAYWRIGHT_NODE] {
            fs::write(folder.join(name), text)?;
        }
        let python = told("Python", python(folder).await);
        let node = told("Node", node(folder).await);
        Ok(Self { folder: folder.to_owned(), python, node })
    }

    /// The versions that are raced.
    pub(crate) fn versions() -> Vec<String> {
        let python = REQUIREMENTS.lines().map(|line| line.replace("==", " ")).filter(|line| is_named(line));
        let package: serde_json::Value = serde_json::from_str(PACKAGE).unwrap_or_default();
        let node = package["dependencies"].as_object().into_iter().flatten();
        let node = node.map(|(name, version)| format!("{name} {} (Node)", version.as_str().unwrap_or_default()));
        python.chain(node).collect()
    }

    /// The process of a peer.
    ///
    /// # Errors
    /// What it needs is not there.
    pub(crate) fn command(&self, entrant: Entrant, peer: Peer) -> anyhow::Result<Command> {
        let mut command = match peer {
            Peer::Selenium => self.script(&self.python, "venv/bin/python", SELENIUM.0)?,
            Peer::PlaywrightPython => self.script(&self.python, "venv/bin/python", PLAYWRIGHT_PYTHON.0)?,
            Peer::PlaywrightNode => self.script(&self.node, "node", PLAYWRIGHT_NODE.0)?,
            Peer::Thirtyfour => contender::command("thirtyfour")?,
        };
        command.arg(entrant.engine.as_str());
        command.env("BROWSER", programs::browser(entrant.engine)?);
        if matches!(peer, Peer::Selenium | Peer::Thirtyfour) {
            command.env("DRIVER", programs::driver(entrant.engine)?);
        }
        Ok(command)
    }

    fn script(&self, installed: &Result<(), String>, program: &str, script: &str) -> anyhow::Result<Command> {
        installed.as_ref().map_err(|why| anyhow::anyhow!("{why}"))?;
        let own = self.folder.join(program);
        let mut command = Command::new(if own.exists() { own } else { program.into() });
        command.arg(self.folder.join(script)).env("PYTHONDONTWRITEBYTECODE", "1").env("NO_PROXY", "127.0.0.1");
        Ok(command)
    }
}

/// The packages that a reader knows; the others are what these need.
fn is_named(line: &str) -> bool {
    ["APScheduler ", "playwright ", "selenium "].iter().any(|name| line.starts_with(name))
}

async fn python(folder: &Path) -> anyhow::Result<()> {
    let venv = folder.join("venv");
    let requirements = folder.join("requirements.txt");
    if venv.join("bin/python").exists() && is_already(&folder.join("python.installed"), REQUIREMENTS) {
        return Ok(());
    }
    fs::write(&requirements, REQUIREMENTS)?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv)).await?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(venv.join("bin/python")).args(install).arg(&requirements)).await?;
    Ok(fs::write(folder.join("python.installed"), REQUIREMENTS)?)
}

async fn node(folder: &Path) -> anyhow::Result<()> {
    if is_already(&folder.join("node.installed"), PACKAGE) {
        return Ok(());
    }
    fs::write(folder.join("package.json"), PACKAGE)?;
    let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    // The system's browser is driven; Playwright's own builds are not needed.
    run(Command::new("npm").args(install).current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")).await?;
    Ok(fs::write(folder.join("node.installed"), PACKAGE)?)
}

fn is_already(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|text| text == wanted)
}

async fn run(command: &mut Command) -> anyhow::Result<()> {
    let running = command.stdin(std::process::Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(INSTALLING, running).await.context("it took too long")??;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}", output.status, complaint.trim());
    Ok(())
}

fn told(what: &str, installed: anyhow::Result<()>) -> Result<(), String> {
    installed.map_err(|error| format!("its {what} packages could not be installed: {error:#}"))
}

impl Who {
    /// The peer, if it is one.
    pub(crate) fn peer(self) -> Option<Peer> {
        match self {
            Self::Peer(peer) => Some(peer),
            Self::Ours(_) | Self::Reloading(_) => None,
        }
    }
}
