//! The identity: the key that reads the vault, in a file of its own.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use age::x25519;
use zeroize::Zeroizing;

use super::{VaultError, VaultErrorKind, file};

/// What a line with a secret key starts with.
const SECRET_KEY: &str = "AGE-SECRET-KEY-1";

/// Where the identity is unless somebody says otherwise: `firstserve/identity` in the user's configuration folder.
///
/// # Errors
/// A process that has no home.
pub fn default_identity() -> Result<PathBuf, VaultError> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let config = config.or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    let config = config.ok_or_else(|| VaultError::new(Path::new("identity"), VaultErrorKind::NoHome))?;
    Ok(config.join("firstserve").join("identity"))
}

/// One or more keys: the first encrypts, any of them reads.
#[derive(Clone)]
pub(super) struct Identity {
    keys: Vec<x25519::Identity>,
}

impl Identity {
    /// Makes a new identity file; says whether it did. One that is there is left as it is.
    pub(super) fn make(path: &Path) -> Result<bool, VaultError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            file::make_folder(folder)?;
        }
        let key = x25519::Identity::generate();
        let text = Zeroizing::new(format!("# public key: {}\n{}\n", key.to_public(), key.to_string().expose_secret()));
        match file::write_new(path, text.as_bytes()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(VaultError::new(path, error)),
        }
    }

    /// Reads an identity file, which must be its owner's alone.
    pub(super) fn read(path: &Path) -> Result<Self, VaultError> {
        Self::try_read(path).map_err(|kind| VaultError::new(path, kind))
    }

    fn try_read(path: &Path) -> Result<Self, VaultErrorKind> {
        let file = file::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => VaultErrorKind::NoIdentity,
            _ => error.into(),
        })?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(VaultErrorKind::NotAnIdentity);
        }
        let mode = found.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(VaultErrorKind::LooseMode { mode });
        }
        let mut text = Zeroizing::new(String::new());
        file::bounded(file).read_to_string(&mut text).map_err(|_| VaultErrorKind::NotAnIdentity)?;
        let lines = text.lines().map(str::trim).filter(|line| line.starts_with(SECRET_KEY));
        let keys: Result<Vec<x25519::Identity>, _> = lines.map(str::parse).collect();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(Self { keys }),
            _ => Err(VaultErrorKind::NotAnIdentity),
        }
    }

    pub(super) fn encrypt(&self, text: &str) -> Result<Vec<u8>, VaultErrorKind> {
        let key = self.keys.first().ok_or(VaultErrorKind::NotAnIdentity)?;
        age::encrypt(&key.to_public(), text.as_bytes()).map_err(|error| match error {
            age::EncryptError::Io(error) => error.into(),
            _ => VaultErrorKind::NotAnIdentity,
        })
    }

    pub(super) fn decrypt(&self, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultErrorKind> {
        let decryptor = age::Decryptor::new_buffered(blob).map_err(|_| VaultErrorKind::Damaged)?;
        let keys = self.keys.iter().map(|key| key as &dyn age::Identity);
        let mut reader = decryptor.decrypt(keys).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => VaultErrorKind::OtherIdentity,
            _ => VaultErrorKind::Damaged,
        })?;
        // Room for the whole text at once: a vector that grows leaves copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(blob.len()));
        reader.read_to_end(&mut text).map_err(|_| VaultErrorKind::Damaged)?;
        Ok(text)
    }
}
