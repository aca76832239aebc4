//! A problem at a place in a file, and how it looks; and pictures of times ([`plot`]).
//!
//! A user's mistake is never an `Err` that stops at the first: it is a [`Problem`] pushed onto a list, all of which are
//! shown at once. Rendering for people is in [`render`], for programs in [`json`]. Texts of others are made safe for a terminal by
//! [`plain`].

mod calendar;
mod count;
mod grammar;
mod json;
mod place;
mod plain;
pub mod plot;
mod problem;
mod quote;
mod render;
mod suggest;

pub use calendar::date_help;
pub use count::errors_by_file;
pub use grammar::Grammar;
pub use json::json;
pub use place::{Place, SourceFile};
pub use plain::{is_hidden, plain, plain_lines};
pub use problem::{Problem, Severity};
pub use render::{render, render_in};
pub use suggest::did_you_mean;
