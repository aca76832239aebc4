//! Any site, any trouble, any restart: the promises hold and every attempt ends.

use std::time::Duration;

use firstserve::model::{Answer, FireMode};
use firstserve::timing::{Event, Hold, Listing, Machine, Next, Past, Staging, Trouble};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::referee::Referee;
use super::{facts, opening};

/// More events than any attempt needs: the slot begins nine days after the opening, whatever the site does.
const BOUND: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct World {
    mode: FireMode,
    opening_steps: bool,
    second_later: bool,
    trouble: u8,
    starts_before_ms: i64,
    lead_ms: u64,
    opens_late_ms: Option<u64>,
    one_session: bool,
}

fn world() -> impl Strategy<Value = World> {
    let mode = prop::sample::select(&FireMode::ALL[1..]);
    let learned = (prop_oneof![Just(0_u64), 1_u64..400], prop::option::of(0_u64..200_000), any::<bool>());
    (mode, any::<bool>(), any::<bool>(), 0_u8..100, -4_000_000_i64..4_000_000, learned).prop_map(
        |(mode, opening_steps, second_later, trouble, starts_before_ms, (lead_ms, opens_late_ms, one_session))| World {
            mode,
            opening_steps,
            second_later,
            trouble,
            starts_before_ms,
            lead_ms,
            opens_late_ms,
            one_session,
        },
    )
}

/// The site and the browser: whether somebody is logged in, and how unkind they are, in percent.
struct Site {
    trouble: u8,
    logged_in: bool,
    /// Credentials sent for the last event.
    logins: u8,
}

impl Site {
    /// What happens next, drawn from a number.
    fn event(&mut self, next: &Next, (takes_files, gives_way): (bool, bool), draw: u64) -> Event {
        let unkind = u8::try_from(draw % 100).expect("below 100") < self.trouble;
        let pick = usize::try_from(draw / 100 % 997).expect("below 997");
        self.logins = 0;
        match next {
            Next::Wait(_) if unkind && pick % 53 == 0 => Event::Cancel,
            Next::Wait(_) if unkind && pick % 11 == 0 && takes_files => {
                Event::FilesChanged { mode: FireMode::ALL[1 + pick % 4], opening_steps: pick % 2 == 0 }
            }
            Next::Wait(_) | Next::Stage { .. } if unkind && pick % 13 == 0 && gives_way => {
                Event::GaveWay { logged_in: std::mem::take(&mut self.logged_in) }
            }
            Next::Wait(_) | Next::End { .. } => Event::Woke,
            Next::Stage { from, .. } => self.staged(*from, unkind, pick),
            Next::CheckLogin => Event::LoginChecked(!unkind),
            Next::Open { .. } if unkind => Event::OpeningFailed(self.fails(pick)),
            Next::Open { .. } => Event::Opened,
            Next::AskHolders { .. } if unkind && pick % 53 == 0 => Event::Cancel,
            Next::AskHolders { rest, .. } => {
                self.logged_in &= !rest;
                Event::Held(if unkind { holds(pick) } else { vec![] })
            }
            Next::Spend { .. } if unkind && pick.is_multiple_of(2) => Event::Held(holds(pick / 2)),
            Next::Spend { .. } if unkind => Event::SpendFailed("disk full".into()),
            Next::Spend { .. } => Event::Spent,
            Next::Fire { .. } => self.answered(unkind, pick),
            Next::Fence => {
                self.logged_in = false;
                Event::Fenced
            }
            Next::ReadList { may_log_in } => self.listed(*may_log_in, unkind, pick),
        }
    }

    fn staged(&mut self, from: Staging, unkind: bool, pick: usize) -> Event {
        if from == Staging::LogIn {
            // A page that does not load shows nobody the credentials.
            self.logins = u8::from(!unkind || !pick.is_multiple_of(3));
            self.logged_in = self.logins > 0;
        }
        if !self.logged_in && from != Staging::LogIn {
            return Event::StageFailed(Trouble::Answer(Answer::LoginExpired));
        }
        if unkind { Event::StageFailed(self.fails(pick)) } else { Event::Staged(Listing::Absent) }
    }

