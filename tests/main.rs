//! Everything that is tested from outside, in one binary so that it links once.

#![expect(clippy::print_stdout, reason = "a test may tell what it measured")]

mod borders;
mod browser;
mod chain;
mod club;
mod config;
mod daemon;
mod demo;
mod drivers;
mod engine;
mod family;
mod flow;
mod notify;
mod probe;
mod race;
mod schedule;
mod simulate;
mod store;
mod telemetry;
mod timing;
mod vault;
mod zones;
