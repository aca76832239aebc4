//! Puts every good configuration in force; a bad one is told and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::warned::Warned;
use crate::cli::household::Household;
use crate::cli::page;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Loaded, Reload};
use crate::engine::Handle;
use crate::report::{errors_by_file, render_in};
use crate::store::Cause;

/// How often the folders of time zone data are looked at: an update of the system's package must not wait for a restart.
const LOOK_AT_ZONES: Duration = Duration::from_secs(60);

/// How often old time zone data are told of.
const TELL_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a missing vault is looked for: somebody may have just made it.
const LOOK_FOR_VAULT: Duration = Duration::from_secs(5);

/// Said last of all, at each change: `status` looks into the new one, where nobody writes.
const OTHER_DATABASE: &str = "`database` under [server] is another one than this process keeps: end this `firstserve run` and start \
                              it again; until then it goes on with the old one, and does not book what was booked by that";

/// Who follows the configuration, and tells which one is in force.
pub(super) struct Follower {
    engine: Handle,
    household: Household,
    in_force: watch::Sender<Household>,
    /// The configuration of the start, whose database this process keeps.
    started: Arc<Config>,
    warned: Warned,
}

impl Follower {
    /// Nothing is followed yet; the receiver has what is in force at any time.
    pub(super) fn new(engine: Handle, household: Household, warned: Warned) -> (Self, watch::Receiver<Household>) {
        let (in_force, seen) = watch::channel(household.clone());
        let started = Arc::clone(household.config());
        (Self { engine, household, in_force, started, warned }, seen)
    }

    /// Follows the configuration until `stop`.
    pub(super) async fn follow(mut self, mut reloads: Receiver<Reload>, stop: CancellationToken) {
        let mut look_again = tokio::time::interval(LOOK_FOR_VAULT);
        let mut look_at_zones = tokio::time::interval(LOOK_AT_ZONES);
        let mut tell_again = tokio::time::interval(TELL_AGAIN);
        // The start has told of them already.
        tell_again.reset();
        loop {
            let has_vault = self.household.vault().is_ok();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(reload) = reloads.recv() => self = self.take(reload.loaded).await,
                _ = look_again.tick(), if !has_vault => self.look_for_vault().await,
                _ = look_at_zones.tick() => self.look_at_zones().await,
                _ = tell_again.tick() => self.tell_of_old_zones(),
            }
        }
    }

    async fn take(mut self, loaded: Loaded) -> Self {
        match loaded.config.clone() {
            Some(config) => {
                self.warned.tell(&loaded);
                self.obey(config).await
            }
            None => {
                self.refuse(&loaded);
                self
            }
        }
    }

    async fn obey(self, config: Arc<Config>) -> Self {
        let Self { engine, household: old, in_force, started, warned } = self;
        tell_what_waits(old.config(), &config);
        let household = old.under(config);
        for warning in household.warnings() {
            tracing::warn!("{warning}");
        }
        // At once: what follows asks the database, and who is told of its loss is told as it stands now.
        in_force.send_replace(household.clone());
        household.keep(Cause::Reload).await;
        engine.reload(household.parts()).await;
        for line in super::ahead::sentences(&household, Some(old.config())).await {
            tracing::info!("{line}");
        }
        if household.config().server.database != started.server.database {
            tracing::error!("{OTHER_DATABASE}");
        }
        Self { engine, household, in_force, started, warned }
    }

    fn refuse(&self, loaded: &Loaded) {
        let errors = errors_by_file(&loaded.problems, "the configuration");
        let columns = page::width_of_stderr();
        crate::cli::draw(render_in(&loaded.problems, false, columns).trim_end());
        self.engine.refused(SystemClock.now(), errors);
    }

    /// Newer or other time zone data are put in force; the engine works its plan out anew.
    async fn look_at_zones(&mut self) {
        if !self.household.has_old_zones() {
            return;
        }
        let found = self.household.under(Arc::clone(self.household.config()));
        found.zone_warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
        self.household = found;
        self.in_force.send_replace(self.household.clone());
        self.engine.reload(self.household.parts()).await;
    }

    fn tell_of_old_zones(&self) {
        self.household.zone_warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    }

    async fn look_for_vault(&mut self) {
        let found = self.household.under(Arc::clone(self.household.config()));
        if found.vault().is_ok() {
            tracing::info!("the vault is there now");
            self.household = found;
            self.in_force.send_replace(self.household.clone());
            self.engine.reload(self.household.parts()).await;
        }
    }
}

/// What a running daemon cannot change.
fn tell_what_waits(old: &Config, new: &Config) {
    if old.server != new.server || old.log != new.log {
        tracing::warn!("changes of [server] and [log] are in force from the next start on");
    }
}
