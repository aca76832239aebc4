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
const READS: &str = "[[step]]\nread = \"h1\"\ninto = \"heading\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_booked_by_selector_files_alone() {
    for fire in ["script", "armed"] {
        let (site, ended) = book(fire, None).await;
        booked(&site, &ended);
        assert!(sent_by(&ended, fire), "{ended:?}");
    }
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

async fn book(fire: &str, more: Option<&str>) -> (CartSite, Ended) {
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

fn house(url: &str, opening: Timestamp, fire: &str, more: Option<&str>) -> House {
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
        Some(text) => house.with_file("cart", "opening/30-more.toml", text),
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
fn checked(more: Option<&str>) -> Vec<Value> {
    let house = house("http://127.0.0.1:1/", SystemClock.now() + SignedDuration::from_hours(1), "armed", more);
    let config = house.config();
    let words = ["--config", config.to_str().expect("a plain path"), "--json", "check"];
    let ended = Process::start(&words, &[]).ended(LIMIT);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()["problems"].as_array().expect("a list").clone()
}
