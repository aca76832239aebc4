//! The daemon from outside: the real binary with files of its own, beside a practice club on loopback.

mod book;
mod browser;
mod cancel;
mod commands;
mod databases;
mod docs;
mod edits;
mod full;
mod guests;
mod history;
mod idle;
mod input;
mod kills;
mod losses;
mod mail;
mod many;
mod lost_browser;
mod once;
mod orphans;
mod practice;
mod replay;
mod settle;
mod stops;
mod words;
mod world;
mod zones;
