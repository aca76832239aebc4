//! One session of an account at a time, unless its site bears several: two log-ins of one account push each other out at many clubs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedMutexGuard;

use crate::model::{Member, Sessions, Site};

/// A lock for each account, by its entry in the vault.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountLocks(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

/// The account is ours until it is dropped.
pub(super) type AccountLock = Option<OwnedMutexGuard<()>>;

impl AccountLocks {
    /// Waits until the account is free, where the site bears one session of it.
    pub(super) async fn take(&self, site: &Site, member: &Member) -> AccountLock {
        if site.sessions == Sessions::Many {
            return None;
        }
        let lock = {
            let mut locks = self.0.lock().expect("no holder panics");
            Arc::clone(locks.entry(member.vault.clone()).or_default())
        };
        Some(lock.lock_owned().await)
    }
}
