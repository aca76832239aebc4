//! What the daemon and a single attempt are both made of: store, vault, mail, guardian.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Exit, Failure};
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::{Config, SmtpSecurity};
use crate::engine::{Parts, evidence_of_rehearsal};
use crate::notify::{Security, Smtp, Transport};
use crate::store::Store;
use crate::telemetry::Redactor;
use crate::vault::{Credentials, Vault, default_identity};

/// Everything an engine needs.
#[derive(Clone)]
pub(super) struct Household {
    config: Arc<Config>,
    zones: Arc<ZoneData>,
    store: Store,
    vault: Option<Arc<Vault>>,
    guardian: PathBuf,
    redactor: Redactor,
}

/// Opens the store of a configuration.
///
/// # Errors
/// Another daemon has it, or the database says so.
pub(super) async fn open_store(config: &Config) -> Result<Store, Failure> {
    let opened = Store::open(config.server.database.expose(), &config.server.data).await;
    opened.map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))
}

impl Household {
    /// Gathers it; without a vault it is degraded, and says so.
    ///
    /// # Errors
    /// Our own program cannot be found, which guards browsers.
    pub(super) fn new(
        config: Arc<Config>,
        zones: Arc<ZoneData>,
        store: Store,
        redactor: Redactor,
    ) -> anyhow::Result<Self> {
        let vault = match open_vault(&config) {
            Ok(vault) => Some(Arc::new(vault)),
            Err(error) => {
                super::say(&format!("firstserve: without a vault nobody can be logged in: {error}"));
                None
            }
        };
        for problem in zones.warnings(SystemClock.now()) {
            let help = problem.help.unwrap_or_default();
            super::say(&format!("firstserve: {}; {help}", problem.message));
        }
        Ok(Self { config, zones, store, vault, guardian: std::env::current_exe()?, redactor })
    }

    /// For the engine.
    pub(super) fn parts(&self) -> Parts {
        Parts {
            config: Arc::clone(&self.config),
            zones: Arc::clone(&self.zones),
            store: self.store.clone(),
            vault: self.vault.clone(),
            clock: Arc::new(SystemClock),
            guardian: self.guardian.clone(),
            redactor: self.redactor.clone(),
        }
    }

    /// Where a rehearsal keeps what it saw when a step failed.
    pub(super) fn evidence_of_rehearsal(&self) -> PathBuf {
        evidence_of_rehearsal(&self.config.server.data)
    }

    /// The store.
    pub(super) fn store(&self) -> Store {
        self.store.clone()
    }

    /// Where letters go.
    ///
    /// # Errors
    /// The mail server cannot be used as it is configured.
    pub(super) fn transport(&self) -> anyhow::Result<Transport> {
        let Some(mail) = &self.config.mail else { return Ok(Transport::BlackHole) };
        let security = match mail.smtp_security {
            SmtpSecurity::StartTls => Security::StartTls,
            SmtpSecurity::Tls => Security::Tls,
            SmtpSecurity::Plain => Security::None,
        };
        let smtp = Smtp {
            host: mail.smtp_host.clone(),
            port: Some(mail.smtp_port),
            security,
            login: self.mail_login(),
            from: mail.from.clone(),
            trusted: None,
        };
        Transport::smtp(&smtp).map_err(|error| Failure::new(Exit::Config, error.to_string()).into())
    }

    fn mail_login(&self) -> Option<Credentials> {
        let mail = self.config.mail.as_ref()?;
        let user = mail.smtp_user.clone()?;
        if let Some(password) = &mail.smtp_password {
            return Some(Credentials { user, password: password.clone() });
        }
        let kept = self.vault.as_ref()?.get(mail.vault.as_ref()?).ok()?;
        Some(Credentials { user, password: kept.password })
    }

    /// Keeps a configuration that is put in force.
    pub(super) async fn keep(&self, config: &Config) {
        let kept = self.store.keep_config(&config.hash, &config.text, SystemClock.now()).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "the configuration was not kept in the history");
        }
    }
}

fn open_vault(config: &Config) -> Result<Vault, crate::vault::VaultError> {
    let identity = match &config.vault.identity {
        Some(identity) => identity.clone(),
        None => default_identity()?,
    };
    Vault::open(&config.server.data, &identity)
}
