//! Before a submit: sites that fail, sessions that are lost, files that no longer fit.

use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Record, Staging, Trouble};

use super::{
    DAY, READ, after, before, facts, fired, fired_by_program, machine, opening, outcome, staged, two_openings,
};

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
        Next::Stage { choice: 0, from: Staging::LogIn }
    );
    machine.credentials_sent(1);
    assert_eq!(machine.on(Event::Staged(Listing::Absent), after(900)).next, Next::Spend { choice: 0 });
    machine.on(Event::Spent, after(901));
    assert_eq!(machine.on(Event::Answered(Answer::LoginExpired), after(1_000)).next, READ, "before the end");
    let decision = machine.on(Event::Listed(Listing::Absent), after(1_100));
    assert_eq!(outcome(&decision.next), Some(Outcome::SiteError), "two log-ins are the bound");
}

#[test]
fn a_site_that_is_down_is_tried_until_it_is_no_longer_useful() {
    let mut machine = machine(FireMode::Script);
    let down = || Event::StageFailed(Trouble::Unreachable("connection refused".into()));
    machine.on(Event::Begin, before(90_000));
    let decision = machine.on(down(), before(89_000));
    assert_eq!(decision.next, Next::Wait(before(88_800)));
    assert_eq!(machine.on(Event::Woke, before(88_800)).next, Next::Stage { choice: 0, from: Staging::LogIn });
    let decision = machine.on(down(), after(31 * 60_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::SiteError));
}

