//! Drivers, sessions and the program that runs in the page.

pub mod stage;
