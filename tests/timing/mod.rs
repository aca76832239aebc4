//! The attempt's machine, driven without a runtime: days pass in microseconds.

mod random;
mod referee;
mod steps;
mod story;

use firstserve::model::{Choice, CourtName, FireMode, Patience};
use firstserve::timing::{Facts, Learned, Machine, Past};
use jiff::{SignedDuration, Timestamp};

/// Two courts at 17:00; the first opens at `OPENING`, the second with it or a day later.
fn facts(mode: FireMode, opening_steps: bool, second_opens_later: bool) -> Facts {
    let later = if second_opens_later { SignedDuration::from_hours(24) } else { SignedDuration::ZERO };
    Facts {
        choices: vec![choice("1", "5", opening()), choice("2", "7", opening() + later)],
        patience: Patience::default(),
        mode,
        opening_steps,
        created_at: opening() - SignedDuration::from_hours(72),
        learned: Learned::default(),
    }
}

fn choice(court: &str, site_id: &str, opening: Timestamp) -> Choice {
    Choice {
        court: CourtName::new(court),
        court_site_id: site_id.to_owned(),
        start: "2027-07-18T17:00".parse().expect("a date and time"),
        length: SignedDuration::from_hours(1),
        opening,
        starts_at: "2027-07-18T23:00:00Z".parse().expect("a timestamp"),
    }
}

fn opening() -> Timestamp {
    "2027-07-09T06:00:00Z".parse().expect("a timestamp")
}

fn machine(mode: FireMode) -> Machine {
    Machine::new(facts(mode, false, false), Past::NONE)
}
