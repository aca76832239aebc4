//! What a person reads while the daemon runs.

use std::time::Duration;

use firstserve::club::{Fault, Options};
use firstserve::model::Language;

use super::world::{House, Practice, booking, member, outcome, until};

/// How soon an edit must be told.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn each_line_says_whose_it_is_and_of_which_date() {
    let (house, club) = (House::new(), Practice::opens_in(5_000));
    let wishes =
        [booking("singles", "ana", club.date(), "1", "17:00"), booking("doubles", "bruno", club.date(), "3", "18:00")];
    house.write(&[&[club.site("club-api"), member("ana"), member("bruno")][..], &wishes].concat());
    let daemon = house.run().await;
    let next = daemon.hears("next: ").await;
    let date = club.date().to_string();
    assert!(next.contains("ana · singles") && next.contains(&date) && next.contains("and 1 more"), "{next}");
    assert_eq!(
        daemon.times("aren't open yet. Your request is scheduled and will be confirmed once it is reserved after"),
        2
    );
    daemon.hears("ana · singles: Court 1 bookings for ").await;
    assert!(next.contains("court 1 at 17:00, opens ") && next.contains(", in "), "{next}");
    for name in ["singles", "doubles"] {
        assert_eq!(outcome(&house.ended(name).await), "confirmed", "{:#?}", daemon.said());
        daemon.hears(&format!("{name} {date}: over, court ")).await;
    }
    let progress: Vec<String> = daemon.said().into_iter().filter(|line| line.contains("attempt=\"")).collect();
    assert!(progress.len() >= 12, "{progress:#?}");
    for line in &progress {
        let named = ["singles", "doubles"].iter().filter(|name| line.contains(*name)).count();
        assert!(named == 1 && line.contains(&date), "{line}");
        assert!(!line.contains("firstserve::"), "{line}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_says_what_truly_changed() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    let weekly = "[[booking]]\nname = \"singles\"\nmember = \"ana\"\ncourts = [\"1\"]\nrepeat = \"FREQ=WEEKLY;BYDAY=WE\"\n\
                  from = 2099-01-07\ntimes = [\"17:00\"]\n";
    house.write(&[club.site("club-api"), member("ana"), weekly.to_owned()]);
    let daemon = house.run().await;
    assert_eq!(
        daemon.times("ana · singles: Court 1 bookings for "),
        1,
        "one line, not one a date: {:#?}",
        daemon.said()
    );
    house.edit("config/booking.toml", "BYDAY=WE", "BYDAY=WE,FR");
    daemon.hears("26 dates are new").await;
    until("the plan is told", SOON, async || daemon.times("added=26 moved=0 cancelled=0") == 1).await;
    assert_eq!(daemon.times("called off"), 0, "{:#?}", daemon.said());
    until("what it waits for is told", SOON, async || daemon.times("ana · singles: Court 1 bookings for ") == 2).await;
    let doubles = booking("doubles", "ana", jiff::civil::date(2099, 7, 1), "1", "18:00");
    let text = std::fs::read_to_string(house.path("config/booking.toml")).expect("it can be read");
    house.write_text(&format!("{text}\n{doubles}"));
    daemon.hears("ana · doubles: Court 1 bookings for ").await;
    assert_eq!(daemon.times("ana · singles: Court 1 bookings for "), 2, "only what is new: {:#?}", daemon.said());
    house.write_text(&text);
    until("it is taken out", SOON, async || daemon.times("is gone") == 1).await;
    house.edit("config/booking.toml", "BYDAY=WE,FR", "BYDAY=FR");
    daemon.hears("26 dates are called off").await;
    house.edit("config/booking.toml", "times = ", "paused = true\ntimes = ");
    daemon.hears("52 dates are called off").await;
    daemon.hears("no booking has a date ahead (1 paused)").await;
    daemon.stop().await;
}

/// Letters stay where they can be read: nobody listens there.
const NOBODY_TAKES: &str =
    "[mail]\nfrom = \"courts@example.org\"\nsmtp-host = \"127.0.0.1\"\nsmtp-port = 9\nsmtp-security = \"none\"\n";

/// The club opens later than it says: the first submits are answered that it is not open yet, and a later one wins.
#[tokio::test(flavor = "multi_thread")]
async fn the_mail_names_the_submit_whose_speed_it_tells() {
    let opens_in = Some(jiff::SignedDuration::from_secs(6));
    for (faults, says) in [(vec![Fault::LateOpening], true), (Vec::new(), false)] {
        let house = House::new();
        let club = Practice::open(Options { opens_in, faults, ..Options::default() });
        house.write(&[
            NOBODY_TAKES.to_owned(),
            club.site("club-api"),
            member("ana"),
            booking("singles", "ana", club.date(), "1", "17:00"),
        ]);
        let answer = house.ask(&["book", "singles", "--json"]).await;
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        let store = house.store().await;
        let letters = store.due_letters(jiff::Timestamp::MAX, 9).await.expect("they can be read");
        store.close().await;
        let text = &letters[0].letter.text;
        let submits = club.ledger().await["submits"].as_u64().expect("a number");
        assert_eq!(text.contains(&format!("submit {submits} for this date won")), says, "{text}");
        assert!(says == (submits > 1) && text.contains(" ms after the opening"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_gets_letters_in_the_language_of_the_member() {
    for (key, language) in [("language = \"es\"\n", Language::Spanish), ("", Language::English)] {
        let (house, club) = (House::new(), Practice::opens_in(4_000));
        let ana = format!("{}{key}", member("ana"));
        house.write(&[
            NOBODY_TAKES.to_owned(),
            club.site("club-api"),
            ana,
            booking("singles", "ana", club.date(), "1", "17:00"),
        ]);
        let answer = house.ask(&["book", "singles", "--json"]).await;
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        let store = house.store().await;
        let letters = store.due_letters(jiff::Timestamp::MAX, 9).await.expect("they can be read");
        store.close().await;
        let [letter] = &letters[..] else { panic!("one letter: {letters:#?}") };
        let (subject, greeting) = match language {
            Language::English => ("Court 1 is yours: ", "Hello ana,"),
            Language::Spanish => ("La cancha 1 es tuya: ", "Hola, ana:"),
        };
        let letter = &letter.letter;
        assert!(letter.subject.starts_with(subject) && letter.text.contains(greeting), "{letter:#?}");
    }
}
