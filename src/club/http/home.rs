//! The front page, its style, and the page that is not there.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer;
use super::view::{Frame, HomePage, PlainPage, page, page_with};
use super::visit::Visit;
use crate::club::desk::Club;

/// The style of every page.
const CSS: &str = include_str!("../templates/club.css");

/// `GET /`
pub(super) async fn page_home(State(club): State<Arc<Club>>, Extension(visit): Extension<Visit>) -> Response {
    let session = visit.session(&club);
    page(&HomePage { frame: Frame::new(&club, &visit, session) })
}

/// `GET /club.css`
pub(super) async fn css() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=600")], CSS)
}

/// Every other address.
pub(super) async fn lost(Extension(visit): Extension<Visit>) -> Response {
    if visit.path.starts_with("/api/") {
        return answer::refused(StatusCode::NOT_FOUND, "not-found");
    }
    let t = super::texts::Texts::of(visit.lang);
    page_with(StatusCode::NOT_FOUND, &PlainPage { lang: visit.lang, title: t.lost_title, text: t.lost })
}
