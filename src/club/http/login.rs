//! Logging in and out by form.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::view::{Frame, LoginPage, Notice, page};
use super::visit::{SESSION_COOKIE, Visit, cookie, set_cookie};
use crate::club::desk::Club;
use crate::club::session::random_token;

/// The cookie that must repeat what the log-in form carries: there is no session yet that could know it.
const FORM_COOKIE: &str = "formulario";

/// Why a visitor was sent here.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    motivo: String,
}

/// The log-in form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Credentials {
    usuario: String,
    clave: String,
    csrf: String,
}

/// A form that carries only its token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Bare {
    pub(super) csrf: String,
}

/// `GET /ingresar`
pub(super) async fn page_login(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Query(reason): Query<Reason>,
) -> Response {
    let frame = Frame::new(&club, &visit, None);
    let notice = (reason.motivo == "expirada").then_some(Notice::Bad(frame.t.login_expired));
    form(frame, notice, String::new())
}

/// `POST /ingresar`
pub(super) async fn submit(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Response {
    let frame = Frame::new(&club, &visit, None);
    if given.csrf.is_empty() || cookie(&headers, FORM_COOKIE) != Some(&given.csrf) {
        let notice = Notice::Bad(frame.t.form_expired);
        return form(frame, Some(notice), given.usuario);
    }
    let token = club.desk().log_in(visit.seq, &given.usuario, &given.clave, visit.now);
    match token {
        None => {
            let notice = Notice::Bad(frame.t.login_refused);
            form(frame, Some(notice), given.usuario)
        }
        Some(token) => {
            let mut response = Redirect::to("/reservar").into_response();
            set_cookie(&mut response, &format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax"));
            response
        }
    }
}

/// `POST /salir`
pub(super) async fn leave(
    State(club): State<Arc<Club>>,
    Extension(visit): Extension<Visit>,
    Form(given): Form<Bare>,
) -> Response {
    let session = visit.session(&club);
    if let (Some(token), Some(session)) = (&visit.cookie, session)
        && session.csrf == given.csrf
    {
        club.desk().log_out(token);
    }
    let mut response = Redirect::to("/ingresar").into_response();
    set_cookie(&mut response, &format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
    response
}

/// Where a visitor without a session is sent.
pub(super) fn expired() -> Response {
    Redirect::to("/ingresar?motivo=expirada").into_response()
}

fn form(frame: Frame, notice: Option<Notice>, user: String) -> Response {
    let csrf = random_token();
    let kept = format!("{FORM_COOKIE}={csrf}; Path=/ingresar; HttpOnly; SameSite=Lax");
    let mut response = page(&LoginPage { frame, notice, csrf, user });
    set_cookie(&mut response, &kept);
    response
}
