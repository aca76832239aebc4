//! `firstserve book`: one date in the foreground, whatever became of it before, and nothing of the others.

use std::time::Duration;

use firstserve::model::State;
use firstserve::store::Store;
use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::Value;

use super::world::{Daemon, House, Practice, booking, member, outcome};
use crate::notify::server::MailServer;

/// The store itself, while nobody else has it.
async fn store_of(house: &House) -> Store {
    let url = format!("sqlite://{}", house.path("data/firstserve.db").display());
    Store::open(&url, &house.path("data")).await.expect("nobody has it")
}

fn write(house: &House, club: &Practice) {
    let wishes = [("singles", "1", "17:00"), ("others", "3", "19:00")];
    let wishes = wishes.map(|(name, court, time)| booking(name, "ana", club.date(), court, time));
    house.write(&[&[club.site("club-api"), member("ana")], &wishes[..]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_won_is_told_and_not_tried_again() {
    let (house, club) = (House::new(), Practice::opens_in(3_000));
    write(&house, &club);
    let first = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((first.code, &first.json()["outcome"]), (Some(0), &Value::from("confirmed")), "{first:#?}");
    for words in [&["book", "singles", "--json"][..], &["book", "singles"]] {
        let again = house.ask(words).await;
        assert_eq!(again.code, Some(0), "{again:#?}");
    }
    let again = house.ask(&["book", "singles", "--json"]).await.json();
    assert_eq!((&again["won"], &again["attempt"]), (&Value::from(true), &first.json()["attempt"]), "{again:#}");
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(1), 1));
    house.write(&["what is this".to_owned()]);
    let status = house.ask(&["status"]).await;
    assert!(status.code == Some(0) && status.out.contains("ana · singles: confirmed"), "nothing else ran: {status:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_without_a_court_is_tried_again_when_a_person_asks() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    let password = |from: &str, to: &str| house.edit("selectors/club-api/login/10-token.toml", from, to);
    write(&house, &club);
    password("{password}", "{password}-wrong");
    let refused = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((refused.code, &refused.json()["outcome"]), (Some(1), &Value::from("login-refused")), "{refused:#?}");
    password("{password}-wrong", "{password}");
    let booked = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((booked.code, &booked.json()["outcome"]), (Some(0), &Value::from("confirmed")), "{booked:#?}");
    assert_eq!(booked.json()["attempt"], refused.json()["attempt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_held_is_told_at_once() {
    let (house, club) = (House::new(), Practice::opens_in(2_000));
    write(&house, &club);
    assert_eq!(house.ask(&["book", "singles"]).await.code, Some(0));
    house.write(&[club.site("club-api"), member("ana"), booking("renamed", "ana", club.date(), "3", "17:00")]);
    let held = tokio::time::timeout(Duration::from_secs(20), house.ask(&["book", "renamed", "--json"])).await;
    let held = held.expect("it does not wait for what never comes");
    assert_eq!((held.code, &held.json()["outcome"]), (Some(1), &Value::from("skipped")), "{held:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_bookings_stay_as_they_are() {
    let (house, club) = (House::new(), Practice::opens_in(25_000));
    write(&house, &club);
    // A daemon has planned them, begun one, and was stopped.
    house.run().await.stop().await;
    let store = store_of(&house).await;
    let others = house.attempts().await.into_iter().find(|one| one.booking.as_str() == "others").expect("planned");
    store.transition(&others.id, others.state, State::Preparing, Timestamp::UNIX_EPOCH, None).await.expect("begun");
    store.close().await;
    drop(store);
    let booked = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((booked.code, &booked.json()["outcome"]), (Some(0), &Value::from("confirmed")), "{booked:#?}");
    let after = house.attempts().await.into_iter().find(|one| one.id == others.id).expect("it is there");
    assert_eq!(after.state, State::Preparing, "left for the daemon: {}", outcome(&after));
    assert_eq!(club.held_by("ana").await, 1);
}

/// No daemon may follow: the command itself delivers, or says that a letter waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_leaves_with_the_command_or_waits_and_is_told_of() {
    let (house, club) = (House::new(), Practice::opens_in(2_000));
    let server = MailServer::start(&[]);
    let mail = |port: u16| {
        format!(
            "[mail]\nfrom = \"courts@example.org\"\nsmtp-host = \"127.0.0.1\"\nsmtp-port = {port}\nsmtp-security = \"none\"\n"
        )
    };
    let wishes = [("singles", "1", "17:00"), ("others", "3", "19:00")];
    let wishes = wishes.map(|(name, court, time)| booking(name, "ana", club.date(), court, time));
    let ana = format!("{}language = \"es\"\n", member("ana"));
    let parts = |port| [&[mail(port), club.site("club-api"), ana.clone()], &wishes[..]].concat();
    house.write(&parts(server.port));
    let booked = house.ask(&["book", "singles"]).await;
    assert_eq!(booked.code, Some(0), "{booked:#?}");
    assert!(!booked.err.contains("for `firstserve run`"), "{booked:#?}");
    let letter = server.next_message();
    let text = letter["text"].as_str().expect("a text");
    assert!(text.contains("está en la lista del propio sitio") && !text.contains("own list"), "{text}");

    drop(server);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    house.write(&parts(nobody));
    house.edit("selectors/club-api/login/10-token.toml", "{password}", "{password}-wrong");
    let refused = house.ask(&["book", "others"]).await;
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(refused.err.contains("1 letter waits for `firstserve run`: "), "{refused:#?}");
    assert!(refused.err.contains("`firstserve vault set club/ana` puts the right ones into the vault"), "{refused:#?}");
    let status = house.ask(&["status"]).await;
    assert!(status.out.contains("1 letter waits; the last try failed: "), "{status:#?}");
}

/// A file whose first step was done and whose second fails is not done.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_fails_has_a_cross_and_no_tick() {
    let (house, club) = (House::new(), Practice::opens_in(60_000));
    write(&house, &club);
    let file = house.path("selectors/club-api/login/10-token.toml");
    let text = std::fs::read_to_string(&file).expect("the flow is there");
    let more =
        "\n[[step]]\n[step.request]\nmethod = \"GET\"\nurl = \"{site.url}api/nowhere\"\nexpect = { status = 200 }\n";
    let dry = ["book", "singles", "--dry-run", "--now"];
    let sound = house.ask(&dry).await;
    assert!(sound.err.contains("✓ login/10-token.toml") && !sound.err.contains('✘'), "the control: {sound:#?}");
    std::fs::write(&file, format!("{text}{more}")).expect("it can be written");
    let failed = house.ask(&dry).await;
    assert!(failed.err.contains("✘ login/10-token.toml") && !failed.err.contains("✓ login"), "{failed:#?}");
}

/// Ctrl-C is answered: what is left, and how it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_interrupted_says_what_is_left_and_how_it_goes_on() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    write(&house, &club);
    let mut waits = Daemon::start(house.command(&["book", "singles"]));
    waits.hears("Ctrl-C ends the wait").await;
    waits.signal(Signal::INT);
    assert_eq!(waits.ends_within(Duration::from_secs(10)).await.code(), Some(1), "{:#?}", waits.said());
    waits.hears("stopped: nothing is under way").await;
    waits.hears("`firstserve run` or `firstserve book ana/singles`").await;
    let attempts = house.attempts().await;
    assert!(attempts.iter().all(|one| one.state == State::Planned), "{attempts:#?}");
}
