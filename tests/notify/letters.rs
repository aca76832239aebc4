//! Letters as a person reads them. The snapshots are meant to be read, not only compared.

use firstserve::model::{Language, Outcome};
use firstserve::notify::{Facts, Letter, Reader, letter};
use firstserve::store::Slot;
use jiff::SignedDuration;
use jiff::civil::date;

use super::attempt;

fn slot() -> Slot {
    Slot { court: "2".into(), start: date(2027, 7, 18).at(17, 0, 0, 0), end: date(2027, 7, 18).at(18, 0, 0, 0) }
}

fn written(outcome: Outcome, language: Language) -> Option<Letter> {
    let mut attempt = attempt(outcome);
    if outcome == Outcome::SelectorBroken {
        attempt.note = Some("selectors/las-palmas/choose/20-time.toml:4:1: no element has the text \"17:00\"".into());
    }
    let slot = slot();
    let facts = Facts {
        attempt: &attempt,
        outcome,
        slot: (outcome == Outcome::Confirmed).then_some(&slot),
        site_url: "https://reservas.example.com/",
        vault: "las-palmas/ana",
        lateness: (outcome == Outcome::Confirmed).then(|| SignedDuration::from_millis(3)),
        submits: 1,
        duplicate: false,
    };
    letter(&facts, &Reader { to: "ana@example.org", name: "Ana", language })
}

fn all(language: Language) -> String {
    let letters: Vec<_> = Outcome::ALL.into_iter().filter_map(|outcome| written(outcome, language)).collect();
    assert_eq!(letters.len(), 11);
    letters.iter().map(|one| format!("Subject: {}\n\n{}\n", one.subject, one.text)).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_outcome_in_english() {
    insta::assert_snapshot!(all(Language::English));
}

#[test]
fn every_outcome_in_spanish() {
    insta::assert_snapshot!(all(Language::Spanish));
}

#[test]
fn the_dressed_letter() {
    insta::assert_snapshot!(written(Outcome::Confirmed, Language::Spanish).expect("a letter").html);
}

/// What a mail program would have to fetch, or run.
const REACHES_OUT: [&str; 5] = ["src=", "href=", "url(", "<script", "@import"];

#[test]
fn letters_fetch_nothing() {
    // Kept, so that they can be looked at in a browser.
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("letters");
    std::fs::create_dir_all(&folder).unwrap();
    for (language, code) in [(Language::English, "en"), (Language::Spanish, "es")] {
        for one in Outcome::ALL.into_iter().filter_map(|outcome| Some((outcome, written(outcome, language)?))) {
            let (outcome, letter) = one;
            std::fs::write(folder.join(format!("{}.{code}.html", outcome.as_str())), &letter.html).unwrap();
            assert_eq!(reaching_out(&letter.html), None, "{}", letter.html);
        }
    }
    assert_eq!(reaching_out("<img src=\"https://example.com/seen.gif\">"), Some("src="), "the control");
}

fn reaching_out(html: &str) -> Option<&'static str> {
    REACHES_OUT.into_iter().find(|word| html.contains(word))
}

/// Where the site was not open yet at the first submit, the speed is that of the one that won.
#[test]
fn the_submit_that_won_is_named() {
    let attempt = attempt(Outcome::Confirmed);
    let slot = slot();
    let told = |submits, language| {
        let facts = Facts {
            attempt: &attempt,
            outcome: Outcome::Confirmed,
            slot: Some(&slot),
            site_url: "https://reservas.example.com/",
            vault: "las-palmas/ana",
            lateness: Some(SignedDuration::from_millis(2_010)),
            submits,
            duplicate: false,
        };
        letter(&facts, &Reader { to: "ana@example.org", name: "Ana", language }).expect("a letter").text
    };
    assert!(told(1, Language::English).contains(" sent 2010 ms after the opening\n"));
    let second = told(2, Language::English);
    assert!(second.contains("submit 2 for this date won; it was sent 2010 ms after the opening"), "{second}");
    let second = told(2, Language::Spanish);
    assert!(second.contains("ganó el envío 2 para esta fecha; salió 2010 ms después de la apertura"), "{second}");
}

#[test]
fn a_duplicate_is_told() {
    let attempt = attempt(Outcome::Confirmed);
    let slot = slot();
    let told = |duplicate| {
        let facts = Facts {
            attempt: &attempt,
            outcome: Outcome::Confirmed,
            slot: Some(&slot),
            site_url: "https://reservas.example.com/",
            vault: "las-palmas/ana",
            lateness: None,
            submits: 1,
            duplicate,
        };
        let reader = Reader { to: "ana@example.org", name: "Ana", language: Language::English };
        letter(&facts, &reader).expect("a letter").text.contains("more than once")
    };
    assert!(told(true) && !told(false));
}

#[test]
fn the_message_id_is_the_same_whenever_the_letter_is_written() {
    let id = |language| written(Outcome::Taken, language).expect("a letter").message_id;
    assert_eq!(id(Language::English), "<01K0A1B2C3D4E5F6G7H8J9KMNP.taken@firstserve>");
    assert_eq!(id(Language::English), id(Language::Spanish));
}
