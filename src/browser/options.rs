//! What a session is opened with.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::config::Engine;

/// How a browser is opened. Built by the caller; nothing here reads the environment.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which browser.
    pub engine: Engine,
    /// Who starts it.
    pub webdriver: WebDriverAt,
    /// Without a window.
    pub headless: bool,
    /// The browser's binary; none: looked for in the usual places.
    pub browser: Option<PathBuf>,
    /// The driver's binary; none: looked for in the usual places.
    pub driver: Option<PathBuf>,
    /// The firstserve binary that guards a local driver (see [`super::guard`]).
    pub guardian: PathBuf,
    /// The folder where local browsers are written down, so that a later run ends what a killed one leaves (see
    /// [`super::end_families_of_the_dead`]); none: only their guardians end them.
    pub families: Option<PathBuf>,
    /// Firefox preferences on top of ours, for example a proxy.
    pub prefs: Vec<(String, Value)>,
    /// Whether the browser takes certificates that nobody vouches for: for practice on a club with an authority of its own,
    /// never for a real site.
    pub any_certificate: bool,
    /// How long anything may take.
    pub deadlines: Deadlines,
}

impl Options {
    /// A headless browser of that kind with drivers of our own, guarded by the binary `guardian`.
    pub fn new(engine: Engine, guardian: impl Into<PathBuf>) -> Self {
        Self {
            engine,
            webdriver: WebDriverAt::Auto,
            headless: true,
            browser: None,
            driver: None,
            guardian: guardian.into(),
            families: None,
            prefs: Vec::new(),
            any_certificate: false,
            deadlines: Deadlines::default(),
        }
    }
}

/// Who starts the browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WebDriverAt {
    /// A driver of our own, one for each session.
    #[default]
    Auto,
    /// A WebDriver service: a Selenium container or Grid, or a driver that somebody else started.
    Url(String),
}

/// Bounds of everything that a driver is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From starting a driver to a usable session.
    pub start: Duration,
    /// One command that does not load a page.
    pub command: Duration,
    /// Loading a page, as the browser counts it.
    pub page_load: Duration,
    /// Ending a session politely; after that it is killed.
    pub end: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { start: DEFAULT_START, command: DEFAULT_COMMAND, page_load: DEFAULT_PAGE_LOAD, end: DEFAULT_END }
    }
}

/// Firefox takes 3 s from a cold disk, and much longer on a machine that is busy.
const DEFAULT_START: Duration = Duration::from_secs(90);

/// Longer than any script of ours waits in a page.
const DEFAULT_COMMAND: Duration = Duration::from_secs(45);

/// A page that takes longer is of no use at an opening.
const DEFAULT_PAGE_LOAD: Duration = Duration::from_secs(30);

/// Browsers need a second to write their profile, which is thrown away.
const DEFAULT_END: Duration = Duration::from_secs(8);
