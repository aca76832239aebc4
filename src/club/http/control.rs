//! What tests ask and set; nothing of it is in the ledger.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Received;
use crate::club::book::Booking;
use crate::club::desk::{Club, Settings};
use crate::club::fault::{Fault, UnknownFault};
use crate::club::ledger::{Entry, Submit};
use crate::club::options::{Latency, Shape};
use crate::club::server::opening_dates;
use crate::club::window::Window;

/// What a reset may set, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reset {
    opens_in_ms: Option<u32>,
    shape: Option<Shape>,
    faults: Option<Vec<String>>,
    latency_ms: Option<[u32; 2]>,
    clock_offset_ms: Option<i64>,
    rivals: Option<u16>,
}

/// `GET /_club/ledger`
pub(super) async fn ledger(State(club): State<Arc<Club>>) -> Json<Value> {
    let desk = club.desk();
    let window = &desk.counter.window;
    Json(json!({
        "opening_ns": window.asked_for().map(ns),
        "opening_dates": dates(window),
        "clock_offset_ms": ms(club.clock.offset()),
        "submits": desk.ledger.submits(),
        "requests": desk.ledger.entries().map(request).collect::<Vec<_>>(),
        "bookings": desk.counter.book.all().iter().map(booking).collect::<Vec<_>>(),
    }))
}

/// `POST /_club/reset`
pub(super) async fn reset(State(club): State<Arc<Club>>, body: Bytes) -> Response {
    match settings(&body) {
        Err(told) => (StatusCode::BAD_REQUEST, Json(json!({ "error": told }))).into_response(),
        Ok(settings) => {
            club.reset(settings);
            let window = club.desk().counter.window.clone();
            Json(json!({ "opening_ns": window.asked_for().map(ns), "opening_dates": dates(&window) })).into_response()
        }
    }
}

/// `GET /_club/echo`: when the request began to arrive and what the club's clock shows; good for warming a connection.
pub(super) async fn echo(State(club): State<Arc<Club>>, Extension(received): Extension<Received>) -> Json<Value> {
    Json(json!({ "received_ns": ns(club.clock.shows(received.0)), "now_ns": ns(club.clock.now()) }))
}

fn settings(body: &[u8]) -> Result<Settings, String> {
    let given: Reset = match body {
        [] => Reset::default(),
        _ => serde_json::from_slice(body).map_err(|error| error.to_string())?,
    };
    let fault = |word: &String| word.parse().map_err(|error: UnknownFault| error.to_string());
    let faults: Option<Result<Vec<Fault>, String>> = given.faults.map(|words| words.iter().map(fault).collect());
    let millis = |ms: u32| SignedDuration::from_millis(i64::from(ms));
    Ok(Settings {
        opens_in: given.opens_in_ms.map(millis),
        shape: given.shape,
        faults: faults.transpose()?,
        latency: given.latency_ms.map(|[from, to]| latency(millis(from), millis(to))).transpose()?,
        clock_offset: given.clock_offset_ms.map(SignedDuration::from_millis),
        rivals: given.rivals,
    })
}

fn latency(from: SignedDuration, to: SignedDuration) -> Result<Latency, String> {
    if from > to { Err("`latency_ms` ends before it begins".to_owned()) } else { Ok(Latency { from, to }) }
}

fn request(entry: &Entry) -> Value {
    json!({
        "seq": entry.seq,
        "received_ns": ns(entry.received),
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "member": entry.member,
        "submit": entry.submit.as_ref().map(submit),
    })
}

fn submit(submit: &Submit) -> Value {
    json!({
        "court": submit.court,
        "date": submit.date,
        "start": submit.start,
        "answer": submit.answer,
        "early": submit.early,
    })
}

fn booking(booking: &Booking) -> Value {
    json!({
        "reference": booking.reference.to_string(),
        "member": booking.member,
        "court": booking.slot.court.id,
        "date": booking.slot.date.to_string(),
        "start": booking.slot.hour.start(),
        "end": booking.slot.hour.end(),
        "cancelled": booking.cancelled,
    })
}

fn dates(window: &Window) -> Map<String, Value> {
    opening_dates(window).map(|(court, date)| (court.to_owned(), Value::from(date))).collect()
}

fn ns(at: Timestamp) -> Value {
    i64::try_from(at.as_nanosecond()).map_or(Value::Null, Value::from)
}

fn ms(span: SignedDuration) -> Value {
    i64::try_from(span.as_millis()).map_or(Value::Null, Value::from)
}
