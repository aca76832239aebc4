//! Drivers, sessions and the ways to fire, against real browsers and a server that stamps what it receives.

mod browser;
mod script;
mod shots;
mod site;
