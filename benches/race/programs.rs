//! Browsers and drivers for the peers, which are told where they are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use firstserve::browser::Engine;

/// Our own binary.
pub(crate) const FIRSTSERVE: &str = env!("CARGO_BIN_EXE_firstserve");

/// The browser's program.
pub(crate) fn browser(engine: Engine) -> anyhow::Result<PathBuf> {
    match engine {
        Engine::Firefox => find("FIRSTSERVE_BROWSER_FIREFOX_BINARY", &["firefox", "firefox-esr"]),
        Engine::Chromium => {
            find("FIRSTSERVE_BROWSER_CHROMIUM_BINARY", &["chromium", "chromium-browser", "google-chrome"])
        }
    }
}

/// Its driver's.
pub(crate) fn driver(engine: Engine) -> anyhow::Result<PathBuf> {
    match engine {
        Engine::Firefox => find("FIRSTSERVE_BROWSER_GECKODRIVER", &["geckodriver"]),
        Engine::Chromium => find("FIRSTSERVE_BROWSER_CHROMEDRIVER", &["chromedriver"]),
    }
}

fn find(variable: &str, names: &[&str]) -> anyhow::Result<PathBuf> {
    if let Some(configured) = env::var_os(variable) {
        return Ok(configured.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let folders: Vec<PathBuf> = env::split_paths(&path).chain(cargo.map(|home| home.join("bin"))).collect();
    let all = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|path| path.is_file()).with_context(|| format!("no {} on PATH, nor {variable}", names[0]))
}

/// What a program says of its version, on one line.
pub(crate) fn version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned());
    said.ok().filter(|line| !line.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
