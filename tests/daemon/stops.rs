//! How a daemon ends.

use std::time::Duration;

use firstserve::club::{Fault, Options};
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::{Pid, Signal};

use super::world::{Daemon, House, PROGRAM, Practice, booking, client, member, until};

fn never_answers() -> Practice {
    let opens_in = Some(jiff::SignedDuration::from_millis(1_500));
    Practice::open(Options { opens_in, faults: vec![Fault::NeverAnswers], ..Options::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lives_until_it_is_asked_to_stop() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    house.write(&[club.site("club-api"), member("ana")]);
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = house.run().await;
        let livez = format!("http://{}/livez", daemon.address().await);
        let answer = client().get(&livez).send().await.expect("it answers");
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("a text"));
        assert_eq!((status, text.lines().next()), (200, Some("alive")));
        assert!(text.contains("time zone data 20"), "{text}");
        daemon.signal(signal);
        let status = daemon.ends_within(Duration::from_secs(5)).await;
        assert_eq!(status.code(), Some(0), "{:#?}", daemon.said());
        assert!(client().get(&livez).send().await.is_err(), "nothing listens any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_time_it_stops_at_once() {
    let (house, club) = (House::new(), never_answers());
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let mut daemon = house.run().await;
    until("it submits", Duration::from_secs(20), async || club.ledger().await["submits"] == 1).await;
    daemon.signal(Signal::TERM);
    daemon.hears("ask again").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    daemon.signal(Signal::TERM);
    let status = daemon.ends_within(Duration::from_secs(3)).await;
    assert_eq!(status.code(), Some(0), "{:#?}", daemon.said());
    daemon.hears("stopped at once").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    house.write(&[club.site("club-api"), member("ana")]);
    house.run().await.stop().await;
    let mut seen = 0;
    let mut folders = vec![house.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            let mode = path.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
            seen += 1;
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(seen >= 4, "a database, a lock, a log and a vault: {seen}");
}

/// Who asks at once for the files to be read again does not mean to end it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_while_the_files_are_read_does_not_end_it() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    // Nobody ever writes into this pipe: the reading stands still.
    mkfifoat(CWD, house.path("zones"), Mode::RUSR | Mode::WUSR).expect("it can be made");
    house.write_text(&format!("{PROGRAM}[time]\nzoneinfo = \"zones\"\n{}{}", club.site("club-api"), member("ana")));
    let daemon = Daemon::start(house.command(&["run"]));
    until("it listens", Duration::from_secs(20), async || hears_hangups(daemon.pid)).await;
    daemon.signal(Signal::HUP);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(hears_hangups(daemon.pid), "it has ended: {:#?}", daemon.said());
    assert_eq!(daemon.said(), Vec::<String>::new(), "the control: it reads still");
}

/// Whether a process is there and has a handler for SIGHUP, by its mask of caught signals.
fn hears_hangups(process: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).unwrap_or_default();
    let caught = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigCgt:")?.trim(), 16).ok());
    let is_over = status.lines().any(|line| line.starts_with("State:\tZ"));
    !is_over && caught.is_some_and(|mask| mask & 1 == 1)
}
