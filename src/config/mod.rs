//! `config/booking.toml` and the selector folders, from text to a [`Config`] that cannot be wrong.
//!
//! Text → `raw` (typed values with places, checked against the description in `keys`) → `validate` → [`Config`].
//! A user's mistake never stops at the first: problems are gathered and come out together. [`load()`] and [`watch()`] are
//! the two files that touch the file system; [`diff()`] says what changed in words. What is absent: what the values are
//! used for.

mod diff;
mod duration;
mod environment;
mod keys;
mod load;
mod moved;
mod place;
mod raw;
mod schema;
mod valid;
mod validate;
mod watch;

pub use diff::{Change, Subject, What, diff};
pub use environment::Environment;
pub use load::{Loaded, Zones, database, load, load_text};
pub use moved::{Moved, moved};
pub use place::Places;
pub use schema::schema;
pub use valid::{
    Browser, Config, DEFAULT_PATH, Engine, Log, LogFormat, Mail, Server, SmtpSecurity, Vault, WebDriver,
    is_this_machine,
};
pub use watch::{Pace, Reason, Reload, Watcher, watch};
