//! Times that another attempt of the account has, or may have: only those are lost, and only where it keeps them.

use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Hold, Listing, Machine, Next, Past, Record, Staging};
use jiff::{SignedDuration, Timestamp};

use super::{after, before, facts, machine, outcome, staged, two_openings};

const BY: &str = "“doubles” has it";

fn hold(choice: usize, for_good: bool) -> Hold {
    Hold { choice, by: BY.into(), for_good }
}

fn may_have(choices: &[usize]) -> Event {
    Event::Held(choices.iter().map(|choice| hold(*choice, false)).collect())
}

fn has(choices: &[usize]) -> Event {
    Event::Held(choices.iter().map(|choice| hold(*choice, true)).collect())
}

fn free() -> Event {
    Event::Held(vec![])
}

/// Staged, and about to get the permit for choice 0.
fn spending(mut machine: Machine) -> Machine {
    staged(&mut machine);
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
    machine
}

fn one_session() -> Machine {
    let facts = firstserve::timing::Facts { one_session: true, ..facts(FireMode::Script, false, false) };
    Machine::new(facts, Past::NONE)
}

#[test]
fn a_time_that_another_has_costs_its_choice_alone() {
    let mut some = spending(machine(FireMode::Script));
    assert_eq!(some.on(has(&[0]), before(490)).next, Next::Stage { choice: 1, from: Staging::Again });
    let mut all = spending(machine(FireMode::Script));
    let Next::End { outcome, note, .. } = all.on(has(&[0, 1]), before(490)).next else { panic!("nothing is left") };
    assert_eq!((outcome, note.as_str()), (Outcome::Skipped, BY));
}

#[test]
fn who_is_taken_up_beside_another_leaves_out_what_it_has() {
    let past = Past { held: vec![hold(0, true)], ..Past::NONE };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    let next = machine.on(Event::Begin, before(60_000)).next;
    assert_eq!(next, Next::Stage { choice: 1, from: Staging::LogIn });
}

/// Two that submit at one instant: the one whose permit is refused has its session and its page, and waits with them.
#[test]
fn a_time_that_another_may_lose_is_waited_for_and_then_submitted() {
    let mut machine = spending(machine(FireMode::Script));
    let asks = machine.on(may_have(&[0, 1]), before(490));
    assert_eq!((asks.records, asks.next), (vec![], Next::AskHolders { at: before(290), rest: false }));
    let asks = machine.on(may_have(&[0, 1]), before(285)).next;
    assert_eq!(asks, Next::AskHolders { at: after(115), rest: false }, "politely");
    assert_eq!(machine.on(free(), after(120)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, after(121)).next, Next::Fire { choice: 0, at: after(121) });
}

/// The other needs the session of the account to find out what became of its submit.
#[test]
fn where_the_site_bears_one_session_it_is_given_back_meanwhile() {
    let mut machine = spending(one_session());
    let asks = machine.on(may_have(&[0, 1]), before(490));
    assert_eq!(asks.records, [Record::Enter(State::Preparing)]);
    assert_eq!(asks.next, Next::AskHolders { at: before(290), rest: true });
    let staged = machine.on(free(), after(120)).next;
    assert_eq!(staged, Next::Stage { choice: 0, from: Staging::Again });
}

#[test]
fn what_overlaps_nothing_is_tried_meanwhile_and_what_is_free_again_after_it() {
    let mut machine = spending(machine(FireMode::Script));
    assert_eq!(machine.on(may_have(&[0]), before(490)).next, Next::Stage { choice: 1, from: Staging::Again });
    assert_eq!(machine.on(Event::Staged(Listing::Absent), before(100)).next, Next::Spend { choice: 1 });
    machine.on(Event::Spent, before(90));
    machine.on(Event::Answered(Answer::Taken), after(100));
    let asks = machine.on(Event::Listed(Listing::Absent), after(200)).next;
    assert_eq!(asks, Next::AskHolders { at: after(400), rest: false });
    assert_eq!(machine.on(free(), after(400)).next, Next::Stage { choice: 0, from: Staging::Again });
    let mut lost = machine;
    lost.on(Event::Staged(Listing::Absent), after(500));
    let end = lost.on(has(&[0]), after(510)).next;
    assert_eq!(outcome(&end), Some(Outcome::Taken), "it had a choice of its own, and that was taken");
}

