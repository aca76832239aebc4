//! A dry run tries what can be tried, says what it left out, records nothing, and works beside a daemon.

use std::time::Duration;

use firstserve::club::{Options, Shape};
use firstserve::store::Store;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::club::{DAYS_BEFORE, OwnClub, ZONE};
use super::house::House;
use super::process::{Ended, Process, next_turn};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(90);

/// Shows the words of a script in the page, looks at them, and keeps a picture.
const SEEN: &str = "[[step]]\nscript = \"const told = document.createElement('p'); told.id = 'told'; \
                    told.textContent = args[0].date + ' on ' + args[0]['court.site-id']; document.body.append(told);\"\n\
                    [[step]]\nexpect = { text = \"{date} on {court.site-id}\", in = \"#told\" }\n\
                    [[step]]\nscreenshot = \"the form\"\n";

/// A step that cannot be done at a site without pages.
const BROKEN: &str = "[[step]]\nrequest = { url = \"{site.url}api/bookings\", expect = { status = 299 } }\n";

#[tokio::test(flavor = "multi_thread")]
async fn scripts_get_their_words_and_pictures_are_kept() {
    let club = opens_in(600, Shape::Submit);
    let house = house(&club, "club").with_file("club", "prepare/20-seen.toml", SEEN);
    let ended = dry(&house, &["--now"]).await;
    assert_eq!(ended.json()["outcome"], "rehearsed", "{ended:?}");
    assert_eq!(ended.json()["untried"], json!([]), "{ended:?}");
    let picture = std::fs::read(house.data().join("evidence/rehearsal/pictures/the form.png")).expect("it is kept");
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(club.submits().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_opening_is_said_and_afterwards_tried() {
    let club = opens_in(600, Shape::Reload);
    let closed = house(&club, "club-reload");
    let ended = dry(&closed, &["--now"]).await;
    assert_eq!(ended.json()["outcome"], "rehearsed", "{ended:?}");
    assert_eq!(ended.json()["untried"], json!(["opening", "commit"]), "{ended:?}");
    assert!(ended.stderr.contains("wait for the opening"), "{ended:?}");

    let club = opens_in(1, Shape::Reload);
    let open = house(&club, "club-reload").with_file("club-reload", "commit.toml", "click = { id = \"apartar\" }\n");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let ended = dry(&open, &["--now"]).await;
    assert_eq!(ended.json()["outcome"], "not-ready", "the button is looked at behind the opening steps: {ended:?}");
    assert!(ended.json()["note"].as_str().is_some_and(|note| note.contains("commit.toml:1:")), "{ended:?}");
    let said = ended.stderr.lines().find(|line| line.contains("not ready: "));
    assert!(said.is_some_and(|line| line.contains("commit.toml:1:")), "a person reads why: {ended:?}");
    assert_eq!(club.submits().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_booked_already_is_tried_all_the_same() {
    let club = opens_in(1, Shape::Submit);
    let broken = house(&club, "club-api").with_file("club-api", "prepare/10-broken.toml", BROKEN);
    let ended = dry(&broken, &["--now"]).await;
    assert_eq!((&ended.json()["outcome"], &ended.json()["listed"]), (&"not-ready".into(), &false.into()), "{ended:?}");

    let won = run(&house(&club, "club-api"), &[]).await;
    assert_eq!(won.json()["outcome"], "confirmed", "{won:?}");
    let ended = dry(&broken, &["--now"]).await;
    assert_eq!((&ended.json()["outcome"], &ended.json()["listed"]), (&"not-ready".into(), &true.into()), "{ended:?}");
    let ended = dry(&house(&club, "club-api"), &["--now"]).await;
    assert_eq!((&ended.json()["outcome"], &ended.json()["listed"]), (&"rehearsed".into(), &true.into()), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_works_beside_a_daemon_and_leaves_its_database_alone() {
    let club = opens_in(600, Shape::Submit);
    let house = house(&club, "club-api");
    let database = house.data().join("test.db");
    let ended = dry(&house, &["--now"]).await;
    assert_eq!(ended.json()["outcome"], "rehearsed", "{ended:?}");
    assert!(!database.exists(), "nothing is recorded");

    let daemon =
        Store::open(&format!("sqlite://{}", database.display()), &house.data()).await.expect("the store opens");
    let ended = dry(&house, &["--now"]).await;
    assert_eq!((ended.code, &ended.json()["outcome"]), (Some(0), &"rehearsed".into()), "{ended:?}");
    let refused = run(&house, &[]).await;
    assert_eq!(refused.code, Some(69), "the control: what records does not: {refused:?}");
    daemon.close().await;
}

async fn dry(house: &House, more: &[&str]) -> Ended {
    run(house, &[&["--dry-run"], more].concat()).await
}

async fn run(house: &House, more: &[&str]) -> Ended {
    let _turn = next_turn().await;
    let config = house.config().display().to_string();
    let words = [vec!["--config", &config, "--json", "book", "trial"], more.to_vec()].concat();
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let process = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Process::start(&words, &[]).ended(LIMIT)
    });
    let ended = process.await.expect("it ends in time");
    let _: Value = ended.json();
    ended
}

fn opens_in(seconds: i64, shape: Shape) -> OwnClub {
    OwnClub::opens_in(SignedDuration::from_secs(seconds), Options { shape, ..Options::default() })
}

fn house(club: &OwnClub, flow: &str) -> House {
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    House::new(&format!(
        "[browser]\nengine = \"chromium\"\n\
         [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"trial\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        club.ready.url
    ))
    .with_flow(&format!("selectors/{flow}"), flow)
    .with_account("club/ana", "ana", "ana-raqueta")
}
