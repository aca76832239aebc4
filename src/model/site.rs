//! A booking website.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Court, CourtName, SiteId};

/// A booking website: address, zone, courts, flow, fire mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The key of its table.
    pub id: SiteId,
    /// Its address, absolute, ending in a slash.
    pub url: String,
    /// Further hosts that its credentials may go to, as `host` or `host:port`.
    pub login_hosts: Vec<String>,
    /// IANA name of its zone, known to the tz data in use when the file was checked.
    pub time_zone: String,
    /// The folder of its selector files, absolute or relative to the process.
    pub flow: PathBuf,
    /// How the site writes a slot, as a template (`De {start:%I:%M %p} a {end:%I:%M %p}`).
    pub slot_label: String,
    /// How the commit is fired.
    pub fire: FireMode,
    /// Its courts, in the file's order.
    pub courts: Vec<Court>,
    /// How long a slot lasts unless a booking says otherwise.
    pub slot_length: SignedDuration,
    /// Times and bounds of an attempt.
    pub patience: Patience,
    /// Whose clock an opening is taken by.
    pub clock: ClockRule,
    /// How many sessions of one account it bears at once.
    pub sessions: Sessions,
    /// Free words for the selector files: `{site.KEY}`.
    pub variables: BTreeMap<String, String>,
}

impl Site {
    /// The court of that name.
    pub fn court(&self, name: &CourtName) -> Option<&Court> {
        self.courts.iter().find(|court| court.name == *name)
    }
}

/// How the commit step is fired at the opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FireMode {
    /// The fastest way that a rehearsal on this site has proved; `script` until then.
    #[default]
    Auto,
    /// A WebDriver click.
    Native,
    /// One script call that clicks in the page.
    Script,
    /// A program in the page that waits for the instant by itself.
    Armed,
    /// The prepared request, sent from a warm connection with the browser's session.
    Http,
}

impl FireMode {
    /// Every mode, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Native, Self::Script, Self::Armed, Self::Http];

    /// The word in files and screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Script => "script",
            Self::Armed => "armed",
            Self::Http => "http",
        }
    }

    /// The mode of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

/// How many sessions of one account a site bears at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sessions {
    /// A second log-in may end the first: attempts of one account come one after the other.
    #[default]
    One,
    /// Each attempt has a session of its own.
    Many,
}

impl Sessions {
    /// The word in files and screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Many => "many",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::One, Self::Many].into_iter().find(|one| one.as_str() == word)
    }
}

/// Whose clock the openings of a site are taken by, and how much of a doubt about it is given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClockRule {
    /// Whose.
    pub follow: Follow,
    /// How much of what is not known about the site's clock is given up to be faster, in percent; 0: never early as far as
    /// it was proved.
    pub give_up: u8,
}

/// Whose clock an opening is taken by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Follow {
    /// The site's, where it was measured and is certainly another than ours; otherwise ours.
    #[default]
    Auto,
    /// The site's, wherever it could be measured.
    Site,
    /// Ours; the site's is not asked.
    Own,
}

impl Follow {
    /// Every rule, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Site, Self::Own];

    /// The word in files and screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Site => "site",
            Self::Own => "own",
        }
    }

    /// The rule of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }
}

/// The ways in which opening steps can be done; each way allows the slower ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpeningWay {
    /// In the browser's page, which loads one page after the other; always works.
    #[default]
    Page,
    /// As a chain of fetches from the page.
    Fetch,
    /// As a chain of requests of ours with the browser's session.
    Http,
}

impl OpeningWay {
    /// Every way, the slowest first.
    pub const ALL: [Self; 3] = [Self::Page, Self::Fetch, Self::Http];

    /// The word in files and screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Fetch => "fetch",
            Self::Http => "http",
        }
    }

    /// The way of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }
}

/// The times and bounds of an attempt at one site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long before the opening the session is opened and logged in (T2).
    pub login_lead: SignedDuration,
    /// The longest time the site is known to work on a submit after the connection is gone.
    pub settle: SignedDuration,
    /// How long an unknown submit may stay unknown before a person is called.
    pub verify_deadline: SignedDuration,
    /// How late a fire is still useful.
    pub grace: SignedDuration,
    /// How long one answer is waited for.
    pub answer: SignedDuration,
    /// Submits per attempt, counting those after an `unknown`.
    pub max_submits: u8,
    /// Log-ins per attempt: a club locks accounts that try too often.
    pub max_logins: u8,
    /// How long before the opening an in-page program is installed and its permit spent.
    pub armed_lead: SignedDuration,
    /// The most by which a fire may leave before the opening, so that it arrives at it; zero: never.
    pub lead_at_most: SignedDuration,
    /// What is taken off the measured delay before it counts as a lead.
    pub lead_guard: SignedDuration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            login_lead: SignedDuration::from_secs(90),
            settle: SignedDuration::from_secs(15),
            verify_deadline: SignedDuration::from_mins(10),
            grace: SignedDuration::from_mins(30),
            answer: SignedDuration::from_secs(30),
            max_submits: 2,
            max_logins: 2,
            armed_lead: SignedDuration::from_secs(2),
            lead_at_most: SignedDuration::ZERO,
            lead_guard: SignedDuration::from_millis(1),
        }
    }
}