/// How long, and how often, it is asked who has the only choices.
fn asked_until_the_end(mut machine: Machine, mut now: Timestamp) -> (Vec<Timestamp>, Outcome) {
    let mut asked = Vec::new();
    let mut next = machine.on(may_have(&[0, 1]), now).next;
    loop {
        match next {
            Next::AskHolders { at, .. } => {
                assert!(at >= now + SignedDuration::from_millis(200), "not more often than that");
                now = at;
                asked.push(at);
                next = machine.on(may_have(&[0, 1]), now).next;
            }
            Next::End { outcome, ref note, .. } => {
                assert_eq!(note, BY);
                return (asked, outcome);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn nobody_is_waited_for_longer_than_the_grace() {
    for machine in [machine(FireMode::Script), one_session()] {
        let (asked, outcome) = asked_until_the_end(spending(machine), before(490));
        assert_eq!(outcome, Outcome::Skipped);
        let last = asked.last().expect("it is asked");
        assert!(*last > after(30 * 60_000) && *last <= after(30 * 60_000 + 2_000), "{last}");
        assert!(asked.len() < 1_000, "{}", asked.len());
    }
}

/// A date that was open when the booking was made could be tried until its slot begins; to wait for another so long is too much.
#[test]
fn nor_where_the_date_was_open_already() {
    let mut facts = facts(FireMode::Script, false, false);
    facts.planned_at = after(3_600_000);
    let past = Past { held: vec![hold(0, false), hold(1, false)], ..Past::NONE };
    let mut machine = Machine::new(facts, past);
    let first = machine.on(Event::Begin, after(3_600_000));
    assert_eq!(first.records, [Record::Enter(State::Preparing)], "nobody logs in for that");
    assert!(matches!(first.next, Next::AskHolders { .. }));
    let (asked, outcome) = asked_until_the_end(machine, after(3_600_000));
    assert_eq!(outcome, Outcome::Skipped);
    assert!(*asked.last().expect("it is asked") <= after(90 * 60_000 + 2_000));
}

/// Court 2 opens a day later: what may come free of court 1 is asked for before that is waited for.
#[test]
fn a_later_opening_is_waited_for_when_nobody_can_lose_the_first_any_more() {
    let mut machine = spending(two_openings());
    let asks = machine.on(may_have(&[0, 1]), before(490)).next;
    assert!(matches!(asks, Next::AskHolders { .. }), "{asks:?}");
    let waits = machine.on(has(&[0]), before(200));
    assert_eq!(waits.records, [Record::Enter(State::Planned)]);
    assert!(matches!(waits.next, Next::Wait(_)));
    let mut late = spending(two_openings());
    late.on(may_have(&[0]), before(490));
    let waits = late.on(may_have(&[0]), after(31 * 60_000)).next;
    assert!(matches!(waits, Next::Wait(at) if at > after(3_600_000)), "{waits:?}");
}

/// The permit is refused, and when the store is asked the other has lost: no busy loop, and no lost opening.
#[test]
fn a_permit_that_is_refused_for_what_is_free_by_now_is_asked_for_again() {
    let mut machine = spending(machine(FireMode::Script));
    assert_eq!(machine.on(free(), before(490)).next, Next::AskHolders { at: before(290), rest: false });
    assert_eq!(machine.on(free(), before(290)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(free(), before(280)).next, Next::AskHolders { at: after(120), rest: false });
}

#[test]
fn who_waits_for_another_can_be_called_off() {
    let mut machine = spending(one_session());
    machine.on(may_have(&[0, 1]), before(490));
    assert_eq!(outcome(&machine.on(Event::Cancel, after(100)).next), Some(Outcome::Cancelled));
}
