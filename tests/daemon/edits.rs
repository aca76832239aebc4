//! A file that is edited under a running daemon.

use std::time::Duration;

use firstserve::clock::Stopwatch;
use firstserve::model::Attempt;
use jiff::civil::date;
use rustix::process::Signal;
use tokio::time::sleep;

use super::world::{House, PATIENCE, PROGRAM, Practice, booking, member, outcome, until};

/// How soon an edit must be in force.
const SOON: Duration = Duration::from_secs(2);

/// What the log says of a broken one.
const REFUSED: &str = "the configuration is refused";

/// Broken edits that must change nothing.
const BROKEN: usize = 200;

fn plan(attempts: &[Attempt]) -> Vec<String> {
    let mut plan: Vec<String> =
        attempts.iter().map(|one| format!("{} {} {}", one.date, one.opening, one.state.as_str())).collect();
    plan.sort();
    plan
}

fn wish(day: i8) -> String {
    booking("far away", "ana", date(2199, 7, day), "1", "17:00")
}

async fn moves_to(house: &House, day: i8, limit: Duration) -> Duration {
    let since = Stopwatch::start();
    until("the plan moves", limit, async || {
        let live = house.attempts().await;
        live.iter().any(|one| one.date == date(2199, 7, day) && !one.state.is_ended())
    })
    .await;
    since.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_moves_the_plan_and_a_broken_one_does_not() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    let parts = |day: i8| [club.site("club-api"), member("ana"), wish(day)];
    house.write(&parts(11));
    let daemon = house.run().await;
    moves_to(&house, 11, SOON).await;

    house.write(&parts(12));
    moves_to(&house, 12, SOON).await;
    until("it is told", SOON, async || daemon.times("the plan moves") == 2).await;
    let before = plan(&house.attempts().await);

    for number in 0..BROKEN {
        let refused = daemon.times(REFUSED);
        house.write_text(&broken(number, &parts(13)));
        // Every second one is certainly read; the others are overwritten, most of them before they were.
        if number % 2 == 0 {
            sleep(Duration::from_millis(5)).await;
        } else {
            until("it is refused", PATIENCE, async || daemon.times(REFUSED) > refused).await;
        }
    }
    assert!(daemon.times(REFUSED) >= BROKEN / 2, "{:#?}", daemon.said());
    assert_eq!(plan(&house.attempts().await), before, "a broken file changes nothing");

    house.write(&parts(14));
    moves_to(&house, 14, SOON).await;
    daemon.stop().await;
}

