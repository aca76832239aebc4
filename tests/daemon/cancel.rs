//! `firstserve cancel`: a court is given back at the club, and the club's own list judges.

use std::time::Duration;

use firstserve::club::{Fault, Options};
use firstserve::model::{Outcome, State};
use firstserve::store::{End, Planned, Slot, Store};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::world::{Answer, Daemon, House, PATIENCE, Practice, booking, client, member, outcome, until};

const STEPS: &str = "cancel/10-cancel.toml";

/// Asks the club for nothing; the list is what it was.
const PRESSES_NOTHING: &str = "[[step]]\npause = \"10ms\"\n";

fn write(house: &House, club: &Practice, flow: &str) {
    let wishes = [("singles", "1", "17:00"), ("others", "3", "19:00")];
    let wishes = wishes.map(|(name, court, time)| booking(name, "ana", club.date(), court, time));
    house.write(&[&[club.site(flow), member("ana")], &wishes[..]].concat());
}

/// A house that has won court 1 with that flow.
async fn won(flow: &str) -> (House, Practice) {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    write(&house, &club, flow);
    let booked = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((booked.code, &booked.json()["outcome"]), (Some(0), &Value::from("confirmed")), "{booked:#?}");
    assert_eq!(club.held_by("ana").await, 1);
    (house, club)
}

async fn cancel(house: &House) -> Answer {
    house.ask(&["cancel", "singles", "--yes", "--json"]).await
}

async fn state(house: &House) -> &'static str {
    let attempts = house.attempts().await;
    outcome(attempts.iter().find(|one| one.booking.as_str() == "singles").expect("it is known"))
}

/// What is written of the attempt, from the end of the booking on; its letter is another matter.
async fn trail(house: &House) -> Vec<String> {
    let attempts = house.attempts().await;
    let id = &attempts.iter().find(|one| one.booking.as_str() == "singles").expect("it is known").id;
    let store = house.store().await;
    let rows = store.audit_of(id).await.expect("it can be read");
    assert!(store.verify_audit().await.expect("the chain is whole") > 3);
    store.close().await;
    let words: Vec<String> = rows.into_iter().map(|row| row.event).collect();
    let won = words.iter().position(|word| word == "confirmed").expect("it was won");
    words[won + 1..].iter().filter(|word| *word != "letter").cloned().collect()
}

/// Whether the club has taken back every booking of ana's.
async fn is_given_back(club: &Practice) -> bool {
    club.ledger().await["bookings"].as_array().expect("a list").iter().all(|one| one["cancelled"] == true)
}

