//! A club with a fault, a household that wants a court of it, and the engine between them.

use std::fmt::Write;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firstserve::browser::Engine as Browser;
use firstserve::clock::{Clock, SystemClock, ZoneData};
use firstserve::club::{Club, Fault, Options, Ready};
use firstserve::config::{Environment, load};
use firstserve::engine::{Engine, Event, Handle, Parts, What};
use firstserve::model::{FireMode, Outcome, Secret};
use firstserve::report::render;
use firstserve::store::{AttemptFilter, Store};
use firstserve::telemetry::Redactor;
use firstserve::vault::{Credentials, Vault};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::judge::Ended;

const ZONE: &str = "America/Costa_Rica";

/// Dates that the club's courts 1 and 3 show.
const DAYS: i32 = 10;

/// How long one attempt may take, from its start to its end.
const PATIENCE: Duration = Duration::from_secs(120);

/// How one attempt is set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) fault: Option<Fault>,
    pub(super) browser: Browser,
    pub(super) fire: FireMode,
    /// From the start to the opening.
    pub(super) opens_in: SignedDuration,
    /// What is changed in the selector files: file, words, other words.
    pub(super) edit: Option<(&'static str, &'static str, &'static str)>,
}

/// What became of it.
pub(super) struct Outcomes {
    pub(super) ended: Ended,
    pub(super) ledger: Value,
    /// What happened, one line each, in seconds from the opening.
    pub(super) story: Vec<String>,
}

/// Runs one attempt from before the opening to its end.
pub(super) async fn run(setup: Setup) -> Result<Outcomes, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let club = RunningClub::start(setup);
    write_household(folder.path(), setup, &club.ready);
    let (parts, store) = parts(folder.path()).await;
    let (engine, running) = Engine::start(parts);
    let opening = club.ready.opening.expect("the club opens at an instant");
    let mut story = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, until_ended(&engine, opening, &mut story)).await;
    engine.stop().await;
    running.await.expect("the engine ends in order");
    let ledger = club.ledger().await;
    let Ok((outcome, note)) = ended else {
        return Err(format!("nothing ended within {PATIENCE:?}\n{}", story.join("\n")));
    };
    let attempts = store.attempts(&AttemptFilter::default()).await.expect("the store answers");
    let stored = attempts.first().expect("the attempt is stored").state;
    store.close().await;
    let evidence = files_below(&folder.path().join("data/evidence"));
    Ok(Outcomes { ended: Ended { outcome, note, stored, evidence }, ledger, story })
}

async fn until_ended(engine: &Handle, opening: Timestamp, story: &mut Vec<String>) -> (Outcome, String) {
    let mut events = engine.events();
    loop {
        let Event { at, what, .. } = events.recv().await.expect("the engine lives and is listened to");
        let since = at.duration_since(opening).as_secs_f64();
        if !matches!(what, What::Waiting { .. }) {
            story.push(format!("{since:+8.3} {what:?}"));
        }
        if let What::Ended { outcome, note, .. } = what {
            return (outcome, note);
        }
    }
}

/// A club that ends with the value.
struct RunningClub {
    ready: Ready,
    shutdown: DropGuard,
    served: JoinHandle<std::io::Result<()>>,
}

impl RunningClub {
    fn start(setup: Setup) -> Self {
        // A second installation is refused, and the first one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let options =
            Options { opens_in: Some(setup.opens_in), faults: setup.fault.into_iter().collect(), ..Options::default() };
        let shutdown = CancellationToken::new();
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let ready = club.ready().expect("it has an address");
        Self { ready, shutdown: shutdown.drop_guard(), served: tokio::spawn(club.serve()) }
    }

    /// What reached it; it is closed by that.
    async fn ledger(self) -> Value {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client can be made");
        let answer = client.get(format!("{}_club/ledger", self.ready.url)).send().await.expect("the club answers");
        let ledger = answer.json().await.expect("the ledger is JSON");
        drop((client, self.shutdown));
        let ended = tokio::time::timeout(Duration::from_secs(10), self.served).await.expect("the club ends in time");
        ended.expect("no panic").expect("no error");
        ledger
    }
}

