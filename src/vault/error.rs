//! What can go wrong with secrets; no message holds one.

use std::path::{Path, PathBuf};

use crate::model::entry::MADE_OF;
use crate::report::did_you_mean;

/// A failure of the vault: which file, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct VaultError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub kind: VaultErrorKind,
}

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum VaultErrorKind {
    /// There is no identity file.
    #[error("there is no identity yet; run `firstserve vault init`")]
    NoIdentity,
    /// The home folder is not known, so there is no default place for the identity.
    #[error("the home folder is not known; say where the identity is with `--identity FILE`")]
    NoHome,
    /// Others can read the identity.
    #[error("others can read this identity (mode {mode:04o}); run `chmod 600` on it")]
    LooseMode {
        /// Its mode.
        mode: u32,
    },
    /// The file holds no identity.
    #[error("this file holds no age identity (a line that starts with AGE-SECRET-KEY-1)")]
    NotAnIdentity,
    /// The identity would be backed up and stolen together with what it protects.
    #[error("the identity must not lie in the data folder {}; choose another place with `--identity FILE`", data.display())]
    IdentityInData {
        /// The data folder.
        data: PathBuf,
    },
    /// Not a name that can be kept.
    #[error("{entry:?} cannot name an entry; use {MADE_OF}")]
    Name {
        /// The name.
        entry: String,
    },
    /// There is no such entry.
    #[error("there is no entry {entry:?}; {}add it with `firstserve vault set {entry}`", known.beside(entry))]
    NoEntry {
        /// Its name.
        entry: String,
        /// The entries that are there.
        known: Known,
    },
    /// There is no such entry to take out.
    #[error("there is no entry {entry:?}, and nothing was taken out; {}`firstserve vault list` names them all", known.beside(entry))]
    NothingToRemove {
        /// Its name.
        entry: String,
        /// The entries that are there.
        known: Known,
    },
    /// It was encrypted to another identity.
    #[error(
        "this entry was encrypted to another identity; use that one, or set the entry anew with `firstserve vault set`"
    )]
    OtherIdentity,
    /// It is no encrypted entry any more.
    #[error("this entry is damaged; set it anew with `firstserve vault set`")]
    Damaged,
    /// The file is another entry's.
    #[error("this file holds the entry {found:?}, not {entry:?}: somebody has moved it; set the entry anew")]
    Swapped {
        /// The name that was asked for.
        entry: String,
        /// The name inside.
        found: String,
    },
    /// The file system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl VaultError {
    pub(super) fn new(path: &Path, kind: impl Into<VaultErrorKind>) -> Self {
        Self { path: path.to_owned(), kind: kind.into() }
    }

    /// The exit code of the command line: 78 for what the installation lacks, 64 for a name that cannot be one, 65 for an entry
    /// that is not there or is damaged, 74 for the file system.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            VaultErrorKind::NoIdentity
            | VaultErrorKind::NoHome
            | VaultErrorKind::LooseMode { .. }
            | VaultErrorKind::NotAnIdentity
            | VaultErrorKind::IdentityInData { .. }
            | VaultErrorKind::OtherIdentity => 78,
            VaultErrorKind::Name { .. } => 64,
            VaultErrorKind::NoEntry { .. }
            | VaultErrorKind::NothingToRemove { .. }
            | VaultErrorKind::Damaged
            | VaultErrorKind::Swapped { .. } => 65,
            VaultErrorKind::Io(_) => 74,
        }
    }
}

/// The names of the entries that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known(pub Vec<String>);

impl Known {
    /// The one that is like a name, or else the first of them all: the beginning of a sentence.
    fn beside(&self, entry: &str) -> String {
        const MOST: usize = 12;
        let quoted = |names: &[String]| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        match (did_you_mean(entry, self.0.iter().map(String::as_str)), self.0.as_slice()) {
            (Some(near), _) => format!("did you mean {near:?}? "),
            (None, []) => "the vault is empty; ".to_owned(),
            (None, names) if names.len() > MOST => format!("there are {}, …; ", quoted(&names[..MOST])),
            (None, names) => format!("there {} {}; ", if names.len() == 1 { "is" } else { "are" }, quoted(names)),
        }
    }
}
