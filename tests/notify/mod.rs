//! What people are told, and that it reaches them.

mod letters;
mod mail;
pub(crate) mod server;

use firstserve::model::{Attempt, Outcome, State};
use jiff::Timestamp;
use jiff::civil::date;

fn attempt(outcome: Outcome) -> Attempt {
    let now: Timestamp = "2027-07-09T06:00:01Z".parse().expect("an instant");
    Attempt {
        id: "01K0A1B2C3D4E5F6G7H8J9KMNP".into(),
        booking: "july doubles".into(),
        member: "ana".into(),
        site: "las-palmas".into(),
        date: date(2027, 7, 18),
        opening: now,
        state: State::Ended(outcome),
        submits: 1,
        created_at: now,
        planned_at: now,
        updated_at: now,
        withdrawn: false,
        note: None,
    }
}
