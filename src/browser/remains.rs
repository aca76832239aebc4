//! A browser whose end is not confirmed: while it may be there, a page of it may still submit. What is needed to end it after
//! all is kept here.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::guard;
use super::session::end_session;

/// What may be left of a browser. It can be asked to end as often as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains(Left);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Left {
    /// A session of a service on another machine.
    Session { webdriver: Url, id: String },
    /// Processes on this one that were started with this scratch folder.
    Family { folder: PathBuf },
}

impl Remains {
    /// Of a session at a WebDriver service; its address may hold a password.
    pub fn of_session(webdriver: Url, id: impl Into<String>) -> Self {
        Self(Left::Session { webdriver, id: id.into() })
    }

    pub(super) fn of_family(folder: PathBuf) -> Self {
        Self(Left::Family { folder })
    }

    /// Asks it to end, once. `Ok` says that it has ended: it can send nothing any more.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn end(&self, patience: Duration) -> Result<(), String> {
        match &self.0 {
            Left::Session { webdriver, id } => end_session(webdriver, id, patience).await,
            Left::Family { folder } => {
                let folder = folder.clone();
                let killing = tokio::task::spawn_blocking(move || guard::stand_in(&folder));
                killing.await.unwrap_or_else(|error| Err(error.to_string()))
            }
        }
    }
}
