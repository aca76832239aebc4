//! What is booked is not booked again, whatever is done to the file.

use std::time::Duration;

use tokio::time::sleep;

use super::world::{House, Practice, booking, member, outcome};

#[tokio::test(flavor = "multi_thread")]
async fn renaming_or_editing_a_confirmed_booking_submits_nothing_more() {
    let (house, club) = (House::new(), Practice::opens_in(2_000));
    let with = |wish: String| house.write(&[club.site("club-api"), member("ana"), wish]);
    with(booking("singles", "ana", club.date(), "1", "17:00"));
    let daemon = house.run().await;
    assert_eq!(outcome(&house.ended("singles").await), "confirmed", "{:#?}", daemon.said());
    assert_eq!(club.ledger().await["submits"], 1);

    with(booking("tennis", "ana", club.date(), "1", "17:00"));
    let renamed = house.ended("tennis").await;
    assert_eq!(outcome(&renamed), "skipped", "{renamed:?}");
    let note = renamed.note.unwrap_or_default();
    assert!(note.contains("has, or may have, booked") && note.contains("“singles”"), "{note}");

    with(booking("other court", "ana", club.date(), "3", "17:00"));
    assert_eq!(outcome(&house.ended("other court").await), "skipped", "nobody plays on two courts at once");

    with(booking("singles", "ana", club.date(), "1", "18:00"));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(outcome(&house.ended("singles").await), "confirmed");
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(1), 1));

    let another = booking("more", "ana", club.date(), "3", "19:00");
    with(another);
    assert_eq!(outcome(&house.ended("more").await), "confirmed", "control: another slot is another wish");
    assert_eq!(club.held_by("ana").await, 2);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_nowhere_when_no_mail_is_configured_and_lines_bear_the_attempt() {
    let (house, club) = (House::new(), Practice::opens_in(1_500));
    let log = "[log]\nlevel = \"debug\"\nformat = \"json\"\n".to_owned();
    house.write(&[log, club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let daemon = house.run().await;
    let attempt = house.ended("singles").await;
    assert_eq!(outcome(&attempt), "confirmed");
    let store = house.store().await;
    let trail = store.audit_of(&attempt.id).await.expect("it can be read");
    assert!(trail.iter().any(|row| row.data.contains("\"letter\"")), "{trail:#?}");
    super::world::until("the letter is gone", Duration::from_secs(5), async || {
        store.next_letter().await.expect("it can be read").is_none()
    })
    .await;
    let told = daemon.hears("Entered(Preparing)").await;
    assert!(told.contains(attempt.id.as_str()), "{told}");
    daemon.stop().await;
}
