//! A household in a temporary folder, a club beside it, and the processes that act for it.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firstserve::clock::Stopwatch;
use firstserve::club::{Club, Options, Ready};
use firstserve::model::{Attempt, Secret, State};
use firstserve::store::{AttemptFilter, Store};
use firstserve::vault::{Credentials, Vault};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest that a process may take to start or a condition to come true, in a debug build on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The club's zone.
pub(super) const ZONE: &str = "America/Costa_Rica";

/// A practice club in this process; it ends with the value.
pub(super) struct Practice {
    pub(super) ready: Ready,
    _shutdown: DropGuard,
}

impl Practice {
    pub(super) fn open(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let shutdown = CancellationToken::new();
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let ready = club.ready().expect("it has an address");
        tokio::spawn(club.serve());
        Self { ready, _shutdown: shutdown.drop_guard() }
    }

    /// A club that opens its next date in so many milliseconds.
    pub(super) fn opens_in(ms: i64) -> Self {
        Self::open(Options { opens_in: Some(jiff::SignedDuration::from_millis(ms)), ..Options::default() })
    }

    pub(super) async fn ledger(&self) -> Value {
        let client = client();
        let answer = client.get(format!("{}_club/ledger", self.ready.url)).send().await.expect("the club answers");
        answer.json().await.expect("the ledger is JSON")
    }

    /// The bookings that a member holds.
    pub(super) async fn held_by(&self, member: &str) -> usize {
        let ledger = self.ledger().await;
        let bookings = ledger["bookings"].as_array().expect("a list");
        bookings.iter().filter(|one| one["member"] == member && one["cancelled"] == false).count()
    }

    /// `[site.club]` with its courts, as a user would write it. Dates open ten days ahead, at the club's own time of day.
    pub(super) fn site(&self, flow: &str) -> String {
        let at = self.opening().time().strftime("%H:%M:%S").to_string();
        let mut text = format!(
            "[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\nlogin-lead = \"10s\"\nsettle = \"1s\"\n\
             slot-label = \"De {{start:%I:%M %p}} a {{end:%I:%M %p}}\"\nanswer-timeout = \"20s\"\n",
            self.ready.url
        );
        for (court, id) in [("1", "5"), ("3", "17")] {
            write!(
                text,
                "[site.club.court.{court}]\nsite-id = \"{id}\"\nopens = {{ days-before = 10, at = \"{at}\" }}\n"
            )
            .expect("a String can be written");
        }
        text
    }

    /// The date that courts 1 and 3 show for the first time at the opening.
    pub(super) fn date(&self) -> Date {
        self.opening().date() + 10.days()
    }

    fn opening(&self) -> jiff::civil::DateTime {
        let opening = self.ready.opening.expect("it opens at an instant that was asked for");
        opening.to_zoned(TimeZone::get(ZONE).expect("the zone is known")).datetime()
    }
}

pub(super) fn client() -> reqwest::Client {
    // A second installation is refused, and the first one holds.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client can be made")
}

/// `[member.ana]` and her credentials' name.
pub(super) fn member(name: &str) -> String {
    format!("[member.{name}]\nsite = \"club\"\nvault = \"club/{name}\"\nmail = \"{name}@example.org\"\n")
}

/// A wish for one slot.
pub(super) fn booking(name: &str, member: &str, date: Date, court: &str, time: &str) -> String {
    format!(
        "[[booking]]\nname = \"{name}\"\nmember = \"{member}\"\ncourts = [\"{court}\"]\ndate = {date}\ntimes = [\"{time}\"]\n"
    )
}

/// A household: config/, selectors/, data/ and an identity.
pub(super) struct House {
    folder: TempDir,
}

impl House {
    /// With a vault that holds everybody's credentials.
    pub(super) fn new() -> Self {
        let house = Self::without_vault();
        house.make_vault();
        house
    }

