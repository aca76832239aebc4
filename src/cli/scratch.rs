//! A store that nobody keeps: for commands that do the steps of a booking and record nothing.

use tempfile::TempDir;

use crate::store::Store;

/// A folder that goes with the value.
pub(super) struct Scratch(TempDir);

impl Scratch {
    /// An empty one.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn new() -> std::io::Result<Self> {
        tempfile::Builder::new().prefix("firstserve-scratch-").tempdir().map(Self)
    }

    /// The folder.
    pub(super) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// A store in it.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn store(&self) -> anyhow::Result<Store> {
        let database = format!("sqlite://{}", self.0.path().join("scratch.db").display());
        Ok(Store::open(&database, self.0.path()).await?)
    }
}
