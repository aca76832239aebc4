//! A WebDriver service that is not ours: a real geckodriver behind a door that counts, and refuses what it is told to refuse.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firstserve::club::{Fault, Options, Shape};
use jiff::SignedDuration;
use rustix::process::{Pid, Signal, kill_process_group};

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;
use super::process::{Ended, Process, next_turn};
use crate::drivers::site::{Does, Receipt, Site};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(120);

/// Long enough for Firefox to start and log in.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(9);

/// The page waits by its own clock, which is asked first; a program in the page does the opening steps as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_remote_page_is_asked_for_its_time_and_is_never_early() {
    let _turn = next_turn().await;
    for (fire, shape) in [("armed", Shape::Reload), ("script", Shape::Submit)] {
        let grid = Grid::start(0);
        let club = OwnClub::opens_in(OPENS_IN, Options { shape, ..Options::default() });
        let house = house(&club, &grid, fire, shape);
        let ended = book(&house).await;
        assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
        assert!(ended.stderr.contains(&format!(" by {fire}, ")), "{ended:?}");
        assert_eq!(club.submits().await, [submit("confirmed")], "{ended:?}");
        let asked = grid.service.receipts().iter().filter(|receipt| receipt.text.contains("Date.now()")).count();
        assert!(asked >= 2, "the page's clock was asked {asked} times");
    }
}

/// Nobody knows what became of the submit, and the session cannot be ended at once: the list is not believed before it has.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_not_read_before_the_session_has_ended() {
    let _turn = next_turn().await;
    let grid = Grid::start(3);
    let club = OwnClub::opens_in(OPENS_IN, Options { faults: vec![Fault::DropAfterCommit], ..Options::default() });
    let house = house(&club, &grid, "script", Shape::Submit);
    let ended = book(&house).await;
    assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
    assert_eq!(club.submits().await.len(), 1, "{ended:?}");
    assert!(ended.stderr.contains("the browser session cannot be ended; it is waited for"), "{ended:?}");
    let life = grid.life();
    let (first, second) = (life.split(|word| *word == "begins").nth(1), life.split(|word| *word == "begins").nth(2));
    assert_eq!(first, Some(&["ends"; 4][..]), "three refusals and the end come before the next session: {life:?}");
    assert!(second.is_some(), "the list was read in another session: {life:?}");
}

/// What a process that was killed has left at the service is ended by the next one, before it reads the list.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_crash_has_left_is_ended_by_the_next_start() {
    let _turn = next_turn().await;
    let grid = Grid::start(0);
    let club = OwnClub::opens_in(OPENS_IN, Options { faults: vec![Fault::StallsAfterCommit], ..Options::default() });
    let house = house(&club, &grid, "script", Shape::Submit);
    let config = house.config().display().to_string();
    let killed = tokio::task::spawn_blocking(move || {
        let mut process = Process::start(&["--config", &config, "book", "from afar"], &[]);
        process.says("sent court", LIMIT);
        process.child.kill().expect("it runs");
        process.child.wait().expect("it ends");
    });
    killed.await.expect("it is killed in time");
    assert_eq!(grid.life(), ["begins"], "the control: the session is still there");
    let ended = book(&house).await;
    assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
    assert_eq!(club.submits().await.len(), 1, "{ended:?}");
    assert_eq!(grid.life()[..3], ["begins", "ends", "begins"], "{ended:?}");
}

async fn book(house: &House) -> Ended {
    let config = house.config().display().to_string();
    let words = move || Process::start(&["--config", &config, "--json", "book", "from afar"], &[]).ended(LIMIT);
    tokio::task::spawn_blocking(words).await.expect("it ends in time")
}

fn house(club: &OwnClub, grid: &Grid, fire: &str, shape: Shape) -> House {
    let flow = if shape == Shape::Submit { "club" } else { "club-reload" };
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    House::new(&format!(
        "[browser]\nengine = \"firefox\"\nwebdriver = \"{}\"\nsession-timeout = \"60s\"\n\
         [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\nfire = \"{fire}\"\nsettle = \"1s\"\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"from afar\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        grid.service.url.trim_end_matches('/'),
        club.ready.url
    ))
    .with_flow(&format!("selectors/{flow}"), flow)
    .with_account("club/ana", "ana", "ana-raqueta")
}

fn submit(answer: &str) -> Submit {
    Submit { start: "17:00".to_owned(), answer: answer.to_owned(), early: false }
}

/// geckodriver, behind its door; it ends with the value.
struct Grid {
    service: Site,
    driver: Child,
}

impl Grid {
    /// The door refuses the first so many requests to end a session.
    fn start(refusals: usize) -> Self {
        let (port, websocket) = (free_port(), free_port());
        let mut command = Command::new("geckodriver");
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--websocket-port", &websocket.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let driver = command.spawn().expect("geckodriver is on PATH");
        let asked = Arc::new(AtomicUsize::new(0));
        let service = Site::new(move |receipt: &Receipt| match receipt.method.as_str() {
            "DELETE" if is_session(&receipt.path) && asked.fetch_add(1, Ordering::SeqCst) < refusals => refuse(),
            _ => pass_on(port, receipt),
        });
        Self { service, driver }
    }

    /// The beginnings and ends of sessions that were asked for, in order.
    fn life(&self) -> Vec<&'static str> {
        let word = |receipt: Receipt| match receipt.method.as_str() {
            "POST" if receipt.path == "/session" => Some("begins"),
            "DELETE" if is_session(&receipt.path) => Some("ends"),
            _ => None,
        };
        self.service.receipts().into_iter().filter_map(word).collect()
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.driver.id().cast_signed()) {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}

fn is_session(path: &str) -> bool {
    path.strip_prefix("/session/").is_some_and(|id| !id.contains('/'))
}

fn refuse() -> Does {
    let body = r#"{"value":{"error":"unknown error","message":"the node does not answer","stacktrace":""}}"#;
    let head = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n";
    Does::Answers(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
}

/// One request, on a connection of its own; the asker's connection stays.
fn pass_on(port: u16, receipt: &Receipt) -> Does {
    let Ok(mut driver) = TcpStream::connect(("127.0.0.1", port)) else { return Does::HangsUp };
    let (head, body) = receipt.text.split_once("\r\n\r\n").expect("a request has a head");
    let (line, headers) = head.split_once("\r\n").expect("a request has a first line");
    // The driver answers to its own name only; its connection is not the asker's.
    let is_ours =
        |header: &&str| ["host:", "connection:"].iter().any(|name| header.to_ascii_lowercase().starts_with(name));
    let headers = headers.split("\r\n").filter(|header| !is_ours(header)).collect::<Vec<_>>().join("\r\n");
    let request = format!("{line}\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}\r\n\r\n{body}");
    let mut answer = Vec::new();
    let asked = driver.write_all(request.as_bytes()).and_then(|()| driver.read_to_end(&mut answer));
    match (asked, String::from_utf8(answer)) {
        (Ok(1..), Ok(answer)) => Does::Answers(answer.replacen("connection: close\r\n", "", 1)),
        _ => Does::HangsUp,
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
