//! Reading past the browser's cache. A list that the browser has kept from before a submit would hide the booking.

use std::time::Duration;

use serde_json::{Value, json};

use super::{FailureKind, Stage, Trouble, call};

/// How long the browser may take to say that it does so.
const TOLD: Duration = Duration::from_secs(10);

/// From where pages come that are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// As the browser likes: from its cache where the site allows it.
    #[default]
    Any,
    /// From the site: the browser was told so, and heeds it for everything.
    Site,
    /// From the site as well, but the browser could not be told: the page of each `go` is renewed in the cache and read again.
    Renewed,
}

/// Replaces what the cache holds for the address. It only ever asks with GET, as the `go` before it did.
const RENEW: &str = "const [address] = arguments;
return fetch(address, { cache: 'reload', credentials: 'include' })
  .then(answer => answer.arrayBuffer()).then(() => null, error => String(error));";

impl Stage {
    /// From now on every page, and everything that pages fetch, is asked of the site itself.
    ///
    /// # Errors
    /// The browser cannot be told so. Then the page of each `go` is read twice instead, the second time as the site has it now;
    /// what the site's scripts fetch may be old.
    pub async fn bypass_cache(&mut self) -> Result<(), Trouble> {
        let told = self.set_cache("bypass").await;
        self.source = if told.is_ok() { Source::Site } else { Source::Renewed };
        told
    }

    /// From now on the browser may use its cache again.
    ///
    /// # Errors
    /// The browser cannot be told so; it goes on without its cache, which is only slower.
    pub async fn use_cache(&mut self) -> Result<(), Trouble> {
        match std::mem::take(&mut self.source) {
            Source::Site => self.set_cache("default").await,
            Source::Any | Source::Renewed => Ok(()),
        }
    }

    async fn set_cache(&self, behaviour: &str) -> Result<(), Trouble> {
        self.bidi("network.setCacheBehavior", json!({ "cacheBehavior": behaviour }), TOLD).await.map(drop)
    }

    /// Whether the browser could not be told.
    pub(super) fn must_renew(&self) -> bool {
        self.source == Source::Renewed
    }

    /// Renews the page that was just opened and opens it once more.
    ///
    /// # Errors
    /// It cannot be renewed; then nobody knows how old it is.
    pub(super) async fn open_renewed(&mut self, address: &str, limit: Duration) -> Result<(), Trouble> {
        let said = call::within(limit, self.driver.execute(RENEW, vec![json!(address)])).await?;
        if let Value::String(why) = said.json() {
            let reason = format!("the page may be an old one, and could not be read past the browser's cache: {why}");
            return Err(Trouble::new(FailureKind::Unreachable, reason));
        }
        call::within(limit + call::GRACE, self.driver.goto(address)).await
    }
}
