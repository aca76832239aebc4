//! Whole bookings, through the real binary and real browsers: every fire mode, every shape of a site, and what goes wrong.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod announced;
mod cart;
mod cart_site;
mod choices;
mod club;
mod gives_up;
mod endings;
mod house;
mod lead;
mod modes;
mod other_clock;
mod process;
mod rehearsal;
mod remote;
mod proofs;
mod without_pages;
