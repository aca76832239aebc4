//! Whole lives of an attempt, told event by event.

use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Facts, Listing, Machine, Next, Past, Record, Trouble};
use jiff::{SignedDuration, Timestamp};

use super::{facts, machine, opening};

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
    machine.on(Event::Begin, before(90_000));
    machine.on(Event::Staged(Listing::Absent), before(60_000));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Spend { choice: 0 });
    machine.on(Event::Spent, before(490)).next
}

fn outcome(next: &Next) -> Option<Outcome> {
    match next {
        Next::End { outcome, .. } => Some(*outcome),
        _ => None,
    }
}

#[test]
fn a_court_is_won_at_its_opening() {
    let mut machine = machine(FireMode::Script);
    let decision = machine.on(Event::Begin, before(3_600_000));
    assert_eq!(decision.next, Next::Wait(before(90_000)), "logs in 90 s ahead, not sooner");
    let decision = machine.on(Event::Woke, before(90_000));
    assert_eq!(decision.records, [Record::Enter(State::Preparing)]);
    assert_eq!(decision.next, Next::Stage { choice: 0, reuse: false });
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
    assert_eq!(decision.next, Next::ReadList, "only the list confirms");
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
fn a_lost_choice_is_followed_by_the_next_one_in_the_same_opening() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let decision = machine.on(Event::Answered(Answer::Taken), after(100));
    assert_eq!(decision.records, [Record::Settle(Answer::Taken), Record::Enter(State::Verifying)]);
    assert_eq!(decision.next, Next::ReadList, "a site may say taken after having booked");
    let decision = machine.on(Event::Listed(Listing::Absent), after(200));
    assert_eq!(decision.records, [Record::Enter(State::Preparing)]);
    assert_eq!(decision.next, Next::Stage { choice: 1, reuse: true });
    assert_eq!(machine.on(Event::Staged(Listing::Absent), after(300)).next, Next::Spend { choice: 1 });
    machine.on(Event::Spent, after(301));
    let decision = machine.on(Event::Answered(Answer::Taken), after(400));
    assert_eq!(decision.next, Next::ReadList);
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
    assert_eq!(machine.on(Event::Woke, after(700)).next, Next::ReadList);
    let decision = machine.on(Event::Listed(Listing::Absent), after(800));
    assert_eq!(decision.next, Next::Stage { choice: 1, reuse: true });
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
fn a_submit_taken_up_from_the_store_is_not_repeated_for_a_choice_that_was_lost() {
    let past = Past { state: State::Unknown, uncertain: 0, lost: vec![0] };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    assert_eq!(machine.on(Event::Begin, after(5_000)).next, Next::Fence);
    machine.on(Event::Fenced, after(5_000));
    machine.on(Event::Woke, after(20_000));
    machine.on(Event::Listed(Listing::Absent), after(21_000));
    machine.on(Event::Woke, after(36_000));
    let decision = machine.on(Event::Listed(Listing::Absent), after(37_000));
    assert_eq!(decision.next, Next::Stage { choice: 1, reuse: false });
}

#[test]
fn called_off_after_an_unknown_submit_it_is_read_and_not_submitted_again() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("reset".into()), after(100));
    machine.on(Event::Fenced, after(200));
    assert_eq!(machine.on(Event::Cancel, after(300)).next, Next::ReadList);
    assert!(matches!(machine.on(Event::Listed(Listing::Absent), after(400)).next, Next::Wait(_)));
    machine.on(Event::Woke, after(15_400));
    let decision = machine.on(Event::Listed(Listing::Absent), after(15_500));
    assert_eq!(outcome(&decision.next), Some(Outcome::Cancelled));
}

#[test]
fn not_open_is_asked_again_on_its_ladder_and_then_given_up() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let mut fires = Vec::new();
    let mut now = after(50);
    for _ in 0..20 {
        let decision = machine.on(Event::Answered(Answer::NotOpen), now);
        if let Some(outcome) = outcome(&decision.next) {
            assert_eq!(outcome, Outcome::Missed);
            break;
        }
        if let Next::Wait(at) = machine.on(Event::Staged(Listing::Absent), now).next {
            now = at;
            assert_eq!(machine.on(Event::Woke, now).next, Next::Spend { choice: 0 });
        }
        let Next::Fire { at, .. } = machine.on(Event::Spent, now).next else {
            panic!("a permit is followed by a fire")
        };
        fires.push(at.duration_since(opening()).as_millis());
        now = at;
    }
    assert_eq!(fires, [50, 100, 300, 1_000, 3_000, 6_000, 15_000, 30_000, 60_000, 120_000], "at once, then slower");
}

