//! Files that are their owner's alone and are never half-written.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{VaultError, VaultErrorKind};

/// Opening a pipe does not wait for its other end.
#[expect(clippy::cast_possible_wrap, reason = "flags are small numbers")]
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;

/// An entry, and an identity, is never longer than this.
const LONGEST: u64 = 64 * 1024;

/// Makes a folder and those above it, each its owner's alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), VaultError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| VaultError::new(folder, error))
}

/// Writes beside the file, reaches the disk, and takes the file's place: a crash leaves the old text or the new one.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let beside = beside(path);
    let written = write_through(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if let Err(error) = written {
        // What cannot be taken away either is a hidden file without a name that anybody reads.
        let _ = std::fs::remove_file(&beside);
        return Err(VaultError::new(path, error));
    }
    sync_folder(path).map_err(|error| VaultError::new(path, error))
}

/// Writes a file that must not be there yet.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = beside(path);
    write_through(&beside, bytes)?;
    // A link fails where a rename would replace.
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside)?;
    linked?;
    sync_folder(path)
}

/// The file's bytes; none when it is not there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(VaultError::new(path, error)),
    };
    if !file.metadata().map_err(|error| VaultError::new(path, error))?.is_file() {
        return Err(VaultError::new(path, VaultErrorKind::Damaged));
    }
    let mut bytes = Vec::new();
    bounded(file).read_to_end(&mut bytes).map_err(|error| VaultError::new(path, error))?;
    Ok(Some(bytes))
}

/// Opens for reading, and never waits: a pipe would block whoever opens it.
pub(super) fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)
}

/// What a file can hold that is read here.
pub(super) fn bounded(file: File) -> impl Read {
    file.take(LONGEST)
}

/// Says whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, VaultError> {
    match std::fs::remove_file(path).and_then(|()| sync_folder(path)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(VaultError::new(path, error)),
    }
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{:016x}", rand::random::<u64>()))
}

fn write_through(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
