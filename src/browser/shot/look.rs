//! A harmless look at a page of the site with a visitor's session, over a connection of our own.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::follow::{follow, get};
use super::prepared::{Prepared, Visitor};
use super::reply::Reply;
use crate::browser::Trust;

/// Gets `url` as a link on `from` would, follows redirects, and gives the last answer and the visitor with what the site set.
///
/// # Errors
/// Why there is no answer, in words.
pub async fn look(
    url: Url,
    from: &Url,
    visitor: Visitor,
    trust: Trust,
    patience: Duration,
    now: Timestamp,
) -> Result<(Reply, Visitor), String> {
    let request = Prepared::get(url, Some(from), &visitor, now).map_err(|error| error.to_string())?;
    let believed = trust.clone();
    let asked = tokio::task::spawn_blocking(move || get(&request, &believed, patience));
    let reply = asked.await.map_err(|error| error.to_string())??;
    let (followed, visitor) = follow(reply, visitor, trust, patience, now).await;
    followed.map(|reply| (reply, visitor)).map_err(|error| error.to_string())
}
