//! The whole engine with a real browser against the practice club: what becomes of an attempt when the club misbehaves.

#![expect(clippy::print_stdout, reason = "the stories of cases are printed as tests do")]

mod cases;
mod clock;
mod database;
mod faults;
mod files;
mod frozen;
mod judge;
mod restart;
mod sim;
mod support;
mod table;
mod together;
mod vault;