    /// A folder with nothing in it.
    pub(super) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder can be made") }
    }

    pub(super) fn without_vault() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors"), &folder.path().join("selectors"));
        fs::create_dir(folder.path().join("config")).expect("a folder can be made");
        Self { folder }
    }

    pub(super) fn make_vault(&self) {
        let (data, identity) = (self.path("data"), self.path("identity"));
        Vault::init(&data, &identity).expect("a vault can be made");
        let vault = Vault::open(&data, &identity).expect("it opens");
        for (user, password) in firstserve::club::MEMBERS {
            let credentials = Credentials { user: user.to_owned(), password: Secret::new(password) };
            vault.set(&format!("club/{user}"), &credentials).expect("it is kept");
        }
    }

    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Writes config/booking.toml: the program's own tables, and what is given.
    pub(super) fn write(&self, parts: &[String]) {
        self.write_text(&format!("{PROGRAM}{}", parts.join("\n")));
    }

    /// As an editor does: a new file in the old one's place.
    pub(super) fn write_text(&self, text: &str) {
        let (new, old) = (self.path("config/.booking.toml.new"), self.path("config/booking.toml"));
        fs::write(&new, text).expect("it can be written");
        fs::rename(new, old).expect("it can be replaced");
    }

    pub(super) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("it can be read");
        assert!(text.contains(from), "{from:?} is not in {file}");
        fs::write(&path, text.replace(from, to)).expect("it can be written");
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_firstserve"), words)
    }

    /// Another program, in the household's folder.
    pub(super) fn program(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(name);
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FIRSTSERVE_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs a command to its end.
    pub(super) async fn ask(&self, words: &[&str]) -> Answer {
        let output = timeout(PATIENCE, self.command(words).output()).await;
        Answer::of(output.expect("it ends in time").expect("it can be run"))
    }

    /// Starts the daemon and waits until it says that it runs.
    pub(super) async fn run(&self) -> Daemon {
        let daemon = Daemon::start(self.command(&["run"]));
        daemon.hears("firstserve runs;").await;
        daemon
    }

    pub(super) async fn store(&self) -> Store {
        let url = format!("sqlite://{}", self.path("data/firstserve.db").display());
        Store::open_read_only(&url).await.expect("it can be read beside the daemon")
    }

    pub(super) async fn attempts(&self) -> Vec<Attempt> {
        let store = self.store().await;
        let attempts = store.attempts(&AttemptFilter::default()).await.expect("they can be read");
        store.close().await;
        attempts
    }

    /// The attempt of a booking once it is over.
    pub(super) async fn ended(&self, booking: &str) -> Attempt {
        let watch = Stopwatch::start();
        loop {
            let all = self.attempts().await;
            let found = all.iter().find(|one| one.booking.as_str() == booking);
            match found.filter(|one| one.state.is_ended()) {
                Some(attempt) => return attempt.clone(),
                None => assert!(watch.elapsed() < PATIENCE, "{booking} is not over: {all:#?}"),
            }
            sleep(LOOK * 5).await;
        }
    }
}

/// What every configuration here begins with. The port is the system's choice, so that tests run side by side.
pub(super) const PROGRAM: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[vault]\nidentity = \"identity\"\n";

pub(super) fn outcome(attempt: &Attempt) -> &'static str {
    match attempt.state {
        State::Ended(outcome) => outcome.as_str(),
        other => other.as_str(),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let into = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &into);
        } else {
            fs::copy(&path, into).expect("it can be copied");
        }
    }
}

/// What a command answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Answer {
    pub(super) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Stdout is one JSON document and nothing else.
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A running daemon; it is killed with the value.
pub(super) struct Daemon {
    child: Child,
    pub(super) pid: Pid,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    pub(super) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the daemon can be started");
        let lines = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take().expect("it is piped"), Arc::clone(&lines));
        collect(child.stderr.take().expect("it is piped"), Arc::clone(&lines));
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).expect("it runs");
        Self { child, pid, lines }
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics with it").clone()
    }

    /// How many of its lines hold a text.
    pub(super) fn times(&self, text: &str) -> usize {
        self.said().iter().filter(|line| line.contains(text)).count()
    }

    /// Waits for a line.
    pub(super) async fn hears(&self, text: &str) -> String {
        let watch = Stopwatch::start();
        loop {
            if let Some(line) = self.said().into_iter().find(|line| line.contains(text)) {
                return line;
            }
            assert!(watch.elapsed() < PATIENCE, "{text:?} is not in {:#?}", self.said());
            sleep(LOOK).await;
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("it can be signalled");
    }

    /// Its exit status, which must come in time.
    pub(super) async fn ends_within(&mut self, limit: Duration) -> ExitStatus {
        let ended = timeout(limit, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it still runs: {:#?}", self.said())).expect("it can be waited for")
    }

    /// `kill -9`.
    pub(super) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ends_within(PATIENCE).await;
    }

    /// Asks it to stop and expects that it does so in order.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.ends_within(PATIENCE).await;
        assert_eq!(status.code(), Some(0), "{:#?}", self.said());
    }

    /// The address that it serves.
    pub(super) async fn address(&self) -> String {
        let line = self.hears("firstserve runs;").await;
        let (_, rest) = line.split_once("http://").expect("an address");
        rest.split_once("/livez").expect("a path").0.to_owned()
    }
}

fn collect(pipe: impl AsyncRead + Unpin + Send + 'static, lines: Arc<Mutex<Vec<String>>>) {
    tokio::spawn(async move {
        let mut pipe = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = pipe.next_line().await {
            lines.lock().expect("nobody panics with it").push(line);
        }
    });
}

/// Waits until something is true.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, limit: Duration, mut is: impl FnMut() -> F) {
    let watch = Stopwatch::start();
    while !is().await {
        assert!(watch.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(LOOK).await;
    }
}
