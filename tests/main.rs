//! Everything that is tested from outside, in one binary so that it links once.

mod borders;
mod browser;
mod club;
mod config;
mod daemon;
mod drivers;
mod flow;
mod notify;
mod schedule;
mod store;
mod telemetry;
mod timing;
mod vault;
