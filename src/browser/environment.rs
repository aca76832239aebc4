//! What of our environment a browser gets. Every page's process has it, and it may hold passwords of ours.

use std::ffi::{OsStr, OsString};

/// Variables that a browser needs: to be found, to show itself, to know language, zone and whom it may trust.
const NAMES: [&str; 20] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TZDIR",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LD_LIBRARY_PATH",
    "CHROME_DEVEL_SANDBOX",
    "PULSE_SERVER",
    "TERM",
];

/// How the names of whole families of them begin.
const FAMILIES: [&str; 7] = ["LC_", "XDG_", "MOZ_", "FONTCONFIG_", "GDK_", "LIBGL_", "MESA_"];

/// Where a browser finds the way out of a closed network; one that bears credentials stays here.
const PROXIES: [&str; 4] = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/// Those of our variables that a browser and its driver get.
pub(super) fn of_browsers() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, value)| is_for_browsers(name, value)).collect()
}

fn is_for_browsers(name: &OsStr, value: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let is_proxy = PROXIES.iter().any(|proxy| proxy.eq_ignore_ascii_case(name));
    let is_open = !value.to_string_lossy().contains('@');
    NAMES.contains(&name) || FAMILIES.iter().any(|start| name.starts_with(start)) || is_proxy && is_open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_stays() {
        let is = |name: &str, value: &str| is_for_browsers(OsStr::new(name), OsStr::new(value));
        for name in ["PATH", "HOME", "LC_ALL", "TZ", "DISPLAY", "XDG_RUNTIME_DIR", "MOZ_HEADLESS_WIDTH", "https_proxy"]
        {
            assert!(is(name, "http://proxy.example:3128"), "{name}");
        }
        for name in [
            "PGPASSWORD",
            "FIRSTSERVE_MAIL_SMTP_PASSWORD",
            "DATABASE_URL",
            "AWS_SECRET_ACCESS_KEY",
            "MY_PATH",
            "HOME_TOKEN",
            "CARGO_MANIFEST_DIR",
        ] {
            assert!(!is(name, "x"), "{name}");
        }
        assert!(!is("HTTPS_PROXY", "http://ana:secret@proxy.example:3128"));
    }
}
