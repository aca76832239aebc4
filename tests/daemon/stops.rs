//! How a daemon ends.

use std::time::Duration;

use firstserve::club::{Fault, Options};
use rustix::process::Signal;

use super::world::{House, Practice, booking, client, member, until};

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
