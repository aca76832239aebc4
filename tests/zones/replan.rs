//! The fifteen zones whose clocks differ between 2025b and 2026f, a booking in each, and an engine that runs.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firstserve::clock::{Clock, SimClock, ZoneData};
use firstserve::config::{Config, Environment, load};
use firstserve::engine::{Engine, Parts};
use firstserve::model::{Attempt, Secret, State};
use firstserve::report::render;
use firstserve::schedule::first_instant;
use firstserve::store::{AttemptFilter, AuditRow, FireFilter, Store};
use firstserve::telemetry::Redactor;
use firstserve::vault::{Credentials, Vault};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tempfile::TempDir;

use super::release;

/// Every zone whose clocks show something else after 2026-11-01.
const CHANGED: [&str; 15] = [
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Edmonton",
    "America/Havana",
    "America/Inuvik",
    "America/Rainy_River",
    "America/Vancouver",
    "America/Winnipeg",
    "America/Yellowknife",
    "Canada/Central",
    "Canada/Mountain",
    "Canada/Pacific",
    "Cuba",
    "Europe/Chisinau",
    "Europe/Tiraspol",
];

/// Before any of them changes.
const NOW: &str = "2026-10-29T12:00:00Z";

/// Dates that can be booked ahead.
const DAYS: i32 = 9;

/// A condition comes true within this.
const PATIENCE: Duration = Duration::from_secs(20);

fn now() -> Timestamp {
    NOW.parse().expect("a timestamp")
}

/// The first full hour from November on whose instant the two releases do not agree on.
fn disputed(zone: &str, old: &ZoneData, new: &ZoneData) -> DateTime {
    let (old, new) = (old.zone(zone).expect("known"), new.zone(zone).expect("known"));
    let hours = (0..2 * 366 * 24).map(|hour| jiff::civil::date(2026, 11, 1).at(0, 0, 0, 0) + hour.hours());
    let mut disputed = hours.filter(|wall| first_instant(*wall, &old) != first_instant(*wall, &new));
    disputed.next().unwrap_or_else(|| panic!("{zone} has not changed"))
}

/// A household with a site and a booking for each zone; nobody is at home at any of the sites.
struct House {
    folder: TempDir,
    openings: Vec<DateTime>,
}

impl House {
    fn new(zones: &[&str], old: &ZoneData, new: &ZoneData) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let openings: Vec<DateTime> = zones.iter().map(|zone| disputed(zone, old, new)).collect();
        let mut text =
            "[server]\ndatabase = \"sqlite://data/test.db\"\ndata = \"data\"\n[vault]\nidentity = \"identity\"\n"
                .to_owned();
        for (number, (zone, opening)) in zones.iter().zip(&openings).enumerate() {
            let (at, date) = (opening.time().strftime("%H:%M"), opening.date() + DAYS.days());
            write!(
                text,
                "[site.s{number}]\nurl = \"http://127.0.0.1:9/\"\ntime-zone = \"{zone}\"\nflow = \"selectors/club-api\"\n\
                 [site.s{number}.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS}, at = \"{at}\" }}\n\
                 [member.m{number}]\nsite = \"s{number}\"\nvault = \"club/ana\"\n\
                 [[booking]]\nname = \"b{number}\"\nmember = \"m{number}\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"20:00\"]\n"
            )
            .expect("a String takes it");
        }
        let (config, selectors) = (folder.path().join("config"), folder.path().join("selectors"));
        fs::create_dir(&config).expect("a folder");
        fs::write(config.join("booking.toml"), text).expect("written");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors"), &selectors);
        let (data, identity) = (folder.path().join("data"), folder.path().join("identity"));
        Vault::init(&data, &identity).expect("a vault");
        let credentials = Credentials { user: "ana".to_owned(), password: Secret::new("ana-raqueta") };
        Vault::open(&data, &identity).expect("it opens").set("club/ana", &credentials).expect("kept");
        Self { folder, openings }
    }

    fn config(&self, zones: &ZoneData) -> Arc<Config> {
        let environment = Environment::new(Vec::<(String, String)>::new());
        let path = self.folder.path().join("config/booking.toml");
        let zones = zones.db.clone();
        let loaded = load(&path, &environment, &move |_: Option<&Path>| zones.clone(), now());
        loaded.config.unwrap_or_else(|| panic!("{}", render(&loaded.problems, false)))
    }

    async fn parts(&self, zones: ZoneData, clock: &SimClock) -> Parts {
        let config = self.config(&zones);
        let data = self.folder.path().join("data");
        Parts {
            store: Store::open(config.server.database.expose(), &data).await.expect("a store"),
            vault: Some(Arc::new(Vault::open(&data, &self.folder.path().join("identity")).expect("a vault"))),
            config,
            zones: Arc::new(zones),
            clock: Arc::new(clock.clone()),
            guardian: PathBuf::from("/nowhere/at-all"),
            redactor: Redactor::new(),
        }
    }

    fn instants(&self, zones: &[&str], data: &ZoneData) -> Vec<Timestamp> {
        let instant = |(zone, wall): (&&str, &DateTime)| first_instant(*wall, &data.zone(zone).expect("known"));
        zones.iter().zip(&self.openings).map(instant).collect()
    }
}

