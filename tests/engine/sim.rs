//! A household whose clock is a simulated one, at a club without pages: days pass in seconds, and the clock can be set.
//!
//! The club lives by the machine's clock and has opened its date already; what is too early or too late is decided by ours.

use std::fmt::Write;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firstserve::clock::{Clock, SimClock, SystemClock, ZoneData};
use firstserve::club::{Club, Fault, Options, Ready};
use firstserve::config::{Environment, load};
use firstserve::engine::{Engine, Event, Handle, Parts, What};
use firstserve::model::{Answer, Attempt, Choice, CourtName, Outcome, Secret, State};
use firstserve::report::render;
use firstserve::store::{AttemptFilter, Store};
use firstserve::telemetry::Redactor;
use firstserve::vault::{Credentials, Vault};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::support::copy;

const ZONE: &str = "America/Costa_Rica";

/// Dates that the club's courts 1 and 3 show.
const DAYS: i32 = 10;

/// How long anything may take by the machine's own clock.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often the simulated clock is moved on.
const TICK: Duration = Duration::from_millis(2);

/// How far, while time simply passes.
const PACE: Duration = Duration::from_millis(40);

/// How far, while the opening is further ahead than `NEAR`.
const FAR_PACE: Duration = Duration::from_millis(500);

/// Beyond this it passes more quickly still.
const NEXT_HOURS: SignedDuration = SignedDuration::from_mins(4);

/// From here on time passes slowly.
const NEAR: SignedDuration = SignedDuration::from_secs(8);

/// A household and its club.
pub(super) struct House {
    folder: TempDir,
    pub(super) clock: SimClock,
    pub(super) store: Store,
    club: Ready,
    _shutdown: DropGuard,
}

/// An engine that runs in it.
pub(super) struct Life<'h> {
    house: &'h House,
    pub(super) handle: Handle,
    events: broadcast::Receiver<Event>,
    task: JoinHandle<()>,
    pub(super) story: Vec<String>,
    pub(super) heard: Vec<What>,
    /// How far the clock is moved on at a time.
    pub(super) pace: Duration,
}

/// The unit of most stories.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// Something reversible failed.
pub(super) fn is_trouble(what: &What) -> bool {
    matches!(what, What::Trouble(_))
}

/// A household that wants court 1, two minutes before its opening.
pub(super) async fn house() -> House {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    house.write_one(&["1"]);
    house
}