#[test]
fn a_lead_moves_the_first_fire_only_and_never_what_comes_after_not_open() {
    let mut led = facts(FireMode::Script, false, false);
    led.learned.lead = std::time::Duration::from_millis(8);
    let mut machine = Machine::new(led, Past::NONE);
    assert_eq!(fired_at(&mut machine), Next::Fire { choice: 0, at: before(8) });
    machine.on(Event::Answered(Answer::NotOpen), before(2));
    assert_eq!(machine.on(Event::Staged(Listing::Absent), before(1)).next, Next::Spend { choice: 0 });
    assert_eq!(machine.on(Event::Spent, before(1)).next, Next::Fire { choice: 0, at: opening() }, "at once, not early");
}

#[test]
fn opening_steps_have_no_lead() {
    let mut led = facts(FireMode::Script, true, false);
    led.learned.lead = std::time::Duration::from_millis(8);
    let mut machine = Machine::new(led, Past::NONE);
    machine.on(Event::Begin, before(90_000));
    machine.on(Event::Staged(Listing::Absent), before(60_000));
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Open { choice: 0, at: opening() });
}

#[test]
fn the_ladder_of_a_late_fire_is_no_burst() {
    let mut machine = machine(FireMode::Script);
    let late = after(10 * 60_000);
    machine.on(Event::Begin, late);
    machine.on(Event::Staged(Listing::Absent), late);
    machine.on(Event::Spent, late);
    let mut fires = vec![0];
    let mut now = late;
    for _ in 0..4 {
        machine.on(Event::Answered(Answer::NotOpen), now);
        if let Next::Wait(at) = machine.on(Event::Staged(Listing::Absent), now).next {
            now = at;
            machine.on(Event::Woke, now);
        }
        let Next::Fire { at, .. } = machine.on(Event::Spent, now).next else { panic!("it fires") };
        fires.push(at.duration_since(late).as_millis());
        now = at;
    }
    assert_eq!(fires, [0, 0, 100, 300, 1_000], "measured from the first fire, which came ten minutes late");
}

#[test]
fn a_site_that_opened_late_the_last_time_is_asked_just_then() {
    let mut known = facts(FireMode::Script, false, false);
    known.learned.opens_late = Some(std::time::Duration::from_millis(1_500));
    let mut machine = Machine::new(known, Past::NONE);
    assert_eq!(fired_at(&mut machine), Next::Fire { choice: 0, at: opening() }, "the first fire is never later for it");
    let mut now = after(1);
    let mut fires = Vec::new();
    for _ in 0..6 {
        machine.on(Event::Answered(Answer::NotOpen), now);
        if let Next::Wait(at) = machine.on(Event::Staged(Listing::Absent), now).next {
            now = at;
            machine.on(Event::Woke, now);
        }
        let Next::Fire { at, .. } = machine.on(Event::Spent, now).next else { panic!("it fires") };
        fires.push(at.duration_since(opening()).as_millis());
        now = at;
    }
    assert_eq!(fires, [1, 100, 300, 1_000, 1_500, 3_000]);
}

/// A midnight that comes twice: the site may mean the second one, an hour after the first.
#[test]
fn a_doubled_midnight_is_asked_at_its_second_showing_too() {
    let mut doubled = facts(FireMode::Script, false, false);
    doubled.learned.opens_late = Some(std::time::Duration::from_secs(3_600));
    let mut machine = Machine::new(doubled, Past::NONE);
    fired_at(&mut machine);
    let mut now = after(1);
    let mut fires = Vec::new();
    for _ in 0..40_000 {
        let decision = machine.on(Event::Answered(Answer::NotOpen), now);
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
        assert_eq!(next, Next::Spend { choice: 0 });
        let Next::Fire { at, .. } = machine.on(Event::Spent, now).next else { panic!("it fires") };
        fires.push(at.duration_since(opening()).as_secs());
        now = at;
    }
    assert_eq!(fires, [0, 0, 0, 1, 3, 6, 15, 30, 60, 120, 3_600]);
}

