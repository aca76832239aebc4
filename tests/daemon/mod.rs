//! The daemon from outside: the real binary with files of its own, beside a practice club on loopback.

mod book;
mod browser;
mod commands;
mod edits;
mod idle;
mod kills;
mod once;
mod practice;
mod replay;
mod stops;
mod words;
mod world;