fn write_household(folder: &Path, setup: Setup, club: &Ready) {
    fs::create_dir(folder.join("config")).expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors"), &folder.join("selectors"));
    fs::write(folder.join("config/booking.toml"), booking_toml(setup, club)).expect("the file is written");
    if let Some((file, from, to)) = setup.edit {
        let path = folder.join("selectors").join(file);
        let text = fs::read_to_string(&path).expect("the file is read");
        assert!(text.contains(from), "{file} does not hold {from}");
        fs::write(path, text.replace(from, to)).expect("the file is written");
    }
    let (data, identity) = (folder.join("data"), folder.join("identity"));
    Vault::init(&data, &identity).expect("a vault");
    let credentials = Credentials { user: "ana".to_owned(), password: Secret::new("ana-raqueta") };
    Vault::open(&data, &identity).and_then(|vault| vault.set("club/ana", &credentials)).expect("credentials are kept");
}

/// Four choices that open at the same instant: court 1 and 3 at 17:00, then at 18:00.
fn booking_toml(setup: Setup, club: &Ready) -> String {
    let zone = TimeZone::get(ZONE).expect("the zone is in the bundled data");
    let opening = club.opening.expect("the club opens at an instant").to_zoned(zone).datetime();
    let mut text = format!(
        "[server]\ndatabase = \"sqlite://data/test.db\"\ndata = \"data\"\n\n[vault]\nidentity = \"identity\"\n\n\
         [browser]\nengine = \"{}\"\n\n[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club\"\n\
         fire = \"{}\"\nlogin-lead = \"10m\"\nsettle = \"1s\"\nanswer-timeout = \"{}s\"\n",
        setup.browser.as_str(),
        club.url,
        setup.fire.as_str(),
        // The page of a slow club comes after 4 s.
        if setup.fault == Some(Fault::Slow) { 8 } else { 3 },
    );
    text.push_str(match setup.fault {
        // What would be waited for to its end is shorter here.
        Some(Fault::Redesign) => "grace = \"2s\"\n",
        Some(Fault::LiesConfirmed) => "verify-deadline = \"10s\"\n",
        _ => "",
    });
    for (court, id) in [("1", "5"), ("3", "17")] {
        let at = opening.time().strftime("%H:%M:%S");
        let opens = format!("{{ days-before = {DAYS}, at = \"{at}\" }}");
        write!(text, "[site.club.court.{court}]\nsite-id = \"{id}\"\nopens = {opens}\n").expect("a String takes it");
    }
    let date = opening.date() + DAYS.days();
    write!(
        text,
        "\n[member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\n[[booking]]\nname = \"ana plays\"\nmember = \"ana\"\n\
         date = {date}\ncourts = [\"1\", \"3\"]\ntimes = [\"17:00\", \"18:00\"]\n"
    )
    .expect("a String takes it");
    text
}

async fn parts(folder: &Path) -> (Parts, Store) {
    let environment = Environment::new(Vec::<(String, String)>::new());
    let path = folder.join("config/booking.toml");
    let loaded = load(&path, &environment, &|configured| ZoneData::newest(configured).db, SystemClock.now());
    let config = loaded.config.unwrap_or_else(|| panic!("{}", render(&loaded.problems, false)));
    let store = Store::open(config.server.database.expose(), &config.server.data).await.expect("a store");
    let vault = Vault::open(&config.server.data, &folder.join("identity")).expect("the vault opens");
    let parts = Parts {
        zones: Arc::new(ZoneData::newest(config.zoneinfo.as_deref())),
        config,
        store: store.clone(),
        vault: Some(Arc::new(vault)),
        clock: Arc::new(SystemClock),
        guardian: env!("CARGO_BIN_EXE_firstserve").into(),
        redactor: Redactor::new(),
    };
    (parts, store)
}

pub(super) fn copy(from: &Path, to: &Path) {
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

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}
