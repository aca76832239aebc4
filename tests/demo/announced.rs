//! A club that announces on a page, or through its API, when its courts open; the rule of the member's file is wrong by minutes.

use std::fmt::Write as _;
use std::time::Duration;

use firstserve::club::Options;
use firstserve::engine::{Engine, Event, Handle, What};
use firstserve::model::{Announced, Outcome};
use firstserve::store::{AttemptFilter, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::Receiver;

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;
use super::process::{Ended, Process, next_turn};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(90);

/// Later than the submit of an attempt that knew the opening.
const A_WHILE: Duration = Duration::from_secs(3);

const MINUTES: SignedDuration = SignedDuration::from_mins(4);

/// By the API, in ISO 8601.
const ASKS: (&str, &str) = (
    "announced/10-ask.toml",
    "[[step]]\n[step.request]\nurl = \"{site.url}api/openings?court={court.site-id}&date={date}\"\n\
     headers = { Authorization = \"Bearer {token}\" }\nread = { opening = \"/opens\" }\nexpect = { status = 200 }\n",
);

/// What is read is the court's number, and no instant.
const ASKS_FOR_NONSENSE: (&str, &str) = (
    "announced/10-ask.toml",
    "[[step]]\n[step.request]\nurl = \"{site.url}api/openings?court={court.site-id}&date={date}\"\n\
     headers = { Authorization = \"Bearer {token}\" }\nread = { opening = \"/court\" }\nexpect = { status = 200 }\n",
);

/// By the page's attribute.
const READS: [(&str, &str); 1] = [(
    "announced/10-read.toml",
    "[[step]]\ngo = \"{site.url}aperturas?fecha={date}\"\n\
     [[step]]\nread = \"li#apertura-{court.site-id} time\"\nattribute = \"datetime\"\ninto = \"opening\"\n",
)];

/// By what people read there.
const READS_WORDS: [(&str, &str); 2] = [
    (
        "announced/10-read.toml",
        "[[step]]\ngo = \"{site.url}aperturas?fecha={date}&lang=es\"\n\
         [[step]]\nread = \"li#apertura-{court.site-id} time\"\nmatches = \"abren el (.+)\"\ninto = \"opening\"\n",
    ),
    ("announced/format.toml", "format = \"%d de %B a las %H:%M:%S\"\nlanguage = \"es\"\n"),
];

/// One wish at that club, whose file says that it opens so much later than it does.
fn house(
    club: &OwnClub,
    rule_is_late_by: SignedDuration,
    login_lead: &str,
    flow: &str,
    files: &[(&str, &str)],
) -> House {
    let (date, at) = club.opens();
    let rule = date.to_datetime(at) + rule_is_late_by;
    let days = DAYS_BEFORE - (rule.date() - date).get_days();
    let mut text = format!(
        "[browser]\nengine = \"firefox\"\n\
         [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\nlogin-lead = \"{login_lead}\"\n",
        club.ready.url
    );
    write!(
        text,
        "[site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {days}, at = \"{}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"as announced\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\"]\n",
        rule.time().strftime("%H:%M:%S")
    )
    .expect("a String takes it");
    let house = House::new(&text).with_flow(&format!("selectors/{flow}"), flow);
    let house = house.with_account("club/ana", "ana", "ana-raqueta");
    files.iter().fold(house, |house, (path, text)| house.with_file(flow, path, text))
}

fn once() -> [Submit; 1] {
    [Submit { start: "17:00".to_owned(), answer: "confirmed".to_owned(), early: false }]
}

/// One submit, not early by the club's ledger, and on time.
async fn booked_on_time(club: &OwnClub) {
    assert_eq!(club.submits().await, once());
    let ledger = club.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let submit = requests.iter().find(|request| !request["submit"].is_null()).expect("it submitted");
    let late = submit["received_ns"].as_i64().expect("ns") - ledger["opening_ns"].as_i64().expect("ns");
    assert!((0..1_500_000_000).contains(&late), "{late} ns late");
}

/// What happened until the end, the last of which it is.
async fn to_the_end(events: &mut Receiver<Event>, told: &mut Vec<String>) -> (Outcome, String) {
    let ending = async {
        loop {
            match events.recv().await.expect("the engine runs").what {
                What::Note(words) | What::Trouble(words) => told.push(words),
                What::Ended { outcome, note, .. } => return (outcome, note),
                _ => {}
            }
        }
    };
    tokio::time::timeout(LIMIT, ending).await.expect("it ends in time")
}

/// Until it is said that the attempt moves, and back to waiting.
async fn until_it_waits(events: &mut Receiver<Event>) -> String {
    let mut said = None;
    let waiting = async {
        loop {
            match (events.recv().await.expect("the engine runs").what, &said) {
                (What::Note(words), _) if words.starts_with("the site says") => said = Some(words),
                (What::Waiting { .. }, Some(words)) => return words.clone(),
                (What::Ended { note, .. }, _) => panic!("it is over: {note}"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.expect("it waits in time")
}

async fn stop(engine: Handle, running: tokio::task::JoinHandle<()>) {
    engine.stop().await;
    running.await.expect("no panic");
}

/// When the one attempt opens, by the store.
async fn opening(store: &Store) -> Timestamp {
    store.attempts(&AttemptFilter::default()).await.expect("it can be read")[0].opening
}

async fn log_ins(club: &OwnClub) -> usize {
    let ledger = club.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list").clone();
    requests.iter().filter(|request| request["path"] == "/api/login").count()
}

/// By the API: what became of it, what was told, and its trail.
async fn by_request(
    club: &OwnClub,
    rule_is_late_by: SignedDuration,
    login_lead: &str,
    files: &[(&str, &str)],
) -> (Outcome, Vec<String>, Vec<String>) {
    let house = house(club, rule_is_late_by, login_lead, "club-api", files);
    let parts = house.parts().await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts);
    let (mut events, mut told) = (engine.events(), Vec::new());
    let (outcome, note) = to_the_end(&mut events, &mut told).await;
    stop(engine, running).await;
    let attempt = store.attempts(&AttemptFilter::default()).await.expect("it can be read").remove(0);
    let trail = store.audit_of(&attempt.id).await.expect("it can be read");
    store.verify_audit().await.expect("whole");
    store.close().await;
    told.push(note);
    (outcome, told, trail.into_iter().map(|row| format!("{} {}", row.event, row.data)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_announces_is_kept_to_whether_the_rule_is_early_or_late() {
    let _turn = next_turn().await;
    for (late_by, words) in [(-MINUTES, "4 minutes later than the rule"), (MINUTES, "4 minutes earlier than the rule")]
    {
        let club = OwnClub::opens_in(SignedDuration::from_secs(15), Options::default());
        let (outcome, told, trail) = by_request(&club, late_by, "10m", &[ASKS]).await;
        assert_eq!(outcome, Outcome::Confirmed, "{told:?}");
        booked_on_time(&club).await;
        assert!(told.iter().any(|line| line.contains(words) && line.ends_with("; the attempt moves")), "{told:?}");
        assert_eq!(trail.iter().filter(|row| row.starts_with("announced ")).count(), 1, "{trail:?}");
        assert_eq!(log_ins(&club).await, 1);
    }
}

/// Control: the same rules without the folder.
#[tokio::test(flavor = "multi_thread")]
async fn by_the_wrong_rule_alone_it_is_early_or_late() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(15), Options::default());
    by_request(&club, -MINUTES, "10m", &[]).await;
    assert!(club.submits().await.first().is_some_and(|submit| submit.early && submit.answer == "not-open"));
    let club = OwnClub::opens_in(SignedDuration::from_secs(3), Options::default());
    let house = house(&club, MINUTES, "10m", "club-api", &[]);
    let (engine, running) = Engine::start(house.parts().await);
    tokio::time::sleep(Duration::from_secs(3) + A_WHILE).await;
    assert_eq!(club.submits().await, [], "it waits for the rule, and the court is anybody's");
    stop(engine, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_instant_is_told_and_the_rule_is_kept() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(12), Options::default());
    let (outcome, told, trail) = by_request(&club, SignedDuration::ZERO, "10m", &[ASKS_FOR_NONSENSE]).await;
    assert_eq!(outcome, Outcome::Confirmed, "{told:?}");
    assert_eq!(club.submits().await, once());
    let line = "when it opens was not read off the site, and stays as it was: “5” is not written as announced/format.toml says (iso)";
    assert!(told.iter().any(|told| told == line), "{told:?}");
    assert!(!trail.iter().any(|row| row.starts_with("announced ")), "{trail:?}");
}

/// It has announced an instant that has passed, and opens by its rule: tried once, and then the rule stands.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_passed_and_is_not_open_is_tried_once_and_then_the_rule_stands() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(12), Options::default());
    let house = house(&club, SignedDuration::ZERO, "10m", "club-api", &[ASKS_FOR_NONSENSE]);
    let (parts, rule) = (house.parts().await, club.ready.opening.expect("it opens at an instant"));
    let stale = Announced {
        site: "club".into(),
        court: "1".into(),
        start: club.opens().0.at(17, 0, 0, 0),
        instant: rule - SignedDuration::from_hours(24),
        rule,
        read_at: rule - SignedDuration::from_mins(1),
        said: "the day before".to_owned(),
        files: parts.config.flow(&"club".into()).expect("a flow").announced_hash().to_owned(),
    };
    parts.store.announce(&"earlier".into(), &stale, stale.instant, false).await.expect("kept");
    let (engine, running) = Engine::start(parts);
    let (mut events, mut told) = (engine.events(), Vec::new());
    let (outcome, note) = to_the_end(&mut events, &mut told).await;
    stop(engine, running).await;
    assert_eq!(outcome, Outcome::Confirmed, "{note} {told:?}");
    let answers: Vec<_> = club.submits().await.into_iter().map(|submit| (submit.answer, submit.early)).collect();
    assert_eq!(answers, [("not-open".to_owned(), true), ("confirmed".to_owned(), false)], "{told:?}");
    assert!(told.iter().any(|line| line.contains("is not kept to; by the rule it opens")), "{told:?}");
}

/// More than the lead for the log-in: it goes back to waiting, and a new plan, a reload and another process leave it there.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_outlives_a_new_plan_and_a_restart() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(26), Options::default());
    let opens = club.ready.opening.expect("it opens at an instant");
    let house = house(&club, SignedDuration::from_secs(-22), "10s", "club-api", &[ASKS]);
    let parts = house.parts().await;
    let (store, again) = (parts.store.clone(), parts.clone());
    let (engine, running) = Engine::start(parts);
    let mut events = engine.events();
    let words = until_it_waits(&mut events).await;
    assert!(words.contains("22 seconds later than the rule"), "{words}");
    assert_eq!(opening(&store).await, opens);
    engine.reload(again).await;
    tokio::time::timeout(LIMIT, async {
        while !matches!(events.recv().await.expect("the engine runs").what, What::Reloaded(_)) {}
    })
    .await
    .expect("it reloads");
    assert_eq!(opening(&store).await, opens, "a new plan leaves it there");
    stop(engine, running).await;
    store.close().await;
    drop(store);
    let parts = house.parts().await;
    let store = parts.store.clone();
    let (engine, running) = Engine::start(parts);
    let mut told = Vec::new();
    let (outcome, note) = to_the_end(&mut engine.events(), &mut told).await;
    stop(engine, running).await;
    assert_eq!(outcome, Outcome::Confirmed, "{note} {told:?}");
    assert_eq!(opening(&store).await, opens);
    store.close().await;
    booked_on_time(&club).await;
    assert_eq!(log_ins(&club).await, 2, "one that read, and one that booked");
}

/// In Firefox: an element that is not there is told with its place, and the rule is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_announces_nothing_costs_a_line() {
    let _turn = next_turn().await;
    let club = OwnClub::opens_in(SignedDuration::from_secs(25), Options::default());
    let [(path, text)] = READS;
    let text = text.replace("apertura-", "aviso-").replace("into", "timeout = \"2s\"\ninto");
    let ended = in_firefox(&club, SignedDuration::ZERO, &[(path, &text)]).await;
    assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
    booked_on_time(&club).await;
    let told = "when it opens was not read off the site, and stays as it was: ";
    assert!(ended.stderr.contains(told) && ended.stderr.contains("announced/10-read.toml:"), "{ended:?}");
}

async fn in_firefox(club: &OwnClub, late_by: SignedDuration, files: &[(&str, &str)]) -> Ended {
    let house = house(club, late_by, "10m", "club", files);
    let ended = tokio::task::spawn_blocking(move || {
        let config = house.config();
        let words = ["--config", config.to_str().expect("a plain path"), "--json", "book", "as announced"];
        Process::start(&words, &[]).ended(LIMIT)
    });
    ended.await.expect("it ends in time")
}

/// In Firefox, by an attribute and by the words of the page.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_announces_is_kept_to_whether_the_rule_is_early_or_late() {
    let _turn = next_turn().await;
    let cases: [(SignedDuration, &[(&str, &str)]); 2] = [(-MINUTES, &READS), (MINUTES, &READS_WORDS)];
    for (late_by, files) in cases {
        let club = OwnClub::opens_in(SignedDuration::from_secs(14), Options::default());
        let ended = in_firefox(&club, late_by, files).await;
        assert_eq!(ended.json()["outcome"], "confirmed", "{ended:?}");
        booked_on_time(&club).await;
        assert!(ended.stderr.contains("the site says that court 1 on "), "{ended:?}");
    }
}
