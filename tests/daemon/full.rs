//! A disk without room: a limit on the size of files gives the same failures, and can be taken away again.

use std::fs;
use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::world::{Daemon, House, Practice, booking, member, outcome};

/// No file of the process grows beyond this; none: as far as it likes.
fn limit(pid: Pid, bytes: Option<u64>) {
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("it is ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_there_is_room_again_the_court_is_booked() {
    let (house, club) = (House::new(), Practice::opens_in(9_000));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    // The signal that goes with the limit would end the process; a full disk sends none.
    let script = format!("trap '' XFSZ && exec {} run", env!("CARGO_BIN_EXE_firstserve"));
    let daemon = Daemon::start(house.program("bash", &["-c", &script]));
    daemon.hears("state=\"ready\"").await;
    limit(daemon.pid, Some(fs::metadata(house.path("data/firstserve.db-wal")).expect("it is in use").len()));
    daemon.hears("no permit").await;
    SystemClock.sleep_until(club.ready.opening.expect("it opens") + Duration::from_secs(3)).await;
    assert_eq!(club.ledger().await["submits"], 0, "nothing is submitted without a permit: {:#?}", daemon.said());
    assert!(daemon.times("no permit") > 1, "control: it tried again, and failed again: {:#?}", daemon.said());
    limit(daemon.pid, None);
    let attempt = house.ended("singles").await;
    assert_eq!(outcome(&attempt), "confirmed", "{attempt:?} {:#?}", daemon.said());
    assert_eq!((club.held_by("ana").await, club.ledger().await["submits"].as_u64()), (1, Some(1)));
    daemon.stop().await;
}
