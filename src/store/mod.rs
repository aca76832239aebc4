//! What is kept: attempts, permits, the ledger, what sites have taught, the audit trail, the outbox, old configurations, journalled browser sessions.
//!
//! Methods are named for their intent and decide nothing: whether to submit, retry or tell somebody is settled elsewhere.
//! What is promised here is durability. Every change of an attempt is one transaction that compares the state it expects,
//! sets the next one and appends exactly one row to the audit trail; a permit is on disk before its method returns; what
//! was begun and not committed when the process dies never was.
//!
//! Instants are whole nanoseconds since 1970 UTC in the tables (years 1678 to 2261; what lies outside is clamped).
//!
//! One SQL text serves SQLite and PostgreSQL. All writes of one database are serialised, by `BEGIN IMMEDIATE` behind an
//! in-process queue on SQLite and by the row of the chain's end on PostgreSQL, so that no two of them can both be first.

mod again;
mod announced;
mod attempt;
mod audit;
mod cancel;
mod config_history;
mod connect;
mod error;
mod files;
mod id;
mod in_step;
mod instance;
mod ledger;
mod lesson;
mod log_ins;
mod lost;
mod outbox;
mod overview;
mod past_permits;
mod permit;
mod plan;
mod proof;
mod read;
mod restore;
mod schema;
mod session;
mod settle;
mod slot;
mod stumble;
mod trouble;
mod wants;
mod write;

use std::path::Path;
use std::sync::Arc;

use sqlx::AnyPool;

pub use attempt::{AttemptFilter, End};
pub use audit::{AuditError, AuditRow};
pub use config_history::{Cause, ConfigRecord};
pub use error::{Matter, StoreError, StoreErrorKind};
pub use in_step::{Gate, InStep, Verdict, in_step};
pub use ledger::{Fire, FireFilter, HowFired, Mark};
pub use lesson::SiteLesson;
pub use log_ins::{PastLogIn, Trail};
pub use lost::Lost;
pub use outbox::{Delivery, Letter, LetterKind, QueuedLetter, WaitingLetters};
pub use past_permits::PastPermit;
pub use permit::{Evidence, OpenPermit, Permit, PermitId};
pub use plan::{PlanChange, Planned};
pub use session::{JournalId, JournalledSession};
pub use settle::Seen;
pub use slot::Slot;
pub use wants::Want;

use connect::{Backend, Kept};
use error::Doing;
use id::Ids;
use instance::{DatabaseLock, InstanceLock};

/// Who is written into the audit trail unless [`Store::acting_as`] says otherwise.
const DEFAULT_ACTOR: &str = "engine";

/// The database. Cheap to clone; every clone writes through the same queue.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
    actor: Arc<str>,
}

#[derive(Debug)]
struct Shared {
    pool: AnyPool,
    backend: Backend,
    /// SQLite has one writer at a time; waiting here is fair and needs no polling.
    queue: Arc<tokio::sync::Mutex<()>>,
    ids: Ids,
    kept: Option<Kept>,
    _locks: Vec<InstanceLock>,
    _database_lock: Option<DatabaseLock>,
}

impl Store {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://…`), creating the file (0600) and its folder (0700) when
    /// they are not there, and brings its schema up to date. A relative file is relative to the process.
    ///
    /// # Errors
    /// A second daemon on the same database or the same `data` folder, a newer schema, a network file system, an address of
    /// another kind, and whatever the database itself says.
    pub async fn open(url: &str, data: &Path) -> Result<Self, StoreError> {
        Self::open_with(url, data, connect::DEFAULT_CONNECTIONS).await
    }

    /// The same with so many connections at most, at least one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, data: &Path, connections: u32) -> Result<Self, StoreError> {
        let mut opened = connect::open(url, data, connections).await?;
        opened.pool = schema::migrate(opened.pool, opened.backend, &opened.place).await?;
        connect::note_used(url, &opened.place, &mut opened.locks).doing("open the database")?;
        Ok(Self::over(opened, Ids::System))
    }

    /// Whether another process has this data folder in use now.
    pub fn is_held(data: &Path) -> bool {
        Self::holder(data).is_some()
    }

    /// Who has this data folder in use now: `process 4711`, or `another process` where that is not known; none: nobody.
    pub fn holder(data: &Path) -> Option<String> {
        InstanceLock::holder(data)
    }

    /// The database that whoever has this data folder in use keeps (a file, or a server without its password), where it is another
    /// one than that at `url`; none: the same, or nobody has it, or it is not known.
    pub fn other_than(url: &str, data: &Path) -> Option<String> {
        connect::other_than(url, data)
    }

    /// A database in memory, gone with its last handle, whose ids come from a seed: for simulations.
    ///
    /// # Errors
    /// The database's.
    pub async fn in_memory(seed: u64) -> Result<Self, StoreError> {
        let opened = connect::in_memory().await?;
        schema::fill(&opened.pool, opened.backend).await?;
        Ok(Self::over(opened, Ids::seeded(seed)))
    }

    /// Opens a database for reading only, beside a running daemon if need be.
    ///
    /// # Errors
    /// As [`Store::open`], and a schema that is not this program's. Writes through it fail.
    pub async fn open_read_only(url: &str) -> Result<Self, StoreError> {
        let opened = connect::open_read_only(url).await?;
        schema::same(&opened.pool, &opened.place).await?;
        Ok(Self::over(opened, Ids::System))
    }

    /// Opens a database for a small write beside a running daemon: takes no lock of the folder, and changes no schema.
    ///
    /// # Errors
    /// As [`Store::open_read_only`].
    pub async fn open_beside(url: &str) -> Result<Self, StoreError> {
        let opened = connect::open_beside(url).await?;
        schema::same(&opened.pool, &opened.place).await?;
        Ok(Self::over(opened, Ids::System))
    }

    /// A handle whose changes are written down as this actor's (`user:ana`).
    #[must_use]
    pub fn acting_as(&self, actor: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), actor: actor.into() }
    }

    /// Whether what is written will be there after a restart: the files of the database are still those that were opened. A
    /// server looks after its own.
    ///
    /// # Errors
    /// They were removed, replaced or cut short ([`StoreError::is_lost`]), or the system does not say.
    pub fn lasts(&self) -> Result<(), StoreError> {
        self.look_at_files().doing("keep what is written")
    }

    fn look_at_files(&self) -> Result<(), StoreErrorKind> {
        self.shared.kept.as_ref().map_or(Ok(()), |kept| kept.files.look())
    }

    /// Waits for running statements and closes every connection; the file is then complete without its `-wal`.
    pub async fn close(&self) {
        self.shared.pool.close().await;
        if let Some(kept) = &self.shared.kept {
            kept.close().await;
        }
    }

    /// What the database says about its durability, for `doctor`.
    ///
    /// # Errors
    /// The database's.
    pub async fn durability(&self) -> Result<String, StoreError> {
        connect::durability(self.pool(), self.shared.backend).await
    }

    fn over(opened: connect::Opened, ids: Ids) -> Self {
        let shared = Shared {
            pool: opened.pool,
            backend: opened.backend,
            queue: Arc::default(),
            ids,
            kept: opened.kept,
            _locks: opened.locks,
            _database_lock: opened.database_lock,
        };
        Self { shared: Arc::new(shared), actor: DEFAULT_ACTOR.into() }
    }

    fn pool(&self) -> &AnyPool {
        &self.shared.pool
    }
}
