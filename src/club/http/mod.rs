//! The club as others see it: pages for people, JSON for programs, and `/_club/` for tests.

mod answer;
mod api;
mod bookings;
mod control;
mod courts;
mod home;
mod lang;
mod login;
mod openings;
mod reserve;
mod skin;
mod texts;
mod view;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{delete, get, post};
use jiff::Timestamp;

use super::desk::Club;

/// The largest body that is read.
const BODY_LIMIT: usize = 64 * 1024;

/// When a request began to arrive, on this machine's clock; the server puts it into every request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received(pub(super) Timestamp);

/// In a response: close the connection instead of sending it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HangUp;

/// Every route of the club.
pub(super) fn router(club: Arc<Club>) -> Router {
    let visited = middleware::from_fn_with_state(Arc::clone(&club), visit::receive);
    let dated = middleware::from_fn_with_state(Arc::clone(&club), answer::date);
    pages()
        .merge(programs())
        .fallback(home::lost)
        .layer(visited)
        .merge(tests())
        .layer(dated)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(club)
}

fn pages() -> Router<Arc<Club>> {
    Router::new()
        .route("/", get(home::page_home))
        .route("/club.css", get(home::css))
        .route("/ingresar", get(login::page_login).post(login::submit))
        .route("/salir", post(login::leave))
        .route("/canchas", get(courts::page_courts))
        .route("/aperturas", get(openings::page_openings))
        .route("/reservar", get(reserve::page_reserve).post(reserve::submit))
        .route("/reservas", get(bookings::page_bookings))
        .route("/reservas/{reference}/cancelar", post(bookings::cancel))
}

fn programs() -> Router<Arc<Club>> {
    Router::new()
        .route("/api/login", post(api::login))
        .route("/api/courts", get(api::courts))
        .route("/api/availability", get(api::availability))
        .route("/api/openings", get(openings::opening))
        .route("/api/bookings", get(api::bookings).post(api::book))
        .route("/api/bookings/{reference}", delete(api::cancel))
}

fn tests() -> Router<Arc<Club>> {
    Router::new()
        .route("/_club/ledger", get(control::ledger))
        .route("/_club/reset", post(control::reset))
        .route("/_club/echo", get(control::echo))
}
