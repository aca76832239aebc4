//! Drivers, sessions and the ways to fire: everything that names a WebDriver crate.
//!
//! [`open`] starts a browser (through a [`guard`], so that no crash of ours leaves one behind) or asks a remote WebDriver for
//! one, and gives a [`Session`]. The session is held by thirtyfour; the one command that matters is sent by a [`Trigger`] on a
//! warm connection of its own, or, without the browser, as a [`shot`].
//!
//! What is absent: *when* to do any of it, and whether it may be done at all. That is decided elsewhere.

pub mod aim;
mod capabilities;
mod client;
mod cookies;
mod discover;
mod driver;
mod environment;
mod error;
mod families;
pub mod guard;
mod open;
mod options;
mod page_clock;
mod remains;
mod resend;
mod scratch;
mod session;
pub mod shot;
pub mod stage;
mod tls;
mod trigger;

pub use crate::config::Engine;
pub use cookies::{Cookie, Jar};
pub use error::{BrowserError, ErrorKind};
pub use families::end_families_of_the_dead;
pub use open::{Programs, look_for, open, programs};
pub use options::{Deadlines, Options, WebDriverAt};
pub use page_clock::{Asked, PageClock};
pub use remains::Remains;
pub use session::{Facts, QuitError, Session, Warning, end_session};
pub use tls::{Trust, install_provider};
pub use trigger::{Command, FireError, Fired, Trigger};
