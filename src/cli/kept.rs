//! What the database knows, for commands that only look: beside a running daemon, and before there is one.

use std::path::Path;

use super::Failure;
use super::household::exit_of;
use crate::config::Config;
use crate::store::{Store, StoreErrorKind};

/// What every command that only looks says where there is no database.
pub(super) const NOTHING_YET: &str =
    "nothing was kept yet; the first `firstserve run` or `firstserve book` begins it\n";

/// Whether the database is a file on this machine; one elsewhere needs the network.
pub(super) fn is_here(config: &Config) -> bool {
    config.server.database.expose().starts_with("sqlite:")
}

/// Opens the database for reading; none where nothing was kept yet.
///
/// # Errors
/// The database is there and cannot be read, or was there and is not any more.
pub(super) async fn open(config: &Config) -> Result<Option<Store>, Failure> {
    open_at(config.server.database.expose()).await
}

/// The same for a database whose address is known, whatever the rest of the configuration is.
///
/// # Errors
/// The database is there and cannot be read.
pub(super) async fn open_at(address: &str) -> Result<Option<Store>, Failure> {
    let file = address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:"));
    let is_missing = file.is_some_and(|file| !Path::new(file).exists());
    match Store::open_read_only(address).await {
        Ok(store) => Ok(Some(store)),
        Err(error) if is_missing && !matches!(error.kind, StoreErrorKind::Vanished { .. }) => Ok(None),
        Err(error) => Err(Failure::new(exit_of(&error), error.to_string())),
    }
}
