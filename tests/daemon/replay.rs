//! `firstserve replay`: selectors tried on saved pages, in a real Firefox.

use std::path::Path;

use jiff::civil::date;
use serde_json::Value;

use super::world::{House, booking, member};

const SITE: &str = "[site.club]\nurl = \"https://reservas.example.com/\"\ntime-zone = \"America/Costa_Rica\"\nflow = \"selectors/club\"\n\
                    slot-label = \"De {start:%I:%M %p} a {end:%I:%M %p}\"\n[site.club.court.1]\nsite-id = \"5\"\n\
                    opens = { visible-days = 10 }\n";

/// No vault: saved pages take any credentials.
fn house() -> House {
    let house = House::without_vault();
    house.write(&[SITE.to_owned(), member("ana"), booking("singles", "ana", date(2199, 7, 18), "1", "17:00")]);
    house
}

fn pages() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/replay/club").display().to_string()
}

fn phases(told: &Value) -> Vec<&str> {
    let mut phases: Vec<&str> =
        told["steps"].as_array().expect("steps").iter().filter_map(|step| step["phase"].as_str()).collect();
    phases.dedup();
    phases
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_tried_and_the_one_that_fails_is_named() {
    let house = house();
    let words = ["replay", &pages(), "--booking", "singles", "--json"];
    let good = house.ask(&words).await;
    assert_eq!(good.code, Some(0), "{good:#?}");
    let told = good.json();
    assert_eq!((&told["outcome"], &told["problem"]), (&Value::from("replayed"), &Value::Null));
    assert_eq!(phases(&told), ["login", "prepare", "choose", "verify"]);
    assert!(!house.path("data/firstserve.db").exists(), "nothing is recorded");

    house.edit("selectors/club/choose/10-slot.toml", "\"horario\"", "\"hora\"");
    let broken = house.ask(&words).await;
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    let told = broken.json();
    assert_eq!(told["outcome"], "broken");
    assert!(told["problem"].as_str().is_some_and(|text| text.contains("choose/10-slot.toml:")), "{told:#}");
    assert_eq!(phases(&told), ["login", "prepare", "choose"]);

    house.edit("selectors/club/choose/10-slot.toml", "\"hora\"", "\"horario\"");
    house.edit("selectors/club/commit.toml", "\"reservar\"", "\"apartar\"");
    let broken = house.ask(&words[..4]).await;
    assert_eq!((broken.code, broken.out.as_str()), (Some(1), ""), "{broken:#?}");
    assert!(broken.err.contains("commit.toml:3:"), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_replayed_has_its_code() {
    let house = house();
    let code = async |words: &[&str]| house.ask(words).await.code;
    assert_eq!(code(&["replay", "nowhere", "--booking", "singles"]).await, Some(74));
    assert_eq!(code(&["replay", &pages(), "--booking", "doubles"]).await, Some(65));
    assert_eq!(code(&["replay", &pages()]).await, Some(64));
    house.edit("config/booking.toml", "selectors/club", "selectors/club-api");
    assert_eq!(code(&["replay", &pages(), "--booking", "singles"]).await, Some(65));
}
