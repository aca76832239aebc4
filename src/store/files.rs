//! The files of a SQLite database while it is in use: whether what is written will be there after a restart.
//!
//! A file that is removed or replaced under a running process goes on to take writes, and they are lost with the process.
//! Whoever needs a write to last looks here, before and after it.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::StoreErrorKind;

/// The head of a database file; its size in pages stands there.
const HEAD: usize = 100;

/// What a write-ahead log begins with, whichever way its checksums are written.
const LOG_BEGINS: [[u8; 4]; 2] = [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83]];

/// A database file and its write-ahead log, as they were when a connection had opened both.
#[derive(Debug)]
pub(super) struct Files {
    database: PathBuf,
    log: PathBuf,
    /// Never closed before the connections are: closing it would end the locks that SQLite holds on the file.
    handle: File,
    log_was: Id,
    /// Whether the log was seen to be one. What lies there before anything is written may be what a power cut left, which SQLite
    /// takes for empty and writes over.
    log_begun: AtomicBool,
    /// The largest that the file was seen to be.
    largest: AtomicU64,
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    device: u64,
    number: u64,
}

impl From<&Metadata> for Id {
    fn from(found: &Metadata) -> Self {
        Self { device: found.dev(), number: found.ino() }
    }
}

impl Files {
    /// The files of a database that a connection holds open. `handle` was opened before that connection was.
    pub(super) fn new(database: &Path, handle: File) -> Result<Self, StoreErrorKind> {
        let log = PathBuf::from(format!("{}-wal", database.display()));
        let log_was = Id::from(&found(&log)?);
        let largest = AtomicU64::new(size(database, &handle)?);
        let files =
            Self { database: database.to_owned(), log, handle, log_was, log_begun: AtomicBool::new(false), largest };
        files.look().map(|()| files)
    }

    /// Whether the files are still those, and whole.
    pub(super) fn look(&self) -> Result<(), StoreErrorKind> {
        let ours = self.handle.metadata().map_err(|source| file(&self.database, source))?;
        is(&self.database, Id::from(&ours))?;
        is(&self.log, self.log_was)?;
        self.is_whole()?;
        self.log_is_whole()
    }

    /// A file shrinks in order when it is vacuumed: then it says itself that it is smaller.
    fn is_whole(&self) -> Result<(), StoreErrorKind> {
        let size = size(&self.database, &self.handle)?;
        if size < self.largest.load(Ordering::Relaxed) && said_size(&self.handle).is_none_or(|said| size < said) {
            return Err(lost(&self.database, "was cut short"));
        }
        self.largest.store(size, Ordering::Relaxed);
        Ok(())
    }

    /// An empty log is one that was written back into the database. What follows a head that was cut off is never read again.
    fn log_is_whole(&self) -> Result<(), StoreErrorKind> {
        let mut begins = [0; 4];
        let mut log = File::open(&self.log).map_err(|source| gone_or(&self.log, source))?;
        match log.read_exact(&mut begins) {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(file(&self.log, error)),
            Ok(()) if !LOG_BEGINS.contains(&begins) => {
                let begun = self.log_begun.load(Ordering::Relaxed);
                return if begun { Err(lost(&self.log, "was cut short")) } else { Ok(()) };
            }
            Err(_) | Ok(()) => self.log_begun.store(true, Ordering::Relaxed),
        }
        Ok(())
    }
}

/// Whether there is nothing at such a path, or a file without anything in it.
pub(super) fn is_empty(database: &Path) -> Result<bool, StoreErrorKind> {
    match std::fs::metadata(database) {
        Ok(found) => Ok(found.is_file() && found.len() == 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(source) => Err(file(database, source)),
    }
}

fn is(path: &Path, was: Id) -> Result<(), StoreErrorKind> {
    if Id::from(&found(path)?) == was { Ok(()) } else { Err(lost(path, "was replaced by another file")) }
}

fn found(path: &Path) -> Result<Metadata, StoreErrorKind> {
    std::fs::metadata(path).map_err(|source| gone_or(path, source))
}

fn size(database: &Path, handle: &File) -> Result<u64, StoreErrorKind> {
    Ok(handle.metadata().map_err(|source| file(database, source))?.len())
}

/// The size that the file says it has, in bytes.
fn said_size(handle: &File) -> Option<u64> {
    let mut head = [0; HEAD];
    handle.read_exact_at(&mut head, 0).ok()?;
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([head[28], head[29], head[30], head[31]]);
    Some(page * u64::from(pages)).filter(|size| *size > 0)
}

fn gone_or(path: &Path, source: io::Error) -> StoreErrorKind {
    if source.kind() == ErrorKind::NotFound { lost(path, "was removed") } else { file(path, source) }
}

fn lost(path: &Path, what: &'static str) -> StoreErrorKind {
    StoreErrorKind::Lost { path: path.to_owned(), what }
}

fn file(path: &Path, source: io::Error) -> StoreErrorKind {
    StoreErrorKind::File { path: path.to_owned(), source }
}
