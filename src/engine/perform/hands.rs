//! The right performer for a site: with pages, or without.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::api::ApiHands;
use super::browser::BrowserHands;
use super::give_back::{self, Found};
use super::staging::{self, Rehearsed};
use super::{Kit, Performer};
use crate::browser::{self, BrowserError, Options};
use crate::config::{Browser, WebDriver};
use crate::engine::Parts;
use crate::engine::agenda::REHEARSAL;
use crate::engine::errand::Errand;
use crate::engine::lock::{AccountLocks, Pressed, Turn};
use crate::engine::report::Reporter;
use crate::flow::Flow;
use crate::flow::rows::Row;
use crate::model::{Announced, Attempt, SiteId};
use crate::store::Mark;
use crate::timing::{Delay, Event, Hold, Staging, Trouble, Way};

/// Where the evidence of failed steps is kept, below the data folder.
const EVIDENCE: &str = "evidence";

/// Where local browsers are written down, below the data folder.
const FAMILIES: &str = "browsers";

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
    let turn = Turn::new(&errand, attempt, &locks, Arc::clone(&parts.clock), reporter.clone());
    let kit = Kit {
        attempt: attempt.id.clone(),
        errand,
        vault: parts.vault.clone(),
        clock: Arc::clone(&parts.clock),
        reporter,
        turn,
        redactor: parts.redactor.clone(),
        evidence: evidence_folder(&parts.config.server.data, attempt.id.as_str()),
        journal: (attempt.id.as_str() != REHEARSAL).then(|| parts.store.clone()),
    };
    if without_pages {
        return Hands::Api(Box::new(ApiHands::new(kit)));
    }
    let browser = &parts.config.browser;
    let session_timeout = browser.session_timeout.unsigned_abs();
    Hands::Browser(Box::new(BrowserHands::new(kit, options(browser, parts), session_timeout)))
}

/// Where an attempt's evidence is kept.
fn evidence_folder(data: &Path, attempt: &str) -> PathBuf {
    data.join(EVIDENCE).join(attempt)
}

/// Where local browsers are written down.
fn families(data: &Path) -> PathBuf {
    data.join(FAMILIES)
}

/// How long an engine waits for the end of what a killed run has left. What takes longer is ended, and told, while it works.
const SWEEP: Duration = Duration::from_secs(5);

/// Ends the browsers that a killed run has left on this machine: a page of theirs might still submit.
pub(in crate::engine) async fn end_browsers_of_the_dead(data: &Path) {
    let journal = families(data);
    let ending = tokio::task::spawn_blocking(move || {
        for why in browser::end_families_of_the_dead(&journal) {
            tracing::error!(why, "a browser of an earlier run may still be there");
        }
    });
    match tokio::time::timeout(SWEEP, ending).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "looking for browsers of an earlier run died"),
        Err(_) => tracing::error!("browsers of an earlier run take long to end; going on meanwhile"),
    }
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
    options.families = Some(families(&parts.config.server.data));
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
    /// Every reversible step, one after the other; the session is ended.
    pub(in crate::engine) async fn walk(mut self) -> Result<(), Trouble> {
        let walked = match &mut self {
            Self::Browser(hands) => staging::walk(hands.as_mut()).await,
            Self::Api(hands) => staging::walk(hands.as_mut()).await,
        };
        self.rest().await;
        walked
    }

    /// Looks for the first choice on the site's list, logged in.
    pub(in crate::engine) async fn look(&mut self) -> Result<Found, Trouble> {
        match self {
            Self::Browser(hands) => give_back::look(hands.as_mut()).await,
            Self::Api(hands) => give_back::look(hands.as_mut()).await,
        }
    }

    /// Does the steps that cancel the booking of that row, once.
    pub(in crate::engine) async fn cancel(&mut self, row: &Row) -> Result<(), Trouble> {
        match self {
            Self::Browser(hands) => give_back::cancel(hands.as_mut(), row).await,
            Self::Api(hands) => give_back::cancel(hands.as_mut(), row).await,
        }
    }

    /// Tries the first choice up to the commit, and on the way these ways to fire; `opening` is when the opening steps may be
    /// done, none leaves them out. The session is ended.
    pub(in crate::engine) async fn rehearse(mut self, opening: Option<Timestamp>, ways: &[Way]) -> Rehearsed {
        let rehearsed = match &mut self {
            Self::Browser(hands) => staging::rehearse(hands.as_mut(), opening, ways).await,
            Self::Api(hands) => staging::rehearse(hands.as_mut(), opening, ways).await,
        };
        self.rest().await;
        rehearsed
    }
}

impl Performer for Hands {
    async fn stage(&mut self, choice: usize, from: Staging) -> Event {
        match self {
            Self::Browser(hands) => hands.stage(choice, from).await,
            Self::Api(hands) => hands.stage(choice, from).await,
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

    async fn read_list(&mut self, may_log_in: bool) -> Event {
        match self {
            Self::Browser(hands) => hands.read_list(may_log_in).await,
            Self::Api(hands) => hands.read_list(may_log_in).await,
        }
    }

    async fn rest(&mut self) {
        match self {
            Self::Browser(hands) => hands.rest().await,
            Self::Api(hands) => hands.rest().await,
        }
    }

    fn pressed(&self, pressed: Pressed) -> BoxFuture<'static, String> {
        match self {
            Self::Browser(hands) => hands.pressed(pressed),
            Self::Api(hands) => hands.pressed(pressed),
        }
    }

    async fn give_way(&mut self) -> bool {
        match self {
            Self::Browser(hands) => hands.give_way().await,
            Self::Api(hands) => hands.give_way().await,
        }
    }

    fn take(&mut self, flow: Arc<Flow>) {
        match self {
            Self::Browser(hands) => hands.take(flow),
            Self::Api(hands) => hands.take(flow),
        }
    }

    fn held(&mut self, held: &[Hold]) {
        match self {
            Self::Browser(hands) => hands.held(held),
            Self::Api(hands) => hands.held(held),
        }
    }

    fn logins(&mut self) -> u8 {
        match self {
            Self::Browser(hands) => hands.logins(),
            Self::Api(hands) => hands.logins(),
        }
    }

    fn announced(&mut self) -> Vec<(usize, Announced)> {
        match self {
            Self::Browser(hands) => hands.announced(),
            Self::Api(hands) => hands.announced(),
        }
    }

    fn has_moved(&self) -> bool {
        match self {
            Self::Browser(hands) => hands.has_moved(),
            Self::Api(hands) => hands.has_moved(),
        }
    }

    fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
        match self {
            Self::Browser(hands) => hands.marks(),
            Self::Api(hands) => hands.marks(),
        }
    }

    fn samples(&mut self) -> Vec<Delay> {
        match self {
            Self::Browser(hands) => hands.samples(),
            Self::Api(hands) => hands.samples(),
        }
    }
}
