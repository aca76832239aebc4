//! Every hour of a date, on every court, for everybody.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::view::{Cell, CourtsPage, Frame, page};
use super::visit::Visit;
use crate::club::counter::Counter;
use crate::club::court::{COURTS, Hour, Slot, iso_date};
use crate::club::desk::Club;

/// Which date.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    fecha: String,
}

/// `GET /canchas?fecha=2027-07-18`
pub(super) async fn page_courts(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let session = visit.session(&club);
    let frame = Frame::new(&club, &visit, session);
    let desk = club.desk();
    let date = iso_date(&wanted.fecha).unwrap_or_else(|| desk.counter.window.today(visit.now));
    let cell = |court, hour| state(&desk.counter, Slot { court, date, hour }, &visit);
    let rows = Hour::all().map(|hour| (hour, COURTS.each_ref().map(|court| cell(court, hour)))).collect();
    drop(desk);
    page(&CourtsPage { frame, date, rows })
}

fn state(counter: &Counter, slot: Slot, visit: &Visit) -> Cell {
    if !counter.is_open(slot, visit.now) {
        Cell::Closed
    } else if counter.book.is_free(slot) {
        Cell::Free
    } else {
        Cell::Held
    }
}
