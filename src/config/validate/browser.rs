//! `[browser]`.

use jiff::SignedDuration;

use crate::config::raw::Section;
use crate::config::valid::{Browser, Engine, WebDriver};
use crate::model::Site;
use crate::report::Problem;

use super::server::checked;
use super::{Paths, Problems, address, path};

/// Checks the table.
pub(super) fn browser(section: &Section, paths: &Paths, problems: &mut Problems) -> Option<Browser> {
    let webdriver = section.get::<String>("webdriver")?;
    let webdriver = match webdriver.value.as_str() {
        "auto" => Some(WebDriver::Auto),
        _ => checked("webdriver", &webdriver, remote, problems).map(WebDriver::Remote),
    };
    Some(Browser {
        engine: section.value::<String>("engine").and_then(|word| Engine::parse(&word))?,
        webdriver: webdriver?,
        session_timeout: section.value("session-timeout")?,
        headless: section.value("headless")?,
        firefox_binary: path(section, "firefox-binary", paths),
        chromium_binary: path(section, "chromium-binary", paths),
        geckodriver: path(section, "geckodriver", paths),
        chromedriver: path(section, "chromedriver", paths),
    })
}

/// A submit without an answer is looked into when its session has certainly ended: that must leave time to look.
pub(super) fn leaves_time(section: &Section, browser: &Browser, sites: &[Site]) -> Option<Problem> {
    let timeout = section.get::<SignedDuration>("session-timeout")?;
    let hasty = |site: &&Site| browser.session_timeout * 2 > site.patience.verify_deadline;
    let site = sites.iter().find(hasty).filter(|_| browser.webdriver != WebDriver::Auto)?;
    let message = format!("`session-timeout` is longer than half of `verify-deadline` of site `{}`", site.id);
    let help = "set it to the time after which your service ends an idle session (SE_NODE_SESSION_TIMEOUT of Selenium); let that be less, or `verify-deadline` more";
    Some(timeout.warning("long-session", message).help(help))
}

fn remote(text: &str) -> Result<String, address::Wrong> {
    let help = "write \"auto\", or the address of a Selenium server: \"http://selenium:4444\"";
    address::web(text).map_err(|(message, _)| (message, help))
}
