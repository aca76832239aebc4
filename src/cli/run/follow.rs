//! Puts every good configuration in force; a bad one is told and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use super::post::Post;
use crate::cli::household::Household;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Loaded, Reload};
use crate::engine::Handle;
use crate::report::{Severity, render};
use crate::store::Cause;

/// How often a missing vault is looked for: somebody may have just made it.
const LOOK_FOR_VAULT: Duration = Duration::from_secs(5);

/// Follows the configuration until `stop`; then the postman is called back.
pub(super) async fn follow(
    mut reloads: Receiver<Reload>,
    engine: Handle,
    household: Household,
    post: Post,
    stop: CancellationToken,
) {
    let mut follower = Follower { engine, household, post };
    let mut look_again = tokio::time::interval(LOOK_FOR_VAULT);
    loop {
        let has_vault = follower.household.vault().is_ok();
        tokio::select! {
            () = stop.cancelled() => break,
            Some(reload) = reloads.recv() => follower = follower.take(reload.loaded).await,
            _ = look_again.tick(), if !has_vault => follower.look_for_vault().await,
        }
    }
    follower.post.end().await;
}

struct Follower {
    engine: Handle,
    household: Household,
    post: Post,
}

impl Follower {
    async fn take(self, loaded: Loaded) -> Self {
        match loaded.config {
            Some(config) => self.obey(config).await,
            None => {
                self.refuse(&loaded);
                self
            }
        }
    }

    async fn obey(self, config: Arc<Config>) -> Self {
        let Self { engine, household: old, mut post } = self;
        tell_what_waits(old.config(), &config);
        let new_mail = old.config().mail != config.mail;
        let household = old.under(config);
        for warning in household.warnings() {
            tracing::warn!("{warning}");
        }
        household.keep(Cause::Reload).await;
        if new_mail {
            post = post.sent_to(&household).await;
        }
        engine.reload(household.parts()).await;
        for line in super::ahead::sentences(&household, Some(old.config())).await {
            tracing::info!("{line}");
        }
        Self { engine, household, post }
    }

    fn refuse(&self, loaded: &Loaded) {
        let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        super::super::say(render(&loaded.problems, false).trim_end());
        self.engine.refused(SystemClock.now(), errors);
    }

    async fn look_for_vault(&mut self) {
        let found = self.household.under(Arc::clone(self.household.config()));
        if found.vault().is_ok() {
            tracing::info!("the vault is there now");
            self.household = found;
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
