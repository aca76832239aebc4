//! The pages as data: what each template is given.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;

use super::lang::Lang;
use super::skin::Skin;
use super::texts::Texts;
use super::visit::Visit;
use crate::club::book::Booking;
use crate::club::court::{COURTS, Court, Hour};
use crate::club::desk::Club;
use crate::club::fault::Fault;
use crate::club::session::Session;

/// What every page has: language, names, and who is looking.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) t: &'static Texts,
    pub(super) lang: Lang,
    pub(super) skin: Skin,
    pub(super) path: String,
    /// Whose page; none while nobody is logged in.
    pub(super) session: Option<Session>,
}

impl Frame {
    /// The frame of a visitor's page.
    pub(super) fn new(club: &Club, visit: &Visit, session: Option<Session>) -> Self {
        let skin = if club.desk().has(Fault::Redesign) { Skin::Redesigned } else { Skin::Usual };
        Self { t: Texts::of(visit.lang), lang: visit.lang, skin, path: visit.path.clone(), session }
    }

    /// The token that the page's forms carry.
    pub(super) fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.csrf)
    }
}

/// A line at the top of a page that says what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// It worked.
    Good(String),
    /// It did not.
    Bad(&'static str),
}

impl Notice {
    /// The class beside `aviso`.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Good(_) => "exito",
            Self::Bad(_) => "error",
        }
    }

    /// The words.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Good(text) => text,
            Self::Bad(text) => text,
        }
    }
}

/// The front page.
#[derive(Template)]
#[template(path = "home.html", config = "src/club/askama.toml")]
pub(super) struct HomePage {
    pub(super) frame: Frame,
}

/// The log-in.
#[derive(Template)]
#[template(path = "login.html", config = "src/club/askama.toml")]
pub(super) struct LoginPage {
    pub(super) frame: Frame,
    pub(super) notice: Option<Notice>,
    pub(super) csrf: String,
    pub(super) user: String,
}

/// The booking form.
#[derive(Template)]
#[template(path = "reserve.html", config = "src/club/askama.toml")]
pub(super) struct ReservePage {
    pub(super) frame: Frame,
    pub(super) notice: Option<Notice>,
    pub(super) draft: Draft,
    /// The dates to choose from; none where the form takes any date.
    pub(super) dates: Option<Vec<Date>>,
    /// What opens next, and when, by court.
    pub(super) openings: Vec<Opening>,
    /// Whether it greets with an `alert()` and asks with a `confirm()`.
    pub(super) alerts: bool,
}

/// What the form holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) court: String,
    pub(super) date: String,
    pub(super) start: String,
}

/// The date that a court opens next.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) court: &'static Court,
    pub(super) date: Date,
    /// Local, by the club's clock.
    pub(super) at: jiff::civil::DateTime,
}

/// A member's own bookings.
#[derive(Template)]
#[template(path = "bookings.html", config = "src/club/askama.toml")]
pub(super) struct BookingsPage {
    pub(super) frame: Frame,
    pub(super) notice: Option<Notice>,
    pub(super) bookings: Vec<Booking>,
}

/// Every hour of a date.
#[derive(Template)]
#[template(path = "courts.html", config = "src/club/askama.toml")]
pub(super) struct CourtsPage {
    pub(super) frame: Frame,
    pub(super) date: Date,
    pub(super) rows: Vec<(Hour, [Cell; COURTS.len()])>,
}

/// When each court of a date opens.
#[derive(Template)]
#[template(path = "openings.html", config = "src/club/askama.toml")]
pub(super) struct OpeningsPage {
    pub(super) frame: Frame,
    pub(super) date: Date,
    pub(super) openings: Vec<Announcement>,
}

/// When a court opens a date.
#[derive(Debug)]
pub(super) struct Announcement {
    pub(super) court: &'static Court,
    /// In ISO 8601 and in words; none: it is open already.
    pub(super) opens: Option<(String, String)>,
}

/// One hour on one court, for people who look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Free,
    Held,
    Closed,
}

impl Cell {
    /// The word.
    pub(super) fn text(self, t: &Texts) -> &'static str {
        match self {
            Self::Free => t.free,
            Self::Held => t.held,
            Self::Closed => t.closed,
        }
    }

    /// The class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Free => "cell-free",
            Self::Held => "cell-held",
            Self::Closed => "cell-closed",
        }
    }
}

/// A captcha in place of the page.
#[derive(Template)]
#[template(path = "captcha.html", config = "src/club/askama.toml")]
pub(super) struct CaptchaPage {
    pub(super) frame: Frame,
}

/// A heading and a sentence: what there is to say when nothing else is shown.
#[derive(Template)]
#[template(path = "plain.html", config = "src/club/askama.toml")]
pub(super) struct PlainPage {
    pub(super) lang: Lang,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

/// A page as an answer; never kept by the browser.
pub(super) fn page(template: &impl Template) -> Response {
    let mut response = Html(render(template)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page with another status than 200.
pub(super) fn page_with(status: StatusCode, template: &impl Template) -> Response {
    let mut response = page(template);
    *response.status_mut() = status;
    response
}

/// A page's text.
pub(super) fn render(template: &impl Template) -> String {
    template.render().expect("templates write to memory and call nothing that fails")
}

/// A date as the club writes it: `18/07/2027`.
pub(super) fn day(date: &Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

/// A slot as the club writes it.
pub(super) fn slot(t: &Texts, hour: &Hour) -> String {
    t.slot(&hour.start_label(), &hour.end_label())
}
