//! The site itself says when a choice opens, read while staging.

use firstserve::model::Answer;
use firstserve::model::{FireMode, State};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Record, Staging, Trouble};

use super::{after, before, facts, machine, opening};

const MINUTE: i64 = 60_000;

/// Logging in, 90 s before the opening of the rule.
fn staging() -> Machine {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(1);
    machine
}

/// Both courts: the second is no way out.
fn announces(machine: &mut Machine, opening: jiff::Timestamp) {
    for choice in 0..2 {
        assert!(machine.announced(choice, opening));
    }
}

#[test]
fn a_later_opening_within_the_lead_is_waited_for_where_it_stands() {
    let mut machine = staging();
    announces(&mut machine, after(1_000));
    assert!(matches!(machine.on(Event::Staged(Listing::Absent), before(80_000)).next, Next::Wait(_)));
    machine.on(Event::LoginChecked(true), before(2_000));
    assert_eq!(machine.on(Event::Woke, before(400)).next, Next::CheckLogin, "by the rule it would be time");
    assert_eq!(machine.on(Event::LoginChecked(true), before(400)).next, Next::Wait(after(500)));
    assert_eq!(machine.on(Event::Woke, after(500)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, after(510)).next, Next::Fire { choice: 0, at: after(1_000) });
}

#[test]
fn a_much_later_opening_goes_back_to_waiting() {
    let mut machine = staging();
    announces(&mut machine, after(60 * MINUTE));
    let decision = machine.on(Event::Staged(Listing::Absent), before(80_000));
    assert_eq!(decision.next, Next::Wait(after(60 * MINUTE - 90_000)));
    assert_eq!(machine.state(), State::Planned);
    assert!(decision.records.ends_with(&[Record::Enter(State::Planned)]), "{decision:?}");
}

#[test]
fn a_page_that_says_not_open_is_waited_for_as_long_as_it_says() {
    let mut machine = staging();
    announces(&mut machine, after(60 * MINUTE));
    let decision = machine.on(Event::StageFailed(Trouble::Answer(Answer::NotOpen)), before(80_000));
    assert_eq!(decision.next, Next::Wait(after(60 * MINUTE - 90_000)));
    assert_eq!(machine.state(), State::Planned);
}

#[test]
fn an_earlier_opening_is_fired_at_and_one_that_has_passed_at_once() {
    let mut machine = staging();
    announces(&mut machine, before(30_000));
    machine.on(Event::Staged(Listing::Absent), before(80_000));
    assert_eq!(machine.on(Event::LoginChecked(true), before(34_000)).next, Next::Wait(before(30_500)));
    assert_eq!(machine.on(Event::Woke, before(30_500)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, before(30_490)).next, Next::Fire { choice: 0, at: before(30_000) });
    let mut machine = staging();
    announces(&mut machine, before(85_000));
    assert_eq!(machine.on(Event::Staged(Listing::Absent), before(80_000)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, before(79_990)).next, Next::Fire { choice: 0, at: before(79_990) });
}

#[test]
fn another_choice_that_opens_sooner_is_tried_before_it() {
    let mut machine = staging();
    assert!(machine.announced(0, after(MINUTE)));
    let decision = machine.on(Event::Staged(Listing::Absent), before(80_000));
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::Again });
}

/// The control: what the rule says is fired at where nothing is announced.
#[test]
fn nothing_announced_changes_nothing() {
    let mut machine = staging();
    assert!(machine.announced(0, opening()), "what the rule says as well");
    machine.on(Event::Staged(Listing::Absent), before(80_000));
    machine.on(Event::LoginChecked(true), before(4_900));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
}

#[test]
fn what_is_spent_does_not_move_and_neither_does_what_moves_each_time() {
    let mut machine = staging();
    machine.on(Event::Staged(Listing::Absent), before(80_000));
    machine.on(Event::LoginChecked(true), before(4_900));
    machine.on(Event::Woke, before(500));
    machine.on(Event::Spent, before(490));
    assert!(!machine.announced(0, after(MINUTE)), "a permit is spent for that instant");
    let mut machine = Machine::new(facts(FireMode::Script, false, false), Past::NONE);
    let moves = (1..100).filter(|second| machine.announced(0, after(*second))).count();
    assert_eq!(moves, 12);
}

/// Open by what was announced, answered "not open", and by its rule it opens later: no rung is fired before that.
#[test]
fn what_was_not_open_waits_for_a_later_opening_without_its_ladder() {
    let mut machine = staging();
    announces(&mut machine, before(85_000));
    machine.on(Event::Staged(Listing::Absent), before(80_000));
    machine.on(Event::Spent, before(79_990));
    assert!(!machine.was_not_open());
    machine.on(Event::Answered(Answer::NotOpen), before(79_900));
    machine.on(Event::Listed(Listing::Absent), before(79_800));
    assert!(machine.was_not_open());
    announces(&mut machine, opening());
    assert!(matches!(machine.on(Event::Staged(Listing::Absent), before(79_000)).next, Next::Wait(_)));
    machine.on(Event::LoginChecked(true), before(4_900));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, before(490)).next, Next::Fire { choice: 0, at: opening() });
}
