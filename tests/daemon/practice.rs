//! The way that the README tells to practise, gone as a user would: its commands, in its order, in an empty folder.

use std::time::Duration;

use serde_json::Value;

use super::world::{Daemon, House, until};

const README: &str = include_str!("../../README.md");

/// A log-in, the form and the list, in a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// The commands of that section, word by word.
fn commands(section: &str) -> Vec<Vec<String>> {
    let (_, rest) = README.split_once(section).expect("the README has it");
    let rest = rest.split("\n## ").next().expect("a section");
    let blocks = rest.split("```").skip(1).step_by(2);
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.split_once("target/release/firstserve "));
    lines.map(|(_, words)| words.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Sooner than it is written, and on a port that is free: nothing else is changed.
fn quickly(words: &[String]) -> Vec<&str> {
    assert_eq!(words.last().map(String::as_str), Some("5m"), "{words:?}");
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.pop();
    words.extend(["8s", "--listen", "127.0.0.1:0"]);
    words
}

async fn status(house: &House, words: &[&str]) -> Value {
    let answer = house.ask(&[words, &["--json"]].concat()).await;
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    answer.json()["bookings"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_commands_book_a_court() {
    let house = House::empty();
    let [club, run, ask] = &commands("\n## Practise\n")[..] else { panic!("club, run, status") };
    let club = quickly(club);
    let [run, ask] = [run, ask].map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());

    let first = Daemon::start(house.command(&club));
    let told = first.hears("firstserve run --config ").await;
    assert!(told.contains(run[2]), "the club says the same path: {told}");
    let before = status(&house, &ask).await;
    assert_eq!((&before["status"], &before["last"]), (&"scheduled".into(), &Value::Null), "{before}");
    let opening = before["next"]["opening_utc"].as_str().expect("it opens").to_owned();
    assert!(first.hears("club ready at").await.contains(&opening), "the rule fits the club: {before}");

    let daemon = Daemon::start(house.command(&run));
    daemon.hears("firstserve runs;").await;
    until("the court is booked", LIMIT, async || !status(&house, &ask).await["last"].is_null()).await;
    let after = status(&house, &ask).await;
    let expected = ("confirmed".into(), "1".into());
    assert_eq!((after["last"]["outcome"].clone(), after["last"]["court"].clone()), expected, "{:#?}", daemon.said());
    let text = house.ask(&ask).await.out;
    assert!(text.starts_with("firstserve runs (process "), "{text}");
    assert!(text.contains("\n\nana · practice: confirmed\n") && text.contains("court 1 at 17:00"), "{text}");
    let again = house.ask(&["book", "practice", "--config", run[2]]).await;
    assert!(again.err.contains("already uses"), "{again:#?}");
    daemon.stop().await;
    let again = house.ask(&["book", "practice", "--config", run[2]]).await;
    assert!(again.err.contains("court 1 on ") && again.err.contains("at 17:00: confirmed already"), "{again:#?}");

    // The club starts anew, and so does the practice.
    first.stop().await;
    let second = Daemon::start(house.command(&club));
    second.hears("firstserve run --config ").await;
    assert_eq!(status(&house, &ask).await["last"], Value::Null);
    second.stop().await;

    // A configuration of the user's own is not the club's to write.
    let config = house.path(run[2]);
    std::fs::write(&config, "# mine\n").expect("it can be written");
    let refused = house.ask(&club).await;
    assert_eq!(refused.code, Some(65), "{refused:#?}");
    assert_eq!(std::fs::read_to_string(&config).expect("it is there"), "# mine\n");
}

/// The club starts anew under a daemon: both say that the daemon must too, and then it waits for the new date.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_of_the_club_before_is_told_to_start_again() {
    const STILL_RUNS: &str = "of the club before is still at work in this folder: end it";
    const OTHER_DATABASE: &str = "end this `firstserve run` and start it again";
    let house = House::empty();
    let club = ["club", "--practice", "practice", "--opens-in", "10m", "--listen", "127.0.0.1:0"];
    let config = ["--config", "practice/config/booking.toml"];
    let run = || Daemon::start(house.command(&[&["run"], &config[..]].concat()));

    let first = Daemon::start(house.command(&club));
    first.hears("firstserve status --config").await;
    let daemon = run();
    daemon.hears("next: ana · practice").await;
    first.stop().await;

    let second = Daemon::start(house.command(&club));
    second.hears(STILL_RUNS).await;
    daemon.hears(OTHER_DATABASE).await;
    daemon.stop().await;
    let again = run();
    again.hears("next: ana · practice").await;
    assert_eq!(again.times(OTHER_DATABASE), 0, "{:#?}", again.said());
    assert_eq!(status(&house, &[&["status"], &config[..]].concat()).await["status"], "scheduled");
    second.stop().await;

    let third = Daemon::start(house.command(&[&club[..2], &["elsewhere"], &club[3..]].concat()));
    third.hears("firstserve status --config").await;
    assert_eq!(third.times(STILL_RUNS), 0, "the control: nobody runs there");
    third.stop().await;
    again.stop().await;
}
