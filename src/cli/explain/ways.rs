//! The way to fire at each site, by what rehearsals have proved.

use crate::config::Config;
use crate::model::SiteId;
use crate::store::Store;
use crate::timing::{Chosen, choose};

/// The ways to fire at each site, as far as the database knows what rehearsals have proved; it need not be there.
pub(super) fn ways(config: &Config) -> anyhow::Result<Vec<(SiteId, Chosen)>> {
    crate::cli::runtime()?.block_on(async {
        let store = store_here(config).await;
        let mut ways = Vec::new();
        for site in &config.sites {
            let Some((flow, hash)) = config.flow(&site.id).zip(config.flow_hash(&site.id)) else { continue };
            let proofs = match &store {
                Some(store) => store.proofs(&site.id).await.unwrap_or_default(),
                None => Vec::new(),
            };
            let browser = config.browser.engine.as_str();
            ways.push((site.id.clone(), choose(site.fire, &flow.allowed(), &proofs, &hash, browser)));
        }
        if let Some(store) = store {
            store.close().await;
        }
        Ok(ways)
    })
}

/// The way of that site.
pub(super) fn way_of<'w>(ways: &'w [(SiteId, Chosen)], site: &str) -> Option<&'w Chosen> {
    ways.iter().find(|(id, _)| id.as_str() == site).map(|(_, chosen)| chosen)
}

/// A database on this machine, where there is one; one elsewhere is not asked, for this command needs no network.
pub(super) async fn store_here(config: &Config) -> Option<Store> {
    let address = config.server.database.expose();
    let file = address.strip_prefix("sqlite://")?;
    if !std::path::Path::new(file).exists() {
        return None;
    }
    Store::open_read_only(address).await.ok()
}
