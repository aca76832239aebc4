//! Letters as a person reads them. The snapshots are meant to be read, not only compared.

use std::path::Path;
use std::process::Command;

use firstserve::model::{Language, Outcome};
use firstserve::notify::{Facts, Letter, Reader, letter, quoted};
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
        slot: matches!(outcome, Outcome::Confirmed | Outcome::NeedsAttention).then_some(&slot),
        site_url: "https://reservas.example.com/",
        vault: "las-palmas/ana",
        config: Path::new("config/booking.toml"),
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
            config: Path::new("config/booking.toml"),
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
            config: Path::new("config/booking.toml"),
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

/// Somebody pastes what a letter prints: no name says anything to the shell.
#[test]
fn a_name_says_nothing_to_the_shell() {
    for name in
        ["doubles", "x $(touch pwn)", "`id`", "$HOME", "a'b", "''", "\"", "back\\slash", "!!", "a;b|c&d>e", "é ñ", ""]
    {
        let told = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(name))]).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&told.stdout), name, "{}", quoted(name));
    }
    assert_eq!((quoted("ana/doubles").as_str(), quoted("a'b").as_str()), ("ana/doubles", r"'a'\''b'"));
}

/// Under another configuration than the default one a command needs its name.
#[test]
fn commands_name_the_configuration_that_they_need() {
    let attempt = attempt(Outcome::NeedsAttention);
    let slot = slot();
    let facts = Facts {
        attempt: &attempt,
        outcome: Outcome::NeedsAttention,
        slot: Some(&slot),
        site_url: "https://reservas.example.com/",
        vault: "las-palmas/ana",
        config: Path::new("my club/booking.toml"),
        lateness: None,
        submits: 1,
        duplicate: false,
    };
    let text =
        letter(&facts, &Reader { to: "ana@example.org", name: "Ana", language: Language::English }).expect("one").text;
    let settle = "`firstserve settle 'ana/july doubles' --date 2027-07-18 --config 'my club/booking.toml' --booked`";
    assert!(
        text.contains(settle) && text.contains("`firstserve book 'july doubles' --config 'my club/booking.toml'`"),
        "{text}"
    );
    assert!(text.contains("17:00–18:00") && text.contains("Court:   2"), "what to look for: {text}");
}

/// What another booking has is left alone; where nobody knows whether it has it, a person is to say first.
#[test]
fn skipped_says_what_to_do_about_the_other_booking() {
    let told = |note: &str, language| {
        let mut attempt = attempt(Outcome::Skipped);
        attempt.note = Some(note.to_owned());
        let facts = Facts {
            attempt: &attempt,
            outcome: Outcome::Skipped,
            slot: None,
            site_url: "https://reservas.example.com/",
            vault: "las-palmas/ana",
            config: Path::new("config/booking.toml"),
            lateness: None,
            submits: 0,
            duplicate: false,
        };
        letter(&facts, &Reader { to: "ana@example.org", name: "Ana", language }).expect("a letter").text
    };
    let held = |is_to_settle| firstserve::timing::note::held("singles", date(2027, 7, 18), is_to_settle);
    let (sure, unsure) = (told(&held(false), Language::English), told(&held(true), Language::English));
    assert!(sure.contains("There is nothing to do") && sure.contains("“singles” (2027-07-18)"), "{sure}");
    assert!(unsure.contains("That booking needs attention") && !unsure.contains("nothing to do"), "{unsure}");
    assert!(unsure.contains("`firstserve book 'july doubles'` then tries this one"), "{unsure}");
    let unsure = told(&held(true), Language::Spanish);
    assert!(unsure.contains("Esa reserva requiere tu atención") && !unsure.contains("needs attention"), "{unsure}");
}
