//! The practice club: a whole tennis club on one address, to learn, demonstrate and test on.
//!
//! People see a website in Spanish and English; programs a small JSON API; tests a ledger of every request with the instant
//! at which its first byte was read. The club has a clock of its own, opens new dates at its midnight or at an instant that is
//! asked for, and misbehaves on command ([`Fault`]).
//!
//! What decides is pure and takes `now`: `window` (which dates are open), `book` (who holds which slot), `session`
//! (who is logged in) and `counter` (what a submit is answered under the faults). `desk` holds them under one lock,
//! `http` shows them, `server` stamps and serves.
//!
//! What is absent: anything of the engine, and any protection. Whoever can reach the club can reset it; it listens on the
//! address that it is given and is meant for loopback.

mod book;
mod clock;
mod counter;
mod court;
mod desk;
mod fault;
mod heads;
mod http;
mod ledger;
mod member;
mod options;
mod receipt;
mod reply;
mod rivals;
mod server;
mod session;
mod span;
mod tls;
mod window;

pub use court::{COURTS, Court};
pub use fault::{Fault, UnknownFault};
pub use member::MEMBERS;
pub use options::{Latency, Options, Shape, Versions};
pub use server::{Club, Ready, serve};
pub use span::SpanError;
pub(crate) use span::offset as clock_offset;
