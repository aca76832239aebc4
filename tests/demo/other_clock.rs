//! A club whose clock is off: its opening is by its own clock, and so is the submit.

use std::fmt::Write as _;
use std::time::Duration;

use firstserve::cli::explain::Measured;
use firstserve::club::Options;
use firstserve::engine::{Engine, Event, What, site_clock_setting};
use firstserve::model::{Outcome, SiteId};
use firstserve::store::{FireFilter, Mark};
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;
use super::process::next_turn;

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(60);

/// Long enough to stage and to ask for the time.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(14);

struct Ended {
    outcome: Outcome,
    note: String,
    submits: Vec<Submit>,
    /// Receipt of the first submit after the opening, by the club's clock, in milliseconds.
    late_ms: f64,
    trail: Vec<String>,
    /// What `explain` would say.
    known: Option<Measured>,
    /// What our own ledger says of the first submit: when it left and arrived after the opening, in milliseconds.
    ours_ms: [f64; 2],
}

/// One attempt at a club whose clock is ahead by so much.
async fn book(ahead: SignedDuration, rule: &str) -> Ended {
    let club = OwnClub::opens_in(OPENS_IN, Options { clock_offset: ahead, ..Options::default() });
    let url = club.ready.url.clone();
    book_at(&club, &url, rule).await
}

/// One attempt at that address of a club.
async fn book_at(club: &OwnClub, url: &str, rule: &str) -> Ended {
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    let house = House::new(&format!(
        "[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club-api\"\n{rule}\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"by its clock\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        url
    ))
    .with_flow("selectors/club-api", "club-api")
    .with_account("club/ana", "ana", "ana-raqueta");
    let parts = house.parts().await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts);
    let mut events = engine.events();
    let (id, outcome, note) = tokio::time::timeout(LIMIT, async {
        loop {
            let event = events.recv().await.expect("the engine runs");
            if let Event { attempt: Some(id), what: What::Ended { outcome, note, .. }, .. } = event {
                break (id, outcome, note);
            }
        }
    })
    .await
    .expect("it ends in time");
    engine.stop().await;
    running.await.expect("no panic");
    let trail = store.audit_of(&id).await.expect("it can be read");
    let kept = store.setting(&site_clock_setting(&SiteId::new("club"))).await.expect("it can be read");
    let known = kept.map(|text| Measured::parse(&text).unwrap_or_else(|| panic!("explain cannot read {text}")));
    let fires = store.fires(&FireFilter::default()).await.expect("it can be read");
    let after = |mark| fires[0].after_opening(mark).expect("the club tells").as_secs_f64() * 1e3;
    let ours_ms = [after(Mark::Sent), after(Mark::Received)];
    store.close().await;
    let ledger = club.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let first = requests.iter().find(|request| !request["submit"].is_null()).expect("it submitted");
    let late = first["received_ns"].as_i64().expect("ns") - ledger["opening_ns"].as_i64().expect("ns");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let late_ms = late as f64 / 1e6;
    let trail = trail.into_iter().filter(|row| row.event == "site-clock").map(|row| row.data).collect();
    Ended { outcome, note, submits: club.submits().await, late_ms, trail, known, ours_ms }
}

