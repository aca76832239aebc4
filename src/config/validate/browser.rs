//! `[browser]`.

use crate::config::raw::Section;
use crate::config::valid::{Browser, Engine, WebDriver};

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
        headless: section.value("headless")?,
        firefox_binary: path(section, "firefox-binary", paths),
        chromium_binary: path(section, "chromium-binary", paths),
        geckodriver: path(section, "geckodriver", paths),
        chromedriver: path(section, "chromedriver", paths),
    })
}

fn remote(text: &str) -> Result<String, address::Wrong> {
    let help = "write \"auto\", or the address of a Selenium server: \"http://selenium:4444\"";
    address::web(text).map_err(|(message, _)| (message, help))
}
