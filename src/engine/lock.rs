//! One session per account at a time: two log-ins of one account push each other out at many clubs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedMutexGuard;

use crate::model::MemberId;

/// A lock for each account.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountLocks(Arc<Mutex<HashMap<MemberId, Arc<tokio::sync::Mutex<()>>>>>);

impl AccountLocks {
    /// Waits until the account is free, and keeps it until the guard is dropped.
    pub(super) async fn take(&self, member: &MemberId) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().expect("no holder panics");
            Arc::clone(locks.entry(member.clone()).or_default())
        };
        lock.lock_owned().await
    }
}