/// Staged and let go; the fire that comes of it.
fn fired_at(machine: &mut Machine) -> Next {
    machine.on(Event::Begin, before(90_000));
    machine.on(Event::Staged(Listing::Absent), before(60_000));
    let woken = machine.on(Event::Woke, before(500)).next;
    if let Next::Wait(at) = woken {
        machine.on(Event::Woke, at);
    }
    machine.on(Event::Spent, before(490)).next
}

#[test]
fn an_unknown_submit_is_read_twice_and_never_repeated_blindly() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let decision = machine.on(Event::NoAnswer("connection reset".into()), after(100));
    assert_eq!(decision.records, [Record::Enter(State::Unknown)]);
    assert_eq!(decision.next, Next::Fence);
    assert_eq!(machine.on(Event::Fenced, after(200)).next, Next::Wait(after(15_200)));
    assert_eq!(machine.on(Event::Woke, after(15_200)).next, Next::ReadList);
    assert_eq!(machine.on(Event::Listed(Listing::Absent), after(18_000)).next, Next::Wait(after(33_000)));
    assert_eq!(machine.on(Event::Woke, after(33_000)).next, Next::ReadList);
    let decision = machine.on(Event::Listed(Listing::Absent), after(34_000));
    assert_eq!(decision.records, [Record::Absent, Record::Enter(State::Preparing)]);
    assert_eq!(decision.next, Next::Stage { choice: 0, reuse: false });
}

#[test]
fn an_unknown_submit_that_landed_is_confirmed() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::SiteError), after(100));
    machine.on(Event::Fenced, after(200));
    machine.on(Event::Woke, after(15_200));
    let decision = machine.on(found(0, 1), after(16_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Confirmed));
}

#[test]
fn two_uncertain_submits_are_the_bound() {
    let mut machine = machine(FireMode::Http);
    let mut submits = 0;
    let mut now = before(90_000);
    let mut decision = machine.on(Event::Begin, now);
    for _ in 0..60 {
        now += SignedDuration::from_millis(10);
        let event = match decision.next {
            Next::Wait(at) => {
                now = now.max(at);
                Event::Woke
            }
            Next::Stage { .. } => Event::Staged(Listing::Absent),
            Next::CheckLogin => Event::LoginChecked(true),
            Next::Spend { .. } => Event::Spent,
            Next::Fire { at, .. } => {
                submits += 1;
                now = now.max(at);
                Event::NoAnswer("reset".into())
            }
            Next::Fence => Event::Fenced,
            Next::ReadList => Event::Listed(Listing::Absent),
            Next::Open { .. } => Event::Opened,
            Next::End { outcome, .. } => {
                assert_eq!(outcome, Outcome::SiteError);
                assert_eq!(submits, 2);
                return;
            }
        };
        decision = machine.on(event, now);
    }
    panic!("the attempt never ended");
}

#[test]
fn a_list_that_cannot_be_read_calls_a_person_after_the_deadline() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("gone".into()), after(100));
    machine.on(Event::Fenced, after(200));
    machine.on(Event::Woke, after(15_200));
    let cannot = || Event::Listed(Listing::CannotTell("503".into()));
    assert!(matches!(machine.on(cannot(), after(16_000)).next, Next::Wait(_)));
    let late = machine.on(cannot(), after(11 * 60_000));
    assert_eq!(outcome(&late.next), Some(Outcome::NeedsAttention));
}

#[test]
fn a_lying_confirmation_is_found_out() {
    let facts = Facts {
        patience: firstserve::model::Patience { max_submits: 1, ..Default::default() },
        ..facts(FireMode::Script, false, false)
    };
    let mut machine = Machine::new(facts, Past::NONE);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Confirmed), after(100));
    assert_eq!(machine.on(Event::Listed(Listing::Absent), after(200)).next, Next::Wait(after(15_200)));
    assert_eq!(machine.on(Event::Woke, after(15_200)).next, Next::ReadList);
    let decision = machine.on(Event::Listed(Listing::Absent), after(16_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::NeedsAttention));
}

