//! A file that is replaced whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid};

/// The mode of a file that was not there.
const DEFAULT_MODE: u32 = 0o600;

/// The bits of a mode that say who may read and write.
const PERMISSIONS: u32 = 0o777;

/// A larger file is none of ours.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// A file as it was found.
pub(super) struct Original {
    /// The file itself, where the path is a link.
    path: PathBuf,
    /// None: it is not there.
    bytes: Option<Vec<u8>>,
    /// Mode, owner and group.
    access: Option<(u32, Uid, Gid)>,
}

impl Original {
    /// Reads it.
    ///
    /// # Errors
    /// The system's; that there is none is no error.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { path: path.to_owned(), bytes: None, access: None });
            }
            Err(error) => return Err(error),
        };
        let found = fs::metadata(&path)?;
        if !found.is_file() || found.len() > MAX_BYTES {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a text file"));
        }
        let (owner, group) = (Uid::from_raw(found.uid()), Gid::from_raw(found.gid()));
        let bytes = fs::read(&path)?;
        Ok(Self { path, bytes: Some(bytes), access: Some((found.mode() & PERMISSIONS, owner, group)) })
    }

    /// Whether it is not there.
    pub(super) fn is_missing(&self) -> bool {
        self.bytes.is_none()
    }

    /// Whether it holds exactly this text.
    pub(super) fn holds(&self, text: &str) -> bool {
        self.bytes.as_deref() == Some(text.as_bytes())
    }

    /// Writes its bytes into a new file beside it, and says where.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn keep_aside(&self, stamp: &str) -> io::Result<PathBuf> {
        let aside = self.path.with_file_name(format!("{}.replaced-{stamp}", name(&self.path)));
        self.write(&aside, self.bytes.as_deref().unwrap_or_default())?;
        Ok(aside)
    }

    /// A new file with the same access, on the disk when this returns.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mode = self.access.map_or(DEFAULT_MODE, |(mode, ..)| mode);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode & 0o600).open(path)?;
        file.write_all(bytes)?;
        if let Some((_, owner, group)) = self.access {
            // Who may not give files away owns the new one: as with an editor.
            let _ = rustix::fs::fchown(&file, Some(owner), Some(group));
        }
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()
    }
}

/// Puts these bytes in its place: a crash leaves the old text or the new one. A file that was changed since it was read is left.
///
/// # Errors
/// The system's.
pub(super) fn replace(original: &Original, bytes: &[u8]) -> io::Result<()> {
    let path = &original.path;
    let beside = path.with_file_name(format!(".{}.{:016x}", name(path), rand::random::<u64>()));
    let put =
        original.write(&beside, bytes).and_then(|()| unchanged(original)).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = put {
        // What cannot be taken away either is a hidden file without a name that anybody reads.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    File::open(folder(path))?.sync_all()
}

fn unchanged(original: &Original) -> io::Result<()> {
    if Original::read(&original.path)?.bytes == original.bytes {
        return Ok(());
    }
    Err(io::Error::other("somebody changed it at the same time; look at it, and try again"))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it can be read");
        let mut names: Vec<_> = entries.map(|entry| name(&entry.expect("an entry").path())).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_with_its_mode_and_through_its_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("real.toml"), folder.path().join("booking.toml"));
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).expect("set");
        std::os::unix::fs::symlink("real.toml", &link).expect("linked");
        let original = Original::read(&link).expect("read");
        assert!(original.holds("old") && !original.holds("old\n"));
        replace(&original, b"new").expect("replaced");
        assert_eq!(fs::read_to_string(&file).expect("read"), "new");
        assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o664);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(names(folder.path()), ["booking.toml", "real.toml"], "nothing is left beside it");
    }

    #[test]
    fn what_somebody_writes_meanwhile_is_not_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("booking.toml");
        fs::write(&file, "old").expect("written");
        let original = Original::read(&file).expect("read");
        fs::write(&file, "edited").expect("written");
        replace(&original, b"new").expect_err("it was changed");
        assert_eq!(fs::read_to_string(&file).expect("read"), "edited");
        assert_eq!(names(folder.path()), ["booking.toml"]);
    }

    #[test]
    fn a_file_that_is_gone_is_written_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("booking.toml");
        let original = Original::read(&file).expect("no error");
        assert!(original.is_missing());
        replace(&original, b"new").expect("written");
        assert_eq!(fs::read_to_string(&file).expect("read"), "new");
    }
}