/// Something else is wrong each time, and each would move the booking to another date.
fn broken(number: usize, parts: &[String]) -> String {
    let good = format!("{PROGRAM}{}", parts.join("\n"));
    let broken = match number % 5 {
        0 => good.replace("courts", "cuorts"),
        1 => good[..good.len() - 9 - number / 5 % 7].to_owned(),
        2 => good.replace("17:00", "27:00"),
        3 => good.replace("member = \"ana\"", "member = \"anna\""),
        _ => format!("{good}\n[[booking]]\nname = \"{number}\"\n"),
    };
    format!("# {number}\n{broken}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_is_taken_back_is_not_looked_at_again() {
    // Its session would be opened ten seconds before the opening: two seconds from now.
    let (house, club) = (House::new(), Practice::opens_in(12_000));
    let with = |wish: String| house.write(&[club.site("club-api"), member("ana"), wish]);
    with(booking("singles", "ana", club.date(), "1", "17:00"));
    let daemon = house.run().await;
    with(booking("other", "ana", club.date(), "3", "17:00"));
    assert_eq!(outcome(&house.ended("singles").await), "cancelled");
    daemon.hears("taken up").await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(daemon.times("taken up"), 1, "only the other one: {:#?}", daemon.said());
    assert_eq!(daemon.times("ERROR"), 0, "{:#?}", daemon.said());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_reads_everything_again() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    house.write(&[club.site("club-api"), member("ana"), wish(11)]);
    let daemon = house.run().await;
    assert_eq!(daemon.times("configuration in force"), 0);
    for time in 1..=3 {
        daemon.signal(Signal::HUP);
        until("it is read again", SOON, async || daemon.times("configuration in force") == time).await;
    }
    let store = house.store().await;
    assert_eq!(store.config_history(10).await.expect("it can be read").len(), 1, "the first one, kept once");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_zone_data_moves_the_plan() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    let zones = house.path("zones");
    std::fs::create_dir_all(zones.join("America")).expect("a folder can be made");
    std::fs::write(zones.join("+VERSION"), "2099a\n").expect("it can be written");
    let put = |name: &str| {
        let data = std::fs::read(std::path::Path::new("/usr/share/zoneinfo").join(name)).expect("the system has zones");
        std::fs::write(zones.join("America/Costa_Rica"), data).expect("it can be written");
    };
    put("America/Costa_Rica");
    let time = "[time]\nzoneinfo = \"zones\"\n".to_owned();
    house.write(&[time, club.site("club-api"), member("ana"), wish(11)]);
    let daemon = house.run().await;
    moves_to(&house, 11, SOON).await;
    let before = house.attempts().await[0].opening;

    put("Asia/Tokyo");
    std::fs::write(zones.join("+VERSION"), "2099b\n").expect("it can be written");
    daemon.signal(Signal::HUP);
    until("the opening moves", SOON, async || house.attempts().await[0].opening != before).await;
    let moved = house.attempts().await[0].opening.duration_since(before);
    assert_eq!(moved.as_hours(), -15, "the club has moved from UTC-6 to UTC+9");
    until("it is told", SOON, async || daemon.times("2099a (configured) -> 2099b") == 1).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_made_later_is_found() {
    let (house, club) = (House::without_vault(), Practice::opens_in(1_000));
    house.write(&[club.site("club-api"), member("ana"), wish(11)]);
    let daemon = house.run().await;
    daemon.hears("without a vault nobody can be logged in").await;
    house.make_vault();
    daemon.hears("the vault is there now").await;
    daemon.stop().await;
}

/// What it was taken up with is booked, so that is what is told.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_what_is_under_way_is_told_as_not_taken() {
    let (house, club) = (House::new(), Practice::opens_in(9_000));
    let parts = |time: &str| [club.site("club-api"), member("ana"), booking("doubles", "ana", club.date(), "1", time)];
    house.write(&parts("17:00"));
    let daemon = house.run().await;
    until("it is ready", PATIENCE, async || {
        house.attempts().await.iter().any(|one| one.state == firstserve::model::State::Ready)
    })
    .await;
    house.write(&parts("19:00"));
    let told = daemon.hears("is under way and keeps court 1 at 17:00 by ").await;
    assert!(told.contains("the edit does nothing for it"), "{told}");
    let (status, plan) = (house.ask(&["status"]).await, house.ask(&["plan"]).await);
    assert!(status.out.contains("court 1 at 17:00") && !status.out.contains("19:00"), "{status:#?}");
    assert!(plan.out.contains("17:00") && !plan.out.contains("19:00"), "{plan:#?}");
    assert!(plan.out.contains("is under way and keeps court 1 at 17:00"), "{plan:#?}");
    house.ended("doubles").await;
    let won = house.ask(&["status", "--json"]).await.json();
    assert_eq!(won["bookings"][0]["last"]["start"], format!("{}T17:00:00", club.date()), "{won:#}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_check_warns_of_is_in_the_log_once() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    let parts = |day: i8| {
        [club.site("club-api"), member("ana"), wish(day), booking("over", "ana", date(2020, 1, 5), "3", "17:00")]
    };
    house.write(&parts(11));
    let daemon = house.run().await;
    daemon.hears("`over` is finished: 2020-01-05 has passed").await;
    house.write(&parts(12));
    until("it is told", SOON, async || daemon.times("the plan moves") == 2).await;
    assert_eq!(daemon.times("is finished"), 1, "{:#?}", daemon.said());
    let late = booking("late", "ana", date(2020, 1, 6), "3", "17:00");
    house.write(&[&parts(12)[..], &[late]].concat());
    daemon.hears("`late` is finished: 2020-01-06 has passed").await;
    assert_eq!(daemon.times("`over` is finished"), 1, "{:#?}", daemon.said());
}
