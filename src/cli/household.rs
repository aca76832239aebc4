//! What the daemon and a single attempt are both made of: store, vault, mail, guardian.

use std::path::PathBuf;
use std::sync::Arc;

use super::mail::{self, NoMail};
use super::setting::{vault_at, vault_of, zones_of};
use super::{Exit, Failure};
use crate::browser::BrowserError;
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::Config;
use crate::engine::{Parts, look_for_browser};
use crate::model::{Member, Site};
use crate::notify::Transport;
use crate::store::{Cause, Matter, Store, StoreError, StoreErrorKind};
use crate::telemetry::Redactor;
use crate::vault::{Vault, VaultError};

/// Everything an engine needs.
#[derive(Clone)]
pub(super) struct Household {
    config: Arc<Config>,
    zones: Arc<ZoneData>,
    store: Store,
    vault: Arc<Result<Arc<Vault>, VaultError>>,
    guardian: PathBuf,
    redactor: Redactor,
}

/// What is said to a second daemon, which has nothing to do that the first does not do already.
pub(super) const SECOND_RUN: &str = "The one that runs books by itself, and takes changes of its files when you save them. See what it does: \
                                     `firstserve status`";

/// Opens the store of a configuration; `beside` is said where another process has it.
///
/// # Errors
/// Another process has it, or the database says so.
pub(super) async fn open_store(config: &Config, beside: &str) -> Result<Store, Failure> {
    let server = &config.server;
    let opened = Store::open_with(server.database.expose(), &server.data, server.db_pool_size).await;
    opened.map_err(|error| {
        let advice = advice(&error.kind, beside);
        Failure::new(exit_of(&error), format!("{error}{advice}"))
    })
}

/// The code that a failure of the store ends a command with.
pub(super) fn exit_of(error: &StoreError) -> Exit {
    match error.matter() {
        Matter::Files => Exit::Io,
        Matter::Contents => Exit::Data,
        Matter::Configuration => Exit::Config,
        Matter::Availability => Exit::Unavailable,
    }
}

/// What to do about the one that has it.
fn advice(kind: &StoreErrorKind, beside: &str) -> String {
    let end = match kind {
        StoreErrorKind::SecondInstance { holder, .. } => match holder.strip_prefix("process ") {
            Some(pid) => format!(", or `kill {pid}`"),
            None => String::new(),
        },
        StoreErrorKind::SecondDaemon => String::new(),
        _ => return String::new(),
    };
    format!(".\n{beside}. End it: Ctrl-C where it runs{end}")
}

/// The store, for a small write beside a running daemon; made, where there is none yet.
///
/// # Errors
/// It cannot be used.
pub(super) async fn open_beside(config: &Config) -> Result<Store, Failure> {
    match Store::open_beside(config.server.database.expose()).await {
        Ok(store) => Ok(store),
        Err(_) => open_store(config, SECOND_RUN).await,
    }
}

/// Fails where the browser is missing that the configured bookings need.
///
/// # Errors
/// It is not installed.
pub(super) fn with_browser(parts: &Parts) -> Result<(), Failure> {
    look_for_browser(parts).map_err(|error| Failure::new(Exit::Unavailable, no_browser(&error)))
}

fn no_browser(error: &BrowserError) -> String {
    format!("no {} to book with: {}; {}", error.engine.as_str(), error.kind, error.help())
}

impl Household {
    /// Gathers it; without a vault it is degraded, and its [`warnings`](Self::warnings) say so.
    ///
    /// # Errors
    /// Our own program cannot be found, which guards browsers.
    pub(super) fn new(
        config: Arc<Config>,
        zones: Arc<ZoneData>,
        store: Store,
        redactor: Redactor,
    ) -> anyhow::Result<Self> {
        let vault = Arc::new(vault_of(&config).map(Arc::new));
        Ok(Self { config, zones, store, vault, guardian: std::env::current_exe()?, redactor })
    }

    /// The same household under another configuration: zone data and vault are read anew.
    pub(super) fn under(&self, config: Arc<Config>) -> Self {
        let zones = Arc::new(zones_of(&config));
        let vault = Arc::new(vault_of(&config).map(Arc::new));
        Self { config, zones, vault, ..self.clone() }
    }

    /// What a person should know before anything is tried: nobody should wait for an opening to hear that a browser, the vault
    /// or an entry of it is missing, or for a letter to hear that none can be sent.
    pub(super) fn warnings(&self) -> Vec<String> {
        let no_browser = look_for_browser(&self.parts()).err().map(|error| no_browser(&error));
        let no_mail = self.transport().err().map(|error| format!("mail cannot be sent, and letters wait: {error}"));
        let missing = no_browser.into_iter().chain(no_mail).collect();
        [self.vault_warnings(), missing, self.zone_warnings()].concat()
    }

    /// What is old about the time zone data.
    pub(super) fn zone_warnings(&self) -> Vec<String> {
        let problems = self.zones.warnings(SystemClock.now()).into_iter();
        problems.map(|problem| format!("{}; {}", problem.message, problem.help.unwrap_or_default())).collect()
    }

    /// Members with bookings that cannot be logged in.
    fn vault_warnings(&self) -> Vec<String> {
        let vault = match self.vault() {
            Ok(vault) => vault,
            Err(error) => return vec![format!("without a vault nobody can be logged in: {error}")],
        };
        let books = |member: &&Member| {
            self.config.bookings.iter().any(|booking| booking.member == member.id && !booking.paused)
        };
        let missing = |member: &Member| {
            let error = vault.get(&member.vault).err()?;
            Some(format!("{} cannot be logged in: {error}", member.id))
        };
        self.config.members.iter().filter(books).filter_map(missing).collect()
    }

    /// Whether the time zone data on disk are of another release by now, or say something else of one of the sites.
    pub(super) fn has_old_zones(&self) -> bool {
        let found = zones_of(&self.config);
        let differs = |site: &Site| self.zones.zone(&site.time_zone) != found.zone(&site.time_zone);
        self.zones.to_string() != found.to_string() || self.config.sites.iter().any(differs)
    }

    /// The configuration.
    pub(super) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The vault, or why there is none.
    pub(super) fn vault(&self) -> Result<Arc<Vault>, &VaultError> {
        self.vault.as_ref().as_ref().map(Arc::clone)
    }

    /// For the engine.
    pub(super) fn parts(&self) -> Parts {
        Parts {
            config: Arc::clone(&self.config),
            zones: Arc::clone(&self.zones),
            store: self.store.clone(),
            vault: self.vault().ok().or_else(|| vault_at(&self.config).ok().map(Arc::new)),
            clock: Arc::new(SystemClock),
            guardian: self.guardian.clone(),
            redactor: self.redactor.clone(),
        }
    }

    /// The same, for a command that is of no use without a browser.
    ///
    /// # Errors
    /// The browser that the bookings need is not installed.
    pub(super) fn parts_with_browser(&self) -> Result<Parts, Failure> {
        let parts = self.parts();
        with_browser(&parts).map(|()| parts)
    }

    /// What masks secrets.
    pub(super) fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    /// The store.
    pub(super) fn store(&self) -> Store {
        self.store.clone()
    }

    /// Where letters go, as things are now.
    ///
    /// # Errors
    /// Nothing can be sent.
    pub(super) fn transport(&self) -> Result<Transport, NoMail> {
        mail::transport(&self.config)
    }

    /// Keeps the configuration in the history: it is put in force.
    pub(super) async fn keep(&self, cause: Cause) {
        let config = &self.config;
        let kept = self.store.keep_config(&config.hash, &config.text, cause, SystemClock.now()).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "the configuration was not kept in the history");
        }
    }
}
