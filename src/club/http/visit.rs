//! A request on its way through the club: noted on arrival, answered as late as the club is told to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::lang::{self, Lang};
use super::{HangUp, Received};
use crate::club::desk::Club;
use crate::club::fault::Fault;
use crate::club::session::Session;

/// The cookie that holds a browser's session.
pub(super) const SESSION_COOKIE: &str = "sesion";

/// Says when the request began to arrive, by the club's clock: few sites do.
const RECEIVED: &str = "x-received-at";

/// How long a page takes with the fault `slow`.
const SLOW: Duration = Duration::from_secs(2);

/// What is known of a request before its handler runs.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// Its number in the ledger.
    pub(super) seq: u64,
    /// When it began to arrive, on the club's clock: the `now` of every decision about it.
    pub(super) now: Timestamp,
    pub(super) lang: Lang,
    /// Where it goes, without the query.
    pub(super) path: String,
    /// The token in the session's cookie.
    pub(super) cookie: Option<String>,
    /// The token in the `Authorization` header.
    pub(super) bearer: Option<String>,
}

impl Visit {
    /// The session of the browser.
    pub(super) fn session(&self, club: &Club) -> Option<Session> {
        club.desk().session(self.seq, self.cookie.as_deref(), self.now)
    }

    /// The session of the program.
    pub(super) fn program(&self, club: &Club) -> Option<Session> {
        club.desk().session(self.seq, self.bearer.as_deref(), self.now)
    }
}

/// Notes every request, lets the handler decide, and sends the answer when the club is ready to.
///
/// The handler runs in a task of its own: a client that goes away does not stop what the club has begun.
pub(super) async fn receive(State(club): State<Arc<Club>>, mut request: Request, next: Next) -> Response {
    let visit = arrive(&club, &request);
    let (seq, received, delay) = (visit.seq, visit.now, delay(&club, &visit.path));
    let chosen = Lang::asked(request.uri());
    request.extensions_mut().insert(visit);
    let handled = tokio::spawn(next.run(request)).await;
    let mut response = handled.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    if let Some(lang) = chosen {
        set_cookie(
            &mut response,
            &format!("{}={}; Path=/; SameSite=Lax; Max-Age=31536000", lang::COOKIE, lang.as_str()),
        );
    }
    let received = HeaderValue::from_str(&received.to_string()).expect("an instant is plain ASCII");
    response.headers_mut().insert(RECEIVED, received);
    // Even no time at all is a millisecond for a timer.
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if response.extensions().get::<HangUp>().is_none()
        && let Some(entry) = club.desk().ledger.entry(seq)
    {
        entry.status = Some(response.status().as_u16());
    }
    response
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Adds a `Set-Cookie`.
pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    let value = HeaderValue::from_str(cookie).expect("the club's cookies are plain ASCII");
    response.headers_mut().append(header::SET_COOKIE, value);
}

fn arrive(club: &Club, request: &Request) -> Visit {
    let Received(system) = *request.extensions().get().expect("the server stamps every request");
    let now = club.clock.shows(system);
    let (method, path, headers) = (request.method().as_str(), request.uri().path(), request.headers());
    Visit {
        seq: club.desk().ledger.arrive(method, path, now),
        now,
        lang: Lang::of(request.uri(), headers),
        path: path.to_owned(),
        cookie: cookie(headers, SESSION_COOKIE).map(str::to_owned),
        bearer: bearer(headers).map(str::to_owned),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn delay(club: &Club, path: &str) -> Duration {
    let mut desk = club.desk();
    let is_page = !path.starts_with("/api/") && path != "/club.css";
    let slow = if is_page && desk.has(Fault::Slow) { SLOW } else { Duration::ZERO };
    desk.draw_latency().unsigned_abs() + slow
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "sesion2=x; sesion=abc; idioma=en".parse().expect("a header"));
        assert_eq!(cookie(&headers, "sesion"), Some("abc"));
        assert_eq!(cookie(&headers, "ses"), None);
    }
}
