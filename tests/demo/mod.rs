//! Whole bookings, through the real binary and real browsers: every fire mode, every shape of a site, and what goes wrong.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod cart;
mod cart_site;
mod choices;
mod club;
mod endings;
mod house;
mod lead;
mod modes;
mod process;
mod proofs;
mod without_pages;
