//! One write: a transaction that is alone from its first statement on, and knows whose it is.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, Transaction};
use tokio::sync::OwnedMutexGuard;

use super::connect::Backend;
use super::{Shared, Store, StoreErrorKind};

/// A transaction that writes. Dropped without [`Write::commit`], it never was.
pub(super) struct Write {
    // The order matters: the transaction ends before the next writer's turn.
    tx: Transaction<'static, Any>,
    actor: std::sync::Arc<str>,
    shared: std::sync::Arc<Shared>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Store {
    pub(super) async fn write(&self) -> Result<Write, StoreErrorKind> {
        let (actor, shared) = (std::sync::Arc::clone(&self.actor), std::sync::Arc::clone(&self.shared));
        match self.shared.backend {
            Backend::Sqlite => {
                let turn = std::sync::Arc::clone(&self.shared.queue).lock_owned().await;
                let tx = self.pool().begin_with("BEGIN IMMEDIATE").await?;
                Ok(Write { tx, actor, shared, _turn: Some(turn) })
            }
            Backend::Postgres => {
                let mut tx = self.pool().begin().await?;
                sqlx::query("SELECT seq FROM audit_head WHERE id = 1 FOR UPDATE").execute(&mut *tx).await?;
                Ok(Write { tx, actor, shared, _turn: None })
            }
        }
    }
}

impl Write {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }

    /// An id for something new.
    pub(super) fn new_id(&self, at: Timestamp) -> String {
        self.shared.ids.new_id(at)
    }

    pub(super) fn actor(&self) -> &str {
        &self.actor
    }

    /// On disk when this returns.
    pub(super) async fn commit(self) -> Result<(), StoreErrorKind> {
        Ok(self.tx.commit().await?)
    }
}
