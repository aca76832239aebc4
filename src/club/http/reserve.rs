//! The booking form, and what it is answered.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::Response;
use axum::{Extension, Form};
use serde::Deserialize;

use super::answer;
use super::login;
use super::view::{CaptchaPage, Draft, Frame, Notice, Opening, ReservePage, page};
use super::visit::Visit;
use crate::club::court::{COURTS, Hour};
use crate::club::desk::{Ask, Club};
use crate::club::fault::Fault;
use crate::club::options::Shape;
use crate::club::session::Session;

/// The booking form as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Submitted {
    csrf: String,
    cancha: String,
    fecha: String,
    horario: String,
}

/// `GET /reservar`
pub(super) async fn page_reserve(State(club): State<Arc<Club>>, Extension(visit): Extension<Visit>) -> Response {
    let Some(session) = visit.session(&club) else { return login::expired() };
    if club.desk().has(Fault::Captcha) {
        return page(&CaptchaPage { frame: Frame::new(&club, &visit, Some(session)) });
    }
    form(&club, &visit, session, None, Draft::default())
}

/// `POST /reservar`
pub(super) async fn submit(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    submitted: Result<Form<Submitted>, FormRejection>,
) -> Response {
    let given = submitted.map_or_else(|_| Submitted::default(), |Form(given)| given);
    let reply = club.desk().submit(Ask {
        seq: visit.seq,
        now: visit.now,
        token: visit.cookie.as_deref(),
        csrf: Some(&given.csrf),
        court: &given.cancha,
        date: &given.fecha,
        start: &given.horario,
    });
    answer::to_form(&club, &visit, reply, Draft { court: given.cancha, date: given.fecha, start: given.horario }).await
}

/// The form, filled as before, with what there is to say about it.
pub(super) fn form(club: &Club, visit: &Visit, session: Session, notice: Option<Notice>, draft: Draft) -> Response {
    let frame = Frame::new(club, visit, Some(session));
    let desk = club.desk();
    let dates = (desk.shape == Shape::Reload).then(|| {
        let mut dates: Vec<_> = COURTS.iter().flat_map(|court| desk.counter.dates(court, visit.now)).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    });
    let today = desk.counter.window.today(visit.now);
    let draft = if draft == Draft::default() { Draft { date: today.to_string(), ..draft } } else { draft };
    let (openings, alerts) = (openings(&desk.counter.window, visit), desk.has(Fault::Alert));
    drop(desk);
    page(&ReservePage { frame, notice, draft, dates, openings, alerts })
}

fn openings(window: &crate::club::window::Window, visit: &Visit) -> Vec<Opening> {
    let turn = window.next_turn(visit.now);
    let at = turn.to_zoned(window.zone().clone()).datetime();
    COURTS.iter().map(|court| Opening { court, date: window.newest(court, turn), at }).collect()
}

impl ReservePage {
    /// The hours to choose from.
    pub(super) fn hours(&self) -> impl Iterator<Item = Hour> {
        Hour::all()
    }
}
