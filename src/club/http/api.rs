//! The JSON API, with a bearer token.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use super::answer::{self, refused};
use super::bookings::kept;
use super::view::Draft;
use super::visit::Visit;
use crate::club::book::Reference;
use crate::club::court::{COURTS, Hour, Slot, iso_date};
use crate::club::desk::{Ask, Club};
use crate::club::fault::Fault;
use crate::club::session::Session;

/// User name and password.
#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    user: String,
    password: String,
}

/// Which date.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    date: String,
}

/// What to book.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Submitted {
    court: String,
    date: String,
    start: String,
}

/// `POST /api/login`
pub(super) async fn login(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    given: Result<Json<Credentials>, JsonRejection>,
) -> Response {
    let Ok(Json(given)) = given else { return refused(StatusCode::BAD_REQUEST, "invalid") };
    match club.desk().log_in(visit.seq, &given.user, &given.password, visit.now) {
        Some(token) => Json(json!({ "token": token })).into_response(),
        None => refused(StatusCode::UNAUTHORIZED, "login-refused"),
    }
}

/// `GET /api/courts`
pub(super) async fn courts(State(club): State<Arc<Club>>, Extension(visit): Extension<Visit>) -> Response {
    if let Err(refusal) = admitted(&club, &visit) {
        return refusal;
    }
    let court = |court: &crate::club::Court| json!({ "id": court.id, "name": court.name, "days": court.days });
    Json(json!({ "courts": COURTS.iter().map(court).collect::<Vec<_>>() })).into_response()
}

/// `GET /api/availability?date=2027-07-18`
pub(super) async fn availability(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Query(wanted): Query<Wanted>,
) -> Response {
    if let Err(refusal) = admitted(&club, &visit) {
        return refusal;
    }
    let Some(date) = iso_date(&wanted.date) else { return refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid") };
    let desk = club.desk();
    let slot = |slot: Slot| {
        let free = desk.counter.is_open(slot, visit.now) && desk.counter.book.is_free(slot);
        json!({ "start": slot.hour.start(), "end": slot.hour.end(), "free": free })
    };
    let courts = COURTS.iter().map(|court| {
        let open = desk.counter.dates(court, visit.now).contains(&date);
        let slots: Vec<_> = Hour::all().map(|hour| slot(Slot { court, date, hour })).collect();
        json!({ "court": court.id, "open": open, "slots": slots })
    });
    Json(json!({ "date": date.to_string(), "courts": courts.collect::<Vec<_>>() })).into_response()
}

/// `GET /api/bookings`
pub(super) async fn bookings(State(club): State<Arc<Club>>, Extension(visit): Extension<Visit>) -> Response {
    match admitted(&club, &visit) {
        Ok(session) => {
            let listed = club.desk().listed(session.member);
            let list = json!({ "bookings": listed.iter().map(answer::booking).collect::<Vec<_>>() });
            let cut_off = club.desk().counter.cuts_list(session.member);
            kept(&club, if cut_off { answer::half(StatusCode::OK, &list) } else { Json(list).into_response() })
        }
        Err(refusal) => refusal,
    }
}

/// `POST /api/bookings`
pub(super) async fn book(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    given: Result<Json<Submitted>, JsonRejection>,
) -> Response {
    let given = given.map_or_else(|_| Submitted::default(), |Json(given)| given);
    let reply = club.desk().submit(Ask {
        seq: visit.seq,
        now: visit.now,
        token: visit.bearer.as_deref(),
        csrf: None,
        court: &given.court,
        date: &given.date,
        start: &given.start,
    });
    let draft = Draft { court: given.court, date: given.date, start: given.start };
    answer::to_program(&club, &visit, reply, draft).await
}

/// `DELETE /api/bookings/R-000123`
pub(super) async fn cancel(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Path(reference): Path<String>,
) -> Response {
    match admitted(&club, &visit) {
        Err(refusal) => refusal,
        Ok(session) => {
            let reference = Reference::parse(&reference);
            if reference.is_some_and(|reference| club.desk().cancel(session.member, reference)) {
                StatusCode::NO_CONTENT.into_response()
            } else {
                refused(StatusCode::NOT_FOUND, "not-found")
            }
        }
    }
}

/// The session of the program, or why it is not let in.
#[expect(clippy::result_large_err, reason = "the refusal is the answer, and is sent at once")]
pub(super) fn admitted(club: &Club, visit: &Visit) -> Result<Session, Response> {
    let session = visit.program(club).ok_or_else(|| refused(StatusCode::UNAUTHORIZED, "login-expired"))?;
    if club.desk().has(Fault::Captcha) { Err(refused(StatusCode::FORBIDDEN, "captcha")) } else { Ok(session) }
}
