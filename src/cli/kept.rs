//! What the database knows, for commands that only look: beside a running daemon, and before there is one.

use std::path::Path;

use super::{Exit, Failure};
use crate::config::Config;
use crate::store::Store;

/// Whether the database is a file on this machine; one elsewhere needs the network.
pub(super) fn is_here(config: &Config) -> bool {
    config.server.database.expose().starts_with("sqlite:")
}

/// Opens the database for reading; none where nothing was kept yet.
///
/// # Errors
/// The database is there and cannot be read.
pub(super) async fn open(config: &Config) -> Result<Option<Store>, Failure> {
    open_at(config.server.database.expose()).await
}

/// The same for a database whose address is known, whatever the rest of the configuration is.
///
/// # Errors
/// The database is there and cannot be read.
pub(super) async fn open_at(address: &str) -> Result<Option<Store>, Failure> {
    let file = address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:"));
    if file.is_some_and(|file| !Path::new(file).exists()) {
        return Ok(None);
    }
    let opened = Store::open_read_only(address).await;
    opened.map(Some).map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))
}
