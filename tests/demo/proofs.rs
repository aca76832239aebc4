//! `auto` takes the fastest way that a rehearsal has proved, a rehearsal never submits, and a changed selector file voids it.

use std::time::Duration;

use firstserve::club::{Options, Shape};
use jiff::SignedDuration;
use serde_json::Value;

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;
use super::process::{Ended, Process, next_turn};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(150);

fn house(club: &OwnClub, browser: &str, flow: &str) -> House {
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    House::new(&format!(
        "[browser]\nengine = \"{browser}\"\n\
         [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\nlogin-lead = \"10m\"\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"plays\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        club.ready.url
    ))
    .with_flow(&format!("selectors/{flow}"), flow)
    .with_account("club/ana", "ana", "ana-raqueta")
}

async fn asked(house: &House, words: &[&str]) -> Ended {
    let config = house.config();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let ended = tokio::task::spawn_blocking(move || {
        let mut all = vec!["--config", config.to_str().expect("a plain path"), "--json"];
        all.extend(words.iter().map(String::as_str));
        Process::start(&all, &[]).ended(LIMIT)
    });
    ended.await.expect("it ends in time")
}

/// The mode that `explain` says, and why.
async fn fires_by(house: &House) -> (String, String) {
    let told = asked(house, &["explain", "plays"]).await.json();
    let fire = &told["bookings"][0]["fire"];
    let word = |key: &str| fire[key].as_str().unwrap_or_default().to_owned();
    (word("mode"), word("why"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_proves_the_fastest_way_and_auto_takes_it() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(75), Options::default());
    let house = house(&club, "firefox", "club");
    let (mode, why) = fires_by(&house).await;
    assert!(mode == "script" && why.contains("no rehearsal"), "{mode}: {why}");

    let rehearsed = asked(&house, &["book", "plays", "--dry-run", "--now"]).await;
    assert_eq!((rehearsed.json()["outcome"].as_str(), rehearsed.code), (Some("rehearsed"), Some(0)), "{rehearsed:?}");
    assert_eq!(club.submits().await, [], "a rehearsal crosses no commit");
    for proved in ["http works up to the last click", "armed works up to the last click"] {
        assert!(rehearsed.stderr.contains(proved), "{rehearsed:?}");
    }
    let (mode, why) = fires_by(&house).await;
    assert!(mode == "http" && why.contains("proved by a rehearsal"), "{mode}: {why}");

    let house = house.with_file("club", "retry/10-form.toml", CHANGED);
    let (mode, why) = fires_by(&house).await;
    assert!(mode == "script" && why.contains("have changed since"), "{mode}: {why}");

    asked(&house, &["book", "plays", "--dry-run", "--now"]).await;
    let booked = asked(&house, &["book", "plays"]).await;
    let result = booked.json();
    assert_eq!((result["outcome"].as_str(), booked.code), (Some("confirmed"), Some(0)), "{booked:?}");
    let confirmed = Submit { start: "17:00".to_owned(), answer: "confirmed".to_owned(), early: false };
    assert_eq!(club.submits().await, [confirmed]);
    assert!(booked.stderr.contains("fires by http: proved"), "{booked:?}");
    every_mark_is_known(&result["ledger"]);
}

/// The same file with one more comment.
const CHANGED: &str = concat!(include_str!("../../selectors/club/retry/10-form.toml"), "\n# One more comment.\n");

/// At a club that tells when its requests arrive, a shot leaves nothing unknown.
fn every_mark_is_known(ledger: &Value) {
    let fires = ledger.as_array().expect("a list");
    assert_eq!(fires.len(), 1, "{ledger:#}");
    let after = |mark: &str| fires[0]["marks"][mark]["after_opening_ms"].as_f64();
    let marks = ["permit", "planned", "woken", "sent", "received", "answered", "verified"];
    let times: Vec<f64> =
        marks.iter().map(|mark| after(mark).unwrap_or_else(|| panic!("{mark}: {ledger:#}"))).collect();
    assert!(times.is_sorted(), "{marks:?} {times:?}");
    assert_eq!(times[1], 0.0, "it was meant to leave at the opening");
    assert!(times[4] > 0.0, "received after the opening: {times:?}");
    assert_eq!((fires[0]["mode"].as_str(), fires[0]["answer"].as_str()), (Some("http"), Some("confirmed")));
}

/// A page that has the date only after the opening: the fastest way that the selector files allow does the opening steps in the
/// rehearsal.
#[tokio::test(flavor = "multi_thread")]
async fn opening_steps_are_proved_at_an_opening_and_not_before() {
    let _turn = next_turn().await;
    let cases = [
        ("http", "http", "over our own connection its 5 opening steps were done"),
        ("fetch", "armed", "armed, opening steps by fetch: proved"),
        ("form", "armed", "armed, opening steps by page: proved"),
    ];
    for (send, mode, seen) in cases {
        let options = Options { shape: Shape::Reload, ..Options::default() };
        let club = OwnClub::opens_in(SignedDuration::from_secs(25), options);
        let house = house(&club, "chromium", "club-reload");
        let commit = format!("click = {{ id = \"reservar\" }}\nsend = \"{send}\"\n");
        let house = house.with_file("club-reload", "commit.toml", &commit);
        let before = asked(&house, &["book", "plays", "--dry-run", "--now"]).await;
        assert_eq!(before.json()["fire"], "script", "the date is not there yet: {before:?}");
        let at_opening = asked(&house, &["book", "plays", "--dry-run"]).await;
        let result = at_opening.json();
        let told = (result["outcome"].as_str(), result["fire"].as_str());
        assert_eq!(told, (Some("rehearsed"), Some(mode)), "{at_opening:?}");
        let why = result["why"].as_str().expect("a text");
        assert!(why.contains(seen) && why.contains("5 opening steps"), "{send}: {why}");
        assert_eq!(club.submits().await, [], "a rehearsal crosses no commit");
    }
}
