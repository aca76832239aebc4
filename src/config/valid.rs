//! Valid: the configuration as the rest of the program sees it. It cannot be built by hand outside this module's checks
//! without saying every value; paths are resolved, names refer to what exists.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::flow::Flow;
use crate::model::{Booking, BookingName, Member, MemberId, Secret, Site, SiteId};
use crate::report::SourceFile;

use sha2::{Digest, Sha256};

/// The file that is read unless another one is named.
pub const DEFAULT_PATH: &str = "config/booking.toml";

/// Everything that `booking.toml`, the selector files and the environment say.
#[derive(Clone, Debug)]
pub struct Config {
    /// The daemon.
    pub server: Server,
    /// The browser.
    pub browser: Browser,
    /// Where secrets are.
    pub vault: Vault,
    /// How people are told; none: nothing is sent.
    pub mail: Option<Mail>,
    /// What is logged.
    pub log: Log,
    /// The configured folder of time zone data.
    pub zoneinfo: Option<PathBuf>,
    /// Sites, in the file's order.
    pub sites: Vec<Site>,
    /// Members, in the file's order.
    pub members: Vec<Member>,
    /// Bookings, in the file's order.
    pub bookings: Vec<Booking>,
    /// The selector files of each site, as they were read with this configuration, sorted by path.
    pub selectors: BTreeMap<SiteId, Vec<Arc<SourceFile>>>,
    /// What those files mean.
    pub flows: BTreeMap<SiteId, Arc<Flow>>,
    /// The file, as it was named.
    pub path: PathBuf,
    /// The file's own text.
    pub text: String,
    /// SHA-256 of the file and the selector files, in hex; the environment is not part of it.
    pub hash: String,
}

impl Config {
    /// The site of that name.
    pub fn site(&self, id: &SiteId) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == *id)
    }

    /// The flow of that site.
    pub fn flow(&self, id: &SiteId) -> Option<Arc<Flow>> {
        self.flows.get(id).cloned()
    }

    /// The hash of that site's address and selector files, in hex: what was tried with one hash says nothing of another.
    pub fn flow_hash(&self, id: &SiteId) -> Option<String> {
        let (site, files) = (self.site(id)?, self.selectors.get(id)?);
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(site.url.as_bytes());
        for file in files {
            let path = file.path().strip_prefix(&site.flow).unwrap_or(file.path());
            part(path.as_os_str().as_encoded_bytes());
            part(file.text().as_bytes());
        }
        Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The member of that name.
    pub fn member(&self, id: &MemberId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == *id)
    }

    /// The booking of that identity.
    pub fn booking(&self, member: &MemberId, name: &BookingName) -> Option<&Booking> {
        self.bookings.iter().find(|booking| booking.member == *member && booking.name == *name)
    }

    /// The site that a booking is for.
    pub fn site_of(&self, booking: &Booking) -> &Site {
        let site = self.member(&booking.member).and_then(|member| self.site(&member.site));
        site.expect("a valid booking has a member, and a valid member a site")
    }
}

/// `[server]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// `host:port`.
    pub listen: String,
    /// `sqlite://PATH` with the path resolved, or `postgres://…`; it may hold a password, therefore a secret.
    pub database: Secret,
    /// The folder for everything the program writes.
    pub data: PathBuf,
    /// Connections to the database.
    pub db_pool_size: u32,
    /// Web origins that may call the API.
    pub cors_origins: Vec<String>,
    /// How long an access token is good for.
    pub jwt_expire_minutes: u32,
}

/// `[browser]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    /// Which browser.
    pub engine: Engine,
    /// Who starts its driver.
    pub webdriver: WebDriver,
    /// How long a WebDriver service keeps a session that nobody speaks to.
    pub session_timeout: SignedDuration,
    /// Whether it stays invisible.
    pub headless: bool,
    /// The Firefox program, where it was named.
    pub firefox_binary: Option<PathBuf>,
    /// The Chromium program, where it was named.
    pub chromium_binary: Option<PathBuf>,
    /// The Firefox driver, where it was named.
    pub geckodriver: Option<PathBuf>,
    /// The Chromium driver, where it was named.
    pub chromedriver: Option<PathBuf>,
}

/// A browser that flows can run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Firefox with geckodriver: told not to send a request again by itself.
    #[default]
    Firefox,
    /// Chromium with chromedriver: may send a POST again when its connection drops.
    Chromium,
}

impl Engine {
    /// The word in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firefox => "firefox",
            Self::Chromium => "chromium",
        }
    }

    /// The engine of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Firefox, Self::Chromium].into_iter().find(|engine| engine.as_str() == word)
    }
}

/// Who starts the browser's driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebDriver {
    /// We do, one for each session.
    Auto,
    /// Somebody else did: an absolute `http` or `https` address.
    Remote(String),
}

/// `[vault]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// The age identity, where one was named.
    pub identity: Option<PathBuf>,
}

/// `[mail]`, once it has a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The sender.
    pub from: String,
    /// Who is told about bookings of members without an address of their own.
    pub to: Option<String>,
    /// The server.
    pub smtp_host: String,
    /// Its port.
    pub smtp_port: u16,
    /// How the connection is protected.
    pub smtp_security: SmtpSecurity,
    /// The account; left out, it is the user of the vault entry.
    pub smtp_user: Option<String>,
    /// The vault entry of its password.
    pub vault: Option<String>,
    /// The password itself, where the environment says it; it goes before the vault's.
    pub smtp_password: Option<Secret>,
}

/// Whether a mail server of that name is on this very machine: to no other may a password travel without protection.
pub fn is_this_machine(host: &str) -> bool {
    match url::Host::parse(host).or_else(|_| url::Host::parse(&format!("[{host}]"))) {
        Ok(url::Host::Domain(name)) => name == "localhost",
        Ok(url::Host::Ipv4(address)) => address.is_loopback(),
        Ok(url::Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS after a plain greeting; never continued without.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None.
    Plain,
}

impl SmtpSecurity {
    /// The port that goes with it.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::Plain => 25,
        }
    }
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// For people or for programs.
    pub format: LogFormat,
    /// Where the files go.
    pub folder: PathBuf,
    /// How many days of files are kept.
    pub keep_days: u32,
}

/// Whom log lines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// People.
    Human,
    /// Programs.
    Json,
}