#[test]
fn a_broken_selector_waits_for_other_files_as_long_as_it_is_useful() {
    let mut machine = machine(FireMode::Script);
    let broken = || Event::StageFailed(Trouble::Selector("login/20-sign-in.toml:3:9".into()));
    let mut decision = machine.on(Event::Begin, before(90_000));
    let (mut now, mut tries) = (before(90_000), 0);
    while outcome(&decision.next).is_none() {
        decision = match decision.next {
            Next::Wait(at) => {
                now = at;
                machine.on(Event::Woke, now)
            }
            Next::Stage { from, .. } => {
                assert_eq!(from, Staging::LogIn, "no credentials were sent yet");
                tries += 1;
                machine.on(broken(), now)
            }
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(outcome(&decision.next), Some(Outcome::SelectorBroken));
    assert!(now > after(30 * 60_000) && now < after(30 * 60_000 + 1_000), "{now}");
    assert!((60..70).contains(&tries), "politely: {tries} tries in half an hour");
}

#[test]
fn a_vault_that_gives_nothing_is_asked_again_as_long_as_it_is_useful() {
    let mut machine = machine(FireMode::Script);
    let nothing = || Event::StageFailed(Trouble::Credentials("there is no entry".into()));
    let mut decision = machine.on(Event::Begin, before(90_000));
    let (mut now, mut longest) = (before(90_000), 0);
    while outcome(&decision.next).is_none() {
        decision = match decision.next {
            Next::Wait(at) => {
                longest = at.duration_since(now).as_secs().max(longest);
                now = at;
                machine.on(Event::Woke, now)
            }
            Next::Stage { .. } => machine.on(nothing(), now),
            other => panic!("{other:?}"),
        };
    }
    let Next::End { outcome, note, .. } = decision.next else { panic!("an end") };
    assert_eq!((outcome, longest), (Outcome::Missed, 3), "what is mended at the last moment is found in time");
    assert!(note.contains("the vault") && note.contains("there is no entry"), "{note}");
    assert!(now > after(30 * 60_000) && now < after(30 * 60_000 + 1_000), "{now}");
}

#[test]
fn what_cannot_be_sent_is_tried_ever_more_slowly_though_staging_works_between() {
    for (trouble, waits) in [
        (Trouble::Unreachable("no descriptors left".into()), [200, 400, 800, 1_600, 2_000, 2_000]),
        (Trouble::Browser("no descriptors left".into()), [500, 1_000, 2_000, 4_000, 8_000, 15_000]),
    ] {
        let mut machine = machine(FireMode::Script);
        fired(&mut machine);
        let mut now = after(10);
        for wait in waits {
            let decision = machine.on(Event::NotSent(trouble.clone()), now);
            assert_eq!(decision.records, [Record::Release, Record::Enter(State::Preparing)], "{trouble:?}");
            let Next::Wait(at) = decision.next else { panic!("it waits: {decision:?}") };
            assert_eq!(at.duration_since(now).as_millis(), wait, "{trouble:?}");
            now = at;
            assert!(matches!(machine.on(Event::Woke, now).next, Next::Stage { .. }));
            assert_eq!(machine.on(Event::Staged(Listing::Absent), now).next, Next::Spend { choice: 0 });
            assert!(matches!(machine.on(Event::Spent, now).next, Next::Fire { .. }));
        }
    }
}

#[test]
fn other_files_are_taken_at_once_while_nothing_is_spent() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(1);
    machine.on(Event::StageFailed(Trouble::Selector("choose/10.toml:3:9".into())), before(80_000));
    assert!(machine.takes_files(before(79_000)));
    let files = Event::FilesChanged { mode: FireMode::Armed, opening_steps: true };
    assert_eq!(machine.on(files, before(79_000)).next, Next::Stage { choice: 0, from: Staging::Again });
    assert_eq!((machine.facts().mode, machine.facts().opening_steps), (FireMode::Armed, true));
    machine.on(Event::Staged(Listing::Absent), before(60_000));
    assert!(machine.takes_files(before(59_000)));
    assert!(!machine.takes_files(before(15_000)), "staging anew would be late");
    machine.on(Event::LoginChecked(true), before(4_900));
    machine.on(Event::Woke, before(2_000));
    machine.on(Event::Spent, before(1_990));
    assert!(!machine.takes_files(before(1_980)), "what is spent is spent with the old ones");
}

#[test]
fn without_a_stored_permit_nothing_is_submitted() {
    let mut machine = machine(FireMode::Script);
    staged(&mut machine);
    machine.on(Event::Woke, before(500));
    let decision = machine.on(Event::SpendFailed("disk full".into()), before(480));
    assert!(matches!(decision.next, Next::Wait(_)));
    assert_eq!(machine.on(Event::Woke, after(150)).next, Next::Spend { choice: 0 });
    let decision = machine.on(Event::SpendFailed("disk full".into()), after(31 * 60_000));
    assert_eq!(outcome(&decision.next), Some(Outcome::Missed));
}

#[test]
fn a_page_that_fails_after_the_log_in_costs_no_further_log_in() {
    let mut machine = machine(FireMode::Script);
    let mut decision = machine.on(Event::Begin, before(90_000));
    let mut now = before(90_000);
    let mut log_ins = 0;
    while outcome(&decision.next).is_none() {
        decision = match decision.next {
            Next::Wait(at) => {
                now = at;
                machine.on(Event::Woke, now)
            }
            Next::Stage { from, .. } => {
                if from == Staging::LogIn {
                    log_ins += 1;
                    machine.credentials_sent(1);
                }
                machine.on(Event::StageFailed(Trouble::Unreachable("prepare/ answers 503".into())), now)
            }
            other => panic!("{other:?}"),
        };
    }
    assert_eq!((outcome(&decision.next), log_ins), (Some(Outcome::SiteError), 1));
}

#[test]
fn a_session_that_is_lost_again_and_again_is_not_renewed_without_end() {
    let mut machine = machine(FireMode::Script);
    let mut decision = machine.on(Event::Begin, before(90_000));
    for expected in [Staging::LogIn, Staging::LogIn] {
        assert_eq!(decision.next, Next::Stage { choice: 0, from: expected });
        machine.credentials_sent(1);
        machine.on(Event::Staged(Listing::Absent), before(80_000));
        decision = machine.on(Event::LoginChecked(false), before(70_000));
    }
    assert_eq!(outcome(&decision.next), Some(Outcome::SiteError), "both choices open at the same instant");

    let mut machine = two_openings();
    machine.on(Event::Begin, before(90_000));
    machine.credentials_sent(2);
    machine.on(Event::Staged(Listing::Absent), before(80_000));
    let decision = machine.on(Event::LoginChecked(false), before(70_000));
    assert_eq!(decision.next, Next::Wait(after(DAY - 90_000)), "on another day there may be other log-ins");
}

#[test]
fn what_a_page_says_before_the_commit_is_what_it_means() {
    let trouble = |trouble| {
        let mut machine = machine(FireMode::Armed);
        fired_by_program(&mut machine);
        machine.on(Event::NotSent(trouble), after(100))
    };
    let decision = trouble(Trouble::Answer(Answer::Captcha));
    assert_eq!((outcome(&decision.next), &decision.records[..]), (Some(Outcome::Captcha), &[Record::Release][..]));
    let decision = trouble(Trouble::Answer(Answer::Taken));
    assert_eq!(decision.next, Next::Stage { choice: 1, from: Staging::Retry });
    let decision = trouble(Trouble::Selector("opening/10.toml:1:1".into()));
    assert_eq!(decision.next, Next::Wait(after(5_100)), "the file may be mended");
}

#[test]
fn a_permit_that_was_not_stored_does_not_repeat_the_opening_steps() {
    let mut machine = Machine::new(facts(FireMode::Script, true, false), Past::NONE);
    staged(&mut machine);
    assert_eq!(machine.on(Event::Woke, before(500)).next, Next::Open { choice: 0, at: opening() });
    assert_eq!(machine.on(Event::Opened, after(400)).next, Next::Spend { choice: 0 });
    let Next::Wait(at) = machine.on(Event::SpendFailed("disk full".into()), after(410)).next else { panic!("waits") };
    assert_eq!(machine.on(Event::Woke, at).next, Next::Spend { choice: 0 });
}

/// The log-in's button was pressed, and what should follow is not found.
fn failed_log_in(machine: &mut Machine, at: jiff::Timestamp) -> Next {
    machine.credentials_sent(1);
    machine.on(Event::StageFailed(Trouble::Selector("login/20-sign-in.toml:3:9".into())), at).next
}

#[test]
fn the_last_log_in_waits_for_other_files_and_each_change_of_them_allows_one() {
    let mut machine = machine(FireMode::Script);
    machine.on(Event::Begin, before(90_000));
    assert_eq!(failed_log_in(&mut machine, before(80_000)), Next::Wait(before(20_000)), "the last sensible moment");
    let files = || Event::FilesChanged { mode: FireMode::Script, opening_steps: false };
    let again = Next::Stage { choice: 0, from: Staging::Again };
    for _ in 0..3 {
        assert_eq!(machine.on(files(), before(70_000)).next, again, "no credentials, if the session is good");
        let expired = Event::StageFailed(Trouble::Answer(Answer::LoginExpired));
        let log_in = machine.on(expired, before(69_000)).next;
        assert_eq!(log_in, Next::Stage { choice: 0, from: Staging::LogIn });
        assert!(matches!(failed_log_in(&mut machine, before(68_000)), Next::Wait(_)));
    }
    machine.on(Event::Woke, before(20_000));
    let last = machine.on(Event::StageFailed(Trouble::Answer(Answer::LoginExpired)), before(19_900)).next;
    assert_eq!(last, Next::Stage { choice: 0, from: Staging::LogIn }, "the fifth: two, and three for the changes");
    failed_log_in(&mut machine, before(19_000));
    machine.on(Event::Woke, before(14_000));
    let end = machine.on(Event::StageFailed(Trouble::Answer(Answer::LoginExpired)), before(13_900)).next;
    let Next::End { outcome, note, .. } = end else { panic!("{end:?}") };
    assert_eq!(outcome, Outcome::SelectorBroken, "the trouble that cost the log-ins");
    assert!(
        note.contains("login/20-sign-in.toml:3:9") && note.contains("log-ins for this date are used up (5,"),
        "{note}"
    );
}

/// The log-in that another attempt has cost it is none of its own.
#[test]
fn a_session_that_was_given_up_is_logged_in_again_and_costs_no_log_in() {
    let mut machine = machine(FireMode::Script);
    staged(&mut machine);
    for logins in 2..=3 {
        assert!(machine.may_give_way());
        let decision = machine.on(Event::GaveWay { logged_in: true }, before(4_000));
        assert_eq!(decision.next, Next::Stage { choice: 0, from: Staging::LogIn }, "{logins}");
        machine.credentials_sent(1);
        machine.on(Event::Staged(Listing::Absent), before(3_000));
    }
    machine.on(Event::GaveWay { logged_in: true }, before(4_000));
    assert!(!machine.may_give_way(), "so often and no more");
    let expired = Event::StageFailed(Trouble::Answer(Answer::LoginExpired));
    machine.credentials_sent(2);
    let end = machine.on(expired, before(2_000));
    assert!(matches!(end.next, Next::Wait(_)), "a log-in that fails waits: {end:?}");
    let end = machine.on(Event::Woke, before(1_000));
    assert_eq!(end.next, Next::Stage { choice: 0, from: Staging::Again });
    let end = machine.on(Event::StageFailed(Trouble::Answer(Answer::LoginExpired)), before(900));
    assert_eq!(outcome(&end.next), Some(Outcome::SiteError), "the control: its own log-ins are counted");
}

#[test]
fn what_is_spent_keeps_its_session() {
    let mut machine = machine(FireMode::Script);
    fired(&mut machine);
    assert!(!machine.may_give_way());
    machine.on(Event::Answered(Answer::Confirmed), after(100));
    assert!(!machine.may_give_way());
}

/// Who waits for the account asks again at once, and is told why it was missed.
#[test]
fn an_account_in_use_is_waited_for_as_long_as_it_is_useful() {
    let busy = || Event::StageFailed(Trouble::Account("evening 2027-07-18".into()));
    let mut kept_out = machine(FireMode::Script);
    kept_out.on(Event::Begin, before(90_000));
    assert_eq!(kept_out.on(busy(), before(30_000)).next, Next::Wait(before(30_000)));
    assert_eq!(kept_out.on(Event::Woke, before(30_000)).next, Next::Stage { choice: 0, from: Staging::LogIn });
    let Next::End { outcome, note, .. } = kept_out.on(busy(), after(31 * 60_000)).next else { panic!("it ends") };
    assert_eq!(outcome, Outcome::Missed);
    assert_eq!(note, "its account is in use for another date: evening 2027-07-18");

    let mut broken = machine(FireMode::Script);
    broken.on(Event::Begin, before(90_000));
    broken.on(Event::StageFailed(Trouble::Selector("choose/10.toml:3:9".into())), before(80_000));
    broken.on(busy(), before(30_000));
    let Next::End { outcome, note, .. } = broken.on(busy(), after(31 * 60_000)).next else { panic!("it ends") };
    assert_eq!((outcome, note.as_str()), (Outcome::SelectorBroken, "choose/10.toml:3:9"), "what was in the way before");
}

/// A look that may outlast the permit is not begun.
#[test]
fn a_machine_that_wakes_just_before_the_permit_looks_no_more() {
    let woken = |ms: i64| {
        let mut machine = machine(FireMode::Script);
        staged(&mut machine);
        machine.on(Event::Woke, before(ms)).next
    };
    assert_eq!(woken(900), Next::Wait(before(500)));
    assert_eq!(woken(1_100), Next::CheckLogin, "the control");
    assert!(machine(FireMode::Script).look_until() < before(500));
}
