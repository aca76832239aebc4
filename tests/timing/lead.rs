//! A fire that leaves before the opening, so that it arrives at it: where the site has opted in, and until it says "not open".

use std::time::Duration;

use firstserve::model::{Answer, FireMode};
use firstserve::timing::{Event, Listing, Machine, Next, Past};

use super::{DAY, after, before, facts, fired, opening, staged};

const LEAD: Duration = Duration::from_millis(8);

fn led(opening_steps: bool, second_opens_later: bool) -> Machine {
    let mut facts = facts(FireMode::Script, opening_steps, second_opens_later);
    facts.learned.lead = LEAD;
    Machine::new(facts, Past::NONE)
}

#[test]
fn a_lead_moves_the_first_fire_only_and_never_what_comes_after_not_open() {
    let mut machine = led(false, false);
    assert_eq!(fired(&mut machine), Next::Fire { choice: 0, at: before(8) });
    machine.on(Event::Answered(Answer::NotOpen), before(2));
    machine.on(Event::Listed(Listing::Absent), before(1));
    assert_eq!(machine.on(Event::Staged(Listing::Absent), before(1)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, before(1)).next, Next::Fire { choice: 0, at: opening() }, "at once, not early");
}

#[test]
fn one_not_open_ends_the_lead_of_every_choice() {
    let mut machine = led(false, true);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::NotOpen), before(2));
    machine.on(Event::Listed(Listing::Absent), before(1));
    machine.on(Event::Staged(Listing::Absent), before(1));
    machine.on(Event::Spent, before(1));
    machine.on(Event::Answered(Answer::Taken), after(90));
    machine.on(Event::Listed(Listing::Absent), after(190));
    machine.on(Event::Woke, after(DAY - 90_000));
    machine.on(Event::Staged(Listing::Absent), after(DAY - 4_000));
    assert_eq!(machine.on(Event::Woke, after(DAY - 500)).next, Next::Spend { choice: 1 });
    assert_eq!(machine.on(Event::Spent, after(DAY - 490)).next, Next::Fire { choice: 1, at: after(DAY) });
}

#[test]
fn opening_steps_have_no_lead() {
    let mut machine = led(true, false);
    staged(&mut machine);
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Open { choice: 0, at: opening() });
    assert_eq!(machine.lead(), Duration::ZERO);
}

#[test]
fn other_selector_files_have_no_lead() {
    let mut machine = led(false, false);
    staged(&mut machine);
    machine.on(Event::FilesChanged { mode: FireMode::Http, opening_steps: false }, before(60_000));
    machine.on(Event::Staged(Listing::Absent), before(4_000));
    machine.on(Event::Woke, before(2_000));
    assert_eq!(machine.on(Event::Spent, before(1_990)).next, Next::Fire { choice: 0, at: opening() });
}
