//! After a submit: what the site's list says, how often it is asked, and what follows.

use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Record, Staging};
use jiff::SignedDuration;

use super::{READ, after, before, facts, fired, found, machine, opening, outcome};

#[test]
fn a_submit_taken_up_from_the_store_is_not_repeated_for_a_choice_that_was_lost() {
    let past = Past { state: State::Unknown, lost: vec![0], ..Past::NONE };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    assert_eq!(machine.on(Event::Begin, after(5_000)).next, Next::Fence);
    machine.on(Event::Fenced, after(5_000));
    machine.on(Event::Woke, after(20_000));
    machine.on(Event::Listed(Listing::Absent), after(21_000));
    machine.on(Event::Woke, after(36_000));
    let decision = machine.on(Event::Listed(Listing::Absent), after(37_000));
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::LogIn });
}

/// A browser that outlived its daemon fires by itself: what is not on the list before then may be on it afterwards.
#[test]
fn a_permit_spent_ahead_of_the_opening_is_read_after_it() {
    let taken_up = |at: jiff::Timestamp| {
        let mut machine =
            Machine::new(facts(FireMode::Armed, false, false), Past { state: State::Submitting, ..Past::NONE });
        assert_eq!(machine.on(Event::Begin, at).next, Next::Fence);
        machine.on(Event::Fenced, at).next
    };
    assert_eq!(taken_up(before(14_000)), Next::Wait(after(15_000)));
    assert_eq!(taken_up(after(3_000)), Next::Wait(after(18_000)), "the control: nothing of ours can fire any more");
}

#[test]
fn called_off_after_an_unknown_submit_it_is_read_and_not_submitted_again() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("reset".into()), after(100));
    machine.on(Event::Fenced, after(200));
    assert_eq!(machine.on(Event::Cancel, after(300)).next, Next::Wait(after(15_200)), "the site may still be at it");
    assert_eq!(machine.on(Event::Woke, after(15_200)).next, READ);
    assert!(matches!(machine.on(Event::Listed(Listing::Absent), after(15_300)).next, Next::Wait(_)));
    machine.on(Event::Woke, after(30_300));
    let decision = machine.on(Event::Listed(Listing::Absent), after(30_400));
    assert_eq!(outcome(&decision.next), Some(Outcome::Cancelled));
}

#[test]
fn an_unknown_submit_is_read_twice_and_never_repeated_blindly() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let decision = machine.on(Event::NoAnswer("connection reset".into()), after(100));
    assert_eq!(decision.records, [Record::Enter(State::Unknown)]);
    assert_eq!(decision.next, Next::Fence);
    assert_eq!(machine.on(Event::Fenced, after(200)).next, Next::Wait(after(15_200)));
    assert_eq!(machine.on(Event::Woke, after(15_200)).next, READ);
    assert_eq!(machine.on(Event::Listed(Listing::Absent), after(18_000)).next, Next::Wait(after(33_000)));
    assert_eq!(machine.on(Event::Woke, after(33_000)).next, READ);
    let decision = machine.on(Event::Listed(Listing::Absent), after(34_000));
    assert_eq!(decision.records, [Record::Absent, Record::Enter(State::Preparing)]);
    assert_eq!(decision.next, Next::Stage { choice: 0, from: Staging::Again }, "in the session that has read the list");
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
            Next::ReadList { .. } => Event::Listed(Listing::Absent),
            Next::Open { .. } => Event::Opened,
            Next::AskHolders { .. } => panic!("nobody holds anything"),
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
    machine.on(Event::Woke, after(17_000));
    assert!(matches!(machine.on(cannot(), after(18_000)).next, Next::Wait(_)));
    let late = machine.on(cannot(), after(11 * 60_000));
    assert_eq!(outcome(&late.next), Some(Outcome::NeedsAttention));
}

#[test]
fn one_look_after_a_long_sleep_is_not_enough_to_call_a_person() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("gone".into()), after(100));
    machine.on(Event::Fenced, after(200));
    let hour = 3_600_000;
    machine.on(Event::Woke, after(hour));
    let cannot = || Event::Listed(Listing::CannotTell("503".into()));
    let first = machine.on(cannot(), after(hour + 1_000));
    assert!(matches!(first.next, Next::Wait(_)), "the network may come back with the machine: {first:?}");
    machine.on(Event::Woke, after(hour + 2_000));
    let listed = machine.on(Event::Listed(Listing::Found { choice: 0, rows: 1, reference: None }), after(hour + 3_000));
    assert_eq!(outcome(&listed.next), Some(Outcome::Confirmed));
}

