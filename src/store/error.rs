//! What can go wrong with what is kept.

use std::path::PathBuf;

use super::in_step::stepped;
use super::trouble;
use crate::model::{Attempt, AttemptId, Outcome, State};
use crate::timing::note;

/// A failure of the store: what it was doing, and why it could not.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {kind}")]
pub struct StoreError {
    /// What it was doing, as it fits after "failed to".
    pub doing: &'static str,
    /// Why it could not.
    #[source]
    pub kind: StoreErrorKind,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreErrorKind {
    /// Another process holds the data.
    #[error("{holder} already uses {}; stop it first", lock.display())]
    SecondInstance {
        /// The lock file.
        lock: PathBuf,
        /// The process that wrote its number there.
        holder: String,
    },
    /// Another process holds the PostgreSQL database.
    #[error(
        "another firstserve already uses this database; stop it first (another household needs its own `database`)"
    )]
    SecondDaemon,
    /// The database was written by a later version.
    #[error("{place} has schema version {found}, and this program knows {known}; install the newer firstserve")]
    NewerSchema {
        /// The file, or the server without its password.
        place: String,
        /// The database's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The database is not one that this program has brought up to date.
    #[error("{place} has schema version {found}, not {known}; `firstserve run` brings it up to date")]
    OlderSchema {
        /// The file, or the server without its password.
        place: String,
        /// The database's version.
        found: i64,
        /// The version that this program needs.
        known: i64,
    },
    /// SQLite's locks cannot be trusted there.
    #[error("{} lies on a network file system, where SQLite can lose data; use a local disk or PostgreSQL", path.display())]
    NetworkFolder {
        /// The database file.
        path: PathBuf,
    },
    /// Not an address of a database that is known here.
    #[error("the address is neither `sqlite://FILE` nor `postgres://…`")]
    Address,
    /// The database cannot be used as it is.
    #[error("{place}: {source}; {cure}")]
    Unusable {
        /// The file, or the server without its password.
        place: String,
        /// What the database says.
        source: sqlx::Error,
        /// What to do about it.
        cure: String,
    },
    /// The server has not answered.
    #[error(
        "{place} does not answer; see that the server runs there, and that `database` under [server], \
         FIRSTSERVE_SERVER_DATABASE or DATABASE_URL has the right host and port"
    )]
    Silent {
        /// The server, without its password.
        place: String,
    },
    /// The files of the database are not those any more that this process writes to: nothing that it writes would last.
    #[error("{} {what} while it was in use", path.display())]
    Lost {
        /// Which file.
        path: PathBuf,
        /// What became of it.
        what: &'static str,
    },
    /// A database that was there at an earlier start is not.
    #[error(
        "{} is gone or empty, and firstserve has used it before; put it or a backup of it in its place. To begin anew without it, \
         look at the sites' own lists, and remove {}",
        path.display(), lock.display()
    )]
    Vanished {
        /// The database file.
        path: PathBuf,
        /// Where it is written that it was there.
        lock: PathBuf,
    },
    /// A file or folder.
    #[error("{}: {source}; {}", path.display(), trouble::cure(source))]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Somebody else has changed the attempt: stop acting on it.
    #[error("attempt {attempt} is {}, not {}", word(*found), expected.as_str())]
    Conflict {
        /// Which one.
        attempt: AttemptId,
        /// The state that the change was made for.
        expected: State,
        /// The state that was found; none: there is no such attempt.
        found: Option<State>,
    },
    /// The last submit of the attempt is not settled yet.
    #[error("attempt {attempt} has a spent permit whose result nobody knows")]
    PermitOpen {
        /// Which one.
        attempt: AttemptId,
    },
    /// Another attempt of the same member has, or may have, a slot at that time.
    #[error("{}", held(by))]
    SlotHeld {
        /// The other attempt.
        by: Box<Attempt>,
    },
    /// There is no such row, or it is over already.
    #[error("there is no open {what} {id}")]
    Missing {
        /// What it should be.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A value in the database that no version writes.
    #[error("column {column} holds {value:?}")]
    Value {
        /// Which column.
        column: &'static str,
        /// What it holds.
        value: String,
    },
    /// The database itself.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A change of the schema.
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Whose matter a failure is: what a command ends with follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// A file, a folder or a disk.
    Files,
    /// What the database holds is not what this program can use.
    Contents,
    /// The address under `[server] database`.
    Configuration,
    /// Somebody else has it, or it does not answer.
    Availability,
}

impl StoreError {
    /// Whose matter it is.
    pub fn matter(&self) -> Matter {
        match &self.kind {
            StoreErrorKind::File { .. } | StoreErrorKind::Lost { .. } | StoreErrorKind::Vanished { .. } => {
                Matter::Files
            }
            StoreErrorKind::Address | StoreErrorKind::NetworkFolder { .. } => Matter::Configuration,
            StoreErrorKind::NewerSchema { .. } | StoreErrorKind::OlderSchema { .. } => Matter::Contents,
            StoreErrorKind::Unusable { source, .. } if trouble::is_about_contents(source) => Matter::Contents,
            StoreErrorKind::Unusable { source, .. } if trouble::is_about_files(source) => Matter::Files,
            _ => Matter::Availability,
        }
    }

    /// Whether somebody else changed the attempt first: whoever gets this stops acting.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Conflict { .. })
    }

    /// Whether what was to be changed is not there, or over already: a write that was answered by an error may have been made.
    pub fn is_missing(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Missing { .. })
    }

    /// Whether nothing that this process writes would last any more.
    pub fn is_lost(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Lost { .. })
    }

    /// Whether another attempt has, or may have, the slot.
    pub fn is_slot_held(&self) -> bool {
        matches!(self.kind, StoreErrorKind::SlotHeld { .. })
    }
}

impl StoreErrorKind {
    pub(super) fn value(column: &'static str, value: impl Into<String>) -> Self {
        Self::Value { column, value: value.into() }
    }
}

/// Names what was being done.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T, E: Into<StoreErrorKind>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|kind| StoreError { doing, kind: kind.into() })
    }
}

/// Names what a piece of work was doing.
pub(super) async fn doing<T>(
    doing: &'static str,
    work: impl Future<Output = Result<T, StoreErrorKind>>,
) -> Result<T, StoreError> {
    stepped(doing, work).await.map_err(|kind| StoreError { doing, kind })
}

fn held(by: &Attempt) -> String {
    let is_sure = by.state == State::Ended(Outcome::Confirmed);
    note::held(by.booking.as_str(), by.date, by.state.is_ended() && !is_sure)
}

fn word(state: Option<State>) -> &'static str {
    state.map_or("not there", State::as_str)
}
