//! Whole bookings, through the real binary and real browsers: every fire mode, every shape of a site, and what goes wrong.

mod cart;
mod cart_site;
mod choices;
mod club;
mod endings;
mod house;
mod modes;
mod process;
mod without_pages;