fn confirmed_once(ended: &Ended) {
    assert_eq!(ended.outcome, Outcome::Confirmed, "{}", ended.note);
    let confirmed = Submit { start: "17:00".to_owned(), answer: "confirmed".to_owned(), early: false };
    assert_eq!(ended.submits, [confirmed]);
    assert!((0.0..250.0).contains(&ended.late_ms), "{} ms late", ended.late_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_is_waited_for() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::from_secs(-3), "").await;
    println!("lateness: club 3 s behind: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
    assert!(ended.trail.iter().any(|data| data.contains("\"follows_site\":true")), "{:?}", ended.trail);
    in_one_time(&ended);
    let known = ended.known.expect("the site was asked");
    assert!(known.follows && known.offset.low() <= SignedDuration::from_secs(-3));
    assert!(known.offset.high() >= SignedDuration::from_secs(-3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_is_met() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::from_secs(3), "").await;
    println!("lateness: club 3 s ahead: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
    in_one_time(&ended);
}

/// Our ledger reckons from our instant of the opening, also what the site's clock has told; neither is three seconds off.
fn in_one_time(ended: &Ended) {
    assert!(ended.ours_ms.iter().all(|ms| ms.abs() < 500.0), "sent, received: {:?} ms", ended.ours_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_agree_cost_nothing() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::ZERO, "").await;
    println!("lateness: club with our clock: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
    assert!(ended.trail.iter().all(|data| data.contains("\"follows_site\":false")), "{:?}", ended.trail);
    assert!(!ended.trail.is_empty());
}

/// Control: by our own clock alone the first submit is early.
#[tokio::test(flavor = "multi_thread")]
async fn by_our_own_clock_the_submit_is_early() {
    let _turn = next_turn().await;
    let ended = book(SignedDuration::from_secs(-3), "clock = \"own\"").await;
    assert!(ended.submits.first().is_some_and(|submit| submit.early), "{:?}", ended.submits);
    assert!(ended.late_ms < 0.0 && ended.trail.is_empty());
    let arrival = ended.ours_ms[1];
    assert!(
        arrival < -2_000.0,
        "control: the club's clock is 3 s behind, and nobody turns that into ours: {arrival} ms"
    );
}

/// Passes everything on to a club, but for questions with `HEAD`: those are never answered.
async fn without_time(club: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/", listener.local_addr().expect("it has an address"));
    let club = club.trim_start_matches("http://").trim_end_matches('/').to_owned();
    tokio::spawn(async move {
        while let Ok((mut visitor, _)) = listener.accept().await {
            let club = club.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let read = visitor.read(&mut buffer).await.unwrap_or(0);
                if buffer[..read].starts_with(b"HEAD ") {
                    return tokio::time::sleep(LIMIT).await;
                }
                let mut site = TcpStream::connect(club).await.expect("the club is there");
                if site.write_all(&buffer[..read]).await.is_ok() {
                    // It ends with either side.
                    let _ = tokio::io::copy_bidirectional(&mut visitor, &mut site).await;
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_never_tells_the_time_is_booked_on_time() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(8), Options::default());
    let url = without_time(&club.ready.url).await;
    let ended = book_at(&club, &url, "").await;
    println!("lateness: club that never tells the time: {:.3} ms", ended.late_ms);
    confirmed_once(&ended);
    assert!(ended.trail.is_empty() && ended.known.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn four_attempts_at_one_site_ask_it_once() {
    let _turn = next_turn().await;
    let known: Vec<_> = firstserve::club::MEMBERS.iter().take(4).collect();
    let club = OwnClub::opens_in(OPENS_IN, Options::default());
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    let mut text = format!(
        "[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club-api\"\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n",
        club.ready.url
    );
    for (nth, (user, _)) in known.iter().enumerate() {
        let hour = 10 + nth;
        write!(
            text,
            "[member.{user}]\nsite = \"club\"\nvault = \"club/{user}\"\n[[booking]]\nname = \"plays\"\nmember = \"{user}\"\n\
             courts = [\"1\"]\ndate = {date}\ntimes = [\"{hour}:00\"]\n"
        )
        .expect("a String takes it");
    }
    let house = House::new(&text).with_flow("selectors/club-api", "club-api");
    let house =
        known.iter().fold(house, |house, (user, password)| house.with_account(&format!("club/{user}"), user, password));
    let parts = house.parts().await;
    let (engine, running) = Engine::start(parts);
    let mut events = engine.events();
    let (mut told, mut won) = (0, 0);
    tokio::time::timeout(LIMIT, async {
        while won < known.len() {
            match events.recv().await.expect("the engine runs").what {
                What::SiteClock { .. } => told += 1,
                What::Ended { outcome, note, .. } => {
                    assert_eq!(outcome, Outcome::Confirmed, "{note}");
                    won += 1;
                }
                _ => {}
            }
        }
    })
    .await
    .expect("it ends in time");
    engine.stop().await;
    running.await.expect("no panic");
    let ledger = club.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let opening = ledger["opening_ns"].as_i64().expect("ns");
    // The shots warm their connections with HEAD as well, in the last seconds.
    let quiet = opening - 2_600_000_000;
    let asked = requests
        .iter()
        .filter(|request| request["method"] == "HEAD" && request["received_ns"].as_i64().is_some_and(|at| at < quiet));
    assert_eq!(told, known.len(), "each of them knows");
    assert!(asked.count() <= 15, "they ask together as often as one");
}
