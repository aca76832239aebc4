//! The daemon with a real Firefox: a site that changes its pages, and a booking that is renamed.

use std::time::Duration;

use tokio::time::sleep;

use super::world::{House, Practice, booking, member, outcome};

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_button_is_repaired_by_editing_one_file_and_nothing_is_booked_twice() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    // The club has renamed its button: what the file says is not on the page.
    let commit = "selectors/club/commit.toml";
    house.edit(commit, "id = \"reservar\"", "id = \"apartar\"");
    let with = |wishes: &[String]| house.write(&[&[club.site("club"), member("ana")], wishes].concat());
    let (date, first) = (club.date(), booking("first", "ana", club.date(), "1", "17:00"));
    with(std::slice::from_ref(&first));
    let daemon = house.run().await;
    daemon.hears("commit.toml:3:").await;
    assert_eq!(club.ledger().await["submits"], 0);

    house.edit(commit, "id = \"apartar\"", "id = \"reservar\"");
    assert_eq!(outcome(&house.ended("first").await), "confirmed", "{:#?}", daemon.said());
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(1), 1));

    let second = booking("second", "ana", date, "1", "18:00");
    with(&[first, second]);
    assert_eq!(outcome(&house.ended("second").await), "confirmed", "{:#?}", daemon.said());
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(2), 2));

    with(&[booking("renamed", "ana", date, "1", "18:00")]);
    assert_eq!(outcome(&house.ended("renamed").await), "skipped");
    sleep(Duration::from_secs(1)).await;
    assert_eq!((club.ledger().await["submits"].as_u64(), club.held_by("ana").await), (Some(2), 2));
    daemon.stop().await;
}
