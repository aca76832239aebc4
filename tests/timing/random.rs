//! Any site, any trouble, any restart: the promises hold and every attempt ends.

use std::time::Duration;

use firstserve::model::{Answer, FireMode};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Trouble};
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
}

fn world() -> impl Strategy<Value = World> {
    let mode = prop::sample::select(&FireMode::ALL[1..]);
    let learned = (prop_oneof![Just(0_u64), 1_u64..400], prop::option::of(0_u64..200_000));
    (mode, any::<bool>(), any::<bool>(), 0_u8..100, -4_000_000_i64..4_000_000, learned).prop_map(
        |(mode, opening_steps, second_later, trouble, starts_before_ms, (lead_ms, opens_late_ms))| World {
            mode,
            opening_steps,
            second_later,
            trouble,
            starts_before_ms,
            lead_ms,
            opens_late_ms,
        },
    )
}

/// What the world does, drawn from a stream of numbers; `trouble` is how likely it is to be unkind, in percent.
fn event(next: &Next, draw: u64, trouble: u8) -> Event {
    let unkind = u8::try_from(draw % 100).expect("below 100") < trouble;
    let pick = usize::try_from(draw / 100 % 997).expect("below 997");
    match next {
        Next::Wait(_) if unkind && pick % 53 == 0 => Event::Cancel,
        Next::Wait(_) => Event::Woke,
        Next::Stage { .. } | Next::Open { .. } if unkind => stage_trouble(next, pick),
        Next::Stage { .. } => Event::Staged(Listing::Absent),
        Next::CheckLogin => Event::LoginChecked(!unkind),
        Next::Open { .. } => Event::Opened,
        Next::Spend { .. } if unkind => Event::SpendFailed("disk full".into()),
        Next::Spend { .. } => Event::Spent,
        Next::Fire { .. } if unkind && pick % 3 == 0 => Event::NoAnswer("reset".into()),
        Next::Fire { .. } if unkind && pick % 7 == 0 => Event::NotSent("refused".into()),
        Next::Fire { .. } if unkind => Event::Answered(Answer::ALL[pick % Answer::ALL.len()]),
        Next::Fire { .. } => Event::Answered(Answer::Confirmed),
        Next::Fence => Event::Fenced,
        Next::ReadList if unkind && pick % 2 == 0 => Event::Listed(Listing::CannotTell("503".into())),
        Next::ReadList if unkind => Event::Listed(Listing::Absent),
        Next::ReadList => Event::Listed(Listing::Found { choice: 0, rows: 1, reference: None }),
        Next::End { .. } => Event::Woke,
    }
}

fn stage_trouble(next: &Next, pick: usize) -> Event {
    let trouble = match pick % 5 {
        0 => Trouble::Answer(Answer::ALL[pick % Answer::ALL.len()]),
        1 => Trouble::Selector("login/10-open.toml:1:1".into()),
        2 => Trouble::Unreachable("refused".into()),
        3 => Trouble::Browser("crashed".into()),
        _ => Trouble::Unreachable("slow".into()),
    };
    if matches!(next, Next::Open { .. }) { Event::OpeningFailed(trouble) } else { Event::StageFailed(trouble) }
}

fn live(world: World, draws: &[u64]) -> Result<Vec<String>, String> {
    let mut facts = facts(world.mode, world.opening_steps, world.second_later);
    facts.learned.lead = Duration::from_millis(world.lead_ms);
    facts.learned.opens_late = world.opens_late_ms.map(Duration::from_millis);
    let mut referee = Referee::new(facts.clone());
    let mut machine = Machine::new(facts, Past::NONE);
    let mut now: Timestamp = opening() - SignedDuration::from_millis(world.starts_before_ms);
    let mut trace = Vec::new();
    let mut decision = machine.on(Event::Begin, now);
    for draw in draws.iter().cycle().take(BOUND) {
        let happened = event(&decision.next, *draw, world.trouble);
        referee.sees(&decision.next, &happened, now)?;
        trace.push(format!("{now} {:?} -> {happened:?}", decision.next));
        if matches!(decision.next, Next::End { .. }) {
            return Ok(trace);
        }
        now += SignedDuration::from_millis(1 + i64::try_from(draw % 700).expect("below 700"));
        if let Next::Wait(at) | Next::Fire { at, .. } | Next::Open { at, .. } = decision.next {
            now = now.max(at);
        }
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
