//! A harmless look at a page of the site with a visitor's session, over a connection of our own.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::connection::{Connection, Sent};
use super::follow::follow;
use super::prepared::{Prepared, Visitor};
use super::reply::Reply;
use crate::browser::Trust;

/// How long connecting may take, for each address.
const CONNECT: Duration = Duration::from_secs(3);

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
    let request = Prepared::get(url, from, &visitor, now).map_err(|error| error.to_string())?;
    let believed = trust.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&request, &believed, patience));
    let reply = asked.await.map_err(|error| error.to_string())??;
    let (followed, visitor) = follow(reply, visitor, trust, patience, now).await;
    followed.map(|reply| (reply, visitor)).map_err(|error| error.to_string())
}

fn ask(request: &Prepared, trust: &Trust, patience: Duration) -> Result<Reply, String> {
    let tls = trust.config().map_err(|error| error.to_string())?;
    let mut connection = Connection::open(request.url(), &tls, CONNECT).map_err(|error| error.to_string())?;
    connection.load(&request.to_bytes()).map_err(|error| error.to_string())?;
    match connection.send() {
        Sent::All => connection.receive(request.url(), false, patience).map_err(|error| error.to_string()),
        Sent::Nothing(error) | Sent::Part(error) => Err(error.to_string()),
    }
}
