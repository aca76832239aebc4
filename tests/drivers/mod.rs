//! Drivers, sessions and the ways to fire, against real browsers and a server that stamps what it receives.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests may panic and print as tests do")]

mod browser;
mod chains;
mod script;
mod service;
mod shots;
pub(crate) mod site;
mod volleys;
