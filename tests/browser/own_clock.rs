//! A page's scripts may shift the clock of their page; nothing is early for that.

use std::time::Duration;

use firstserve::browser::PageClock;
use firstserve::clock::SystemClock;

use super::armed::{answer, arm, over};
use super::commit::now_ms;
use super::steps::{commit, program};
use super::world::{Engine, World, cases};

cases![
    a_shifted_clock_is_found_out,
    a_clock_that_is_shifted_later_fires_nothing_early,
    the_clock_of_a_usual_page_is_ours
];

const PAGE: &str = "commit/own-clock.html";

async fn proven(world: &World<'_>) -> PageClock {
    let asked = world.stage.ask_time(&SystemClock, 5, Duration::from_secs(2)).await;
    PageClock::proven_by(&asked).unwrap_or_else(|| panic!("{asked:?}"))
}

/// Chromium runs scripts of a driver beside those of the page; Firefox gives them a clock of their own.
async fn a_shifted_clock_is_found_out(world: &mut World<'_>) {
    for ahead in [20_000, -20_000, 100, -100] {
        world.open(&format!("{PAGE}?ahead={ahead}")).await;
        let clock = proven(world).await;
        assert_eq!(clock.may_be_ours(), world.engine == Engine::Firefox, "{ahead}: {clock:?}");
    }
}

/// Before the instant it counts as not sent; the driver clicks then.
async fn a_clock_that_is_shifted_later_fires_nothing_early(world: &mut World<'_>) {
    for ahead in [20_000, -20_000, 1_900] {
        world.site.clear();
        world.open(&format!("{PAGE}?ahead={ahead}&later=900")).await;
        let (at_ms, id) = (now_ms() + 2500.0, format!("later-{ahead}"));
        arm(world, &program(&id, at_ms, Vec::new(), commit("#book", "form"))).await;
        let report = over(world, &id).await;
        let sent = world.site.seen("POST", "/book");
        match world.engine {
            Engine::Firefox => assert!(answer(&report) == "confirmed" && sent[0].at_ms >= at_ms, "{report:?}"),
            Engine::Chromium => {
                assert!(sent.is_empty() && now_ms() < at_ms + 1000.0, "{report:?}");
                let failure = report.failure.expect("it says why");
                assert_eq!((failure.kind.as_str(), report.fired_at_ms), ("early", None), "{failure:?}");
            }
        }
    }
}

async fn the_clock_of_a_usual_page_is_ours(world: &mut World<'_>) {
    world.open("commit/armed.html").await;
    let clock = proven(world).await;
    assert!(clock.may_be_ours(), "{clock:?}");
}
