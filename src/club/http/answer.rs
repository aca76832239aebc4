//! What a reply looks like: as a page, as JSON, or as no answer at all.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::view::{CaptchaPage, Draft, Frame, Notice, PlainPage, page, page_with, render};
use super::visit::Visit;
use super::{HangUp, bookings, login, reserve};
use crate::club::book::{Booking, Reference};
use crate::club::desk::Club;
use crate::club::reply::Reply;

/// How long a socket is held without an answer.
const HOLD: Duration = Duration::from_secs(60);

/// A submit of the form, answered.
pub(super) async fn to_form(club: &Club, visit: &Visit, reply: Reply, draft: Draft) -> Response {
    let t = super::texts::Texts::of(visit.lang);
    let again = |words| match visit.session(club) {
        Some(session) => reserve::form(club, visit, session, Some(Notice::Bad(words)), draft),
        None => login::expired(),
    };
    match reply {
        Reply::Confirmed(reference) => Redirect::to(&format!("/reservas?nueva={reference}")).into_response(),
        Reply::Taken => again(t.taken),
        Reply::NotOpen => again(t.not_open),
        Reply::Quota => again(t.quota),
        Reply::Invalid => again(t.invalid),
        Reply::FormExpired => again(t.form_expired),
        Reply::LoginExpired => login::expired(),
        Reply::Captcha => page(&CaptchaPage { frame: Frame::new(club, visit, visit.session(club)) }),
        Reply::Unavailable => busy(visit),
        Reply::BadGateway => broken(visit),
        Reply::ErrorPage => whoops(visit),
        Reply::Empty => Html("").into_response(),
        Reply::Truncated(reference) => cut_off(club, visit, reference),
        Reply::Dropped => hang_up(),
        Reply::Held => hold(club).await,
    }
}

/// A submit of the API, answered.
pub(super) async fn to_program(club: &Club, visit: &Visit, reply: Reply, draft: Draft) -> Response {
    match reply {
        Reply::Confirmed(reference) => (StatusCode::CREATED, Json(booked(reference, &draft))).into_response(),
        Reply::Taken => refused(StatusCode::CONFLICT, "taken"),
        Reply::NotOpen => refused(StatusCode::TOO_EARLY, "not-open"),
        Reply::Quota => refused(StatusCode::FORBIDDEN, "quota"),
        Reply::Invalid | Reply::FormExpired => refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        Reply::LoginExpired => refused(StatusCode::UNAUTHORIZED, "login-expired"),
        Reply::Captcha => refused(StatusCode::FORBIDDEN, "captcha"),
        Reply::Unavailable => refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Reply::BadGateway => refused(StatusCode::BAD_GATEWAY, "bad-gateway"),
        Reply::ErrorPage => whoops(visit),
        Reply::Empty => StatusCode::OK.into_response(),
        Reply::Truncated(reference) => half(StatusCode::CREATED, &booked(reference, &draft)),
        Reply::Dropped => hang_up(),
        Reply::Held => hold(club).await,
    }
}

/// A refusal of the API: `{"error":"taken"}`.
pub(super) fn refused(status: StatusCode, word: &str) -> Response {
    (status, Json(json!({ "error": word }))).into_response()
}

/// The first half of what should be said.
pub(super) fn half(status: StatusCode, whole: &Value) -> Response {
    let text = whole.to_string();
    let half = text[..text.len() / 2].to_owned();
    (status, [(header::CONTENT_TYPE, "application/json")], half).into_response()
}

/// A booking in the API.
pub(super) fn booking(booking: &Booking) -> Value {
    json!({
        "reference": booking.reference.to_string(),
        "court": booking.slot.court.id,
        "date": booking.slot.date.to_string(),
        "start": booking.slot.hour.start(),
        "end": booking.slot.hour.end(),
    })
}

/// The club's own time in the `Date` header of every answer.
pub(super) async fn date(State(club): State<Arc<Club>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = club.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

/// By what was asked for, since a lie has no booking.
fn booked(reference: Reference, draft: &Draft) -> Value {
    let end = crate::club::court::Hour::parse(&draft.start).map(crate::club::court::Hour::end);
    json!({
        "reference": reference.to_string(),
        "court": draft.court,
        "date": draft.date,
        "start": draft.start,
        "end": end,
    })
}

fn busy(visit: &Visit) -> Response {
    let t = super::texts::Texts::of(visit.lang);
    let text = PlainPage { lang: visit.lang, title: t.unavailable_title, text: t.unavailable };
    let mut response = page_with(StatusCode::SERVICE_UNAVAILABLE, &text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn broken(visit: &Visit) -> Response {
    let t = super::texts::Texts::of(visit.lang);
    let text = PlainPage { lang: visit.lang, title: t.gateway_title, text: t.gateway };
    page_with(StatusCode::BAD_GATEWAY, &text)
}

fn whoops(visit: &Visit) -> Response {
    let t = super::texts::Texts::of(visit.lang);
    page(&PlainPage { lang: visit.lang, title: t.whoops_title, text: t.whoops })
}

/// The page that confirms, up to the line that would say so.
fn cut_off(club: &Club, visit: &Visit, reference: Reference) -> Response {
    let t = super::texts::Texts::of(visit.lang);
    let Some(session) = visit.session(club) else { return login::expired() };
    let notice = Notice::Good(format!("{} {reference}", t.confirmed));
    let mut html = render(&bookings::list(club, visit, session, Some(notice)));
    let end = html.find(t.confirmed).unwrap_or(html.len() / 2);
    html.truncate((0..=end).rev().find(|at| html.is_char_boundary(*at)).unwrap_or(0));
    Html(html).into_response()
}

/// Closes the connection without a byte.
fn hang_up() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.extensions_mut().insert(HangUp);
    response
}

/// Keeps the connection and says nothing, for a bounded time.
async fn hold(club: &Club) -> Response {
    tokio::select! {
        () = tokio::time::sleep(HOLD) => {}
        () = club.shutdown.cancelled() => {}
    }
    hang_up()
}
