//! The database is taken away under a running daemon: nothing is fired that a restart would not know of.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use tokio::time::sleep;

use super::world::{Daemon, House, Practice, booking, client, member, outcome, until};

/// So soon it must be noticed.
const SECONDS: Duration = Duration::from_secs(5);

/// What is done to the database of a household, and what is said of it.
type Loss = (fn(&Path), &'static str);

const LOSSES: [Loss; 5] = [
    (
        |data| fs::remove_file(data.join("firstserve.db")).expect("it was there"),
        "firstserve.db was removed while it was in use",
    ),
    (
        |data| {
            fs::copy(data.join("firstserve.db"), data.join("copy")).expect("it is copied");
            fs::rename(data.join("copy"), data.join("firstserve.db")).expect("it is replaced");
        },
        "firstserve.db was replaced by another file while it was in use",
    ),
    (|data| cut(&data.join("firstserve.db")), "firstserve.db was cut short while it was in use"),
    (
        |data| fs::remove_file(data.join("firstserve.db-wal")).expect("it was there"),
        "firstserve.db-wal was removed while it was in use",
    ),
    (
        |data| fs::rename(data, data.with_extension("old")).expect("it is moved"),
        "firstserve.db was removed while it was in use",
    ),
];

fn cut(file: &Path) {
    File::options().write(true).open(file).and_then(|file| file.set_len(0)).expect("it is cut");
}

/// A daemon with a booking that is staged well before its opening.
async fn staged(opens_in_ms: i64) -> (House, Practice, Daemon) {
    let (house, club) = (House::new(), Practice::opens_in(opens_in_ms));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let daemon = house.run().await;
    daemon.hears("state=\"ready\"").await;
    (house, club, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_noticed_at_once_told_and_nothing_is_fired() {
    let each = LOSSES.into_iter().map(async |(takes, told)| {
        let (house, club, mut daemon) = staged(9_000).await;
        takes(&house.path("data"));
        let status = daemon.ends_within(SECONDS).await;
        assert_eq!(status.code(), Some(74), "{told}: {:#?}", daemon.said());
        daemon.hears(&format!("{told}; nothing is booked any more; put it or a backup")).await;
        SystemClock.sleep_until(club.ready.opening.expect("it opens") + Duration::from_secs(2)).await;
        assert_eq!(club.ledger().await["submits"], 0, "{told}: {:#?}", daemon.said());
    });
    futures_util::future::join_all(each).await;
}

/// The control: what a person or a tool may do to a database in use.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_in_order_costs_nothing() {
    use sqlx::{Connection, Executor, SqliteConnection};
    let (house, _club, daemon) = staged(12_000).await;
    let url = format!("sqlite://{}", house.path("data/firstserve.db").display());
    let mut tool = SqliteConnection::connect(&url).await.expect("it opens");
    // A table that makes the file grow, and goes again.
    tool.execute("CREATE TABLE big (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO big SELECT randomblob(4000) FROM n")
        .await
        .expect("it grows");
    tool.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("it is written back");
    let large = fs::metadata(house.path("data/firstserve.db")).expect("it is there").len();
    sleep(Duration::from_secs(2)).await;
    tool.execute("DROP TABLE big; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").await.expect("it shrinks");
    let small = fs::metadata(house.path("data/firstserve.db")).expect("it is there").len();
    assert!(small < large / 2, "control: the file has shrunk, {large} -> {small}");
    tool.close().await.expect("it closes");
    let attempt = house.ended("singles").await;
    assert_eq!(outcome(&attempt), "confirmed", "{attempt:?} {:#?}", daemon.said());
    assert_eq!(daemon.times("database is lost"), 0);
    daemon.stop().await;
    let again = house.run().await;
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_does_not_put_an_empty_database_in_the_place_of_a_lost_one() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    house.write(&[club.site("club-api"), member("ana")]);
    house.run().await.stop().await;
    for name in ["firstserve.db", "firstserve.db-wal", "firstserve.db-shm"] {
        // The last two are there only while it is in use.
        drop(fs::remove_file(house.path("data").join(name)));
    }
    for emptied in [false, true] {
        if emptied {
            File::create(house.path("data/firstserve.db")).expect("it is made");
        }
        let refused = house.ask(&["run"]).await;
        assert_eq!(refused.code, Some(74), "{refused:#?}");
        assert!(
            refused.err.contains("firstserve.db is gone or empty, and firstserve has used it before"),
            "{refused:#?}"
        );
        assert!(refused.err.contains("instance.lock"), "{refused:#?}");
    }
    fs::remove_file(house.path("data/instance.lock")).expect("as it says");
    house.run().await.stop().await;
}

/// While what was submitted is still read to its end.
#[tokio::test(flavor = "multi_thread")]
async fn livez_says_so_meanwhile_and_a_submit_is_still_verified() {
    use firstserve::club::{Fault, Options};
    let opens_in = Some(jiff::SignedDuration::from_millis(4_000));
    let club = Practice::open(Options { opens_in, faults: vec![Fault::NeverAnswers], ..Options::default() });
    let house = House::new();
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let daemon = house.run().await;
    let livez = format!("http://{}/livez", daemon.address().await);
    until("it submits", Duration::from_secs(30), async || club.ledger().await["submits"] == 1).await;
    assert_eq!(client().get(&livez).send().await.expect("it answers").status(), 200, "control: it lives");
    fs::remove_file(house.path("data/firstserve.db")).expect("it was there");
    daemon.hears("the database is lost").await;
    let answer = client().get(&livez).send().await.expect("it answers");
    assert_eq!(answer.status().as_u16(), 503);
    assert!(answer.text().await.expect("text").starts_with("the database is lost\n"));
    assert_eq!(club.ledger().await["submits"], 1);
}

/// A mail server that takes everything, and what it took.
async fn mailbox() -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let mut is_letter = false;
            drop(write.write_all(b"220 here\r\n").await);
            while let Ok(Some(line)) = lines.next_line().await {
                let ends = is_letter && line == ".";
                let answer: &[u8] = match line.as_str() {
                    "DATA" => b"354 go on\r\n",
                    _ => b"250 yes\r\n",
                };
                if !is_letter || ends {
                    drop(write.write_all(answer).await);
                }
                is_letter = (is_letter && !ends) || line == "DATA";
                drop(tell.send(line));
            }
        }
    });
    (port, told)
}