/// The attempts, by the number in their bookings' names.
async fn attempts(store: &Store) -> Vec<Attempt> {
    let mut all = store.attempts(&AttemptFilter::default()).await.expect("read");
    all.sort_by_key(|attempt| attempt.booking.as_str()[1..].parse::<usize>().expect("a number"));
    all
}

fn openings(attempts: &[Attempt]) -> Vec<Timestamp> {
    attempts.iter().map(|attempt| attempt.opening).collect()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"));
}

async fn audited(store: &Store, event: &str) -> Vec<AuditRow> {
    let rows = store.audit_rows(0, 10_000).await.expect("read");
    rows.into_iter().filter(|row| row.event == event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifteen_zones_are_planned_again_and_each_is_audited() {
    let (old, new) = (release("2025b"), release("2026f"));
    let house = House::new(&CHANGED, &old, &new);
    let (before, after) = (house.instants(&CHANGED, &old), house.instants(&CHANGED, &new));
    assert!(before.iter().zip(&after).all(|(before, after)| before != after), "the control: each of them moves");
    let clock = SimClock::new(now());
    let parts = house.parts(old, &clock).await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts.clone());
    until("they are planned", async || openings(&attempts(&store).await) == before).await;
    assert_eq!(engine.zones().version, "2025b");
    engine.reload(Parts { zones: Arc::new(new), ..parts }).await;
    until("they are planned again", async || openings(&attempts(&store).await) == after).await;
    until("it is shown", async || engine.zones().version == "2026f").await;
    let rows = audited(&store, "replanned").await;
    assert_eq!(rows.len(), CHANGED.len());
    for (attempt, (before, after)) in attempts(&store).await.iter().zip(before.iter().zip(&after)) {
        let row = rows.iter().find(|row| row.attempt.as_ref() == Some(&attempt.id)).expect("a row for each");
        for word in ["2025b", "2026f", &before.to_string(), &after.to_string()] {
            assert!(row.data.contains(word), "{} lacks {word}", row.data);
        }
        assert_eq!(attempt.state, State::Planned);
    }
    assert_eq!(audited(&store, "time-zone-data").await.len(), 2, "at the start, and when they changed");
    engine.stop().await;
    running.await.expect("no panic");
}

/// A zone whose opening is an hour later with the new data, taken up already when they come.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_runs_is_not_fired_at_the_old_instant() {
    let zones = ["Africa/Casablanca"];
    let (old, new) = (release("2025b"), release("2026f"));
    let house = House::new(&zones, &old, &new);
    let (before, after) = (house.instants(&zones, &old)[0], house.instants(&zones, &new)[0]);
    assert_eq!(after.duration_since(before), SignedDuration::from_hours(1));
    let clock = SimClock::new(now());
    let parts = house.parts(old, &clock).await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts.clone());
    until("it is planned", async || !attempts(&store).await.is_empty()).await;
    clock.advance_to(before - SignedDuration::from_secs(60));
    until("it is taken up", async || attempts(&store).await[0].state == State::Preparing).await;
    engine.reload(Parts { zones: Arc::new(new), ..parts }).await;
    until("it is planned again", async || {
        let attempt = attempts(&store).await.remove(0);
        attempt.state == State::Planned && attempt.opening == after
    })
    .await;
    assert_eq!(audited(&store, "replanned").await.len(), 1);
    // Past the old instant, by more than any way to fire takes.
    clock.advance_to(before + SignedDuration::from_secs(60));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(attempts(&store).await[0].state, State::Planned);
    assert_eq!(store.fires(&FireFilter::default()).await.expect("read"), []);
    clock.advance_to(after - SignedDuration::from_secs(30));
    until("it is taken up for the new one", async || attempts(&store).await[0].state == State::Preparing).await;
    engine.stop().await;
    running.await.expect("no panic");
}

/// A clock that was wrong, by years even, is noticed, and the plan is there again when it is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_is_written_down_and_the_plan_worked_out_anew() {
    let zones = ["Africa/Casablanca"];
    let (old, new) = (release("2025b"), release("2026f"));
    let house = House::new(&zones, &old, &new);
    let opening = house.instants(&zones, &new)[0];
    let clock = SimClock::new(now() - SignedDuration::from_hours(24 * 365 * 5));
    let parts = house.parts(new, &clock).await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts);
    until("it is planned", async || openings(&attempts(&store).await) == [opening]).await;
    clock.step_to(opening - SignedDuration::from_secs(60));
    until("it is taken up", async || attempts(&store).await[0].state == State::Preparing).await;
    until("it is written down", async || audited(&store, "clock-step").await.len() == 1).await;
    engine.stop().await;
    running.await.expect("no panic");
    assert!(clock.now() < opening);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the folder is read") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}