/// Somebody cancels the first booking at the club itself.
async fn cancel_by_hand(club: &Practice) {
    let held = club.ledger().await["bookings"][0]["reference"].as_str().expect("it has a name").to_owned();
    let url = |path: &str| format!("{}api/{path}", club.ready.url);
    let login = client().post(url("login")).json(&json!({ "user": "ana", "password": "ana-raqueta" })).send().await;
    let login: Value = login.expect("the club answers").json().await.expect("a token");
    let token = login["token"].as_str().expect("a token");
    client().delete(url(&format!("bookings/{held}"))).bearer_auth(token).send().await.expect("the club answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_stays_cancelled_until_a_person_asks() {
    let (house, club) = won("club-api").await;
    let cancelled = cancel(&house).await;
    let told = cancelled.json();
    assert_eq!((cancelled.code, &told["outcome"]), (Some(0), &json!("cancelled")), "{cancelled:#?}");
    assert_eq!((&told["court"], &told["date"]), (&json!("1"), &json!(club.date().to_string())), "{told:#}");
    assert!(is_given_back(&club).await && club.held_by("ana").await == 0);
    assert_eq!(state(&house).await, "cancelled");
    assert_eq!(trail(&house).await, ["log-in", "cancel-begun", "cancelled-at-site"]);

    let again = cancel(&house).await;
    assert_eq!(again.code, Some(65), "{again:#?}");
    assert!(again.err.contains("no confirmed date ahead"), "{again:#?}");

    let daemon = house.run().await;
    assert_eq!(outcome(&house.ended("others").await), "confirmed", "the control: the daemon books");
    daemon.stop().await;
    assert_eq!((state(&house).await, club.ledger().await["submits"].as_u64()), ("cancelled", Some(2)));

    let booked = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((booked.code, &booked.json()["outcome"]), (Some(0), &json!("confirmed")), "{booked:#?}");
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(3), 2));
    assert_eq!(booked.json()["ledger"].as_array().map(Vec::len), Some(1), "not that of before: {booked:#?}");
    assert_eq!(cancel(&house).await.code, Some(0), "and it can be given back once more");
    assert_eq!((state(&house).await, club.held_by("ana").await), ("cancelled", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_is_cancelled_in_a_browser() {
    let (house, club) = won("club").await;
    let cancelled = house.ask(&["cancel", "ana/singles", "--date", &club.date().to_string(), "--yes"]).await;
    assert_eq!(cancelled.code, Some(0), "{cancelled:#?}");
    for words in ["court 1 on", "login/", "verify/10-list.toml", STEPS, "the site's list shows it no more"] {
        assert!(cancelled.err.contains(words), "{words:?}: {cancelled:#?}");
    }
    assert!(is_given_back(&club).await);
    assert_eq!(state(&house).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_presses_nothing_has_cancelled_nothing() {
    let (house, club) = won("club").await;
    let path = house.path("selectors/club").join(STEPS);
    let steps = std::fs::read_to_string(&path).expect("it can be read");
    // The question "are you sure?" is answered with no, and nobody waits for what does not come.
    let hostile = steps
        .replace("\"accept\"", "\"dismiss\"")
        .replace("wait-for = { visible", "timeout = \"1s\"\nwait-for = { visible");
    assert_ne!(steps, hostile);
    std::fs::write(&path, hostile).expect("it can be written");
    let kept = cancel(&house).await;
    let told = kept.json();
    assert_eq!(
        (kept.code, &told["outcome"], &told["cancelled"]),
        (Some(1), &json!("still-listed"), &json!(false)),
        "{kept:#?}"
    );
    assert!(kept.err.contains("still shows it, and it stays confirmed") && kept.err.contains(STEPS), "{kept:#?}");
    assert!(kept.err.contains("a picture and the source of the page are in"), "{kept:#?}");
    assert_eq!((state(&house).await, club.held_by("ana").await), ("confirmed", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_list_still_shows_stays_confirmed() {
    let (house, club) = won("club-api").await;
    std::fs::write(house.path("selectors/club-api").join(STEPS), PRESSES_NOTHING).expect("it can be written");
    let kept = cancel(&house).await;
    assert_eq!((kept.code, &kept.json()["outcome"]), (Some(1), &json!("still-listed")), "{kept:#?}");
    assert_eq!((state(&house).await, club.held_by("ana").await), ("confirmed", 1));
    assert_eq!(trail(&house).await, ["log-in", "cancel-begun"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_after_it_has_pressed_is_safe_to_ask_again() {
    let (house, club) = won("club-api").await;
    let path = house.path("selectors/club-api").join(STEPS);
    let steps = std::fs::read_to_string(&path).expect("it can be read");
    std::fs::write(&path, format!("{steps}\n[[step]]\npause = \"60s\"\ntimeout = \"90s\"\n"))
        .expect("it can be written");
    let mut cancelling = Daemon::start(house.command(&["cancel", "singles", "--yes"]));
    until("the club has taken it back", PATIENCE, async || is_given_back(&club).await).await;
    cancelling.kill().await;
    assert_eq!(state(&house).await, "confirmed", "the control: nobody has looked at the list since");
    let seen = cancel(&house).await;
    assert_eq!((seen.code, &seen.json()["outcome"]), (Some(0), &json!("gone")), "{seen:#?}");
    assert!(seen.err.contains("nothing was pressed"), "{seen:#?}");
    assert_eq!(trail(&house).await, ["log-in", "cancel-begun", "log-in", "cancelled-at-site"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_a_person_has_cancelled_at_the_club_is_written_down_as_gone() {
    let (house, club) = won("club-api").await;
    cancel_by_hand(&club).await;
    assert!(is_given_back(&club).await, "the control");
    let gone = cancel(&house).await;
    assert_eq!((gone.code, &gone.json()["outcome"]), (Some(0), &json!("gone")), "{gone:#?}");
    assert_eq!(trail(&house).await, ["log-in", "cancelled-at-site"], "nothing was pressed");
}

/// The site needs a while: its list is read more than once.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_late_is_waited_for() {
    let (house, club) = won("club-api").await;
    std::fs::write(house.path("selectors/club-api").join(STEPS), PRESSES_NOTHING).expect("it can be written");
    let mut cancelling = Daemon::start(house.command(&["cancel", "singles", "--yes"]));
    until("the list was read again", PATIENCE, async || cancelling.times("the site's list shows it") >= 2).await;
    cancel_by_hand(&club).await;
    assert_eq!(cancelling.ends_within(PATIENCE).await.code(), Some(0), "{:#?}", cancelling.said());
    assert_eq!(state(&house).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_nobody_knows_and_it_stays_confirmed() {
    let (house, club) = won("club-api").await;
    let path = house.path("selectors/club-api").join(STEPS);
    let steps = std::fs::read_to_string(&path).expect("it can be read");
    std::fs::write(&path, format!("{steps}\n[[step]]\npause = \"4s\"\n")).expect("it can be written");
    let mut cancelling = Daemon::start(house.command(&["cancel", "singles", "--yes"]));
    until("the club has taken it back", PATIENCE, async || is_given_back(&club).await).await;
    drop(club);
    assert_eq!(cancelling.ends_within(PATIENCE).await.code(), Some(1), "{:#?}", cancelling.said());
    assert_eq!(
        cancelling.times("nobody knows whether it is cancelled, and it stays confirmed"),
        1,
        "{:#?}",
        cancelling.said()
    );
    assert_eq!(
        (state(&house).await, trail(&house).await),
        ("confirmed", vec!["log-in".to_owned(), "cancel-begun".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_that_fit_are_for_a_person() {
    let (house, club) = won("club-api").await;
    assert_eq!(house.ask(&["book", "others"]).await.code, Some(0));
    let list = "selectors/club-api/verify/10-list.toml";
    house.edit(list, "court = { equals = \"{court.site-id}\" }", "court = {}");
    house.edit(list, "start = { equals = \"{start:%H:%M}\" }", "start = {}");
    let refused = cancel(&house).await;
    assert_eq!((refused.code, &refused.json()["outcome"]), (Some(1), &json!("untouched")), "{refused:#?}");
    assert!(refused.err.contains("shows it 2 times") && refused.err.contains("cancel it at the site"), "{refused:#?}");
    assert_eq!((state(&house).await, club.held_by("ana").await), ("confirmed", 2));
    assert_eq!(trail(&house).await, ["log-in"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captcha_stops_it_and_nothing_is_pressed() {
    let (house, club) = won("club-api").await;
    let opens_in = Some(SignedDuration::from_secs(1));
    let walled = Practice::open(Options { opens_in, faults: vec![Fault::Captcha], ..Options::default() });
    house.write(&[
        club.site("club").replace(&club.ready.url, &walled.ready.url),
        member("ana"),
        booking("singles", "ana", club.date(), "1", "17:00"),
    ]);
    let stopped = cancel(&house).await;
    assert_eq!((stopped.code, &stopped.json()["outcome"]), (Some(1), &json!("untouched")), "{stopped:#?}");
    assert!(stopped.json()["note"].as_str().is_some_and(|note| note.contains("captcha")), "{stopped:#?}");
    assert_eq!(state(&house).await, "confirmed");
    assert_eq!(trail(&house).await, ["log-in"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_cancelled_is_told_with_its_cure() {
    let (house, club) = won("club-api").await;
    let fails = async |words: &[&str], code: i32, said: &[&str]| {
        let answer = house.ask(words).await;
        assert_eq!(answer.code, Some(code), "{words:?}: {answer:#?}");
        said.iter().for_each(|said| assert!(answer.err.contains(said), "{said:?}: {answer:#?}"));
    };
    let date = club.date().to_string();
    fails(&["cancel", "singles"], 64, &["no terminal", "--yes"]).await;
    fails(&["cancel", "singles", "--yes", "--date", "soon"], 64, &["--date"]).await;
    fails(&["cancel", "single", "--yes"], 65, &["there is no booking `single`", "did you mean `singles`"]).await;
    fails(&["cancel", "others", "--yes"], 65, &["`others` has no confirmed date ahead", "`firstserve status`"]).await;
    fails(&["cancel", "others", "--yes", "--date", &date], 65, &["is planned", "take it out"]).await;
    let never = ["nothing to give back on 2027-01-01", "no date of it that is known", "confirmed: ", &date];
    fails(&["cancel", "singles", "--yes", "--date", "2027-01-01"], 65, &never).await;

    let daemon = house.run().await;
    let pid = daemon.pid.as_raw_nonzero().to_string();
    let beside = ["already uses", "books by itself", "`firstserve status`", "Ctrl-C", &pid, "`firstserve cancel`"];
    fails(&["cancel", "singles", "--yes"], 69, &beside).await;
    daemon.stop().await;

    let steps = house.path("selectors/club-api/cancel");
    std::fs::remove_dir_all(steps).expect("it was there");
    fails(&["cancel", "singles", "--yes"], 65, &["club-api/cancel has no steps", "docs/selectors.md"]).await;
    assert_eq!(state(&house).await, "confirmed");
}

/// A list leaves out what is over, which must not read as given back.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_has_begun_is_not_given_back() {
    let (house, club) = won("club-api").await;
    let past = club.date() - 30.days();
    let planned = |date: Date| Planned {
        booking: "singles".into(),
        member: "ana".into(),
        site: "club".into(),
        date,
        opening: Timestamp::UNIX_EPOCH,
    };
    let slot = Slot { court: "1".into(), start: past.at(17, 0, 0, 0), end: past.at(18, 0, 0, 0) };
    let url = format!("sqlite://{}", house.path("data/firstserve.db").display());
    let store = Store::open(&url, &house.path("data")).await.expect("nobody has it");
    let change = store.plan(&[planned(past), planned(club.date())], Timestamp::UNIX_EPOCH).await.expect("planned");
    let [id] = &change.added[..] else { panic!("{change:?}") };
    let (outcome, at) = (Outcome::Confirmed, Timestamp::UNIX_EPOCH);
    let end = End { from: State::Planned, outcome, note: None, slot: Some(slot), letter: None, withdrawn: false, at };
    store.end(id, end).await.expect("it is won");
    store.close().await;
    drop(store);
    let over = house.ask(&["cancel", "singles", "--yes", "--date", &past.to_string()]).await;
    assert_eq!(over.code, Some(65), "{over:#?}");
    assert!(over.err.contains("has begun"), "{over:#?}");
    let next = cancel(&house).await;
    assert_eq!(
        (next.code, &next.json()["date"]),
        (Some(0), &json!(club.date().to_string())),
        "the next one: {next:#?}"
    );
}

/// A booking that has left the configuration is still at the club.
#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_was_taken_out_can_be_cancelled() {
    let (house, club) = won("club-api").await;
    house.write(&[club.site("club-api"), member("ana"), booking("others", "ana", club.date(), "3", "19:00")]);
    let cancelled = tokio::time::timeout(Duration::from_secs(30), cancel(&house)).await.expect("in time");
    assert_eq!(cancelled.code, Some(0), "{cancelled:#?}");
    assert!(is_given_back(&club).await);
}

/// The list of one account says nothing of what was booked with another: that it shows nothing is no proof.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_won_with_another_account_is_not_taken_for_gone() {
    let (house, club) = won("club-api").await;
    let other = member("ana").replace("club/ana", "club/bruno");
    let wish = booking("singles", "ana", club.date(), "1", "17:00");
    house.write(&[club.site("club-api"), other, wish.clone()]);
    let refused = cancel(&house).await;
    assert_eq!((refused.code, &refused.json()["outcome"]), (Some(1), &json!("untouched")), "{refused:#?}");
    for words in ["the account club/ana of the vault", "has club/bruno by now", "vault = \"club/ana\"", "at the site"] {
        assert!(refused.err.contains(words), "{words:?}: {refused:#?}");
    }
    assert_eq!((state(&house).await, club.held_by("ana").await, trail(&house).await.len()), ("confirmed", 1, 0));
    house.write(&[club.site("club-api"), member("ana"), wish]);
    assert_eq!(cancel(&house).await.code, Some(0), "the cure");
    assert!(is_given_back(&club).await);
}

/// Two members with one account: what the one has submitted is not given back in the other's name, and nobody is left in the dark.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_one_counts_on_is_not_given_back_without_a_word() {
    let (house, club) = won("club-api").await;
    let bruno = member("bruno").replace("vault = \"club/bruno\"", "vault = \"club/ana\"");
    let wishes = [("singles", "ana"), ("also", "bruno")];
    let wishes = wishes.map(|(name, member)| booking(name, member, club.date(), "1", "17:00"));
    house.write(&[&[club.site("club-api"), member("ana"), bruno], &wishes[..]].concat());
    let planned = |(booking, member): (&str, &str)| Planned {
        booking: booking.into(),
        member: member.into(),
        site: "club".into(),
        date: club.date(),
        opening: Timestamp::UNIX_EPOCH,
    };
    let url = format!("sqlite://{}", house.path("data/firstserve.db").display());
    let store = Store::open(&url, &house.path("data")).await.expect("nobody has it");
    let wanted = [planned(("singles", "ana")), planned(("also", "bruno"))];
    let change = store.plan(&wanted, Timestamp::UNIX_EPOCH).await.expect("planned");
    let [id] = &change.added[..] else { panic!("{change:?}") };
    let (outcome, at, note) = (Outcome::Confirmed, Timestamp::UNIX_EPOCH, Some("it was on the site's list already"));
    let slot = Slot { court: "1".into(), start: club.date().at(17, 0, 0, 0), end: club.date().at(18, 0, 0, 0) };
    let end = End { from: State::Planned, outcome, note, slot: Some(slot), letter: None, withdrawn: false, at };
    store.end(id, end).await.expect("it is won");
    store.close().await;
    drop(store);

    let refused = house.ask(&["cancel", "also", "--yes"]).await;
    assert_eq!((refused.code, club.held_by("ana").await), (Some(65), 1), "{refused:#?}");
    for words in ["the same booking at the site as that of ana · singles", "`firstserve cancel ana/singles --date"] {
        assert!(refused.err.contains(words), "{words:?}: {refused:#?}");
    }
    let cancelled = house.ask(&["cancel", "singles", "--yes"]).await;
    assert_eq!((cancelled.code, club.held_by("ana").await), (Some(0), 0), "{cancelled:#?}");
    let said = cancelled.err.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["which bruno · also counts on too", "`firstserve cancel bruno/also --date"] {
        assert!(said.contains(words), "{words:?}: {cancelled:#?}");
    }
    let gone = house.ask(&["cancel", "also", "--yes", "--json"]).await;
    assert_eq!((gone.code, &gone.json()["outcome"]), (Some(0), &json!("gone")), "{gone:#?}");
}
