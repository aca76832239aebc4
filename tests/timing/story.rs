//! Whole lives of an attempt that goes as it should, told event by event.

use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Record, Staging, Trouble};

use super::{READ, after, before, facts, fired, found, machine, opening, outcome};

#[test]
fn a_court_is_won_at_its_opening() {
    let mut machine = machine(FireMode::Script);
    let decision = machine.on(Event::Begin, before(3_600_000));
    assert_eq!(decision.next, Next::Wait(before(90_000)), "logs in 90 s ahead, not sooner");
    let decision = machine.on(Event::Woke, before(90_000));
    assert_eq!(decision.records, [Record::Enter(State::Preparing)]);
    assert_eq!(decision.next, Next::Stage { choice: 0, from: Staging::LogIn });
    let decision = machine.on(Event::Staged(Listing::Absent), before(80_000));
    assert_eq!(decision.records, [Record::Enter(State::Ready)]);
    assert_eq!(decision.next, Next::Wait(before(60_000)), "asks whether it is still logged in every 20 s");
    assert_eq!(machine.on(Event::Woke, before(60_000)).next, Next::CheckLogin);
    assert_eq!(machine.on(Event::LoginChecked(true), before(24_000)).next, Next::Wait(before(5_000)));
    assert_eq!(machine.on(Event::Woke, before(5_000)).next, Next::CheckLogin);
    assert_eq!(machine.on(Event::LoginChecked(true), before(4_900)).next, Next::Wait(before(500)));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, before(490)).next, Next::Fire { choice: 0, at: opening() });
    let decision = machine.on(Event::Answered(Answer::Confirmed), after(120));
    assert_eq!(decision.records, [Record::Settle(Answer::Confirmed), Record::Enter(State::Confirming)]);
    assert_eq!(decision.next, READ, "only the list confirms");
    let decision = machine.on(found(0, 1), after(300));
    assert_eq!(outcome(&decision.next), Some(Outcome::Confirmed));
}

#[test]
fn a_program_in_the_page_has_its_permit_two_seconds_ahead() {
    let mut machine = machine(FireMode::Armed);
    machine.on(Event::Begin, before(90_000));
    assert_eq!(machine.on(Event::Staged(Listing::Absent), before(4_000)).next, Next::Wait(before(2_000)));
    assert_eq!(machine.on(Event::Woke, before(2_000)).next, Next::Spend { choice: 0 });
}

#[test]
fn steps_after_the_opening_need_no_permit_and_come_before_it() {
    let mut machine = Machine::new(facts(FireMode::Script, true, false), Past::NONE);
    machine.on(Event::Begin, before(90_000));
    machine.on(Event::Staged(Listing::Absent), before(4_000));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Open { choice: 0, at: opening() });
    assert_eq!(machine.on(Event::Opened, after(400)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, after(402)).next, Next::Fire { choice: 0, at: after(402) });
}

#[test]
fn a_chain_of_requests_has_its_permit_before_its_steps() {
    let chained = || {
        let mut machine = machine(FireMode::Http);
        machine.on(Event::Begin, before(90_000));
        assert_eq!(machine.on(Event::Staged(Listing::Absent), before(4_000)).next, Next::Wait(before(2_000)));
        assert_eq!(machine.on(Event::Woke, before(2_000)).next, Next::Spend { choice: 0 });
        assert_eq!(machine.on(Event::Spent, before(1_990)).next, Next::Fire { choice: 0, at: opening() });
        machine
    };
    let not_open = chained().on(Event::OpeningFailed(Trouble::Answer(Answer::NotOpen)), after(5));
    assert_eq!(not_open.records[0], Record::Release, "its commit was not sent");
    assert_eq!(not_open.next, Next::Wait(after(5)), "the first rung of the ladder: at once");
    let quota = chained().on(Event::OpeningFailed(Trouble::Answer(Answer::Quota)), after(5));
    assert_eq!((quota.records, outcome(&quota.next)), (vec![Record::Release], Some(Outcome::Quota)));
    let mut taken = chained();
    let decision = taken.on(Event::OpeningFailed(Trouble::Answer(Answer::Taken)), after(5));
    assert_eq!(decision.records[0], Record::Release);
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::Retry }, "the next choice");
    let unreachable = chained().on(Event::OpeningFailed(Trouble::Unreachable("reset".into())), after(5));
    assert_eq!(unreachable.records[0], Record::Release);
    assert!(matches!(unreachable.next, Next::Wait(_)), "staged again");
    let mut steps_first = Machine::new(facts(FireMode::Script, true, false), Past::NONE);
    steps_first.on(Event::Begin, before(90_000));
    steps_first.on(Event::Staged(Listing::Absent), before(4_000));
    steps_first.on(Event::Woke, before(500));
    let without = steps_first.on(Event::OpeningFailed(Trouble::Unreachable("reset".into())), after(5));
    assert!(!without.records.contains(&Record::Release), "there was no permit to give back");
}

#[test]
fn a_lost_choice_is_followed_by_the_next_one_in_the_same_opening() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let decision = machine.on(Event::Answered(Answer::Taken), after(100));
    assert_eq!(decision.records, [Record::Settle(Answer::Taken), Record::Enter(State::Verifying)]);
    assert_eq!(decision.next, READ, "a site may say taken after having booked");
    let decision = machine.on(Event::Listed(Listing::Absent), after(200));
    assert_eq!(decision.records, [Record::Enter(State::Preparing)]);
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::Retry });
    assert_eq!(machine.on(Event::Staged(Listing::Absent), after(300)).next, Next::Spend { choice: 1 });
    machine.on(Event::Spent, after(301));
    let decision = machine.on(Event::Answered(Answer::Taken), after(400));
    assert_eq!(decision.next, READ);
    assert_eq!(outcome(&machine.on(Event::Listed(Listing::Absent), after(500)).next), Some(Outcome::Taken));
}

#[test]
fn a_choice_that_is_ours_although_the_site_said_taken_is_not_followed_by_another() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Taken), after(100));
    assert_eq!(outcome(&machine.on(found(0, 1), after(200)).next), Some(Outcome::Confirmed));
}

#[test]
fn a_list_that_comes_late_does_not_bring_a_lost_choice_back() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Taken), after(100));
    let cannot = Event::Listed(Listing::CannotTell("503".into()));
    assert!(matches!(machine.on(cannot, after(200)).next, Next::Wait(_)));
    assert_eq!(machine.on(Event::Woke, after(700)).next, READ);
    let decision = machine.on(Event::Listed(Listing::Absent), after(800));
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::Retry });
}

#[test]
fn a_choice_that_opens_later_is_waited_for() {
    let mut machine = Machine::new(facts(FireMode::Script, false, true), Past::NONE);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Taken), after(100));
    let decision = machine.on(Event::Listed(Listing::Absent), after(200));
    assert_eq!(decision.next, Next::Wait(after(24 * 3_600_000 - 90_000)));
    assert_eq!(machine.state(), State::Planned);
}

#[test]
fn what_is_on_the_list_already_is_not_submitted() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    let decision = machine.on(Event::Staged(Listing::Found { choice: 0, rows: 1, reference: None }), before(80_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Confirmed));
    assert!(decision.records.is_empty(), "no permit was open");
}
