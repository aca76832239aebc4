//! Letters travel through a real mail server, which is not always kind.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use firstserve::clock::{Clock, SimClock, SystemClock};
use firstserve::model::Secret;
use firstserve::notify::{Delivered, Letter, LetterKind, Security, Smtp, Transport, deliver, deliver_due};
use firstserve::store::Store;
use firstserve::vault::Credentials;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::server::MailServer;

struct Post {
    _folder: tempfile::TempDir,
    store: Store,
    clock: SimClock,
    transport: Transport,
}

impl Post {
    async fn new(transport: Transport) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("firstserve.db").display());
        let store = Store::open(&url, folder.path()).await.expect("the store opens");
        Self { _folder: folder, store, clock: SimClock::new(start()), transport }
    }

    async fn post(&self, id: &str) {
        self.store.queue_letter(None, &letter(id), self.clock.now()).await.expect("queued");
    }

    async fn round(&self) -> Delivered {
        deliver_due(&self.store, &self.transport, &self.clock).await.expect("the store works")
    }
}

fn start() -> Timestamp {
    "2027-07-09T06:00:00Z".parse().expect("an instant")
}

fn letter(id: &str) -> Letter {
    Letter {
        kind: LetterKind::Confirmed,
        to: "ana@example.org".into(),
        subject: "La cancha 2 es tuya: miércoles".into(),
        text: "¡Que lo disfrutes!\n".into(),
        html: "<p>¡Que lo disfrutes!</p>\n".into(),
        message_id: format!("<{id}@firstserve>"),
    }
}

fn smtp(server: &MailServer) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port: Some(server.port),
        security: Security::None,
        login: None,
        from: "firstserve <courts@example.org>".into(),
        trusted: Some(server.authority.clone().into_bytes()),
    }
}

fn to(server: &MailServer) -> Transport {
    Transport::smtp(&smtp(server)).expect("usable")
}

const NOTHING: Delivered = Delivered { sent: 0, swallowed: 0, postponed: 0, given_up: 0 };

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let server = MailServer::start(&[]);
    let post = Post::new(to(&server)).await;
    post.post("one").await;
    assert_eq!(post.round().await, Delivered { sent: 1, ..NOTHING });
    let message = server.next_message();
    assert_eq!(message["to"], serde_json::json!(["ana@example.org"]));
    assert_eq!(message["subject"], "La cancha 2 es tuya: miércoles");
    assert_eq!(message["message_id"], "<one@firstserve>");
    assert_eq!(message["date"], "Fri, 09 Jul 2027 06:00:00 +0000");
    assert_eq!(message["text"].as_str().expect("a text").trim(), "¡Que lo disfrutes!");
    assert_eq!(message["html"].as_str().expect("a page").trim(), "<p>¡Que lo disfrutes!</p>");
    assert_eq!(post.round().await, NOTHING, "it is sent once");
    assert!(server.is_quiet());
}

#[tokio::test]
async fn what_goes_wrong_is_tried_again_with_the_same_message_id() {
    for fault in ["451", "550", "drop"] {
        let server = MailServer::start(&["--faults", fault]);
        let post = Post::new(to(&server)).await;
        post.post("one").await;
        assert_eq!(post.round().await, Delivered { postponed: 1, ..NOTHING }, "{fault}");
        assert_eq!(post.round().await, NOTHING, "{fault}: not before its time");
        post.clock.advance(Duration::from_secs(if fault == "550" { 600 } else { 30 }));
        assert_eq!(post.round().await, Delivered { sent: 1, ..NOTHING }, "{fault}");
        let ids = [server.next_message(), server.next_message()].map(|message| message["message_id"].clone());
        assert_eq!(ids, ["<one@firstserve>", "<one@firstserve>"], "{fault}: a mailbox shows one");
    }
}

#[tokio::test]
async fn one_refused_letter_does_not_hold_up_the_next() {
    let server = MailServer::start(&["--faults", "550,ok"]);
    let post = Post::new(to(&server)).await;
    post.post("first").await;
    post.clock.advance(Duration::from_millis(5));
    post.post("second").await;
    assert_eq!(post.round().await, Delivered { sent: 1, postponed: 1, ..NOTHING });
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up() {
    let server = MailServer::start(&["--faults", "550,550,550,550,550"]);
    let post = Post::new(to(&server)).await;
    post.post("one").await;
    let mut rounds = Vec::new();
    for _ in 0..6 {
        rounds.push(post.round().await);
        post.clock.advance(Duration::from_secs(12 * 3600));
    }
    let (waits, last) = rounds.split_at(4);
    assert!(waits.iter().all(|round| *round == Delivered { postponed: 1, ..NOTHING }), "{rounds:?}");
    assert_eq!(last, [Delivered { given_up: 1, ..NOTHING }, NOTHING]);
    let trail = post.store.audit_rows(0, 10).await.expect("read");
    assert!(trail.iter().any(|row| row.event == "letter" && row.data.contains("given-up")), "{trail:?}");
}

#[tokio::test]
async fn a_server_that_is_away_loses_nothing() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&server);
    drop(server);
    let post = Post::new(Transport::smtp(&smtp).expect("usable")).await;
    post.post("one").await;
    assert_eq!(post.round().await, Delivered { postponed: 1, ..NOTHING });
    let back = MailServer::start(&[]);
    let post = Post { transport: to(&back), ..post };
    post.clock.advance(Duration::from_secs(30));
    assert_eq!(post.round().await, Delivered { sent: 1, ..NOTHING });
}

