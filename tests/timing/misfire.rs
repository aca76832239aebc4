//! Openings that nobody was there for, machines that slept, and choices that open on another day.

use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Record, Staging, Trouble};

use super::{DAY, after, before, facts, machine, opening, outcome, staged, two_openings};

#[test]
fn a_crash_before_the_permit_begins_anew_and_remembers_what_was_lost() {
    let past = Past { state: State::Ready, lost: vec![0], ..Past::NONE };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    assert_eq!(machine.on(Event::Begin, after(2_000)).next, Next::Stage { choice: 1, from: Staging::LogIn });
}

#[test]
fn a_first_opening_that_nobody_was_there_for_does_not_cost_the_second() {
    let mut machine = two_openings();
    let decision = machine.on(Event::Begin, after(DAY / 2));
    assert_eq!(decision.next, Next::Wait(after(DAY - 90_000)), "court 1 opened too long ago, court 2 opens tomorrow");
    let decision = machine.on(Event::Woke, after(DAY - 90_000));
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::LogIn });
    let mut late = two_openings();
    let decision = late.on(Event::Begin, after(2 * DAY));
    assert_eq!(outcome(&decision.next), Some(Outcome::Missed), "control: both openings are over");
}

#[test]
fn trouble_to_the_end_of_one_choice_leaves_the_later_one() {
    let down = || Trouble::Unreachable("connection refused".into());
    let troubles = [
        Event::StageFailed(down()),
        Event::OpeningFailed(Trouble::Browser("crashed".into())),
        Event::StageFailed(Trouble::Selector("choose/10.toml:1:1".into())),
        Event::StageFailed(Trouble::Answer(Answer::NotOpen)),
        Event::SpendFailed("disk full".into()),
    ];
    for trouble in troubles {
        let mut machine = two_openings();
        staged(&mut machine);
        let decision = machine.on(trouble.clone(), after(31 * 60_000));
        assert_eq!(decision.next, Next::Wait(after(DAY - 90_000)), "{trouble:?}");
        let expected = [Record::Lost { choice: 0 }, Record::Enter(State::Planned)];
        assert_eq!(decision.records, expected, "a restart must not try it again: {trouble:?}");
    }
}

#[test]
fn a_choice_that_the_site_offers_no_more_is_remembered() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(1);
    let decision = machine.on(Event::StageFailed(Trouble::Answer(Answer::Taken)), after(1_000));
    assert_eq!(decision.records, [Record::Lost { choice: 0 }]);
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::Retry });
}

#[test]
fn the_end_says_what_became_of_the_choice_that_opened_last() {
    let past = Past { lost: vec![0], ..Past::NONE };
    let facts = facts(FireMode::Script, false, true);
    let missed = Machine::new(facts.clone(), past).on(Event::Begin, after(2 * DAY)).next;
    assert_eq!(outcome(&missed), Some(Outcome::Missed), "the second opening passed unattended");
    let past = Past { lost: vec![1], ..Past::NONE };
    let taken = Machine::new(facts, past).on(Event::Begin, after(2 * DAY)).next;
    assert_eq!(outcome(&taken), Some(Outcome::Taken));
}

#[test]
fn a_machine_that_slept_through_the_opening_stages_anew_or_says_that_it_missed() {
    let mut late = machine(FireMode::Script);
    staged(&mut late);
    let decision = late.on(Event::Woke, after(10 * 60_000));
    assert_eq!(
        decision.next,
        Next::Stage { choice: 0, from: Staging::Again },
        "within grace, but nothing staged is fresh"
    );
    assert_eq!(late.on(Event::Staged(Listing::Absent), after(11 * 60_000)).next, Next::Spend { choice: 0 });

    let mut missed = machine(FireMode::Script);
    staged(&mut missed);
    let decision = missed.on(Event::Woke, after(3 * 3_600_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Missed));

    let mut in_time = machine(FireMode::Script);
    staged(&mut in_time);
    assert_eq!(in_time.on(Event::Woke, after(1_000)).next, Next::Spend { choice: 0 }, "control");
}

#[test]
fn a_clock_that_is_set_back_waits_again_and_fires_at_the_opening() {
    let mut machine = machine(FireMode::Script);
    staged(&mut machine);
    assert_eq!(machine.on(Event::LoginChecked(true), before(3_600_000)).next, Next::Wait(before(3_580_000)));
    machine.on(Event::LoginChecked(true), before(4_000));
    machine.on(Event::Woke, before(500));
    assert_eq!(machine.on(Event::Spent, before(490)).next, Next::Fire { choice: 0, at: opening() });
}

/// A lid that was closed in the second between permit and submit.
#[test]
fn a_machine_that_slept_with_the_permit_in_hand_gives_it_back() {
    let mut machine = machine(FireMode::Script);
    staged(&mut machine);
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
    let mut late = machine.clone();
    let decision = machine.on(Event::Spent, after(31 * 60_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Missed), "{decision:?}");
    assert_eq!(decision.records, [Record::Release]);
    let decision = late.on(Event::Spent, after(20 * 60_000));
    let at = after(20 * 60_000);
    assert_eq!(decision.next, Next::Fire { choice: 0, at }, "control: within the grace it is still useful");
}
