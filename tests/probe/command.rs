//! `firstserve clock URL`: what it prints, and how it ends.

use std::process::{Command, Output, Stdio};

use firstserve::browser::install_provider;
use jiff::SignedDuration;
use serde_json::Value;

use super::club::OwnClub;
use super::turn;

async fn clock(words: &[&str]) -> Output {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstserve"));
        command.arg("clock").args(words).stdin(Stdio::null()).output().expect("it runs")
    };
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_the_four_numbers_of_the_contract() {
    install_provider();
    let _turn = turn().await;
    let club = OwnClub::ahead(SignedDuration::from_millis(-2_500));
    let output = clock(&[&club.url, "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let keys: Vec<&str> = told.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["offset_ms", "bound_ms", "requests", "rtt_ms"]);
    let number = |key: &str| told[key].as_f64().expect("a number");
    let error = (number("offset_ms") + 2_500.0).abs();
    assert!(error <= number("bound_ms") && number("bound_ms") <= 50.0, "{told}");
    assert!(number("requests") <= 15.0 && number("rtt_ms") > 0.0, "{told}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("this machine's differ by 2."), "half a second is worth a warning: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_a_person_what_it_means() {
    install_provider();
    let _turn = turn().await;
    let club = OwnClub::ahead(SignedDuration::from_secs(3));
    let output = clock(&[&club.url]).await;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in [" s ahead of this machine's, within", "proven      +", "an opening  is taken by the site's clock"] {
        assert!(told.contains(words), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_it_ends_with_69_and_with_a_wrong_word_with_64() {
    let output = clock(&["http://127.0.0.1:9/", "--json"]).await;
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert!(
        told["error"].as_str().is_some_and(|error| error.contains("ask http://127.0.0.1:9/ for the time")),
        "{told}"
    );
    for words in [&["ftp://example.com/"][..], &["http://127.0.0.1:9/", "--requests", "41"], &[]] {
        assert_eq!(clock(words).await.status.code(), Some(64), "{words:?}");
    }
}
