//! Everything that is tested from outside, in one binary so that it links once.

mod borders;
mod browser;
mod club;
mod config;
mod demo;
mod drivers;
mod family;
mod flow;
mod notify;
mod schedule;
mod store;
mod telemetry;
mod timing;
mod vault;
