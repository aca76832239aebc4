//! User names and passwords, encrypted at rest with age.
//!
//! Each entry is a file of its own in the vault's folder, encrypted to the X25519 identity whose file lies elsewhere and is
//! its owner's alone: a stolen data folder or backup is worth nothing without it. Inside the encrypted text stands the
//! entry's own name, so that files that were exchanged for each other are found out. What is absent: when credentials are
//! used, and anything that keeps them for longer than its caller does.

mod credentials;
mod error;
mod file;
mod identity;
mod name;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use credentials::Credentials;
pub use error::{Known, VaultError, VaultErrorKind};
pub use identity::default_identity;

use identity::Identity;
use name::EntryName;

/// The vault's folder inside the data folder.
const FOLDER: &str = "vault";

/// A vault: a folder of encrypted entries and the identity that reads them. Clones share what was read of the identity.
#[derive(Clone)]
pub struct Vault {
    folder: PathBuf,
    identity_file: PathBuf,
    /// What was last read of it; none: it could not be read yet.
    identity: Arc<Mutex<Option<Identity>>>,
}

impl Vault {
    /// Makes the vault's folder in the data folder, and the identity file where there is none (0600, new folders 0700). Says
    /// whether the identity is new. One that is there is kept, so that running it twice harms nothing.
    ///
    /// # Errors
    /// An identity inside the data folder, one that others can read, or that cannot be written.
    pub fn init(data: &Path, identity: &Path) -> Result<bool, VaultError> {
        if is_inside(identity, data) {
            return Err(VaultError::new(identity, VaultErrorKind::IdentityInData { data: data.to_owned() }));
        }
        let made = Identity::make(identity)?;
        Identity::read(identity)?;
        file::make_folder(&data.join(FOLDER))?;
        Ok(made)
    }

    /// Opens the vault of the data folder.
    ///
    /// # Errors
    /// No identity, one that others can read, or one that is none.
    pub fn open(data: &Path, identity: &Path) -> Result<Self, VaultError> {
        let vault = Self::at(data, identity);
        vault.identity().map(|_| vault)
    }

    /// The vault of the data folder as it is when it is asked: what is missing now, a person may have added by then.
    pub fn at(data: &Path, identity: &Path) -> Self {
        Self { folder: data.join(FOLDER), identity_file: identity.to_owned(), identity: Arc::default() }
    }

    /// Keeps an entry, in place of an older one of that name. A crash leaves the old one or the new one.
    ///
    /// # Errors
    /// A name that cannot be a file's, and the file system's.
    pub fn set(&self, entry: &str, credentials: &Credentials) -> Result<(), VaultError> {
        let name = EntryName::parse(entry)?;
        let path = name.path(&self.folder);
        let blob = self.identity()?.encrypt(&credentials.write(&name)).map_err(|kind| VaultError::new(&path, kind))?;
        if let Some(parent) = path.parent() {
            file::make_folder(parent)?;
        }
        file::write(&path, &blob)
    }

    /// The credentials of an entry. One that is for another identity than was read last is tried with the file as it is now.
    ///
    /// # Errors
    /// No identity, no such entry, an entry for another identity, one that was damaged, or another entry's file under this
    /// name.
    pub fn get(&self, entry: &str) -> Result<Credentials, VaultError> {
        let name = EntryName::parse(entry)?;
        let path = name.path(&self.folder);
        let blob = file::read(&path)?.ok_or_else(|| self.missing(&name))?;
        let text = match self.identity()?.decrypt(&blob) {
            Err(VaultErrorKind::OtherIdentity) => self.read_identity()?.decrypt(&blob),
            other => other,
        };
        let text = text.map_err(|kind| VaultError::new(&path, kind))?;
        Credentials::read(&text, &name).map_err(|kind| VaultError::new(&path, kind))
    }

    /// The names of all entries, in the alphabet's order.
    ///
    /// # Errors
    /// The file system's.
    pub fn list(&self) -> Result<Vec<String>, VaultError> {
        name::list(&self.folder)
    }

    /// The names of all entries of a data folder, for which no identity is needed; none: there is no vault yet.
    ///
    /// # Errors
    /// The file system's.
    pub fn names(data: &Path) -> Result<Option<Vec<String>>, VaultError> {
        let folder = data.join(FOLDER);
        if folder.is_dir() || folder.is_symlink() { name::list(&folder).map(Some) } else { Ok(None) }
    }

    /// Takes an entry out.
    ///
    /// # Errors
    /// No such entry, and the file system's.
    pub fn remove(&self, entry: &str) -> Result<(), VaultError> {
        let name = EntryName::parse(entry)?;
        if file::remove(&name.path(&self.folder))? {
            return Ok(());
        }
        let (entry, known) = (entry.to_owned(), Known(self.list().unwrap_or_default()));
        Err(VaultError::new(&self.folder, VaultErrorKind::NothingToRemove { entry, known }))
    }

    fn identity(&self) -> Result<Identity, VaultError> {
        let known = self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.map_or_else(|| self.read_identity(), Ok)
    }

    fn read_identity(&self) -> Result<Identity, VaultError> {
        let read = Identity::read(&self.identity_file)?;
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = Some(read.clone());
        Ok(read)
    }

    fn missing(&self, name: &EntryName) -> VaultError {
        let (entry, known) = (name.as_str().to_owned(), Known(self.list().unwrap_or_default()));
        VaultError::new(&self.folder, VaultErrorKind::NoEntry { entry, known })
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn is_inside(identity: &Path, data: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute(identity).starts_with(absolute(data))
}
