//! The configuration from outside: files in, problems and reloads out.

mod check;
mod differences;
mod environment;
mod files;
mod fixtures;
mod fuzz;
mod watching;
mod words;
mod world;
