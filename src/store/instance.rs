//! One daemon per folder, and one per PostgreSQL database: locks that go when the process dies.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sqlx::AnyConnection;

use super::read::Columns;
use super::{StoreErrorKind, files};

/// The name of the lock file.
const LOCK: &str = "instance.lock";

/// More is not read of it.
const LONGEST: u64 = 64 * 1024;

/// What a line of the file begins with that names a database of its folder: one that was in use.
const USED: &str = "database ";

/// What its last line begins with, which says where the database is that the holder keeps.
const KEEPS: &str = "keeps ";

/// Held as long as it lives. The file says who holds it, which databases of its folder were ever used, and which one the holder
/// keeps, wherever that is.
#[derive(Debug)]
pub(super) struct InstanceLock {
    path: PathBuf,
    file: File,
    used: Vec<String>,
    keeps: Option<String>,
}

impl InstanceLock {
    /// Takes the folder's lock, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreErrorKind> {
        let lock = folder.join(LOCK);
        let mut file = open(&lock).map_err(|source| StoreErrorKind::File { path: lock.clone(), source })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let used = used(&mut file).map_err(|source| StoreErrorKind::File { path: lock.clone(), source })?;
                let mut taken = Self { path: lock, file, used, keeps: None };
                taken.sign().map(|()| taken)
            }
            Err(Errno::WOULDBLOCK) => Err(refused(lock, file)),
            Err(errno) => Err(StoreErrorKind::File { path: lock, source: errno.into() }),
        }
    }
}

impl InstanceLock {
    /// Who has it (`process 4711`, `another process`); none: nobody. Nothing is made by asking.
    pub(super) fn holder(folder: &Path) -> Option<String> {
        let file = File::open(folder.join(LOCK)).ok()?;
        let held = flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK);
        held.then(|| signed(file))
    }

    /// Where the database is that the holder keeps; none: nobody has the lock, or it is not known. Nothing is made by asking.
    pub(super) fn kept_by_holder(folder: &Path) -> Option<String> {
        let file = File::open(folder.join(LOCK)).ok()?;
        if flock(&file, FlockOperation::NonBlockingLockShared) != Err(Errno::WOULDBLOCK) {
            return None;
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        text.lines().last()?.strip_prefix(KEEPS).map(str::to_owned)
    }

    /// Says that a database which was in use is gone, or empty now; nothing is made by asking, and nobody need have the lock.
    pub(super) fn refuse_vanished(database: &Path) -> Result<(), StoreErrorKind> {
        let Some(lock) = database.parent().map(|folder| folder.join(LOCK)) else { return Ok(()) };
        // A folder without a lock, or one that is another user's, tells nothing.
        let used = File::open(&lock).and_then(|mut file| used(&mut file)).unwrap_or_default();
        match name(database).filter(|name| used.contains(name)) {
            Some(_) if files::is_empty(database)? => Err(StoreErrorKind::Vanished { path: database.to_owned(), lock }),
            _ => Ok(()),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a database of this folder was in use at an earlier start.
    pub(super) fn has_used(&self, database: &Path) -> bool {
        name(database).is_some_and(|name| self.used.contains(&name))
    }

    /// Writes down that it is in use.
    pub(super) fn uses(&mut self, database: &Path) -> Result<(), StoreErrorKind> {
        match name(database) {
            Some(name) if !self.used.contains(&name) => {
                self.used.push(name);
                self.sign()
            }
            _ => Ok(()),
        }
    }

    /// Says where the database is that is kept from now on, where that is a text of one line.
    pub(super) fn keeps(&mut self, place: &str) -> Result<(), StoreErrorKind> {
        self.keeps = Some(place.to_owned()).filter(|place| !place.contains('\n'));
        self.sign()
    }

    /// The new text in one write over the old one: of that only the end of its last line can be left for a moment.
    fn sign(&mut self) -> Result<(), StoreErrorKind> {
        let used: String = self.used.iter().map(|name| format!("{USED}{name}\n")).collect();
        let keeps = self.keeps.as_ref().map(|place| format!("{KEEPS}{place}\n")).unwrap_or_default();
        let text = format!("{}\n{used}{keeps}", std::process::id());
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let mut written = || {
            self.file.rewind()?;
            self.file.write_all(text.as_bytes())?;
            self.file.set_len(length)?;
            self.file.sync_all()
        };
        written().map_err(|source| StoreErrorKind::File { path: self.path.clone(), source })
    }
}

/// Takes the lock of the database file itself, for as long as `handle` is open: through a hard link it has another folder. It
/// is not of the kind that SQLite uses, and does not disturb it.
pub(super) fn hold(handle: &File, database: &Path) -> Result<(), StoreErrorKind> {
    match flock(handle, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => {
            Err(StoreErrorKind::SecondInstance { lock: database.to_owned(), holder: "another process".to_owned() })
        }
        Err(errno) => Err(StoreErrorKind::File { path: database.to_owned(), source: errno.into() }),
    }
}

/// A database's name in its folder, where it is a text of one line.
fn name(database: &Path) -> Option<String> {
    let name = database.file_name()?.to_str()?;
    (!name.contains('\n')).then(|| name.to_owned())
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

fn used(file: &mut File) -> std::io::Result<Vec<String>> {
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text.lines().filter_map(|line| Some(line.strip_prefix(USED)?.to_owned())).collect())
}

fn refused(lock: PathBuf, file: File) -> StoreErrorKind {
    StoreErrorKind::SecondInstance { lock, holder: signed(file) }
}

/// Who has written his number there.
fn signed(file: File) -> String {
    let mut signature = String::new();
    // What cannot be read names nobody.
    let _ = file.take(LONGEST).read_to_string(&mut signature);
    match signature.lines().next().map(str::trim) {
        Some(process) if !process.is_empty() => format!("process {process}"),
        _ => "another process".to_owned(),
    }
}
