//! Who only holds connections to `/livez` open takes nothing from a booking.

use std::fs;
use std::time::Duration;

use tokio::net::TcpStream;

use super::world::{Daemon, House, Practice, booking, client, member, outcome, until};

/// Connections that are held.
const GUESTS: usize = 500;

/// Files and connections that the daemon may have open: fewer than there are guests.
const DESCRIPTORS: u32 = 256;

/// What it may have open at first, before it asks for more.
const AT_FIRST: u32 = 64;

/// A daemon with a system that lets it have little.
fn narrow(house: &House) -> Daemon {
    let program = env!("CARGO_BIN_EXE_firstserve");
    let script = format!("ulimit -Sn {AT_FIRST} && ulimit -Hn {DESCRIPTORS} && exec {program} run");
    Daemon::start(house.program("bash", &["-c", &script]))
}

async fn lives(livez: &str) -> bool {
    client().get(livez).send().await.is_ok_and(|answer| answer.status() == 200)
}

fn open_files(daemon: &Daemon) -> usize {
    fs::read_dir(format!("/proc/{}/fd", daemon.pid.as_raw_nonzero())).expect("it runs").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_idle_guests_do_not_cost_the_booking() {
    let (house, club) = (House::new(), Practice::opens_in(9_000));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let daemon = narrow(&house);
    let address = daemon.address().await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid.as_raw_nonzero())).expect("it runs");
    let limit = limits.lines().find(|line| line.starts_with("Max open files")).expect("there is one");
    assert!(
        limit.split_whitespace().nth(3) == Some(&DESCRIPTORS.to_string()),
        "it asked for what it may have: {limit}"
    );
    let mut guests = Vec::new();
    // Whoever is closed comes back, until the court is booked.
    let livez = format!("http://{address}/livez");
    assert!(lives(&livez).await, "the control: it answers before the guests come");
    let mut most = 0;
    let booked = async {
        loop {
            guests.retain(|guest: &TcpStream| {
                guest.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            });
            while guests.len() < GUESTS {
                guests.push(TcpStream::connect(&address).await.expect("the system takes it"));
            }
            most = most.max(open_files(&daemon));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let attempt = tokio::select! {
        attempt = house.ended("singles") => attempt,
        () = booked => unreachable!("they never tire"),
    };
    assert_eq!(outcome(&attempt), "confirmed", "{attempt:?} {:#?}", daemon.said());
    assert_eq!(club.held_by("ana").await, 1);
    assert!(most < 128, "{most} files are open with {GUESTS} guests");
    assert_eq!(daemon.times("Too many open files"), 0, "{:#?}", daemon.said());
    drop(guests);
    until("it answers when they have gone", Duration::from_secs(20), async || lives(&livez).await).await;
    daemon.stop().await;
}
