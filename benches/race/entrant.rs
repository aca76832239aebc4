//! Who takes part: our ways to fire, and the programs that people use today.

use firstserve::browser::Engine;

use crate::way::Way;

/// One who takes part, in one browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entrant {
    pub(crate) who: Who,
    pub(crate) engine: Engine,
}

/// Ours, or somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A fire mode, at a form that is filled in before the opening.
    Ours(Way),
    /// An opening way, at a page that must be loaded after the opening.
    Reloading(Reloading),
    Peer(Peer),
}

/// How the steps after the opening are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reloading {
    /// Navigations.
    Page,
    /// Fetches in the page, and a real form at the end.
    FetchForm,
    /// Fetches in the page.
    Fetch,
    /// The same over our own connection.
    Http,
}

/// What people use today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Selenium,
    PlaywrightPython,
    PlaywrightNode,
    Thirtyfour,
}

/// A site's settings: `fire` of booking.toml, `send` and `opening` of commit.toml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) fire: &'static str,
    pub(crate) send: &'static str,
    pub(crate) opening: Option<&'static str>,
}

const ENGINES: [Engine; 2] = [Engine::Firefox, Engine::Chromium];

/// Everybody, at a form that is filled in before the opening.
pub(crate) fn at_a_form() -> Vec<Entrant> {
    both(Way::ALL.map(Who::Ours)).chain(peers()).collect()
}

/// Everybody, at a page that must be loaded after the opening.
pub(crate) fn at_a_reload() -> Vec<Entrant> {
    both(Reloading::ALL.map(Who::Reloading)).chain(peers()).collect()
}

/// Who competes for the same slots: the two of ours that have a bar there, and every peer.
pub(crate) fn in_the_field() -> Vec<Entrant> {
    let http = Entrant { who: Who::Ours(Way::Http), engine: Engine::Firefox };
    [http].into_iter().chain(both([Who::Ours(Way::ArmedForm)])).chain(peers()).collect()
}

fn both<const N: usize>(who: [Who; N]) -> impl Iterator<Item = Entrant> {
    who.into_iter().flat_map(|who| ENGINES.map(|engine| Entrant { who, engine }))
}

/// Playwright's own Firefox is a patched one that is not on this machine.
fn peers() -> impl Iterator<Item = Entrant> {
    let playwright = [Peer::PlaywrightPython, Peer::PlaywrightNode].map(Who::Peer);
    let playwright = playwright.map(|who| Entrant { who, engine: Engine::Chromium });
    both([Peer::Selenium, Peer::Thirtyfour].map(Who::Peer)).chain(playwright)
}

impl Entrant {
    /// The word in settings and in the journal.
    pub(crate) fn id(self) -> String {
        format!("{}-{}", self.word(), self.engine.as_str())
    }

    /// What tables and plots call it.
    pub(crate) fn label(self) -> String {
        let what = match self.who {
            Who::Ours(way) => way.as_str(),
            Who::Reloading(reloading) => reloading.as_str(),
            Who::Peer(peer) => peer.as_str(),
        };
        let browser = if self.engine == Engine::Firefox { "Firefox" } else { "Chromium" };
        format!("{what} ({browser})")
    }

    pub(crate) fn is_ours(self) -> bool {
        !matches!(self.who, Who::Peer(_))
    }

    fn word(self) -> &'static str {
        match self.who {
            Who::Ours(way) => way.word(),
            Who::Reloading(reloading) => reloading.word(),
            Who::Peer(peer) => peer.word(),
        }
    }

    /// The site's settings for one of ours.
    pub(crate) fn mode(self) -> Option<Mode> {
        let mode = |fire, send, opening| Some(Mode { fire, send, opening });
        match self.who {
            Who::Ours(Way::Native) => mode("native", "form", None),
            Who::Ours(Way::Script) => mode("script", "form", None),
            Who::Ours(Way::ArmedForm) => mode("armed", "form", None),
            Who::Ours(Way::ArmedFetch) => mode("armed", "fetch", None),
            Who::Ours(Way::Http) => mode("http", "http", None),
            // Left out, `opening` is as `send`, and `page` for a form.
            Who::Reloading(Reloading::Page) => mode("armed", "form", None),
            Who::Reloading(Reloading::FetchForm) => mode("armed", "form", Some("fetch")),
            Who::Reloading(Reloading::Fetch) => mode("armed", "fetch", None),
            Who::Reloading(Reloading::Http) => mode("http", "http", None),
            Who::Peer(_) => None,
        }
    }
}

impl Reloading {
    const ALL: [Self; 4] = [Self::Page, Self::FetchForm, Self::Fetch, Self::Http];

    fn as_str(self) -> &'static str {
        match self {
            Self::Page => "armed, opening by page",
            Self::FetchForm => "armed, opening by fetch, form",
            Self::Fetch => "armed, opening by fetch",
            Self::Http => "http, opening by http",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::FetchForm => "fetch-form",
            Self::Fetch => "fetch",
            Self::Http => "http",
        }
    }
}

impl Peer {
    fn as_str(self) -> &'static str {
        match self {
            Self::Selenium => "Selenium + APScheduler",
            Self::PlaywrightPython => "Playwright, Python",
            Self::PlaywrightNode => "Playwright, Node",
            Self::Thirtyfour => "thirtyfour",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Selenium => "selenium",
            Self::PlaywrightPython => "playwright-python",
            Self::PlaywrightNode => "playwright-node",
            Self::Thirtyfour => "thirtyfour",
        }
    }
}
