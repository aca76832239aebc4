//! The window turns at the club's midnight, or at the instant that was asked for; never earlier.

use firstserve::club::{COURTS, Options, Shape};
use jiff::{SignedDuration, Timestamp};

use super::world::World;

/// How long before the turn a club is set up; logging in must fit in.
const LEAD: SignedDuration = SignedDuration::from_millis(2_500);

/// Submits a form that was loaded early before and after `turn`: the date that opens, and the one after it.
async fn turns_at(world: &World, turn: Timestamp, opens: &str, still_closed: &str) {
    let ana = world.member("ana").await;
    let csrf = ana.get("/reservar").await.csrf("reserva");
    let early = ana.submit(&csrf, "5", opens, "17:00").await.expect("the club answers");
    assert!(world.now() < turn, "the machine is too slow for this test's lead");
    early.assert_refused("Esa fecha aún no está disponible");
    world.reaches(turn).await;
    ana.submit(&csrf, "5", opens, "17:00").await.expect("the club answers").reference();
    let closed = ana.submit(&csrf, "5", still_closed, "17:00").await.expect("the club answers");
    closed.assert_refused("Esa fecha aún no está disponible");
    let shorter = ana.submit(&csrf, "7", opens, "17:00").await.expect("the club answers");
    shorter.assert_refused("Esa fecha aún no está disponible");

    let ledger = world.ledger().await;
    let submits: Vec<_> =
        ledger["requests"].as_array().expect("a list").iter().filter(|entry| !entry["submit"].is_null()).collect();
    let told: Vec<_> =
        submits.iter().map(|entry| (entry["submit"]["answer"].as_str(), entry["submit"]["early"].as_bool())).collect();
    let not_open = (Some("not-open"), Some(true));
    assert_eq!(told, [not_open, (Some("confirmed"), Some(false)), not_open, not_open]);
    let received = |nth: usize| i128::from(submits[nth]["received_ns"].as_i64().expect("nanoseconds"));
    assert!(received(0) < turn.as_nanosecond() && received(1) >= turn.as_nanosecond());
}

#[tokio::test]
async fn at_midnight_in_costa_rica() {
    let (world, midnight) = World::before_midnight(LEAD, Options::default()).await;
    let (opens, later) = (world.date(10), world.date(11));
    turns_at(&world, midnight, &opens, &later).await;
}

#[tokio::test]
async fn at_the_instant_that_was_asked_for() {
    let world = World::with(Options { opens_in: Some(LEAD), ..Options::default() }).await;
    let opening = world.ready.opening.expect("it was asked for");
    let opens = world.ready.date(&COURTS[0]).expect("it was asked for");
    let later = opens.tomorrow().expect("a date").to_string();
    turns_at(&world, opening, &opens.to_string(), &later).await;
}

#[tokio::test]
async fn by_the_clubs_clock_when_that_is_wrong() {
    let offset = SignedDuration::from_secs(-3_600);
    let world = World::with(Options { opens_in: Some(LEAD), clock_offset: offset, ..Options::default() }).await;
    let opening = world.ready.opening.expect("it was asked for");
    let opens = world.ready.date(&COURTS[0]).expect("it was asked for");
    let later = opens.tomorrow().expect("a date").to_string();
    turns_at(&world, opening, &opens.to_string(), &later).await;
}

#[tokio::test]
async fn a_reload_club_offers_the_date_only_on_a_page_of_after_the_opening() {
    let world = World::with(Options { opens_in: Some(LEAD), shape: Shape::Reload, ..Options::default() }).await;
    let opening = world.ready.opening.expect("it was asked for");
    let opens = world.ready.date(&COURTS[0]).expect("it was asked for");
    let option = format!(r#"<option value="{opens}""#);
    let ana = world.member("ana").await;
    let early = ana.get("/reservar").await;
    assert!(world.now() < opening, "the machine is too slow for this test's lead");
    assert!(early.html.contains(r#"<select id="fecha" name="fecha">"#) && !early.html.contains(&option));
    world.reaches(opening).await;
    assert!(ana.get("/reservar").await.html.contains(&option));
    ana.book("5", &opens.to_string(), "17:00").await.expect("the club answers").reference();
}
