//! What keeps a firing from its commit is told as what it is: the page's own words, or the step, with what was seen.

use std::path::Path;
use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use firstserve::club::{Fault, Options};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::cart_site::{CartSite, EMAIL, PASSPHRASE};
use super::club::{DAYS_BEFORE, OwnClub, ZONE};
use super::house::House;
use super::process::{Ended, Process, next_turn};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(120);

/// Long enough for a browser to start and log in.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(7);

/// Where a captcha is known by what it shows.
const CAPTCHA: &str = "[[outcome]]\nis = \"captcha\"\nvisible = \"#captcha\"\n";

/// The cart, by a name that its button does not have.
const RENAMED: &str =
    "[[step]]\nreload = true\n[[step]]\nclick = { role = \"button\", name = \"Put into cart\" }\ntimeout = \"1s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_armed_program_that_meets_a_captcha_stops() {
    let _turn = next_turn().await;
    let (site, url) = CartSite::serve_with_captcha(soon()).await;
    let house = cart(&url, site.opening, "armed", &[("outcomes.toml", CAPTCHA), ("opening/10-cart.toml", RENAMED)]);
    let ended = book(&house).await;
    assert_eq!(ended.json()["outcome"], "captcha", "{ended:?}");
    assert_eq!(site.books().orders.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_armed_program_whose_step_fails_names_it_and_keeps_the_page() {
    let _turn = next_turn().await;
    let (site, url) = CartSite::serve(soon()).await;
    let house = cart(&url, site.opening, "armed", &[("opening/10-cart.toml", RENAMED)]);
    let ended = book(&house).await;
    assert_eq!(ended.json()["outcome"], "selector-broken", "{ended:?}");
    let note = ended.json()["note"].as_str().unwrap_or_default().to_owned();
    assert!(note.contains("opening/10-cart.toml:4:"), "{note}");
    let source = kept(&house.data(), "page.html").expect("the page is kept");
    assert!(source.contains("Courts on"), "{source}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_behind_opening_steps_that_is_not_there_is_named() {
    let _turn = next_turn().await;
    for fire in ["script", "native"] {
        let (site, url) = CartSite::serve(soon()).await;
        let renamed = "click = { role = \"button\", name = \"Buy\" }\n";
        let house = cart(&url, site.opening, fire, &[("commit.toml", renamed)]);
        let ended = book(&house).await;
        assert_eq!(ended.json()["outcome"], "selector-broken", "{fire}: {ended:?}");
        let note = ended.json()["note"].as_str().unwrap_or_default().to_owned();
        assert!(note.contains("commit.toml:1:"), "{fire}: {note}");
        assert!(kept(&house.data(), "page.html").is_some_and(|source| source.contains("Place order")), "{fire}");
    }
}

/// Neither booked nor refused: a person must see what the site showed.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_understands_is_kept() {
    let _turn = next_turn().await;
    for (fire, file) in [("native", "page.html"), ("script", "answer.txt"), ("http", "answer.txt")] {
        let club = OwnClub::opens_in(OPENS_IN, Options { faults: vec![Fault::ErrorPage200], ..Options::default() });
        let house = practice(&club, fire);
        let ended = book(&house).await;
        assert_eq!(ended.json()["outcome"], "site-error", "{fire}: {ended:?}");
        assert!(kept(&house.data(), file).is_some_and(|text| text.contains("<html")), "{fire}: {file} is not kept");
    }
}

fn soon() -> Timestamp {
    // The configuration writes whole seconds.
    Timestamp::from_second((SystemClock.now() + OPENS_IN).as_second()).expect("in range")
}

/// The text of a file of that name among the evidence.
fn kept(data: &Path, name: &str) -> Option<String> {
    let attempts = std::fs::read_dir(data.join("evidence")).ok()?.flatten();
    attempts.filter_map(|attempt| std::fs::read_to_string(attempt.path().join(name)).ok()).next()
}

async fn book(house: &House) -> Ended {
    let config = house.config().display().to_string();
    let words = move || Process::start(&["--config", &config, "--json", "book", "tea time"], &[]).ended(LIMIT);
    tokio::task::spawn_blocking(words).await.expect("it ends in time")
}

fn cart(url: &str, opening: Timestamp, fire: &str, files: &[(&str, &str)]) -> House {
    let zone = "Europe/London";
    let opening = opening.to_zoned(TimeZone::get(zone).expect("the zone is known"));
    let (date, at) = (opening.date() + 3.days(), opening.time().strftime("%H:%M:%S"));
    let house = House::new(&format!(
        "[browser]\nengine = \"chromium\"\n\
         [site.riverside]\nurl = \"{url}\"\ntime-zone = \"{zone}\"\nflow = \"selectors/cart\"\nfire = \"{fire}\"\n\
         grace = \"5s\"\nanswer-timeout = \"5s\"\n\
         [site.riverside.court.\"Centre Court\"]\nsite-id = \"C\"\nopens = {{ days-before = 3, at = \"{at}\" }}\n\
         [member.mary]\nsite = \"riverside\"\nvault = \"riverside/mary\"\n\
         [[booking]]\nname = \"tea time\"\nmember = \"mary\"\ncourts = [\"Centre Court\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
    ));
    let house = house.with_flow("fixtures/sites/cart", "cart").with_account("riverside/mary", EMAIL, PASSPHRASE);
    files.iter().fold(house, |house, (path, text)| match *path {
        "outcomes.toml" => {
            let shipped = include_str!("../../fixtures/sites/cart/outcomes.toml");
            house.with_file("cart", path, &format!("{text}\n{shipped}"))
        }
        _ => house.with_file("cart", path, text),
    })
}

fn practice(club: &OwnClub, fire: &str) -> House {
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    House::new(&format!(
        "[browser]\nengine = \"chromium\"\n\
         [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club\"\nfire = \"{fire}\"\nsettle = \"1s\"\n\
         answer-timeout = \"3s\"\nmax-submits = 1\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"tea time\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        club.ready.url
    ))
    .with_flow("selectors/club", "club")
    .with_account("club/ana", "ana", "ana-raqueta")
}
