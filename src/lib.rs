#![doc = include_str!("ARCHITECTURE.md")]

// In reading order: a module imports only what stands above it. `tests/borders.rs` keeps it so.
pub mod model;
pub mod report;
pub mod clock;

pub mod schedule;
pub mod timing;
pub mod flow;
pub mod config;

pub mod vault;
pub mod store;
pub mod browser;
pub mod probe;
pub mod notify;
pub mod telemetry;

pub mod engine;
pub mod club;
pub mod web;
pub mod cli;