/// The section that sends to a mailbox.
fn mail_to(port: u16) -> String {
    format!(
        "[mail]\nfrom = \"courts@example.org\"\nto = \"club@example.org\"\nsmtp-host = \"127.0.0.1\"\nsmtp-port = {port}\nsmtp-security = \"none\"\n"
    )
}

/// Whom the letters went to that a mailbox has taken, in order.
fn told_to(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.strip_prefix("RCPT TO:<")?.split('>').next()).collect()
}

/// Takes the database away, and gives what the mailbox took until the daemon had ended.
async fn loses(
    house: &House,
    daemon: &mut Daemon,
    told: &mut tokio::sync::mpsc::UnboundedReceiver<String>,
) -> Vec<String> {
    fs::remove_file(house.path("data/firstserve.db")).expect("it was there");
    assert_eq!(daemon.ends_within(Duration::from_secs(20)).await.code(), Some(74), "{:#?}", daemon.said());
    let mut lines = Vec::new();
    while let Ok(line) = told.try_recv() {
        lines.push(line);
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_by_mail() {
    let (port, mut told) = mailbox().await;
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    house.write(&[mail_to(port), club.site("club-api"), member("ana"), member("eva")]);
    let mut daemon = house.run().await;
    let lines = loses(&house, &mut daemon, &mut told).await;
    assert_eq!(told_to(&lines), ["ana@example.org", "club@example.org", "eva@example.org"], "{lines:#?}");
    let subject = "Subject: firstserve has stopped: its database is lost";
    assert_eq!(lines.iter().filter(|line| *line == subject).count(), 3, "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("firstserve.db was removed")), "{lines:#?}");
}

/// What was edited under the running daemon is what it goes by.
#[tokio::test(flavor = "multi_thread")]
async fn mail_that_was_set_meanwhile_is_sent() {
    let (port, mut told) = mailbox().await;
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    house.write(&[club.site("club-api"), member("ana")]);
    let mut daemon = house.run().await;
    house.write(&[mail_to(port), club.site("club-api"), member("eva")]);
    daemon.hears("configuration in force").await;
    let lines = loses(&house, &mut daemon, &mut told).await;
    assert_eq!(told_to(&lines), ["club@example.org", "eva@example.org"], "{lines:#?} {:#?}", daemon.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_set_no_mail_is_told_in_the_log() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    house.write(&[club.site("club-api"), member("ana")]);
    let mut daemon = house.run().await;
    fs::remove_file(house.path("data/firstserve.db")).expect("it was there");
    assert_eq!(daemon.ends_within(SECONDS).await.code(), Some(74), "{:#?}", daemon.said());
    let said = daemon.hears("nobody is told by mail of the lost database: the configuration has no [mail]").await;
    assert!(said.contains("ERROR"), "{said}");
}
