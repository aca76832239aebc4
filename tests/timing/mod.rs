//! The attempt's machine, driven without a runtime: days pass in microseconds.

mod aim;
mod announced;
mod held;
mod ladder;
mod lead;
mod misfire;
mod random;
mod referee;
mod site_clock;
mod steps;
mod story;
mod trouble;
mod verify;

use firstserve::model::{Choice, CourtName, FireMode, Outcome, Patience};
use firstserve::timing::{Event, Facts, Learned, Listing, Machine, Next, Past};
use jiff::{SignedDuration, Timestamp};

/// Two courts at 17:00; the first opens at `OPENING`, the second with it or a day later.
fn facts(mode: FireMode, opening_steps: bool, second_opens_later: bool) -> Facts {
    let later = if second_opens_later { SignedDuration::from_hours(24) } else { SignedDuration::ZERO };
    Facts {
        choices: vec![choice("1", "5", opening()), choice("2", "7", opening() + later)],
        patience: Patience::default(),
        mode,
        opening_steps,
        planned_at: opening() - SignedDuration::from_hours(72),
        learned: Learned::default(),
        second_showings: vec![None; 2],
        one_session: false,
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

/// The list is read; there is a session, or one may be opened.
const READ: Next = Next::ReadList { may_log_in: true };

fn before(ms: i64) -> Timestamp {
    opening() - SignedDuration::from_millis(ms)
}

fn after(ms: i64) -> Timestamp {
    opening() + SignedDuration::from_millis(ms)
}

fn found(choice: usize, rows: u32) -> Event {
    Event::Listed(Listing::Found { choice, rows, reference: None })
}

/// Staged and let go: the machine has its permit and fires choice 0.
fn fired(machine: &mut Machine) -> Next {
    staged(machine);
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
    machine.on(Event::Spent, before(490)).next
}

/// Logged in, staged, and still logged in shortly before the opening.
fn staged(machine: &mut Machine) {
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(1);
    machine.on(Event::Staged(Listing::Absent), before(60_000));
    machine.on(Event::LoginChecked(true), before(4_900));
}

fn outcome(next: &Next) -> Option<Outcome> {
    match next {
        Next::End { outcome, .. } => Some(*outcome),
        _ => None,
    }
}

/// A day, in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// Court 1 opens first, and court 2 a day later.
fn two_openings() -> Machine {
    Machine::new(facts(FireMode::Script, false, true), Past::NONE)
}

fn fired_by_program(machine: &mut Machine) {
    staged(machine);
    assert_eq!(machine.on(Event::Woke, before(2_000)).next, Next::Spend { choice: 0 });
    machine.on(Event::Spent, before(1_990));
}
