//! The right performer for a site: with pages, or without.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::api::ApiHands;
use super::browser::BrowserHands;
use super::prove::Tried;
use super::{Kit, Performer};
use crate::browser::{self, BrowserError, Options};
use crate::config::{Browser, WebDriver};
use crate::engine::Parts;
use crate::engine::errand::Errand;
use crate::engine::lock::AccountLocks;
use crate::engine::report::Reporter;
use crate::model::{Attempt, SiteId};
use crate::store::Mark;
use crate::timing::{Event, Sample, Trouble, Way};

/// Where the evidence of failed steps is kept, below the data folder.
const EVIDENCE: &str = "evidence";

/// One of the ways to act at a site.
pub(in crate::engine) enum Hands {
    Browser(Box<BrowserHands>),
    Api(Box<ApiHands>),
}

/// The performer for an errand.
pub(in crate::engine) fn hands(
    errand: Errand,
    attempt: &Attempt,
    parts: &Parts,
    reporter: Reporter,
    locks: AccountLocks,
) -> Hands {
    let without_pages = errand.flow.is_api();
    let kit = Kit {
        attempt: attempt.id.clone(),
        errand,
        vault: parts.vault.clone(),
        clock: Arc::clone(&parts.clock),
        reporter,
        locks,
        redactor: parts.redactor.clone(),
        evidence: evidence_folder(&parts.config.server.data, attempt.id.as_str()),
    };
    if without_pages {
        return Hands::Api(Box::new(ApiHands::new(kit)));
    }
    Hands::Browser(Box::new(BrowserHands::new(kit, options(&parts.config.browser, parts))))
}

/// Where an attempt's evidence is kept.
pub(in crate::engine) fn evidence_folder(data: &Path, attempt: &str) -> PathBuf {
    data.join(EVIDENCE).join(attempt)
}

/// Whether the browser is installed that the configured bookings need; sites without pages need none.
pub(in crate::engine) fn look_for_browser(parts: &Parts) -> Result<(), BrowserError> {
    let config = &parts.config;
    let has_pages = |site: &SiteId| config.flow(site).is_some_and(|flow| !flow.is_api());
    if config.bookings.iter().any(|booking| has_pages(&config.site_of(booking).id)) {
        return browser::look_for(&options(&config.browser, parts));
    }
    Ok(())
}

fn options(browser: &Browser, parts: &Parts) -> Options {
    use crate::browser::WebDriverAt;
    use crate::config::Engine;
    let mut options = Options::new(browser.engine, &parts.guardian);
    options.headless = browser.headless;
    options.webdriver = match &browser.webdriver {
        WebDriver::Auto => WebDriverAt::Auto,
        WebDriver::Remote(url) => WebDriverAt::Url(url.clone()),
    };
    (options.browser, options.driver) = match browser.engine {
        Engine::Firefox => (browser.firefox_binary.clone(), browser.geckodriver.clone()),
        Engine::Chromium => (browser.chromium_binary.clone(), browser.chromedriver.clone()),
    };
    options
}

impl Hands {
    /// Tries a way to fire in the staged session, not before `at`, up to the commit and never across it.
    pub(in crate::engine) async fn prove(&mut self, way: Way, at: Timestamp) -> Tried {
        match self {
            Self::Browser(hands) => hands.prove(way, at).await,
            Self::Api(_) => Tried::Untried("this flow has no pages".to_owned()),
        }
    }

    /// Every reversible step, one after the other.
    pub(in crate::engine) async fn walk(mut self) -> Result<(), Trouble> {
        match &mut self {
            Self::Browser(hands) => hands.walk().await,
            Self::Api(_) => Err(Trouble::Selector("this flow has no pages".to_owned())),
        }
    }
}

impl Performer for Hands {
    async fn stage(&mut self, choice: usize, reuse: bool) -> Event {
        match self {
            Self::Browser(hands) => hands.stage(choice, reuse).await,
            Self::Api(hands) => hands.stage(choice, reuse).await,
        }
    }

    async fn check_login(&mut self) -> Event {
        match self {
            Self::Browser(hands) => hands.check_login().await,
            Self::Api(hands) => hands.check_login().await,
        }
    }

    async fn open(&mut self, choice: usize, at: Timestamp) -> Event {
        match self {
            Self::Browser(hands) => hands.open(choice, at).await,
            Self::Api(hands) => hands.open(choice, at).await,
        }
    }

    async fn fire(&mut self, choice: usize, at: Timestamp) -> Event {
        match self {
            Self::Browser(hands) => hands.fire(choice, at).await,
            Self::Api(hands) => hands.fire(choice, at).await,
        }
    }

    async fn fence(&mut self) -> Event {
        match self {
            Self::Browser(hands) => hands.fence().await,
            Self::Api(hands) => hands.fence().await,
        }
    }

    async fn read_list(&mut self) -> Event {
        match self {
            Self::Browser(hands) => hands.read_list().await,
            Self::Api(hands) => hands.read_list().await,
        }
    }

    async fn rest(&mut self) {
        match self {
            Self::Browser(hands) => hands.rest().await,
            Self::Api(hands) => hands.rest().await,
        }
    }

    fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
        match self {
            Self::Browser(hands) => hands.marks(),
            Self::Api(hands) => hands.marks(),
        }
    }

    fn samples(&mut self) -> Vec<Sample> {
        match self {
            Self::Browser(hands) => hands.samples(),
            Self::Api(hands) => hands.samples(),
        }
    }
}
