//! When each court of a date opens, as the club announces it: a page for people, JSON for programs.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use serde_json::json;

use super::answer::refused;
use super::api::admitted;
use super::lang::Lang;
use super::view::{Announcement, Frame, OpeningsPage, page};
use super::visit::Visit;
use crate::club::court::{COURTS, Court, iso_date};
use crate::club::desk::Club;
use crate::club::window::Window;
use crate::model::Language;

/// Which date, for people.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Looked {
    fecha: String,
}

/// Which court and date, for programs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    court: String,
    date: String,
}

/// `GET /aperturas?fecha=2027-07-18`
pub(super) async fn page_openings(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Query(looked): Query<Looked>,
) -> Response {
    let session = visit.session(&club);
    let frame = Frame::new(&club, &visit, session);
    let desk = club.desk();
    let window = &desk.counter.window;
    let date = iso_date(&looked.fecha).unwrap_or_else(|| window.today(visit.now));
    let openings = COURTS.iter().map(|court| announcement(window, court, date, visit.lang)).collect();
    drop(desk);
    page(&OpeningsPage { frame, date, openings })
}

/// `GET /api/openings?court=5&date=2027-07-18`
pub(super) async fn opening(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Err(refusal) = admitted(&club, &visit) {
        return refusal;
    }
    let (Some(date), Some(court)) = (iso_date(&asked.date), Court::of_id(&asked.court)) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    };
    let opens = opens(&club.desk().counter.window, court, date).as_ref().map(iso);
    Json(json!({ "court": court.id, "date": date.to_string(), "opens": opens })).into_response()
}

fn announcement(window: &Window, court: &'static Court, date: Date, lang: Lang) -> Announcement {
    let opens = opens(window, court, date);
    let words = opens.as_ref().map(|opens| (iso(opens), words(date, opens, lang)));
    Announcement { court, opens: words }
}

/// None: since before anybody asked.
fn opens(window: &Window, court: &Court, date: Date) -> Option<Zoned> {
    let opens = window.opens(court, date);
    (opens > Timestamp::MIN).then(|| opens.to_zoned(window.zone().clone()))
}

/// `2027-07-09T00:00:00-06:00`
fn iso(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `Reservas del 18 de julio: abren el 9 de julio a las 00:00:00`
fn words(date: Date, opens: &Zoned, lang: Lang) -> String {
    let time = opens.strftime("%H:%M:%S");
    match lang {
        Lang::Es => {
            let (date, opens) = (day(date, Language::Spanish), day(opens.date(), Language::Spanish));
            format!("Reservas del {date}: abren el {opens} a las {time}")
        }
        Lang::En => {
            let (date, opens) = (day(date, Language::English), day(opens.date(), Language::English));
            format!("Bookings for {date}: open on {opens} at {time}")
        }
    }
}

fn day(date: Date, language: Language) -> String {
    let month = language.months()[usize::from(date.month().unsigned_abs() - 1)];
    match language {
        Language::Spanish => format!("{} de {month}", date.day()),
        Language::English => format!("{} {month}", date.day()),
    }
}
