//! `firstserve settle`: the site's list has never shown what the site called a success, and a person says what it shows.

use firstserve::club::{Fault, Options};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{Answer, House, Practice, booking, member, outcome};

const LIST: &str = "selectors/club-api/verify/10-list.toml";
const COURT: &str = "court = { equals = \"{court.site-id}\" }";

/// No row of the list is ever this court's.
const NO_COURT: &str = "court = { equals = \"no court\" }";

fn write(house: &House, club: &Practice) {
    let wishes =
        [("singles", "1"), ("tennis", "3")].map(|(name, court)| booking(name, "ana", club.date(), court, "17:00"));
    let site = club.site("club-api").replace("settle = \"1s\"", "settle = \"1s\"\nverify-deadline = \"10s\"");
    house.write(&[&[site, member("ana")], &wishes[..]].concat());
}

async fn state(house: &House, name: &str) -> &'static str {
    let attempts = house.attempts().await;
    outcome(attempts.iter().find(|one| one.booking.as_str() == name).expect("it is known"))
}

async fn trail_ends_with(house: &House) -> String {
    let attempts = house.attempts().await;
    let id = &attempts.iter().find(|one| one.booking.as_str() == "singles").expect("it is known").id;
    let store = house.store().await;
    let rows = store.audit_of(id).await.expect("it can be read");
    store.close().await;
    let row = rows.last().expect("a row");
    format!("{} by {}: {}", row.event, row.actor, row.data)
}

#[track_caller]
fn fails(answer: &Answer, code: i32, said: &[&str]) {
    assert_eq!(answer.code, Some(code), "{answer:#?}");
    said.iter().for_each(|said| assert!(answer.err.contains(said), "{said:?}: {answer:#?}"));
}

/// A house whose booking needs attention; booked says whether the club has it.
async fn unsure(booked: bool) -> (House, Practice) {
    let faults = if booked { vec![] } else { vec![Fault::LiesConfirmed] };
    let opens_in = Some(SignedDuration::from_secs(1));
    let (house, club) = (House::new(), Practice::open(Options { opens_in, faults, ..Options::default() }));
    write(&house, &club);
    house.edit(LIST, COURT, NO_COURT);
    let tried = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((tried.code, &tried.json()["outcome"]), (Some(1), &json!("needs-attention")), "{tried:#?}");
    house.edit(LIST, NO_COURT, COURT);
    assert_eq!(club.held_by("ana").await, usize::from(booked));
    (house, club)
}

