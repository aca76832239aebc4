//! What an entry holds.

use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::VaultErrorKind;
use super::name::EntryName;
use crate::model::Secret;

/// A user name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The name to log in with.
    pub user: String,
    /// The password.
    pub password: Secret,
}

#[derive(Deserialize)]
struct Written {
    entry: String,
    user: String,
    password: String,
}

impl Credentials {
    /// The text that is encrypted; it names its own entry.
    pub(super) fn write(&self, entry: &EntryName) -> Zeroizing<String> {
        let written = json!({ "entry": entry.as_str(), "user": self.user, "password": self.password.expose() });
        Zeroizing::new(written.to_string())
    }

    pub(super) fn read(text: &[u8], entry: &EntryName) -> Result<Self, VaultErrorKind> {
        let written: Written = serde_json::from_slice(text).map_err(|_| VaultErrorKind::Damaged)?;
        let password = Secret::new(written.password);
        if written.entry != entry.as_str() {
            return Err(VaultErrorKind::Swapped { entry: entry.as_str().to_owned(), found: written.entry });
        }
        Ok(Self { user: written.user, password })
    }
}