#[test]
fn a_lying_confirmation_is_found_out() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Confirmed), after(100));
    let mut now = after(200);
    let mut reads = 0;
    let end = loop {
        reads += 1;
        match machine.on(Event::Listed(Listing::Absent), now).next {
            Next::Wait(at) => now = at,
            end => break end,
        }
        assert_eq!(machine.on(Event::Woke, now).next, READ, "read again, never submitted again");
    };
    assert_eq!((outcome(&end), reads), (Some(Outcome::NeedsAttention), 41), "for the whole verify deadline");
}

#[test]
fn a_crash_after_the_permit_is_unknown() {
    let past = Past { state: State::Submitting, ..Past::NONE };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    let decision = machine.on(Event::Begin, after(2_000));
    assert_eq!(decision.next, Next::Fence);
    assert_eq!(decision.records, [Record::Enter(State::Unknown)]);
}

#[test]
fn a_waiting_list_place_is_watched_until_the_slot_begins() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let decision = machine.on(Event::Answered(Answer::Waitlisted), after(100));
    assert_eq!(decision.records, [Record::Settle(Answer::Waitlisted), Record::Enter(State::Waitlisted)]);
    let Next::Wait(at) = decision.next else { panic!("it waits") };
    assert_eq!(machine.on(Event::Woke, at).next, READ);
    assert!(matches!(machine.on(Event::Listed(Listing::Absent), at).next, Next::Wait(_)));
    let begun = "2027-07-18T23:00:00Z".parse().expect("a timestamp");
    assert_eq!(machine.on(Event::Woke, begun).next, READ);
    assert_eq!(outcome(&machine.on(found(0, 1), begun).next), Some(Outcome::Confirmed));
}

/// 17:00 has begun, and the place is for 18:00.
#[test]
fn a_waiting_list_place_is_that_of_the_submit_after_a_restart_too() {
    let mut hours = facts(FireMode::Script, false, false);
    let begins = hours.choices[0].starts_at;
    let later = begins + SignedDuration::from_hours(1);
    hours.choices[1].starts_at = later;
    let past = |choice| Past { state: State::Waitlisted, choice, ..Past::NONE };
    let mut machine = Machine::new(hours.clone(), past(1));
    assert!(matches!(machine.on(Event::Begin, begins).next, Next::Wait(_)));
    machine.on(Event::Woke, later - SignedDuration::from_mins(1));
    assert_eq!(outcome(&machine.on(found(1, 1), later - SignedDuration::from_mins(1)).next), Some(Outcome::Confirmed));
    let over = Machine::new(hours, past(0)).on(Event::Begin, begins).next;
    assert_eq!(outcome(&over), Some(Outcome::Missed), "the control");
}

/// The process died between what it wrote of the permit and the next state.
#[test]
fn a_submit_that_is_settled_as_absent_is_counted_once() {
    let after_reads = |uncertain, absent| {
        let past = Past { state: State::Verifying, uncertain, absent, ..Past::NONE };
        let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
        machine.on(Event::Begin, after(40_000));
        machine.on(Event::Fenced, after(40_000));
        machine.on(Event::Woke, after(55_000));
        machine.on(Event::Listed(Listing::Absent), after(55_100));
        machine.on(Event::Woke, after(70_100));
        machine.on(Event::Listed(Listing::Absent), after(70_200))
    };
    let again = after_reads(1, true);
    assert_eq!(again.records, [Record::Enter(State::Preparing)], "there is no permit to settle");
    assert_eq!(again.next, Next::Stage { choice: 0, from: Staging::LogIn }, "two are allowed");
    assert_eq!(outcome(&after_reads(2, true).next), Some(Outcome::SiteError), "the control: it was the second");
    assert_eq!(outcome(&after_reads(1, false).next), Some(Outcome::SiteError), "the control: another one is open");
}

#[test]
fn a_duplicate_is_told() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::Answered(Answer::Confirmed), after(100));
    let decision = machine.on(found(0, 2), after(200));
    assert!(matches!(decision.next, Next::End { duplicate: true, .. }));
}

