//! Hundreds of shots at one instant: none early, none starved, each once.

use std::sync::Arc;
use std::time::Duration;

use firstserve::browser::Trust;
use firstserve::browser::shot::{self, Landed, Plan, ShotError};
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;

use super::shots::{micros, plan, polite};
use super::site::{Does, Receipt, Site};

/// Shots at one instant.
const SHOTS: usize = 200;

async fn volley(site: &Site, at: Timestamp, count: usize) -> Vec<Result<Landed, ShotError>> {
    // The one clock of the process: its shots share the threads that fire.
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shots = (0..count).map(|_| {
        let plan = Plan { answer: Duration::from_secs(15), ..plan(&site.url, Trust::Platform) };
        tokio::spawn(shot::fire_at(Arc::clone(&clock), at, plan))
    });
    let mut landed = Vec::new();
    for shot in shots.collect::<Vec<_>>() {
        landed.push(shot.await.unwrap());
    }
    landed
}

/// One at a time: they would wait for each other's processors.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_shots_at_one_instant_do_not_starve_each_other() {
    let _turn = TURN.lock().await;
    let site = Site::new(polite);
    let at = SystemClock.now() + Duration::from_secs(2);
    let landed = volley(&site, at, SHOTS).await;
    let mut sent: Vec<i128> = landed.into_iter().map(|landed| micros(landed.unwrap().sent_at, at)).collect();
    sent.sort_unstable();
    let mut received: Vec<i128> = site.with_method("POST").iter().map(|post| micros(post.at, at)).collect();
    received.sort_unstable();
    assert_eq!(received.len(), SHOTS, "each once");
    assert!(received[0] >= 0, "received {} µs early", -received[0]);
    let [median, last] = [SHOTS / 2, SHOTS - 1];
    println!(
        "{SHOTS} at once: written within {} µs (median {}), received within {} µs (median {})",
        sent[last], sent[median], received[last], received[median]
    );
    // Usually 3 ms; the bound allows for a machine that is busy with other tests. Two hundred threads that spin need ten times that.
    assert!(sent[median] < 60_000, "the median was written {} µs after the instant", sent[median]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_that_does_not_read_holds_up_nobody() {
    let _turn = TURN.lock().await;
    let deaf = Site::new(|receipt: &Receipt| if receipt.method == "HEAD" { polite(receipt) } else { Does::Sleeps });
    let site = Site::new(polite);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // Larger than what a connection takes at once.
    let mut large = plan(&deaf.url, Trust::Platform);
    let form = shot::Form {
        method: "post".to_owned(),
        action: large.prepared.url().clone(),
        enctype: "multipart/form-data".to_owned(),
        fields: vec![("much".to_owned(), "x".repeat(20 << 20))],
        page: large.prepared.url().clone(),
        charset: "UTF-8".to_owned(),
    };
    large.prepared = shot::Prepared::of_form(&form, &shot::Visitor::default(), clock.now()).unwrap();
    large.answer = Duration::from_millis(800);
    let at = clock.now() + Duration::from_millis(1_500);
    let stuck = tokio::spawn(shot::fire_at(Arc::clone(&clock), at, large));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let quick = shot::fire_at(Arc::clone(&clock), at, plan(&site.url, Trust::Platform)).await.unwrap();
    assert!(micros(quick.sent_at, at) < 300_000, "it was written {} µs late", micros(quick.sent_at, at));
    assert_eq!(quick.reply.text(), "booked");
    let stuck = tokio::time::timeout(Duration::from_secs(20), stuck).await.unwrap().unwrap();
    assert!(matches!(stuck, Err(ShotError::Unknown { .. })), "{stuck:?}");
}