#[test]
fn a_crash_after_the_permit_is_unknown() {
    let past = Past { state: State::Submitting, uncertain: 0, lost: vec![] };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    let decision = machine.on(Event::Begin, after(2_000));
    assert_eq!(decision.next, Next::Fence);
    assert_eq!(decision.records, [Record::Enter(State::Unknown)]);
}

#[test]
fn a_crash_before_the_permit_begins_anew_and_remembers_what_was_lost() {
    let past = Past { state: State::Ready, uncertain: 0, lost: vec![0] };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    assert_eq!(machine.on(Event::Begin, after(2_000)).next, Next::Stage { choice: 1, reuse: false });
}

#[test]
fn what_is_on_the_list_already_is_not_submitted() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    let decision = machine.on(Event::Staged(Listing::Found { choice: 0, rows: 1, reference: None }), before(80_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Confirmed));
    assert!(decision.records.is_empty(), "no permit was open");
}

#[test]
fn a_refused_login_is_never_tried_again() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    let decision = machine.on(Event::StageFailed(Trouble::Answer(Answer::LoginRefused)), before(80_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::LoginRefused));
}

#[test]
fn a_lost_session_is_logged_in_again_once() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    assert_eq!(
        machine.on(Event::Answered(Answer::LoginExpired), after(100)).next,
        Next::Stage { choice: 0, reuse: false }
    );
    assert_eq!(machine.on(Event::Staged(Listing::Absent), after(900)).next, Next::Spend { choice: 0 });
    machine.on(Event::Spent, after(901));
    let decision = machine.on(Event::Answered(Answer::LoginExpired), after(1_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::SiteError), "two log-ins are the bound");
}

#[test]
fn a_site_that_is_down_is_tried_until_it_is_no_longer_useful() {
    let mut machine = machine(FireMode::Script);
    let down = || Event::StageFailed(Trouble::Unreachable("connection refused".into()));
    machine.on(Event::Begin, before(90_000));
    let decision = machine.on(down(), before(89_000));
    assert_eq!(decision.next, Next::Wait(before(88_800)));
    assert_eq!(machine.on(Event::Woke, before(88_800)).next, Next::Stage { choice: 0, reuse: false });
    let decision = machine.on(down(), after(31 * 60_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::SiteError));
}

#[test]
fn a_broken_selector_is_tried_thrice() {
    let mut machine = machine(FireMode::Script);
    let broken = || Event::StageFailed(Trouble::Selector("login/20-sign-in.toml:3:9".into()));
    machine.on(Event::Begin, before(90_000));
    for now in [before(80_000), before(70_000)] {
        assert!(matches!(machine.on(broken(), now).next, Next::Wait(_)));
        machine.on(Event::Woke, now);
    }
    let decision = machine.on(broken(), before(60_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::SelectorBroken));
}

#[test]
fn without_a_stored_permit_nothing_is_submitted() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    machine.on(Event::Staged(Listing::Absent), before(60_000));
    machine.on(Event::Woke, before(500));
    let decision = machine.on(Event::SpendFailed("disk full".into()), before(480));
    assert!(matches!(decision.next, Next::Wait(_)));
    assert_eq!(machine.on(Event::Woke, after(150)).next, Next::Spend { choice: 0 });
    let decision = machine.on(Event::SpendFailed("disk full".into()), after(31 * 60_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Missed));
}

#[test]
fn a_waiting_list_place_is_watched_until_the_slot_begins() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let decision = machine.on(Event::Answered(Answer::Waitlisted), after(100));
    assert_eq!(decision.records, [Record::Settle(Answer::Waitlisted), Record::Enter(State::Waitlisted)]);
    let Next::Wait(at) = decision.next else { panic!("it waits") };
    assert_eq!(machine.on(Event::Woke, at).next, Next::ReadList);
    assert!(matches!(machine.on(Event::Listed(Listing::Absent), at).next, Next::Wait(_)));
    let begun = "2027-07-18T23:00:00Z".parse().expect("a timestamp");
    assert_eq!(machine.on(Event::Woke, begun).next, Next::ReadList);
    assert_eq!(outcome(&machine.on(found(0, 1), begun).next), Some(Outcome::Confirmed));
}

#[test]
fn a_duplicate_is_told() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Confirmed), after(100));
    let decision = machine.on(found(0, 2), after(200));
    assert!(matches!(decision.next, Next::End { duplicate: true, .. }));
}