#[test]
fn verifying_costs_three_log_ins_that_are_spread_over_its_deadline() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("gone".into()), after(0));
    machine.on(Event::Fenced, after(0));
    let mut now = after(15_000);
    let mut log_ins = Vec::new();
    let mut decision = machine.on(Event::Woke, now);
    while outcome(&decision.next).is_none() {
        decision = match decision.next {
            Next::Wait(at) => {
                now = at;
                machine.on(Event::Woke, now)
            }
            Next::ReadList { may_log_in } => {
                if may_log_in {
                    log_ins.push(now.duration_since(opening()).as_secs());
                    machine.credentials_sent(1);
                }
                machine.on(Event::Listed(Listing::CannotTell("logged out again".into())), now)
            }
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(outcome(&decision.next), Some(Outcome::NeedsAttention));
    assert_eq!(log_ins.len(), 3, "{log_ins:?}");
    assert!(log_ins[0] == 15 && log_ins[1] >= 200 && log_ins[2] >= 400, "{log_ins:?}");
}

#[test]
fn two_reads_count_only_when_they_follow_each_other() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("gone".into()), after(100));
    machine.on(Event::Fenced, after(200));
    machine.on(Event::Woke, after(15_200));
    machine.on(Event::Listed(Listing::Absent), after(15_300));
    machine.on(Event::Woke, after(30_300));
    machine.on(Event::Listed(Listing::CannotTell("503".into())), after(30_400));
    machine.on(Event::Woke, after(30_900));
    assert!(matches!(machine.on(Event::Listed(Listing::Absent), after(31_000)).next, Next::Wait(_)), "the first again");
    machine.on(Event::Woke, after(46_000));
    let decision = machine.on(Event::Listed(Listing::Absent), after(46_100));
    assert_eq!(decision.records[0], Record::Absent);
}

#[test]
fn a_claim_of_success_outlives_the_process() {
    for state in [State::Confirming, State::Verifying, State::Unknown] {
        let past = Past { state, claimed: true, ..Past::NONE };
        let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
        machine.on(Event::Begin, after(5_000));
        machine.on(Event::Fenced, after(5_000));
        let mut now = after(20_000);
        for _ in 0..10 {
            assert_eq!(machine.on(Event::Woke, now).next, READ);
            let Next::Wait(at) = machine.on(Event::Listed(Listing::Absent), now).next else { panic!("it waits") };
            now = at;
        }
    }
}

#[test]
fn what_no_booking_asks_for_any_more_is_read_and_then_called_off() {
    let past = Past { state: State::Submitting, lost: vec![0, 1], called_off: true, ..Past::NONE };
    let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
    machine.on(Event::Begin, after(5_000));
    machine.on(Event::Fenced, after(5_000));
    machine.on(Event::Woke, after(20_000));
    machine.on(Event::Listed(Listing::Absent), after(21_000));
    machine.on(Event::Woke, after(36_000));
    let decision = machine.on(Event::Listed(Listing::Absent), after(37_000));
    assert_eq!((outcome(&decision.next), &decision.records[..]), (Some(Outcome::Cancelled), &[Record::Absent][..]));
}

#[test]
fn whatever_refuses_a_submit_the_list_is_read_before_anything_follows() {
    for (answer, ends) in [
        (Answer::NotOpen, None),
        (Answer::Quota, Some(Outcome::Quota)),
        (Answer::Price, Some(Outcome::Price)),
        (Answer::Captcha, Some(Outcome::Captcha)),
        (Answer::LoginRefused, Some(Outcome::LoginRefused)),
    ] {
        let refused = || {
            let mut machine = machine(FireMode::Script);
            fired(&mut machine);
            let decision = machine.on(Event::Answered(answer), after(100));
            assert_eq!(decision.records, [Record::Settle(answer), Record::Enter(State::Verifying)]);
            let may_log_in = !matches!(answer, Answer::Captcha | Answer::LoginRefused);
            assert_eq!(decision.next, Next::ReadList { may_log_in }, "{answer:?}");
            machine
        };
        let end = refused().on(found(0, 1), after(200)).next;
        assert_eq!(outcome(&end), Some(Outcome::Confirmed), "{answer:?}: it was booked all the same");
        let next = refused().on(Event::Listed(Listing::Absent), after(200)).next;
        assert_eq!(outcome(&next), ends, "{answer:?}");
        assert!(ends.is_some() || next == Next::Stage { choice: 0, from: Staging::Retry });
    }
}