/// Without a person's word nothing goes on; with it, it does.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_does_not_show_is_tried_again_when_a_person_says_so() {
    let (house, club) = unsure(false).await;
    let refused = house.ask(&["book", "singles", "--json"]).await;
    let command = format!("`firstserve settle ana/singles --date {} --booked` or `--not-booked`", club.date());
    fails(&refused, 1, &["not tried again", &command]);
    let shown = house.ask(&["status"]).await;
    let words = shown.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&command), "{shown:#?}");
    let other = house.ask(&["book", "tennis", "--json"]).await;
    let note = other.json()["note"].as_str().unwrap_or_default().to_owned();
    assert_eq!((other.code, &other.json()["outcome"]), (Some(1), &json!("skipped")), "{other:#?}");
    assert!(note.contains("has, or may have, booked") && note.contains("“singles”"), "{note}");
    assert_eq!(club.ledger().await["submits"], 1, "the control");

    let settled = house.ask(&["settle", "singles", "--not-booked", "--yes", "--json"]).await;
    let told = settled.json();
    assert_eq!(settled.code, Some(0), "{settled:#?}");
    assert_eq!(
        (&told["outcome"], &told["settled"], &told["state"], &told["court"]),
        (&json!("not-booked"), &json!(true), &json!("site-error"), &Value::Null),
        "{told:#}"
    );
    assert!(settled.err.contains("`firstserve book ana/singles`"), "{settled:#?}");
    assert_eq!(state(&house, "singles").await, "site-error");
    let last = trail_ends_with(&house).await;
    assert!(
        last.starts_with("settled-by-hand by user: ") && last.contains("settled by hand: it is not booked"),
        "{last}"
    );
    assert_eq!(house.ask(&["audit", "verify"]).await.code, Some(0));

    let booked = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((booked.code, &booked.json()["outcome"]), (Some(0), &json!("confirmed")), "{booked:#?}");
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(2), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_shows_is_confirmed_by_a_persons_word_and_can_be_given_back() {
    let (house, club) = unsure(true).await;
    let early = house.ask(&["cancel", "singles", "--yes"]).await;
    fails(&early, 65, &["no confirmed date ahead", "firstserve settle ana/singles"]);
    let date = club.date().to_string();
    fails(
        &house.ask(&["cancel", "singles", "--yes", "--date", &date]).await,
        65,
        &["needs attention", "settle ana/singles"],
    );

    let settled = house.ask(&["settle", "ana/singles", "--booked", "--yes", "--json"]).await;
    let told = settled.json();
    assert_eq!(settled.code, Some(0), "{settled:#?}");
    assert_eq!(
        (&told["outcome"], &told["state"], &told["court"], &told["date"]),
        (&json!("booked"), &json!("confirmed"), &json!("1"), &json!(date)),
        "{told:#}"
    );
    assert_eq!(state(&house, "singles").await, "confirmed");
    assert_eq!(house.ask(&["audit", "verify"]).await.code, Some(0));
    let again = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!(
        (again.json()["outcome"].clone(), club.ledger().await["submits"].clone()),
        (json!("confirmed"), json!(1))
    );

    // Another account's list does not show it, which must not read as given back.
    house.edit("config/booking.toml", "vault = \"club/ana\"", "vault = \"club/bruno\"");
    let other = house.ask(&["cancel", "singles", "--yes", "--json"]).await;
    assert_eq!((other.code, &other.json()["outcome"]), (Some(1), &json!("untouched")), "{other:#?}");
    assert!(other.err.contains("the account club/ana of the vault"), "{other:#?}");
    house.edit("config/booking.toml", "vault = \"club/bruno\"", "vault = \"club/ana\"");
    let cancelled = house.ask(&["cancel", "singles", "--yes", "--json"]).await;
    assert_eq!((cancelled.code, &cancelled.json()["outcome"]), (Some(0), &json!("cancelled")), "{cancelled:#?}");
    assert_eq!(club.held_by("ana").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_word_or_cannot_be_meant_is_refused() {
    let (house, club) = unsure(false).await;
    let settle = async |words: &[&str]| house.ask(&[&["settle", "singles"][..], words].concat()).await;
    fails(&settle(&["--not-booked"]).await, 64, &["no terminal", "--yes"]);
    fails(&settle(&["--yes"]).await, 64, &["--booked", "--not-booked"]);
    fails(&settle(&["--booked", "--not-booked", "--yes"]).await, 64, &["cannot be used with"]);
    fails(
        &settle(&["--booked", "--court", "9", "--yes"]).await,
        65,
        &["could not be that; it could be court 1 at 17:00"],
    );
    let never = settle(&["--booked", "--date", "2027-01-01", "--yes"]).await;
    fails(&never, 65, &["needs no attention on 2027-01-01", "no date of it that is known", &club.date().to_string()]);
    fails(&house.ask(&["settle", "single", "--booked", "--yes"]).await, 65, &["did you mean `singles`"]);
    let other = house.ask(&["settle", "tennis", "--not-booked", "--yes"]).await;
    fails(&other, 65, &["`tennis` has no date that needs attention", "`firstserve status`"]);
    let date = club.date().to_string();
    let planned = house.ask(&["settle", "tennis", "--not-booked", "--date", &date, "--yes"]).await;
    fails(&planned, 65, &["needs no attention", "is planned: firstserve goes on with it by itself"]);

    let daemon = house.run().await;
    let pid = daemon.pid.as_raw_nonzero().to_string();
    fails(&settle(&["--not-booked", "--yes"]).await, 69, &["already uses", &pid, "Ctrl-C", "`firstserve settle`"]);
    daemon.stop().await;
    assert_eq!(state(&house, "singles").await, "needs-attention", "nothing was written");

    assert_eq!(settle(&["--not-booked", "--yes"]).await.code, Some(0), "the control");
    fails(&settle(&["--booked", "--yes"]).await, 65, &["has no date that needs attention"]);
    fails(&settle(&["--booked", "--date", &date, "--yes"]).await, 65, &["which ended site-error"]);
}

/// What was never submitted may be what the site shows; it is still one account's, and no other one's list tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_court_that_was_not_submitted_is_still_of_the_account_that_submitted() {
    let (house, _club) = unsure(false).await;
    house.edit("config/booking.toml", "courts = [\"1\"]", "courts = [\"1\", \"3\"]");
    let settled = house.ask(&["settle", "singles", "--booked", "--court", "3", "--yes", "--json"]).await;
    assert_eq!((settled.code, &settled.json()["court"]), (Some(0), &json!("3")), "{settled:#?}");
    house.edit("config/booking.toml", "vault = \"club/ana\"", "vault = \"club/bruno\"");
    let other = house.ask(&["cancel", "singles", "--yes", "--json"]).await;
    assert_eq!((other.code, &other.json()["outcome"]), (Some(1), &json!("untouched")), "{other:#?}");
    assert!(other.err.contains("the account club/ana of the vault"), "{other:#?}");
    assert_eq!(state(&house, "singles").await, "confirmed", "it does not read as given back");
}
