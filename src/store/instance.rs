//! One daemon per folder, and one per PostgreSQL database: locks that go when the process dies.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sqlx::AnyConnection;

use super::StoreErrorKind;
use super::read::Columns;

/// The name of the lock file.
const LOCK: &str = "instance.lock";

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes the folder's lock, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreErrorKind> {
        let lock = folder.join(LOCK);
        let mut file = open(&lock).map_err(|source| StoreErrorKind::File { path: lock.clone(), source })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                sign(&mut file).map_err(|source| StoreErrorKind::File { path: lock, source })?;
                Ok(Self { _file: file })
            }
            Err(Errno::WOULDBLOCK) => Err(refused(lock, file)),
            Err(errno) => Err(StoreErrorKind::File { path: lock, source: errno.into() }),
        }
    }
}

/// The name of the lock of a PostgreSQL database: `firstser` as a number. Databases of one server have locks of their own.
const ADVISORY: i64 = 0x6669_7273_7473_6572;

/// A PostgreSQL database, for as long as this connection lives.
#[derive(Debug)]
pub(super) struct DatabaseLock {
    /// Nobody ever asks for it; the mutex only lets it be shared.
    _connection: Mutex<AnyConnection>,
}

impl DatabaseLock {
    /// Takes the database's lock with a connection that does nothing else. PostgreSQL lets it go with the connection: where a
    /// pooler stands between, it must keep sessions.
    pub(super) async fn take(mut connection: AnyConnection) -> Result<Self, StoreErrorKind> {
        let asked = "SELECT CAST(CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END AS BIGINT) AS taken";
        let row = sqlx::query(asked).bind(ADVISORY).fetch_one(&mut connection).await?;
        match row.number("taken")? {
            1 => Ok(Self { _connection: Mutex::new(connection) }),
            _ => Err(StoreErrorKind::SecondDaemon),
        }
    }
}

fn open(lock: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(lock)
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn refused(lock: PathBuf, file: File) -> StoreErrorKind {
    let mut signature = String::new();
    let holder = match file.take(20).read_to_string(&mut signature) {
        Ok(_) if !signature.trim().is_empty() => format!("process {}", signature.trim()),
        _ => "another process".to_owned(),
    };
    StoreErrorKind::SecondInstance { lock, holder }
}
