//! What needs a real browser.

mod crash;
mod downloads;
mod grid;
mod session;
mod trigger;

use firstserve::browser::{Engine, Options, Session, open};

/// Options of a test: our own binary is the guardian.
pub(super) fn options(engine: Engine) -> Options {
    Options::new(engine, env!("CARGO_BIN_EXE_firstserve"))
}

async fn opened(engine: Engine) -> Session {
    open(&options(engine), "test").await.unwrap_or_else(|error| panic!("{error}; {}", error.help()))
}
