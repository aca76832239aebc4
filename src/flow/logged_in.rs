//! `login/logged-in.toml`: how to tell that one is still logged in.

use crate::report::Place;

use super::condition::{self, Condition};
use super::pen::Pen;
use super::raw::{Reader, Table};
use super::request::{self, Request};
use super::template::{RenderError, Template};
use super::wire;
use super::words::Words;

/// The keys beside the condition's.
const OWN: [&str; 3] = ["page", "request", "note"];

/// The check with its templates.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    request: Request,
    when: Condition,
    has_page: bool,
    place: Place,
}

/// Reads the file.
pub(super) fn logged_in(reader: &mut Reader<'_>, file: Table<'_>) -> Option<LoggedIn> {
    let keys: Vec<&str> = OWN.into_iter().chain(condition::KEYS).collect();
    reader.refuse_unknown(file, "in logged-in.toml", &keys);
    let request = match (file.get("page"), file.get("request")) {
        (Some(page), None) => request::address(reader, page).map(request::get),
        (None, Some(value)) => request::request(reader, value),
        (Some(_), Some(_)) => {
            let help = "keep one: `page` is fetched by the browser's session, `request` is for a site without pages";
            reader.error_with_help(
                "two-ways",
                "`page` and `request` exclude each other",
                help,
                file.line_of("request"),
            );
            None
        }
        (None, None) => {
            let help =
                "page = \"{site.url}…\", any page that only a logged-in member sees; it is fetched in the background";
            reader.missing(file, "page", help);
            None
        }
    };
    let when = condition::conditions_in(reader, file, file.span());
    let place = reader.place(file.line_of(if file.has("page") { "page" } else { "request" }));
    Some(LoggedIn { request: request?, when: when?, has_page: file.has("page"), place })
}

impl LoggedIn {
    /// Renders it.
    pub fn render(&self, words: &Words) -> Result<wire::LoggedIn, RenderError> {
        let mut pen = Pen::new(words);
        Ok(wire::LoggedIn {
            request: self.request.render(&mut pen)?,
            when: self.when.render(&mut pen)?,
            place: self.place.to_string(),
        })
    }

    /// The address that it asks.
    pub(super) fn address(&self) -> &Template {
        self.request.address()
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether an HTTP answer alone cannot decide it.
    pub(super) fn needs_page(&self) -> bool {
        self.has_page || self.when.needs_page()
    }
}
