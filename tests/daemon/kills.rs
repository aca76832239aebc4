//! `kill -9` at any moment costs nothing: after the next start there is exactly one booking.

use std::time::Duration;

use firstserve::club::{MEMBERS, Options};
use jiff::SignedDuration;
use rand::RngExt;
use tokio::time::sleep;

use super::world::{House, Practice, booking, member, outcome};

/// How many daemons are killed at random moments; more with FIRSTSERVE_KILLS.
const KILLS: usize = 10;

/// The most at once: one member each.
const AT_ONCE: usize = 10;

/// The club opens so long after its start.
const OPENS_IN: u32 = 8_000;

/// When a daemon is killed.
#[derive(Clone, Copy, Debug)]
enum When {
    /// When this is in its log.
    Says(&'static str),
    /// So long after its start.
    After(Duration),
}

fn slow_club() -> Practice {
    let between = |from, to| firstserve::club::Latency {
        from: SignedDuration::from_millis(from),
        to: SignedDuration::from_millis(to),
    };
    let opens_in = Some(SignedDuration::from_millis(i64::from(OPENS_IN)));
    Practice::open(Options { opens_in, latency: between(100, 400), ..Options::default() })
}

/// One member's daemon is killed and started again.
async fn survives(club: &Practice, number: usize, when: When) {
    let (name, _) = MEMBERS[number];
    let house = House::new();
    let time = format!("{:02}:00", 6 + number % 16);
    house.write(&[club.site("club-api"), member(name), booking("kept", name, club.date(), "1", &time)]);
    let mut daemon = house.run().await;
    match when {
        When::Says(text) => drop(daemon.hears(text).await),
        When::After(moment) => sleep(moment).await,
    }
    daemon.kill().await;
    let before = daemon.said();
    let daemon = house.run().await;
    let attempt = house.ended("kept").await;
    let told = format!("{name} {when:?}: {attempt:?}\n{before:#?}\n{:#?}", daemon.said());
    assert_eq!(outcome(&attempt), "confirmed", "{told}");
    assert_eq!(club.held_by(name).await, 1, "{told}");
    let store = house.store().await;
    assert!(store.verify_audit().await.expect("the chain is whole") > 3, "{told}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_staging_after_the_permit_and_after_the_answer() {
    let club = slow_club();
    let moments = ["state=\"preparing\"", "state=\"ready\"", "state=\"submitting\"", "sent", "answered"];
    let each = moments.iter().enumerate().map(|(number, text)| survives(&club, number, When::Says(text)));
    futures_util::future::join_all(each).await;
    let submits = club.ledger().await["submits"].as_u64().expect("a number");
    assert!((moments.len() as u64..=2 * moments.len() as u64).contains(&submits), "{submits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments() {
    let count = std::env::var("FIRSTSERVE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let mut left = count;
    while left > 0 {
        let club = slow_club();
        let round = left.min(AT_ONCE);
        let moment = || Duration::from_millis(rand::rng().random_range(100..u64::from(OPENS_IN) + 2_000));
        let each = (0..round).map(|number| survives(&club, number, When::After(moment())));
        futures_util::future::join_all(each).await;
        left -= round;
    }
}
