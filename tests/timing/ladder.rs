//! A site that says "not open": asked again at once, then slower, then no more.

use std::time::Duration;

use firstserve::model::{Answer, FireMode, Outcome};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Staging, Trouble};
use jiff::Timestamp;

use super::{READ, after, before, facts, fired, machine, opening, outcome};

/// The instants of the fires that follow, as many as are wanted, if the site says nothing but "not open"; it began with that at
/// `now`.
fn fires(machine: &mut Machine, mut now: Timestamp, wanted: usize) -> Vec<Timestamp> {
    let mut fires = Vec::new();
    while fires.len() < wanted {
        let read = machine.on(Event::Answered(Answer::NotOpen), now).next;
        assert_eq!(read, READ, "a site may say so after having booked");
        let decision = machine.on(Event::Listed(Listing::Absent), now);
        if let Some(outcome) = outcome(&decision.next) {
            assert_eq!(outcome, Outcome::Missed);
            break;
        }
        let mut next = machine.on(Event::Staged(Listing::Absent), now).next;
        while let Next::Wait(at) = next {
            now = at;
            next = match machine.on(Event::Woke, now).next {
                Next::CheckLogin => machine.on(Event::LoginChecked(true), now).next,
                other => other,
            };
        }
        assert_eq!(next, Next::Spend { choice: machine.choice() });
        let Next::Fire { at, .. } = machine.on(Event::Spent, now).next else {
            panic!("a permit is followed by a fire")
        };
        fires.push(at);
        now = at;
    }
    fires
}

/// Until it is given up.
const ALL: usize = 20;

fn millis(fires: &[Timestamp], from: Timestamp) -> Vec<i128> {
    fires.iter().map(|at| at.duration_since(from).as_millis()).collect()
}

#[test]
fn not_open_is_asked_again_on_its_ladder_and_then_given_up() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let fires = fires(&mut machine, after(50), ALL);
    let expected = [50, 100, 300, 1_000, 3_000, 6_000, 15_000, 30_000, 60_000, 120_000];
    assert_eq!(millis(&fires, opening()), expected, "at once, then slower");
}

#[test]
fn the_ladder_of_a_late_fire_is_no_burst() {
    let mut machine = machine(FireMode::Script);
    let late = after(20 * 60_000);
    machine.on(Event::Begin, late);
    machine.credentials_sent(1);
    machine.on(Event::Staged(Listing::Absent), late);
    machine.on(Event::Spent, late);
    let fires = fires(&mut machine, late, 4);
    assert_eq!(
        millis(&fires, late),
        [0, 100, 300, 1_000],
        "measured from the first fire, which came twenty minutes late"
    );
}

#[test]
fn opening_steps_that_find_nothing_climb_the_same_ladder() {
    let mut machine = Machine::new(facts(FireMode::Script, true, false), Past::NONE);
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(1);
    machine.on(Event::Staged(Listing::Absent), before(4_000));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Open { choice: 0, at: opening() });
    let mut now = after(60);
    let mut opens = Vec::new();
    for _ in 0..4 {
        let not_open = Event::OpeningFailed(Trouble::Answer(Answer::NotOpen));
        let Next::Wait(at) = machine.on(not_open, now).next else { panic!("it waits for the next rung") };
        now = at;
        assert_eq!(machine.on(Event::Woke, now).next, Next::Stage { choice: 0, from: Staging::Again });
        let staged = machine.on(Event::Staged(Listing::Absent), now).next;
        let Next::Open { at, .. } = staged else { panic!("the steps again, and no permit: {staged:?}") };
        opens.push(at);
    }
    assert_eq!(millis(&opens, opening()), [0, 100, 300, 1_000], "the first of them is past: it is done at once");
}

#[test]
fn a_page_that_says_not_open_before_the_opening_is_waited_for() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(1);
    let closed = || Event::StageFailed(Trouble::Answer(Answer::NotOpen));
    assert_eq!(machine.on(closed(), before(60_000)).next, Next::Wait(opening()));
    assert_eq!(machine.on(Event::Woke, after(10)).next, Next::Stage { choice: 0, from: Staging::Again });
    assert_eq!(machine.on(closed(), after(100)).next, Next::Wait(after(100)), "then it climbs the ladder: at once");
    machine.on(Event::Woke, after(100));
    assert_eq!(machine.on(closed(), after(150)).next, Next::Wait(after(200)), "and 0.1 s after the first look");
}

#[test]
fn a_site_that_opened_late_the_last_time_is_asked_just_then() {
    let mut known = facts(FireMode::Script, false, false);
    known.learned.opens_late = Some(Duration::from_millis(1_500));
    let mut machine = Machine::new(known, Past::NONE);
    let first = fired(&mut machine);
    assert_eq!(first, Next::Fire { choice: 0, at: opening() }, "the first fire is never later for it");
    let fires = fires(&mut machine, after(1), 6);
    assert_eq!(millis(&fires, opening()), [1, 100, 300, 1_000, 1_500, 3_000]);
}

/// A midnight that comes twice: the site may mean the second one, an hour after the first.
#[test]
fn a_doubled_midnight_is_asked_at_its_second_showing_too() {
    let mut doubled = facts(FireMode::Script, false, false);
    doubled.second_showings[0] = Some(Duration::from_secs(3_600));
    // Another choice's is no matter of this one.
    doubled.second_showings[1] = Some(Duration::from_secs(1_800));
    let mut machine = Machine::new(doubled, Past::NONE);
    fired(&mut machine);
    let fires = fires(&mut machine, after(1), ALL);
    assert_eq!(fires.len(), 11);
    assert_eq!(fires.last(), Some(&after(3_600_000)));
}

/// The first choice names no local time and is gone; the second one's midnight comes twice.
#[test]
fn each_choice_is_asked_by_its_own_courts_rule() {
    let mut doubled = facts(FireMode::Script, false, false);
    doubled.second_showings[1] = Some(Duration::from_secs(3_600));
    doubled.learned.opens_late = Some(Duration::from_millis(1_500));
    let mut machine = Machine::new(doubled, Past::NONE);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Taken), after(10));
    machine.on(Event::Listed(Listing::Absent), after(20));
    assert_eq!(machine.on(Event::Staged(Listing::Absent), after(30)).next, Next::Spend { choice: 1 });
    machine.on(Event::Spent, after(31));
    let fires = fires(&mut machine, after(40), ALL);
    assert_eq!(fires.last(), Some(&after(31 + 3_600_000)));
}

#[test]
fn what_the_site_announces_has_no_second_showing() {
    let mut doubled = facts(FireMode::Script, false, false);
    doubled.second_showings[0] = Some(Duration::from_secs(3_600));
    let mut machine = Machine::new(doubled, Past::NONE);
    assert!(machine.announced(0, after(60_000)));
    assert_eq!(machine.facts().second_showings, [None, None]);
}
