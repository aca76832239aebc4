//! The daemon from outside: the real binary with files of its own, beside a practice club on loopback.

mod book;
mod browser;
mod commands;
mod docs;
mod edits;
mod idle;
mod input;
mod kills;
mod once;
mod replay;
mod stops;
mod world;
