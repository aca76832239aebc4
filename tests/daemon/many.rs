//! Five hundred weekly bookings on four courts, with a year of attempts ahead of each and years behind.

use std::time::Duration;

use firstserve::clock::Stopwatch;
use sqlx::{Connection, Executor, SqliteConnection};

use super::world::{House, PROGRAM};

/// Weekly bookings, ten to a member.
const BOOKINGS: usize = 500;

/// In a debug build on a busy machine; what grows with rows times attempts takes many times as long.
const SOON: Duration = Duration::from_secs(60);

fn parts() -> Vec<String> {
    let mut site =
        "[site.club]\nurl = \"http://127.0.0.1:9/\"\ntime-zone = \"America/Costa_Rica\"\nflow = \"selectors/club\"\n"
            .to_owned();
    for court in 1..=4 {
        site.push_str(&format!("[site.club.court.{court}]\nsite-id = \"{court}\"\nopens = {{ visible-days = 10 }}\n"));
    }
    let members =
        (0..BOOKINGS / 10).map(|number| format!("[member.m{number}]\nsite = \"club\"\nvault = \"club/m{number}\"\n"));
    let bookings = (0..BOOKINGS).map(|number| {
        format!(
            "[[booking]]\nname = \"b{number}\"\nmember = \"m{}\"\nrepeat = \"FREQ=WEEKLY;BYDAY=WE\"\nfrom = 2099-01-07\ntimes = [\"{:02}:00\"]\n",
            number / 10,
            7 + number % 10
        )
    });
    [site].into_iter().chain(members).chain(bookings).collect()
}

/// 52 weeks ahead of each booking that are planned, and as many behind that were lost.
const ATTEMPTS: &str = "WITH RECURSIVE booking(b) AS (SELECT 0 UNION ALL SELECT b + 1 FROM booking WHERE b < 499), \
    week(w) AS (SELECT -52 UNION ALL SELECT w + 1 FROM week WHERE w < 51) \
    INSERT INTO attempt (id, member, booking, site, date, opening, state, submits, epoch, note, created_at, planned_at, updated_at, ended_at) \
    SELECT b || ' ' || w, 'm' || (b / 10), 'b' || b, 'club', \
    CASE WHEN w < 0 THEN date('2020-01-01', (7 * w) || ' days') ELSE date('2099-01-07', (7 * w) || ' days') END, \
    CASE WHEN w < 0 THEN 1500000000000000000 + w ELSE 4000000000000000000 + w END, \
    CASE WHEN w < 0 THEN 'taken' ELSE 'planned' END, 1, 0, 'week ' || w, 0, 0, 1500000000000000000 + w, \
    CASE WHEN w < 0 THEN 1500000000000000000 END FROM booking, week";

async fn house() -> House {
    let house = House::without_vault();
    house.write(&parts());
    assert!(std::fs::read_to_string(house.path("config/booking.toml")).expect("text").starts_with(PROGRAM));
    let data = house.path("data");
    let url = format!("sqlite://{}", data.join("firstserve.db").display());
    firstserve::store::Store::open(&url, &data).await.expect("it is made").close().await;
    let mut tool = SqliteConnection::connect(&url).await.expect("it opens");
    tool.execute(ATTEMPTS).await.expect("they are written");
    tool.close().await.expect("it closes");
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_and_status_answer_soon() {
    let house = house().await;
    assert_eq!(house.attempts().await.len(), 104 * BOOKINGS);
    let ask = async |words: &[&str]| {
        let since = Stopwatch::start();
        let answer = house.ask(words).await;
        assert_eq!(answer.code, Some(0), "{words:?}: {}", answer.err);
        assert!(since.elapsed() < SOON, "{words:?} took {:?}", since.elapsed());
        answer
    };
    let shown = ask(&["plan"]).await.out;
    // The state stands at the court that is tried first, of four.
    assert_eq!(shown.matches("planned").count(), 30_usize.div_ceil(4), "{shown}");
    let all = ask(&["plan", "--json"]).await.json();
    let rows = all["occurrences"].as_array().expect("a list").len();
    assert_eq!(rows, 4 * 52 * BOOKINGS);
    let planned = all["occurrences"].as_array().map(|rows| rows.iter().filter(|row| row["state"] == "planned").count());
    assert_eq!(planned, Some(52 * BOOKINGS));
    let status = ask(&["status", "--json"]).await.json();
    let lines = status["bookings"].as_array().expect("a list");
    assert_eq!(lines.len(), BOOKINGS);
    for line in lines {
        assert_eq!((&line["last"]["note"], &line["next"]["date"]), (&"week -1".into(), &"2099-01-07".into()), "{line}");
    }
}
