//! A folder for what a browser leaves behind: profile, sockets, caches. Only we can read it, and it does not outlive the session.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// How the names of scratch folders begin.
const PREFIX: &str = "fs-";

/// How often another name is tried when one is taken.
const TRIES: u8 = 8;

/// Makes an empty folder with mode 0700. The name is short: sockets inside it may have 108 bytes in all.
pub(super) fn make() -> io::Result<PathBuf> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..TRIES {
        let folder = std::env::temp_dir().join(format!("{PREFIX}{:08x}", rand::random::<u32>()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Whether a scratch folder could bear this name.
pub(super) fn is_name_of_one(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.strip_prefix(PREFIX));
    number.is_some_and(|number| number.len() == 8 && number.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// Removes the folder and everything in it; a folder that is gone is as good.
pub(super) fn wipe(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_can_read_it_and_it_is_wiped_whole() {
        let folder = make().unwrap();
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::create_dir(folder.join("profile")).unwrap();
        std::fs::write(folder.join("profile/cookies.sqlite"), "x").unwrap();
        wipe(&folder).unwrap();
        assert!(!folder.exists());
        wipe(&folder).unwrap();
    }
}
