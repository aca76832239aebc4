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

/// How much of an installer's complaint is told.
const COMPLAINT: usize = 300;

const FOR_SELENIUM: (&str, &str) = ("selenium.txt", include_str!("peers/selenium.txt"));
const FOR_PLAYWRIGHT: (&str, &str) = ("playwright.txt", include_str!("peers/playwright.txt"));
const PACKAGE: &str = include_str!("peers/package.json");
const SELENIUM: (&str, &str) = ("selenium_apscheduler.py", include_str!("peers/selenium_apscheduler.py"));
const PLAYWRIGHT_PYTHON: (&str, &str) = ("playwright_loop.py", include_str!("peers/playwright_loop.py"));
const PLAYWRIGHT_NODE: (&str, &str) = ("playwright_loop.js", include_str!("peers/playwright_loop.js"));

/// What is installed; an installation that failed is told by every shot of those who need it.
pub(crate) struct Peers {
    folder: PathBuf,
    selenium: Result<(), String>,
    playwright: Result<(), String>,
    node: Result<(), String>,
}

impl Peers {
    /// Installs what is not there yet into `folder`.
    pub(crate) async fn install(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        for (name, text) in [SELENIUM, PLAYWRIGHT_PYTHON, PLAYWRIGHT_NODE] {
            fs::write(folder.join(name), text)?;
        }
        let selenium = told(python(folder, FOR_SELENIUM).await);
        let playwright = told(python(folder, FOR_PLAYWRIGHT).await);
        let node = told(node(folder).await);
        Ok(Self { folder: folder.to_owned(), selenium, playwright, node })
    }

    /// The versions that are raced.
    pub(crate) fn versions() -> Vec<String> {
        let python = [FOR_SELENIUM.1, FOR_PLAYWRIGHT.1].into_iter().flat_map(str::lines);
        let python = python.map(|line| line.replace("==", " "));
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
            Peer::Selenium => self.script(&self.selenium, "venv/bin/python", SELENIUM.0)?,
            Peer::PlaywrightPython => self.script(&self.playwright, "venv/bin/python", PLAYWRIGHT_PYTHON.0)?,
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

/// Each with what it needs, so that one that cannot be had keeps nobody else out.
async fn python(folder: &Path, (name, wanted): (&str, &str)) -> anyhow::Result<()> {
    let (venv, stamp) = (folder.join("venv"), folder.join(format!("{name}.installed")));
    if is_already(&stamp, wanted) {
        return Ok(());
    }
    let requirements = folder.join(name);
    fs::write(&requirements, wanted)?;
    if !venv.join("bin/python").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv)).await?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(venv.join("bin/python")).args(install).arg(&requirements)).await?;
    Ok(fs::write(stamp, wanted)?)
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
    let complaint: String = complaint.trim().replace('\n', " ").chars().take(COMPLAINT).collect();
    ensure!(output.status.success(), "{}: {complaint}", output.status);
    Ok(())
}

fn told(installed: anyhow::Result<()>) -> Result<(), String> {
    installed.map_err(|error| format!("what it needs could not be installed: {error:#}"))
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
