//! A vault that does not give the credentials: it is waited for, and what it says is what people read.

use std::fs;
use std::time::Duration;

use firstserve::clock::Clock;
use firstserve::engine::What;
use firstserve::model::Outcome;

use super::sim::{House, IN_TIME, Life, MINUTE, house, is_trouble};

const ENTRY: &str = "data/vault/club/ana.age";

/// The words at the end.
async fn note(life: &mut Life<'_>) -> (Outcome, String) {
    match life.until("an end", |what| matches!(what, What::Ended { .. })).await {
        What::Ended { outcome, note, .. } => (outcome, note),
        other => unreachable!("it was waited for: {other:?}"),
    }
}

fn troubles(life: &Life<'_>) -> usize {
    life.heard.iter().filter(|what| is_trouble(what)).count()
}

/// What is broken, what the first words about it hold, and what mends it.
type Case = (fn(&House), &'static [&'static str], fn(&House));

const CASES: [Case; 5] = [
    (
        |house| fs::remove_file(house.path(ENTRY)).expect("it was there"),
        &["there is no entry \"club/ana\"", "firstserve vault set club/ana"],
        |house| house.keep_credentials("ana-raqueta"),
    ),
    (
        |house| fs::write(house.path(ENTRY), "age-encryption.org/v1\nnonsense").expect("it is written"),
        &["club/ana.age", "damaged", "set it anew"],
        |house| house.keep_credentials("ana-raqueta"),
    ),
    (
        |house| fs::rename(house.path("identity"), house.path("elsewhere")).expect("it was there"),
        &["identity", "there is no identity yet"],
        |house| fs::rename(house.path("elsewhere"), house.path("identity")).expect("it comes back"),
    ),
    (|house| mode(house, 0o644), &["identity", "others can read", "chmod 600"], |house| mode(house, 0o600)),
    (
        |house| {
            fs::rename(house.path("identity"), house.path("elsewhere")).expect("it was there");
            firstserve::vault::Vault::init(&house.path("data"), &house.path("identity")).expect("another one is made");
        },
        &["club/ana.age", "encrypted to another identity"],
        |house| fs::rename(house.path("elsewhere"), house.path("identity")).expect("it comes back"),
    ),
];

fn mode(house: &House, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(house.path("identity"), fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mended_before_the_opening_books_in_time() {
    for (breaks, words, mends) in CASES {
        let house = house().await;
        breaks(&house);
        let mut life = house.start();
        let What::Trouble(said) = life.until("it is told", is_trouble).await else { unreachable!("waited for") };
        assert!(said.starts_with("the vault does not give the credentials: "), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        life.pass(Duration::from_secs(30)).await;
        assert_eq!(troubles(&life), 1, "it is asked again and told of once: {:#?}", life.story);
        assert_eq!(house.asked("/api/login").await, 0, "the site has seen nothing");
        assert!(house.clock.now() < house.opening(), "control: it is mended before the opening");
        mends(&house);
        assert_eq!(note(&mut life).await.0, Outcome::Confirmed, "{:#?}", life.story);
        let sent = life.heard.iter().find_map(|what| if let What::Sent { late, .. } = what { *late } else { None });
        assert!(sent.is_some_and(|late| late < IN_TIME), "{:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (1, 1));
        life.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_mended_ends_with_the_vaults_words_and_not_as_refused() {
    let house = house().await;
    fs::remove_file(house.path(ENTRY)).expect("it was there");
    let mut life = house.start();
    life.until("it is told", is_trouble).await;
    house.clock.step_to(house.opening() + 29 * MINUTE);
    life.pace = Duration::from_millis(500);
    let (outcome, why) = note(&mut life).await;
    assert_eq!(outcome, Outcome::Missed, "{:#?}", life.story);
    assert!(house.clock.now() > house.opening() + 30 * MINUTE, "not before it is useless: {:#?}", life.story);
    assert!(why.contains("the vault") && why.contains("firstserve vault set club/ana"), "{why}");
    let letters = house.store.due_letters(house.clock.now(), 9).await.expect("read");
    let [letter] = &letters[..] else { panic!("one letter: {letters:#?}") };
    assert!(letter.letter.text.contains("firstserve vault set club/ana"), "{letter:#?}");
    assert!(!letter.letter.text.contains("did not accept"), "{letter:#?}");
    assert_eq!((house.submits_and_bookings().await, house.asked("/api/login").await), ((0, 0), 0));
    life.stop().await;
}

/// The control: a password that the site does not accept is not sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_still_ends_at_once_as_refused() {
    let house = house().await;
    house.keep_credentials("wrong");
    let mut life = house.start();
    let (outcome, why) = note(&mut life).await;
    assert_eq!(outcome, Outcome::LoginRefused, "{:#?}", life.story);
    assert!(
        why.ends_with("`firstserve vault set club/ana` puts the right ones into the vault")
            && house.clock.now() < house.opening(),
        "{why}"
    );
    assert_eq!(house.asked("/api/login").await, 1);
    life.stop().await;
}
