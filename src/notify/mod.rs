//! Mail and its words.
//!
//! A [`Letter`] is built purely from [`Facts`] and put into the store's outbox in the transaction of what it tells;
//! [`deliver`] sends what is there, at least once, with a Message-ID that stays the same. What is absent: when something is
//! worth a letter. Until a mail server is configured, letters go into a black hole, quietly.

mod alarm;
mod deliver;
mod html;
mod letter;
mod note;
mod patience;
mod transport;
mod words;

pub use alarm::alarm;
pub use deliver::{Delivered, deliver, deliver_due};
pub use letter::{Facts, Reader, config_option, letter, quoted};
pub use note::told;
pub use transport::{Security, SendError, Smtp, SmtpError, Transport};

pub use crate::store::{Letter, LetterKind};
