//! A site that is only in this folder is booked by its selector files alone: its cart opens at the instant, and its final
//! button is two pages behind the cart.

use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use super::cart_site::{CartSite, EMAIL, PASSPHRASE};
use super::house::House;
use super::process::{Ended, Process, next_turn};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(120);

/// Long enough for Firefox to start and log in.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(9);

/// The site's zone.
const ZONE: &str = "Europe/London";

/// A variable that is read after the opening: a program in the page has nobody to tell it to.
const READS: File = ("opening/30-more.toml", "[[step]]\nread = \"h1\"\ninto = \"heading\"\n");

/// A commit that is still a form, while the steps before it may be fetched.
const CHAINED: File =
    ("commit.toml", "click = { role = \"button\", name = \"Place order\" }\nsend = \"form\"\nopening = \"fetch\"\n");

/// A file of the flow, and its text.
type File = (&'static str, &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_booked_by_selector_files_alone() {
    for fire in ["script", "armed"] {
        let (site, ended) = book(fire, None).await;
        booked(&site, &ended);
        assert!(sent_by(&ended, fire), "{ended:?}");
    }
}

/// The same selector files, with one line more: the pages between the sale and the last button are nobody's to see.
#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_booked_as_a_chain() {
    let (site, ended) = book("armed", Some(CHAINED)).await;
    booked(&site, &ended);
    assert!(sent_by(&ended, "armed"), "{ended:?}");
    let fetched = site.books().fetched.clone();
    for path in ["/day", "/cart", "/checkout", "/review"] {
        assert!(fetched.iter().any(|each| each == path), "{path} is not among {fetched:?}");
    }
    assert!(!fetched.iter().any(|path| path == "/orders"), "the order itself is the browser's own form: {fetched:?}");
    assert!(checked(Some(CHAINED)).is_empty(), "there is nothing to warn of");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_armed_is_fired_as_script_and_check_says_so() {
    let (site, ended) = book("armed", Some(READS)).await;
    booked(&site, &ended);
    assert!(sent_by(&ended, "script"), "{ended:?}");
    let told = checked(Some(READS));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["severity"], &told[0]["code"]), (&"warning".into(), &"not-armed".into()), "{told:?}");
    assert!(checked(None).is_empty(), "what can be armed is not warned of");
}

/// The sign of these files stands above the rows and is there from the beginning: one look would find nothing of ours.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_late_are_not_booked_again() {
    let _turn = next_turn().await;
    let opening = Timestamp::from_second((SystemClock.now() + OPENS_IN).as_second()).expect("in range");
    let date = opening.to_zoned(TimeZone::get(ZONE).expect("the zone is known")).date() + 3.days();
    let (site, url) = CartSite::serve_with_late_list(opening, (date.to_string(), "C-1700".to_owned())).await;
    let house = house(&url, opening, "script", None);
    let ended = tokio::task::spawn_blocking(move || {
        let config = house.config();
        let words = ["--config", config.to_str().expect("a plain path"), "--json", "book", "tea time"];
        Process::start(&words, &[]).ended(LIMIT)
    });
    let ended = ended.await.expect("it ends in time");
    assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
    let books = site.books();
    assert!(!books.received.iter().any(|(method, path, _)| method == "POST" && path != "/sign-in"), "{books:?}");
}

async fn book(fire: &str, more: Option<File>) -> (CartSite, Ended) {
    let _turn = next_turn().await;
    // The configuration writes whole seconds.
    let second = (SystemClock.now() + OPENS_IN).as_second();
    let (site, url) = CartSite::serve(Timestamp::from_second(second).expect("in range")).await;
    let house = house(&url, site.opening, fire, more);
    let ended = tokio::task::spawn_blocking(move || {
        let config = house.config();
        let words = ["--config", config.to_str().expect("a plain path"), "--json", "book", "tea time"];
        Process::start(&words, &[]).ended(LIMIT)
    });
    (site, ended.await.expect("it ends in time"))
}

fn house(url: &str, opening: Timestamp, fire: &str, more: Option<File>) -> House {
    let opening = opening.to_zoned(TimeZone::get(ZONE).expect("the zone is known"));
    let date = opening.date() + 3.days();
    let house = House::new(&format!(
        "[browser]\nengine = \"firefox\"\n\
         [site.riverside]\nurl = \"{url}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/cart\"\nfire = \"{fire}\"\n\
         [site.riverside.court.\"Centre Court\"]\nsite-id = \"C\"\nopens = {{ days-before = 3, at = \"{}\" }}\n\
         [member.mary]\nsite = \"riverside\"\nvault = \"riverside/mary\"\n\
         [[booking]]\nname = \"tea time\"\nmember = \"mary\"\ncourts = [\"Centre Court\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        opening.time().strftime("%H:%M:%S"),
    ));
    let house = house.with_flow("fixtures/sites/cart", "cart").with_account("riverside/mary", EMAIL, PASSPHRASE);
    match more {
        Some((path, text)) => house.with_file("cart", path, text),
        None => house,
    }
}

/// One order, of the slot that was wanted, and nothing of it before the sale.
fn booked(site: &CartSite, ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
    let books = site.books();
    assert_eq!(books.orders.len(), 1, "{books:?}");
    assert_eq!(books.orders[0].1, "C-1700", "{books:?}");
    let posts: Vec<_> =
        books.received.iter().filter(|(method, path, _)| method == "POST" && path != "/sign-in").collect();
    let paths: Vec<&str> = posts.iter().map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/cart", "/checkout", "/orders"], "{books:?}");
    assert!(posts.iter().all(|(.., at)| *at >= site.opening), "{books:?}");
}

fn sent_by(ended: &Ended, mode: &str) -> bool {
    ended.stderr.contains(&format!(" by {mode}, "))
}

/// The problems that `check` finds.
fn checked(more: Option<File>) -> Vec<Value> {
    let house = house("http://127.0.0.1:1/", SystemClock.now() + SignedDuration::from_hours(1), "armed", more);
    let config = house.config();
    let words = ["--config", config.to_str().expect("a plain path"), "--json", "check"];
    let ended = Process::start(&words, &[]).ended(LIMIT);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()["problems"].as_array().expect("a list").clone()
}
