//! Where browsers and drivers are on a machine.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::error::ErrorKind;
use super::{Engine, Options};

/// Folders that are worth a look although they may not be on PATH.
const WELL_KNOWN: [&str; 7] = [
    "/usr/local/bin",
    "/usr/bin",
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/homebrew/bin",
    "/Applications/Firefox.app/Contents/MacOS",
    "/Applications/Chromium.app/Contents/MacOS",
];

/// Ubuntu's /usr/bin/firefox is a script around this one, which a driver cannot use.
const SNAP_FIREFOX: &str = "/snap/firefox/current/usr/lib/firefox/firefox";

/// The driver of the engine.
pub(super) fn driver(options: &Options) -> Result<PathBuf, ErrorKind> {
    let names: &[&str] = match options.engine {
        Engine::Firefox => &["geckodriver"],
        Engine::Chromium => &["chromedriver"],
    };
    find(options.driver.as_deref(), names, &folders()).map_err(|missing| match missing {
        Missing::Configured(path) => ErrorKind::NotAProgram { path },
        Missing::Anywhere(looked_for) => ErrorKind::NoDriver { looked_for },
    })
}

/// The browser of the engine.
pub(super) fn browser(options: &Options) -> Result<PathBuf, ErrorKind> {
    let names: &[&str] = match options.engine {
        Engine::Firefox => &["firefox", "firefox-esr"],
        Engine::Chromium => &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "Chromium"],
    };
    let found = find(options.browser.as_deref(), names, &folders()).map_err(|missing| match missing {
        Missing::Configured(path) => ErrorKind::NotAProgram { path },
        Missing::Anywhere(looked_for) => ErrorKind::NoBrowser { looked_for },
    })?;
    Ok(if options.browser.is_none() && options.engine == Engine::Firefox { behind_the_snap(found) } else { found })
}

#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Configured(PathBuf),
    Anywhere(Vec<String>),
}

fn find(configured: Option<&Path>, names: &[&str], folders: &[PathBuf]) -> Result<PathBuf, Missing> {
    if let Some(path) = configured {
        return if is_program(path) { Ok(path.to_owned()) } else { Err(Missing::Configured(path.to_owned())) };
    }
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|path| is_program(path)).ok_or_else(|| {
        Missing::Anywhere(names.iter().map(|name| format!("{name} on PATH")).chain(elsewhere()).collect())
    })
}

fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(cargo_bins()).chain(WELL_KNOWN.map(PathBuf::from)).collect()
}

fn elsewhere() -> impl Iterator<Item = String> {
    cargo_bins().into_iter().chain([PathBuf::from("/usr/bin")]).map(|folder| folder.display().to_string())
}

/// `cargo install` puts geckodriver here.
fn cargo_bins() -> Vec<PathBuf> {
    let from = |variable| env::var_os(variable).map(PathBuf::from);
    let homes = [from("CARGO_INSTALL_ROOT"), from("CARGO_HOME"), from("HOME").map(|home| home.join(".cargo"))];
    homes.into_iter().flatten().map(|home| home.join("bin")).collect()
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn behind_the_snap(found: PathBuf) -> PathBuf {
    let snap = Path::new(SNAP_FIREFOX);
    let is_wrapper = found.metadata().is_ok_and(|file| file.len() < 64 * 1024);
    if is_wrapper && is_program(snap) { snap.to_owned() } else { found }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn the_first_folder_and_the_first_name_win() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        program(two.path(), "firefox-esr", 0o755);
        let wanted = program(two.path(), "firefox", 0o755);
        program(one.path(), "firefox", 0o644);
        let folders = [one.path().to_owned(), two.path().to_owned()];
        assert_eq!(
            find(None, &["firefox", "firefox-esr"], &folders),
            Ok(wanted),
            "a file that cannot be run is passed over"
        );
    }

    #[test]
    fn a_configured_path_is_not_replaced_by_another_program() {
        let folder = tempfile::tempdir().unwrap();
        program(folder.path(), "geckodriver", 0o755);
        let wrong = folder.path().join("no-such");
        let found = find(Some(&wrong), &["geckodriver"], &[folder.path().to_owned()]);
        assert_eq!(found, Err(Missing::Configured(wrong)));
    }

    #[test]
    fn what_is_nowhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let Err(Missing::Anywhere(looked_for)) = find(None, &["geckodriver"], &[folder.path().to_owned()]) else {
            panic!("found in an empty folder");
        };
        assert_eq!(looked_for[0], "geckodriver on PATH");
    }
}
