//! Names of entries, which are paths inside the vault's folder and never lead out of it.

use std::path::{Path, PathBuf};

use super::{VaultError, VaultErrorKind};
use crate::model::entry::{MOST_PARTS, is_name, is_part};

/// The ending of an entry's file.
const ENDING: &str = "age";

/// A name that can be a file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryName(String);

impl EntryName {
    pub(super) fn parse(entry: &str) -> Result<Self, VaultError> {
        if is_name(entry) {
            Ok(Self(entry.to_owned()))
        } else {
            Err(VaultError::new(Path::new("vault"), VaultErrorKind::Name { entry: entry.to_owned() }))
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.{ENDING}", self.0))
    }
}

/// The names of the entries in a folder; none when it is not there.
pub(super) fn list(folder: &Path) -> Result<Vec<String>, VaultError> {
    let mut names = Vec::new();
    walk(folder, "", MOST_PARTS, &mut names).map_err(|error| VaultError::new(folder, error))?;
    names.sort();
    Ok(names)
}

fn walk(folder: &Path, prefix: &str, depth: usize, names: &mut Vec<String>) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        // A link that leads nowhere is no empty vault.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !folder.is_symlink() => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        if entry.file_type()?.is_dir() {
            if depth > 1 {
                walk(&entry.path(), &format!("{prefix}{file}/"), depth - 1, names)?;
            }
        } else if let Some(name) = file.strip_suffix(&format!(".{ENDING}")).filter(|name| is_part(name)) {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for good in ["ana", "las-palmas/ana", "club/josé@example.org", "a/b/c/d"] {
            assert!(EntryName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "../ana", "a//b", "a/../b", ".hidden", "a b", "a\0", "a\n", "a/b/c/d/e", "a/"] {
            let refused = EntryName::parse(bad).expect_err(bad);
            assert_eq!(refused.exit_code(), 64);
        }
    }
}