impl House {
    /// The clock stands so long before the opening (negative: after it).
    pub(super) async fn before(opening: SignedDuration, faults: &[Fault]) -> Self {
        // A second installation is refused, and the first one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let options =
            Options { opens_in: Some(SignedDuration::from_millis(1)), faults: faults.to_vec(), ..Options::default() };
        let shutdown = CancellationToken::new();
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let ready = club.ready().expect("it has an address");
        tokio::spawn(club.serve());
        SystemClock.sleep_until(ready.opening.expect("the club opens")).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("config")).expect("a folder");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors"), &folder.path().join("selectors"));
        let (data, identity) = (folder.path().join("data"), folder.path().join("identity"));
        Vault::init(&data, &identity).expect("a vault");
        let credentials = Credentials { user: "ana".to_owned(), password: Secret::new("ana-raqueta") };
        Vault::open(&data, &identity).and_then(|vault| vault.set("club/ana", &credentials)).expect("they are kept");
        let store = Store::open(&format!("sqlite://{}", data.join("test.db").display()), &data).await.expect("a store");
        let clock = SimClock::new(ready.opening.expect("the club opens") - opening);
        Self { folder, clock, store, club: ready, _shutdown: shutdown.drop_guard() }
    }

    pub(super) fn opening(&self) -> Timestamp {
        self.club.opening.expect("the club opens")
    }

    pub(super) fn club_url(&self) -> &str {
        &self.club.url
    }

    fn local_opening(&self) -> jiff::civil::DateTime {
        self.opening().to_zoned(TimeZone::get(ZONE).expect("the zone is known")).datetime()
    }

    /// The date that opens at the opening.
    pub(super) fn date(&self) -> Date {
        self.local_opening().date() + DAYS.days()
    }

    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// `opens` of a court whose date opens so many days before that of the club's own rule.
    pub(super) fn opens(&self, days_sooner: i32) -> String {
        let at = self.local_opening().time().strftime("%H:%M:%S").to_string();
        format!("{{ days-before = {}, at = \"{at}\" }}", DAYS + days_sooner)
    }

    /// Writes the configuration: courts 1 and 3 with what is said of their openings, and the wishes.
    pub(super) fn write(&self, opens: [&str; 2], wishes: &[String]) {
        let mut text = format!(
            "[server]\ndatabase = \"sqlite://data/test.db\"\ndata = \"data\"\n[vault]\nidentity = \"identity\"\n\
             [mail]\nfrom = \"club@example.org\"\nto = \"ana@example.org\"\nsmtp-host = \"127.0.0.1\"\n\
             [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club-api\"\nsettle = \"15s\"\nclock = \"own\"\n\
             [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n",
            self.club.url
        );
        for ((court, id), opens) in [("1", "5"), ("3", "17")].into_iter().zip(opens) {
            write!(text, "[site.club.court.{court}]\nsite-id = \"{id}\"\nopens = {opens}\n")
                .expect("a String takes it");
        }
        fs::write(self.path("config/booking.toml"), format!("{text}{}", wishes.concat())).expect("it is written");
    }

    /// Both courts open at the opening, and one wish.
    pub(super) fn write_one(&self, courts: &[&str]) {
        let opens = self.opens(0);
        self.write([&opens, &opens], &[wish("ana plays", self.date(), courts, "17:00")]);
    }

    pub(super) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).expect("it can be read");
        assert!(text.contains(from), "{from:?} is not in {file}");
        fs::write(self.path(file), text.replace(from, to)).expect("it can be written");
    }

    pub(super) fn parts(&self) -> Parts {
        let environment = Environment::new(Vec::<(String, String)>::new());
        let zones = |configured: Option<&Path>| ZoneData::newest(configured).db;
        let loaded = load(&self.path("config/booking.toml"), &environment, &zones, self.clock.now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", render(&loaded.problems, false)));
        let vault = Vault::at(&config.server.data, &self.path("identity"));
        Parts {
            zones: Arc::new(ZoneData::newest(config.zoneinfo.as_deref())),
            config,
            store: self.store.clone(),
            vault: Some(Arc::new(vault)),
            clock: Arc::new(self.clock.clone()),
            guardian: env!("CARGO_BIN_EXE_firstserve").into(),
            redactor: Redactor::new(),
        }
    }

    /// Keeps the member's credentials.
    pub(super) fn keep_credentials(&self, password: &str) {
        let credentials = Credentials { user: "ana".to_owned(), password: Secret::new(password) };
        let vault = Vault::open(&self.path("data"), &self.path("identity")).expect("the vault opens");
        vault.set("club/ana", &credentials).expect("they are kept");
    }

    pub(super) fn start(&self) -> Life<'_> {
        let (handle, task) = Engine::start(self.parts());
        Life { house: self, events: handle.events(), handle, task, story: Vec::new(), heard: Vec::new(), pace: PACE }
    }

    /// Plans without doing anything, as a daemon does that is stopped at once.
    pub(super) async fn plan_only(&self) {
        let life = self.start();
        for _ in 0..500 {
            if !self.attempts().await.is_empty() {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
        life.stop().await;
    }

    pub(super) async fn attempts(&self) -> Vec<Attempt> {
        self.store.attempts(&AttemptFilter::default()).await.expect("the store answers")
    }

    /// The attempt of a booking.
    pub(super) async fn attempt(&self, booking: &str) -> Attempt {
        let all = self.attempts().await;
        all.into_iter().find(|one| one.booking.as_str() == booking).expect("it is planned")
    }

    /// The choice of a court at 17:00.
    pub(super) fn choice(&self, court: &str) -> Choice {
        let start = self.date().at(17, 0, 0, 0);
        let zone = TimeZone::get(ZONE).expect("the zone is known");
        Choice {
            court: CourtName::new(court),
            court_site_id: "5".to_owned(),
            start,
            length: SignedDuration::from_hours(1),
            opening: self.opening(),
            starts_at: start.to_zoned(zone).expect("it exists").timestamp(),
        }
    }

    /// What an earlier process leaves whose submit of a choice the club has answered with a place on its waiting list.
    pub(super) async fn is_on_the_waiting_list(&self, booking: &str, choice: &Choice) {
        let (id, now) = (self.attempt(booking).await.id, self.clock.now());
        for (from, to) in [(State::Planned, State::Preparing), (State::Preparing, State::Ready)] {
            self.store.transition(&id, from, to, now, None).await.expect("it moves on");
        }
        let permit = self.store.spend_permit(&id, choice, "club/ana", now).await.expect("a permit");
        let settled = self.store.settle_permit(permit.id(), Answer::Waitlisted, State::Waitlisted, now).await;
        settled.expect("it is written down");
    }

    /// What a person with the database's own tools would do to it.
    pub(super) async fn sql(&self, text: &str) {
        let url = format!("sqlite://{}", self.path("data/test.db").display());
        let mut other = SqliteConnection::connect(&url).await.expect("the database opens");
        other.execute(sqlx::AssertSqlSafe(text.to_owned())).await.expect("it takes it");
        other.close().await.expect("it closes");
    }

    pub(super) async fn ledger(&self) -> Value {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client can be made");
        let answer = client.get(format!("{}_club/ledger", self.club.url)).send().await.expect("the club answers");
        answer.json().await.expect("the ledger is JSON")
    }

    /// Submits that reached the club, and the bookings that it holds for the member.
    pub(super) async fn submits_and_bookings(&self) -> (usize, usize) {
        let ledger = self.ledger().await;
        let held = ledger["bookings"].as_array().expect("a list").iter();
        let held = held.filter(|one| one["member"] == "ana" && one["cancelled"] == false).count();
        (usize::try_from(ledger["submits"].as_u64().expect("a number")).expect("few"), held)
    }

    /// How often a path was asked for.
    pub(super) async fn asked(&self, path: &str) -> usize {
        let ledger = self.ledger().await;
        ledger["requests"].as_array().expect("a list").iter().filter(|request| request["path"] == path).count()
    }
}

/// Late by less than this is in time: a machine that is busy with other things seems slow to a clock that runs ahead.
pub(super) const IN_TIME: SignedDuration = SignedDuration::from_secs(30);

/// A wish for one date.
pub(super) fn wish(name: &str, date: Date, courts: &[&str], time: &str) -> String {
    format!(
        "[[booking]]\nname = \"{name}\"\nmember = \"ana\"\ndate = {date}\ncourts = {courts:?}\ntimes = [\"{time}\"]\n"
    )
}

impl Life<'_> {
    /// Lets time pass until something happens.
    pub(super) async fn until(&mut self, what: &str, wanted: impl Fn(&What) -> bool) -> What {
        let heard = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Ok(event) = tokio::time::timeout(TICK, self.events.recv()).await {
                    let event = event.expect("the engine lives and is listened to");
                    self.note(&event);
                    if wanted(&event.what) {
                        return event.what;
                    }
                } else {
                    self.tick();
                }
            }
        });
        match heard.await {
            Ok(heard) => heard,
            Err(_) => panic!("{what} did not happen:\n{}", self.story.join("\n")),
        }
    }

    /// Time passes quickly while the opening is far ahead.
    fn tick(&self) {
        let ahead = self.house.opening().duration_since(self.house.clock.now());
        let far = if ahead > NEXT_HOURS { 20 * FAR_PACE } else { FAR_PACE };
        self.house.clock.advance(if ahead > NEAR { far } else { self.pace });
    }

    fn note(&mut self, event: &Event) {
        let since = event.at.duration_since(self.house.opening()).as_secs_f64();
        self.story.push(format!("{since:+10.3} {:?}", event.what));
        self.heard.push(event.what.clone());
    }

    /// Lets so much time pass, and hears what happens meanwhile.
    pub(super) async fn pass(&mut self, time: Duration) {
        let end = self.house.clock.now() + time;
        while self.house.clock.now() < end {
            self.tick();
            tokio::time::sleep(TICK).await;
            while let Ok(event) = self.events.try_recv() {
                self.note(&event);
            }
        }
    }

    pub(super) async fn entered(&mut self, state: State) {
        self.until(state.as_str(), |what| *what == What::Entered(state)).await;
    }

    pub(super) async fn ended(&mut self) -> Outcome {
        let ended = self.until("an end", |what| matches!(what, What::Ended { .. })).await;
        let What::Ended { outcome, .. } = ended else { unreachable!("it was waited for") };
        outcome
    }

    /// How often a state was entered.
    pub(super) fn times(&self, state: State) -> usize {
        self.heard.iter().filter(|what| **what == What::Entered(state)).count()
    }

    /// Ends it as a crash does: nothing is finished and nothing is written.
    pub(super) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|ended| ended.is_cancelled()), "it was alive");
    }

    /// Stops it; time goes on meanwhile.
    pub(super) async fn stop(self) {
        self.handle.stop().await;
        let mut task = self.task;
        loop {
            tokio::select! {
                ended = &mut task => return ended.expect("it ends in order"),
                () = tokio::time::sleep(TICK) => self.house.clock.advance(PACE),
            }
        }
    }
}
