//! Where an answer leads: redirects after a shot, with the same cookies. Only GET, bounded.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::connection::{Connection, Sent};
use super::prepared::{PrepareError, Prepared, Visitor};
use super::reply::Reply;
use crate::browser::Trust;

/// More redirects than a booking site needs.
const MOST: usize = 5;

/// How long connecting may take, for each address.
const CONNECT: Duration = Duration::from_secs(3);

/// A redirect could not be followed. The shot itself was answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FollowError {
    /// More than five.
    #[error("follow the answer: more than {MOST} redirects")]
    TooMany,
    /// The address is none.
    #[error("follow the answer to `{to}`: {why}")]
    Failed {
        /// Where it led.
        to: String,
        /// What went wrong.
        why: String,
    },
}

/// Follows 301, 302 and 303 with GET, taking over cookies into the visitor's jar, and gives the last answer. 307 and 308 would
/// send the form again: they are given back as they are.
///
/// # Errors
/// What could not be followed; the jar keeps what was learned until then.
pub async fn follow(
    reply: Reply,
    mut visitor: Visitor,
    trust: Trust,
    patience: Duration,
    now: Timestamp,
) -> (Result<Reply, FollowError>, Visitor) {
    let work = move || {
        let followed = follow_blocking(reply, &mut visitor, &trust, patience, now);
        (followed, visitor)
    };
    tokio::task::spawn_blocking(work).await.expect("following has no panic of its own and is not cancelled")
}

fn follow_blocking(
    mut reply: Reply,
    visitor: &mut Visitor,
    trust: &Trust,
    patience: Duration,
    now: Timestamp,
) -> Result<Reply, FollowError> {
    for _ in 0..=MOST {
        visitor.jar.update(&reply.url, reply.all("set-cookie"), now);
        let Some(location) = redirect(&reply) else { return Ok(reply) };
        let failed = |why: String| FollowError::Failed { to: location.to_owned(), why };
        let to = reply.url.join(location).map_err(|error| failed(error.to_string()))?;
        let request = Prepared::get(to, Some(&reply.url), visitor, now)
            .map_err(|error: PrepareError| failed(error.to_string()))?;
        reply = get(&request, trust, patience).map_err(failed)?;
    }
    Err(FollowError::TooMany)
}

fn redirect(reply: &Reply) -> Option<&str> {
    matches!(reply.status, 301..=303).then(|| reply.header("location")).flatten()
}

pub(super) fn get(request: &Prepared, trust: &Trust, patience: Duration) -> Result<Reply, String> {
    let url: &Url = request.url();
    let tls = trust.config().map_err(|error| error.to_string())?;
    let mut connection = Connection::open(url, &tls, CONNECT).map_err(|error| error.to_string())?;
    connection.load(&request.to_bytes()).map_err(|error| error.to_string())?;
    match connection.send() {
        Sent::All => connection.receive(url, false, patience).map_err(|error| error.to_string()),
        Sent::Nothing(error) | Sent::Part(error) => Err(error.to_string()),
        Sent::Later => Err("the system did not take it".to_owned()),
    }
}
