//! A letter that no outbox can hold: what is kept has been taken away.

use jiff::Timestamp;

use super::html::{self, Tone};
use crate::store::{Letter, LetterKind};

const SUBJECT: &str = "firstserve has stopped: its database is lost";

/// The letter that says so; `why` names the file and what became of it.
pub fn alarm(why: &str, to: &str, at: Timestamp) -> Letter {
    let paragraphs = [
        "Hello,".to_owned(),
        format!("{why}."),
        "firstserve has ended, so that it books nothing that it could not remember. What was submitted just before may have been \
         booked: please look at your bookings on the site first."
            .to_owned(),
        "Then put the database, or a backup of it, in its place, and start `firstserve run` again.".to_owned(),
    ];
    Letter {
        kind: LetterKind::NeedsAttention,
        to: to.to_owned(),
        subject: SUBJECT.to_owned(),
        text: format!("{}\n", paragraphs.join("\n\n")),
        html: html::page(Tone::Look, SUBJECT, &paragraphs, &[], "en", "database"),
        message_id: format!("<{}.database-lost@firstserve>", at.as_millisecond()),
    }
}
