//! The mail of a daemon whose server wants a log-in: none is tried without it, and it may come later.

use std::time::Duration;

use firstserve::model::Secret;
use firstserve::vault::{Credentials, Vault};
use serde_json::Value;

use super::world::{House, Practice, booking, member, outcome};
use crate::notify::server::MailServer;

/// The section that sends to a server on this machine.
fn mail(server: &MailServer, login: &str) -> String {
    format!(
        "[mail]\nfrom = \"courts@example.org\"\nsmtp-host = \"127.0.0.1\"\nsmtp-port = {}\nsmtp-security = \"none\"\n{login}",
        server.port
    )
}

fn with_login() -> MailServer {
    MailServer::start(&["--login", "bot:pass word"])
}

fn set_mail(house: &House) {
    let vault = Vault::open(&house.path("data"), &house.path("identity")).expect("it opens");
    vault.set("mail", &Credentials { user: "bot".into(), password: Secret::new("pass word") }).expect("it is kept");
}

/// The server comes back: one that ends at once owes whoever sends its last answer.
async fn next_message(server: MailServer) -> (Value, MailServer) {
    let waits = tokio::task::spawn_blocking(move || (server.next_message(), server));
    waits.await.expect("it arrives")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_comes_later_is_used_and_nothing_waits_for_it_but_letters() {
    let (house, club, server) = (House::new(), Practice::opens_in(8_000), with_login());
    let login = "smtp-user = \"bot\"\nvault = \"mail\"\n";
    let wish = booking("singles", "ana", club.date(), "1", "17:00");
    house.write(&[mail(&server, login), club.site("club-api"), member("ana"), wish]);
    let daemon = house.run().await;
    let said = daemon.hears("mail cannot be sent, and letters wait").await;
    assert!(said.contains("`firstserve vault set mail`") && said.contains("WARN"), "{said}");
    assert_eq!(outcome(&house.ended("singles").await), "confirmed", "the booking does not wait: {:#?}", daemon.said());
    let said = daemon.hears("mail cannot be sent; letters wait until it can").await;
    assert!(said.contains("ERROR") && said.contains("no log-in for the mail server"), "{said}");
    let status = house.ask(&["status"]).await;
    assert!(status.out.contains("1 letter waits") && status.out.contains("no log-in"), "{status:#?}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(server.is_quiet(), "a letter was tried without its log-in");
    assert_eq!(daemon.times("letters wait until it can"), 1, "said once: {:#?}", daemon.said());

    set_mail(&house);
    let (letter, server) = next_message(server).await;
    assert_eq!((&letter["user"], &letter["to"]), (&"bot".into(), &serde_json::json!(["ana@example.org"])));
    assert_eq!(daemon.times("mail waits"), 0, "no try was spent: {:#?}", daemon.said());
    daemon.stop().await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vault_may_name_the_user_as_well() {
    let (house, club, server) = (House::new(), Practice::opens_in(2_000), with_login());
    let wishes = [("singles", "1", "17:00"), ("others", "3", "19:00")];
    let [singles, others] = wishes.map(|(name, court, time)| booking(name, "ana", club.date(), court, time));
    house.write(&[mail(&server, "vault = \"mail\"\n"), club.site("club-api"), member("ana"), singles, others]);
    let booked = house.ask(&["book", "singles"]).await;
    assert_eq!(booked.code, Some(0), "{booked:#?}");
    let waits = "1 letter waits for `firstserve run`: no log-in for the mail server: ";
    assert!(booked.err.contains(waits) && booked.err.contains("`firstserve vault set mail`"), "{booked:#?}");
    assert!(server.is_quiet());
    set_mail(&house);
    let booked = house.ask(&["book", "others"]).await;
    assert!(booked.code == Some(0) && !booked.err.contains("for `firstserve run`"), "{booked:#?}");
    assert_eq!(next_message(server).await.0["user"], "bot");
}

/// What `check` lets through does not end `run`; what would is found by `check`.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_the_clear_is_found_before_anything_starts() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    let mail = |security: &str| {
        format!(
            "[mail]\nfrom = \"courts@example.org\"\nsmtp-host = \"mail.invalid\"\nsmtp-security = \"{security}\"\nsmtp-user = \"bot\"\n\
             vault = \"mail\"\n"
        )
    };
    house.write(&[mail("none"), club.site("club-api"), member("ana")]);
    for command in ["check", "run"] {
        let refused = house.ask(&[command]).await;
        assert_eq!(refused.code, Some(78), "{refused:#?}");
        for words in ["password-in-the-clear", "without protection", "booking.toml:8:", "smtp-security = \"starttls\""]
        {
            assert!(refused.err.contains(words), "{command}, {words}: {refused:#?}");
        }
    }
    assert!(!house.path("data/firstserve.db").exists(), "nothing was begun");

    house.write(&[mail("starttls"), club.site("club-api"), member("ana")]);
    let daemon = house.run().await;
    house.write(&[mail("none"), club.site("club-api"), member("ana")]);
    daemon.hears("the configuration is refused; the old one is kept").await;
    assert_eq!(house.ask(&["check"]).await.code, Some(78));
    daemon.stop().await;
}
