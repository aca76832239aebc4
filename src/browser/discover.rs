//! Where browsers and drivers are on a machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

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

/// A script around a browser is shorter, a browser longer.
const LONGEST_SCRIPT: u64 = 64 * 1024;

/// The driver of the engine.
pub(super) fn driver(options: &Options) -> Result<PathBuf, ErrorKind> {
    let names: &[&str] = match options.engine {
        Engine::Firefox => &["geckodriver"],
        Engine::Chromium => &["chromedriver"],
    };
    find(options.driver.as_deref(), names, &folders(), is_program).map_err(|missing| match missing {
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
    let found = find(options.browser.as_deref(), names, &folders(), is_browser).map_err(|missing| match missing {
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

fn find(
    configured: Option<&Path>,
    names: &[&str],
    folders: &[PathBuf],
    is_usable: fn(&Path) -> bool,
) -> Result<PathBuf, Missing> {
    if let Some(path) = configured {
        return if is_program(path) { Ok(path.to_owned()) } else { Err(Missing::Configured(path.to_owned())) };
    }
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|path| is_usable(path)).ok_or_else(|| {
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

/// A script around a snap that is not installed only says so.
fn is_browser(path: &Path) -> bool {
    is_program(path) && (!is_around_a_snap(path) || is_program(Path::new(SNAP_FIREFOX)))
}

fn behind_the_snap(found: PathBuf) -> PathBuf {
    let snap = Path::new(SNAP_FIREFOX);
    let is_wrapper = is_around_a_snap(&found) || found.starts_with("/snap/bin");
    if is_wrapper && is_program(snap) { snap.to_owned() } else { found }
}

fn is_around_a_snap(path: &Path) -> bool {
    let is_small = path.metadata().is_ok_and(|file| file.len() < LONGEST_SCRIPT);
    is_small && fs::read_to_string(path).is_ok_and(|text| text.starts_with("#!") && text.contains("/snap/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) -> PathBuf {
        script(folder, name, mode, "#!/bin/sh\n")
    }

    fn script(folder: &Path, name: &str, mode: u32, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
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
            find(None, &["firefox", "firefox-esr"], &folders, is_browser),
            Ok(wanted),
            "a file that cannot be run is passed over"
        );
    }

    #[test]
    fn a_configured_path_is_not_replaced_by_another_program() {
        let folder = tempfile::tempdir().unwrap();
        program(folder.path(), "geckodriver", 0o755);
        let wrong = folder.path().join("no-such");
        let found = find(Some(&wrong), &["geckodriver"], &[folder.path().to_owned()], is_program);
        assert_eq!(found, Err(Missing::Configured(wrong)));
    }

    #[test]
    fn a_script_around_a_snap_is_no_browser_where_the_snap_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let stub = script(folder.path(), "firefox", 0o755, "#!/bin/sh\nexec /snap/bin/firefox \"$@\"\n");
        let real = program(folder.path(), "firefox-esr", 0o755);
        assert!(is_around_a_snap(&stub) && !is_around_a_snap(&real));
        let there = is_program(Path::new(SNAP_FIREFOX));
        let found = find(None, &["firefox", "firefox-esr"], &[folder.path().to_owned()], is_browser);
        assert_eq!(found, Ok(if there { stub } else { real }));
    }

    #[test]
    fn what_is_nowhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let Err(Missing::Anywhere(looked_for)) = find(None, &["geckodriver"], &[folder.path().to_owned()], is_program)
        else {
            panic!("found in an empty folder");
        };
        assert_eq!(looked_for[0], "geckodriver on PATH");
    }
}
