//! A browser that dies with the permit in hand, before the opening, has submitted nothing: another one books at once.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::world::{House, Practice, booking, member, outcome};
use crate::family::descendants;

/// Time enough for a browser to start and to log in.
const OPENS_IN_MS: i64 = 20_000;

/// The permit is used two seconds before the opening.
const ARMED: Duration = Duration::from_millis(700);

/// A browser must start and log in once more; asking the dead one until its answer is too late took a minute.
const LATEST_S: f64 = 30.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_lost_before_the_opening_is_replaced_at_once() {
    let (house, club) = (House::new(), Practice::opens_in(OPENS_IN_MS));
    let site = club.site("club").replace("login-lead = \"10s\"", "login-lead = \"1m\"\nfire = \"armed\"");
    house.write(&[site, member("ana"), booking("kept", "ana", club.date(), "1", "17:00")]);
    let daemon = house.run().await;
    daemon.hears("state=\"submitting\"").await;
    // The program is in the page by then, and its instant is still to come.
    tokio::time::sleep(ARMED).await;
    end_browser(daemon.pid.as_raw_nonzero().get().cast_unsigned());
    let attempt = house.ended("kept").await;
    assert_eq!(outcome(&attempt), "confirmed", "{:#?}", daemon.said());
    let ledger = club.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let submits: Vec<_> = requests.iter().filter(|request| !request["submit"].is_null()).collect();
    assert_eq!(submits.len(), 1, "{:#?}", daemon.said());
    let late = submits[0]["received_ns"].as_i64().expect("ns") - ledger["opening_ns"].as_i64().expect("ns");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let late_s = late as f64 / 1e9;
    assert!((0.0..LATEST_S).contains(&late_s), "{late_s} s late: {:#?}", daemon.said());
    daemon.stop().await;
}

/// Kills the browser and all that is its own; its driver stays.
fn end_browser(daemon: u32) {
    let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let browser: Vec<u32> = descendants(daemon).into_iter().filter(|pid| name(pid).starts_with("firefox")).collect();
    assert!(!browser.is_empty(), "the control: there is a browser to be killed");
    for pid in browser {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // Its children may have ended with it already.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
