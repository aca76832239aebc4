//! A member's own bookings.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::login::{self, Bare};
use super::view::{BookingsPage, CaptchaPage, Frame, Notice, PlainPage, page, page_with, render};
use super::visit::Visit;
use crate::club::book::Reference;
use crate::club::desk::Club;
use crate::club::fault::Fault;
use crate::club::session::Session;

/// What has just happened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct News {
    nueva: String,
    cancelada: String,
}

/// `GET /reservas`
pub(super) async fn page_bookings(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Query(news): Query<News>,
) -> Response {
    let Some(session) = visit.session(&club) else { return login::expired() };
    if club.desk().has(Fault::Captcha) {
        return page(&CaptchaPage { frame: Frame::new(&club, &visit, Some(session)) });
    }
    let t = super::texts::Texts::of(visit.lang);
    let told = |words: &str, number: &str| Some(Notice::Good(format!("{words} {}", Reference::parse(number)?)));
    let notice = told(t.confirmed, &news.nueva).or_else(|| told(t.cancelled, &news.cancelada));
    let cut_off = club.desk().counter.cuts_list(session.member);
    let list = list(&club, &visit, session, notice);
    kept(&club, if cut_off { headless(&list) } else { page(&list) })
}

/// The list as an answer, which browsers may keep where the club has that fault.
pub(super) fn kept(club: &Club, mut list: Response) -> Response {
    if club.desk().has(Fault::CachedList) {
        list.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    }
    list
}

/// The list's page up to its first row; what is sent is whole by its length.
fn headless(list: &BookingsPage) -> Response {
    const FIRST_ROW: &str = "<tbody>";
    let mut html = render(list);
    html.truncate(html.find(FIRST_ROW).map_or(0, |at| at + FIRST_ROW.len()));
    Html(html).into_response()
}

/// `POST /reservas/R-000123/cancelar`
pub(super) async fn cancel(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Path(reference): Path<String>,
    Form(given): Form<Bare>,
) -> Response {
    let Some((token, session)) = visit.cookie.as_deref().zip(visit.session(&club)) else { return login::expired() };
    let t = super::texts::Texts::of(visit.lang);
    if !club.desk().accepts_csrf(token, &session, &given.csrf) {
        return page(&list(&club, &visit, session, Some(Notice::Bad(t.form_expired))));
    }
    let held = Reference::parse(&reference).is_some_and(|reference| club.desk().cancel(session.member, reference));
    if held {
        Redirect::to(&format!("/reservas?cancelada={reference}")).into_response()
    } else {
        page_with(StatusCode::NOT_FOUND, &PlainPage { lang: visit.lang, title: t.lost_title, text: t.lost })
    }
}

/// The list, with what there is to say about it.
pub(super) fn list(club: &Club, visit: &Visit, session: Session, notice: Option<Notice>) -> BookingsPage {
    let bookings = club.desk().listed(session.member);
    BookingsPage { frame: Frame::new(club, visit, Some(session)), notice, bookings }
}
