//! The practice club over real sockets, as browsers and programs meet it.

mod api;
mod control;
mod faults;
mod opening;
mod pages;
mod receipts;
mod rivals;
mod tls;
mod world;