    fn fails(&mut self, pick: usize) -> Trouble {
        let trouble = match pick % 5 {
            0 => Trouble::Answer(Answer::ALL[pick % Answer::ALL.len()]),
            1 => Trouble::Selector("login/10-open.toml:1:1".into()),
            2 => Trouble::Unreachable("refused".into()),
            3 => Trouble::Browser("crashed".into()),
            _ => Trouble::Unreachable("slow".into()),
        };
        self.logged_in &= !matches!(trouble, Trouble::Browser(_) | Trouble::Answer(Answer::LoginExpired));
        trouble
    }

    fn answered(&mut self, unkind: bool, pick: usize) -> Event {
        match pick {
            _ if !unkind => Event::Answered(Answer::Confirmed),
            _ if pick.is_multiple_of(3) => Event::NoAnswer("reset".into()),
            _ if pick.is_multiple_of(7) => Event::NotSent(self.fails(pick)),
            _ if pick.is_multiple_of(5) => Event::OpeningFailed(self.fails(pick / 5)),
            _ => Event::Answered(Answer::ALL[pick % Answer::ALL.len()]),
        }
    }

    fn listed(&mut self, may_log_in: bool, unkind: bool, pick: usize) -> Event {
        if !self.logged_in && may_log_in && unkind && pick.is_multiple_of(17) {
            return Event::KeptOut("evening 2027-07-18".into());
        }
        if !self.logged_in && may_log_in {
            (self.logins, self.logged_in) = (1, true);
        }
        if !self.logged_in || unkind && pick.is_multiple_of(2) {
            self.logged_in &= !pick.is_multiple_of(4);
            return Event::Listed(Listing::CannotTell("503".into()));
        }
        if unkind {
            return Event::Listed(Listing::Absent);
        }
        Event::Listed(Listing::Found { choice: 0, rows: 1, reference: None })
    }
}

/// Another attempt of the account, which has or may have the time of one choice, or of both.
fn holds(pick: usize) -> Vec<Hold> {
    let hold = |choice| Hold { choice, by: "another".into(), for_good: pick.is_multiple_of(7) };
    (0..2).filter(|choice| pick % 3 != *choice).map(hold).collect()
}

fn live(world: World, draws: &[u64]) -> Result<Vec<String>, String> {
    let mut facts = facts(world.mode, world.opening_steps, world.second_later);
    facts.learned.lead = Duration::from_millis(world.lead_ms);
    facts.learned.opens_late = world.opens_late_ms.map(Duration::from_millis);
    facts.one_session = world.one_session;
    let mut referee = Referee::new(facts.clone());
    let mut site = Site { trouble: world.trouble, logged_in: false, logins: 0 };
    let mut machine = Machine::new(facts, Past::NONE);
    let mut now: Timestamp = opening() - SignedDuration::from_millis(world.starts_before_ms);
    let mut trace = Vec::new();
    let mut decision = machine.on(Event::Begin, now);
    for draw in draws.iter().cycle().take(BOUND) {
        let happened = site.event(&decision.next, (machine.takes_files(now), machine.may_give_way()), *draw);
        referee.sees(&decision.next, &happened, site.logins, now)?;
        trace.push(format!("{now} {:?} -> {happened:?}", decision.next));
        if matches!(decision.next, Next::End { .. }) {
            return Ok(trace);
        }
        now += SignedDuration::from_millis(1 + i64::try_from(draw % 700).expect("below 700"));
        if let Next::Wait(at) | Next::Fire { at, .. } | Next::Open { at, .. } | Next::AskHolders { at, .. } =
            decision.next
            && !matches!(happened, Event::Cancel | Event::GaveWay { .. })
        {
            now = now.max(at);
        }
        machine.credentials_sent(site.logins);
        decision = machine.on(happened, now);
    }
    Err(format!("never ended; last: {:?}", trace.iter().rev().take(12).collect::<Vec<_>>()))
}

proptest! {
    #![proptest_config(Config { cases: 3_000, ..Config::default() })]

    #[test]
    fn promises_hold_whatever_happens(world in world(), draws in prop::collection::vec(any::<u64>(), 40..200)) {
        let trace = live(world, &draws);
        prop_assert!(trace.is_ok(), "{trace:?}");
    }

    #[test]
    fn the_same_events_give_the_same_trace(world in world(), draws in prop::collection::vec(any::<u64>(), 40..60)) {
        prop_assert_eq!(live(world, &draws), live(world, &draws));
    }
}