#[tokio::test]
async fn the_login_and_the_words_travel_protected() {
    for (protection, security) in [("starttls", Security::StartTls), ("tls", Security::Tls)] {
        let server = MailServer::start(&["--tls", protection, "--login", "bot:pass word"]);
        let login = |password: &str| Some(Credentials { user: "bot".into(), password: Secret::new(password) });
        let right = Smtp { security, login: login("pass word"), ..smtp(&server) };
        let post = Post::new(Transport::smtp(&right).expect("usable")).await;
        post.post("one").await;
        assert_eq!(post.round().await, Delivered { sent: 1, ..NOTHING }, "{protection}");
        let message = server.next_message();
        assert_eq!((&message["tls"], &message["user"]), (&true.into(), &"bot".into()));

        let wrong = Smtp { login: login("wrong"), ..right.clone() };
        let stranger = Smtp { trusted: None, ..right };
        for refused in [wrong, stranger] {
            let post = Post::new(Transport::smtp(&refused).expect("usable")).await;
            post.post("two").await;
            assert_eq!(post.round().await, Delivered { postponed: 1, ..NOTHING }, "{protection}: {refused:?}");
        }
        assert!(server.is_quiet());
    }
}

#[tokio::test]
async fn without_protection_a_server_that_needs_it_gets_nothing() {
    let server = MailServer::start(&["--tls", "none"]);
    let demanding = Smtp { security: Security::StartTls, ..smtp(&server) };
    let post = Post::new(Transport::smtp(&demanding).expect("usable")).await;
    post.post("one").await;
    assert_eq!(post.round().await, Delivered { postponed: 1, ..NOTHING }, "starttls is demanded, not asked for");
    assert!(server.is_quiet());
}

#[tokio::test]
async fn until_mail_is_configured_letters_vanish_quietly() {
    let post = Post::new(Transport::default()).await;
    post.post("one").await;
    assert_eq!(post.round().await, Delivered { swallowed: 1, ..NOTHING });
    assert_eq!(post.store.next_letter().await.expect("read"), None);
}

#[tokio::test]
async fn the_postman_wakes_at_a_nudge_and_stops_when_told() {
    let server = MailServer::start(&[]);
    let post = Post::new(to(&server)).await;
    let (nudge, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let transport = post.transport.clone();
    let postman = tokio::spawn(deliver(
        post.store.clone(),
        move || Ok::<_, Infallible>(transport.clone()),
        Arc::new(SystemClock),
        Arc::clone(&nudge),
        stop.clone(),
    ));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let now = SystemClock.now();
    post.store.queue_letter(None, &letter("one"), now).await.expect("queued");
    nudge.notify_one();
    let (server, message) = tokio::task::spawn_blocking(move || {
        let message = server.next_message();
        (server, message)
    })
    .await
    .expect("it arrives");
    assert_eq!(message["message_id"], "<one@firstserve>");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), postman).await.expect("it stops in time").expect("without a panic");
    drop(server);
}

#[tokio::test]
async fn while_there_is_no_way_letters_wait_and_no_try_is_spent() {
    let server = MailServer::start(&[]);
    let post = Post::new(to(&server)).await;
    post.store.queue_letter(None, &letter("one"), SystemClock.now()).await.expect("queued");
    let (nudge, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let (is_there, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let way = {
        let (is_there, asked, transport) = (Arc::clone(&is_there), Arc::clone(&asked), post.transport.clone());
        move || {
            asked.fetch_add(1, Ordering::SeqCst);
            if is_there.load(Ordering::SeqCst) { Ok(transport.clone()) } else { Err("no password yet") }
        }
    };
    let clock = Arc::new(SystemClock);
    let postman = tokio::spawn(deliver(post.store.clone(), way, clock, Arc::clone(&nudge), stop.clone()));
    for times in 1..4 {
        nudge.notify_one();
        let asked_again = async {
            while asked.load(Ordering::SeqCst) < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), asked_again).await.expect("each nudge asks for the way");
    }
    let waiting = post.store.waiting_letters().await.expect("read");
    assert_eq!((waiting.count, waiting.last_error.as_deref()), (1, Some("no password yet")));
    let due = post.store.due_letters(SystemClock.now(), 10).await.expect("read");
    assert_eq!(due.iter().map(|letter| letter.tries).collect::<Vec<_>>(), [0]);
    assert!(server.is_quiet());

    is_there.store(true, Ordering::SeqCst);
    nudge.notify_one();
    let message = tokio::task::spawn_blocking(move || server.next_message()).await.expect("it arrives");
    assert_eq!(message["message_id"], "<one@firstserve>");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), postman).await.expect("it stops in time").expect("without a panic");
}
