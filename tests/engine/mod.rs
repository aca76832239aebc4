//! The whole engine with a real browser against the practice club: what becomes of an attempt when the club misbehaves.

mod cases;
mod faults;
mod judge;
mod support;
mod table;
