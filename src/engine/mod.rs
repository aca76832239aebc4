//! The supervisor and what it runs.
//!
//! ```text
//!  config ──reload──▶ supervisor ──one task each──▶ run (machine ⇄ performer) ──▶ browser, http
//!                        │  ▲                          │
//!                        ▼  └──────── finish ──────────┤
//!                      agenda                          ▼
//!                                              store, events
//! ```
//!
//! One task owns the agenda and takes [`Handle`] commands; one task runs each attempt that is due, with the configuration
//! it was started with. `crew` says who acts at the sites: browsers, or the clubs of a simulation (`simulate`), under which
//! all the rest is the same. What is absent: decisions (they are in `timing`), and anything that knows a selector.

mod agenda;
mod announced;
mod cancel;
mod crew;
mod errand;
mod event;
mod fault;
mod letters;
mod lock;
mod notebook;
mod one;
mod perform;
mod rehearse;
mod replay;
mod report;
mod run;
mod settled;
mod site_clock;
pub mod simulate;
mod steps;
mod supervisor;

use crate::browser::BrowserError;

pub use cancel::{CancelEnd, Cancelled, cancel};
pub use event::{Event, What};
pub use one::{One, Runs, book};
pub use perform::Rehearsed;
pub use rehearse::{keep_proofs, rehearse};
pub use replay::replay;
pub use site_clock::setting as site_clock_setting;
pub use supervisor::{Engine, Handle, Parts};

/// Looks whether the browser is installed that the configured bookings need, without starting it: nobody should wait for an
/// opening to hear of it.
///
/// # Errors
/// The browser or its driver is missing, in words for the user.
pub fn look_for_browser(parts: &Parts) -> Result<(), BrowserError> {
    perform::look_for_browser(parts)
}
