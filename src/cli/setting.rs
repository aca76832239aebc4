//! Where a command gets its configuration from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZoneDatabase;

use super::args::Args;
use super::{Exit, Failure, kept};
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::{Config, DEFAULT_PATH, Environment, Loaded, database, load, load_text};
use crate::notify::config_option;
use crate::report::{Problem, render_in};
use crate::store::Store;
use crate::vault::{Vault, VaultError, default_identity};

/// The configuration that is read unless the command line names another.
pub(super) const DEFAULT_CONFIG: &str = DEFAULT_PATH;

/// The data folder of a configuration that says nothing, or cannot be read.
pub(super) const DEFAULT_DATA: &str = "data";

/// The configuration's path and the environment.
pub(super) struct Setting {
    /// The file.
    pub(super) path: PathBuf,
    /// The variables that may replace its keys.
    pub(super) environment: Environment,
}

impl Setting {
    /// As the command line and the process's environment say.
    pub(super) fn new(args: &Args) -> Self {
        Self { path: args.config.clone(), environment: Environment::new(std::env::vars_os()) }
    }

    /// A command of ours with what it needs to read the same configuration: `firstserve run --config practice/booking.toml`.
    pub(super) fn command(&self, words: &str) -> String {
        format!("`firstserve {words}{}`", config_option(&self.path))
    }

    /// The zone data for a load.
    pub(super) fn zones(&self) -> impl Fn(Option<&Path>) -> TimeZoneDatabase + Send + Sync + 'static {
        |configured| ZoneData::newest(configured).db
    }

    /// Reads and checks the configuration.
    pub(super) fn load(&self) -> Loaded {
        load(&self.path, &self.environment, &self.zones(), SystemClock.now())
    }

    /// The same for a text that was in the file once.
    pub(super) fn load_text(&self, text: &str) -> Loaded {
        load_text(&self.path, text, &self.environment, &self.zones(), SystemClock.now())
    }

    /// Every error on stderr, and the exit code that goes with it.
    pub(super) fn refused(&self, loaded: &Loaded) -> Failure {
        show(&loaded.problems);
        let exit = if loaded.unreadable { Exit::Io } else { Exit::Config };
        let check = self.command("check");
        Failure::new(exit, format!("{} cannot be used; {check} shows every problem", self.path.display()))
    }

    /// The configuration, or every error on stderr and the exit code that goes with it.
    ///
    /// # Errors
    /// The file cannot be read, or has errors.
    pub(super) fn config(&self) -> Result<Arc<Config>, Failure> {
        self.loaded().map(|(config, _)| config)
    }

    /// The configuration and what it was read from, for who watches it.
    ///
    /// # Errors
    /// As [`Setting::config`].
    pub(super) fn loaded(&self) -> Result<(Arc<Config>, Loaded), Failure> {
        let loaded = self.load();
        match &loaded.config {
            Some(config) => Ok((Arc::clone(config), loaded)),
            None => Err(self.refused(&loaded)),
        }
    }

    /// The configuration with the zone data that it names.
    ///
    /// # Errors
    /// As [`Setting::config`].
    pub(super) fn config_and_zones(&self) -> Result<(Arc<Config>, Arc<ZoneData>), Failure> {
        let config = self.config()?;
        let zones = Arc::new(zones_of(&config));
        Ok((config, zones))
    }

    /// What was kept, beside a running daemon; none where nothing was kept yet. A configuration that is wrong or gone does
    /// not hide it.
    ///
    /// # Errors
    /// The address of the database is wrong, or it cannot be read.
    pub(super) async fn kept(&self) -> Result<Option<Store>, Failure> {
        let wrong = || {
            let path = self.path.display();
            Failure::new(
                Exit::Config,
                format!("`database` in {path} is no address; {} says what is wrong", self.command("check")),
            )
        };
        let address = database(&self.path, &self.environment).ok_or_else(wrong)?;
        kept::open_at(address.expose()).await
    }

    /// Where the vault of the configuration is, and what it should hold. It can be filled before the rest of the file is
    /// right; then it is said which folder is taken.
    pub(super) fn vault(&self) -> VaultSetting {
        if let Some(config) = self.load().config {
            let entries = config.members.iter().map(|member| member.vault.clone());
            let entries = entries.chain(config.mail.iter().filter_map(|mail| mail.vault.clone())).collect();
            return VaultSetting { data: config.server.data.clone(), identity: config.vault.identity.clone(), entries };
        }
        let path = self.path.display();
        super::say(&format!("firstserve: {path} cannot be used yet; the vault is taken to be in {DEFAULT_DATA}/"));
        VaultSetting { data: PathBuf::from(DEFAULT_DATA), identity: None, entries: Vec::new() }
    }
}

/// What a configuration says of the vault.
pub(super) struct VaultSetting {
    /// The data folder.
    pub(super) data: PathBuf,
    /// The identity that it names.
    pub(super) identity: Option<PathBuf>,
    /// The entries that its members and its mail ask for; empty when that is not known.
    pub(super) entries: Vec<String>,
}

/// The vault that a configuration names.
///
/// # Errors
/// There is none, or it cannot be opened.
pub(super) fn vault_of(config: &Config) -> Result<Vault, VaultError> {
    Vault::open(&config.server.data, &identity_of(config)?)
}

/// The same, whatever it lacks now: it is opened when it is needed.
///
/// # Errors
/// Nobody knows where its identity is.
pub(super) fn vault_at(config: &Config) -> Result<Vault, VaultError> {
    Ok(Vault::at(&config.server.data, &identity_of(config)?))
}

fn identity_of(config: &Config) -> Result<PathBuf, VaultError> {
    config.vault.identity.clone().map_or_else(default_identity, Ok)
}

/// The zone data that a configuration names, or the newest there is.
pub(super) fn zones_of(config: &Config) -> ZoneData {
    ZoneData::newest(config.zoneinfo.as_deref())
}

/// Draws problems for a person.
pub(super) fn show(problems: &[Problem]) {
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none();
    super::draw(render_in(problems, colour, super::page::width_of_stderr()).trim_end());
}
