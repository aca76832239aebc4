//! One daemon per folder: a lock that the operating system lets go when the process dies.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::StoreErrorKind;

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