/// The end, its note, and when it came, where the list cannot be read after a refusal.
fn unread_after(answer: Answer) -> (Outcome, String, jiff::Timestamp) {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    let (mut now, mut decision) = (after(100), machine.on(Event::Answered(answer), after(100)));
    loop {
        decision = match decision.next {
            Next::Wait(at) => {
                now = at;
                machine.on(Event::Woke, now)
            }
            Next::ReadList { .. } => machine.on(Event::Listed(Listing::CannotTell("503".into())), now),
            Next::End { outcome, note, .. } => return (outcome, note, now),
            other => panic!("nothing follows but reading: {other:?}"),
        };
    }
}

#[test]
fn a_refusal_whose_list_cannot_be_read_says_so() {
    let (outcome, note, at) = unread_after(Answer::Quota);
    assert_eq!((outcome, note.contains("could not be read")), (Outcome::Quota, true), "{note}");
    assert!(at >= after(10 * 60_000), "for the whole verify deadline");
    let (outcome, note, at) = unread_after(Answer::Captcha);
    assert_eq!((outcome, note.contains("could not be read")), (Outcome::Captcha, true), "{note}");
    assert!(at < after(5_000), "without credentials, waiting is of no use, and a person is wanted");
    assert_eq!(unread_after(Answer::NotOpen).0, Outcome::NeedsAttention, "it may be booked");
}

#[test]
fn a_refusal_of_before_a_restart_is_looked_at_once() {
    let taken_up = |state, answer, lost: &[usize]| {
        let past = Past { state, refused: Some(answer), lost: lost.to_vec(), ..Past::NONE };
        let mut machine = Machine::new(facts(FireMode::Script, false, false), past);
        let first = machine.on(Event::Begin, after(2_000)).next;
        (machine, first)
    };
    for state in [State::Submitting, State::Verifying] {
        let (mut machine, first) = taken_up(state, Answer::Taken, &[0]);
        assert_eq!(first, READ, "no fence, no settling: it was answered");
        machine.credentials_sent(1);
        let next = machine.on(Event::Listed(Listing::Absent), after(3_000)).next;
        assert_eq!(next, Next::Stage { choice: 1, from: Staging::Again });
        let (mut machine, first) = taken_up(state, Answer::Quota, &[]);
        assert_eq!(first, READ);
        assert_eq!(outcome(&machine.on(Event::Listed(Listing::Absent), after(3_000)).next), Some(Outcome::Quota));
    }
    assert_eq!(taken_up(State::Verifying, Answer::SiteError, &[]).1, Next::Fence, "the control: nobody knows");
}

/// A list that nobody could open is no list that says nothing: the deadline begins once the account is free.
#[test]
fn an_account_in_use_is_no_reason_to_call_a_person() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("reset".into()), after(100));
    machine.on(Event::Fenced, after(200));
    for minutes in 1..=30 {
        assert_eq!(machine.on(Event::Woke, after(minutes * 60_000)).next, READ, "{minutes}");
        let decision = machine.on(Event::KeptOut("evening 2027-07-18".into()), after(minutes * 60_000 + 1));
        assert_eq!(decision.next, Next::Wait(after(minutes * 60_000 + 1)), "{minutes}");
    }
    assert_eq!(machine.on(Event::Woke, after(31 * 60_000)).next, READ);
    assert_eq!(outcome(&machine.on(found(0, 1), after(31 * 60_000)).next), Some(Outcome::Confirmed));
}

#[test]
fn an_account_in_use_without_end_calls_one() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    machine.on(Event::NoAnswer("reset".into()), after(100));
    machine.on(Event::Fenced, after(200));
    let ended = (1..=60).find_map(|minutes| {
        machine.on(Event::Woke, after(minutes * 60_000));
        let next = machine.on(Event::KeptOut("evening 2027-07-18".into()), after(minutes * 60_000)).next;
        if let Next::End { outcome, note, .. } = next { Some((minutes, outcome, note)) } else { None }
    });
    let (minutes, outcome, note) = ended.expect("it ends");
    assert_eq!((minutes, outcome), (40, Outcome::NeedsAttention), "{note}");
    assert!(note.ends_with("its account is in use for another date: evening 2027-07-18"), "{note}");
}
