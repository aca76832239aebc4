//! A request bears the stamp of its first byte, however long its rest takes.

use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::World;

/// How long the body comes after the head.
const PAUSE: Duration = Duration::from_millis(400);

/// Sends a submit of the API in two pieces; the instants just before each of them.
async fn in_two_pieces(stream: &mut TcpStream, token: &str, body: &str) -> [Timestamp; 2] {
    let head = format!(
        "POST /api/bookings HTTP/1.1\r\nhost: club\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let first = SystemClock.now();
    stream.write_all(head.as_bytes()).await.expect("the club reads");
    tokio::time::sleep(PAUSE).await;
    let second = SystemClock.now();
    stream.write_all(body.as_bytes()).await.expect("the club reads");
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await.expect("in time");
    assert!(String::from_utf8_lossy(&answer[..read.expect("an answer")]).starts_with("HTTP/1.1 201"));
    [first, second]
}

/// Whether a stamp belongs to the first piece rather than to the second.
fn is_of_the_first(stamp: Timestamp, [first, second]: [Timestamp; 2]) -> bool {
    stamp >= first && stamp < second
}

#[tokio::test]
async fn the_first_byte_dates_each_request_of_a_kept_connection() {
    let world = World::new().await;
    let token = world.program("ana").await.token;
    let mut stream = TcpStream::connect(world.ready.url.trim_start_matches("http://").trim_end_matches('/'))
        .await
        .expect("the club listens");
    let mut sent = Vec::new();
    for start in ["17:00", "18:00"] {
        let body = format!(r#"{{"court":"5","date":"{}","start":"{start}"}}"#, world.date(1));
        sent.push(in_two_pieces(&mut stream, &token, &body).await);
        // The control: what a handler would stamp that waits for the whole request fails the check.
        let naive = SystemClock.now();
        assert!(!is_of_the_first(naive, sent[sent.len() - 1]));
    }
    let ledger = world.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let stamps = requests.iter().filter(|entry| !entry["submit"].is_null());
    let stamps: Vec<_> = stamps
        .map(|entry| Timestamp::from_nanosecond(entry["received_ns"].as_i64().expect("ns").into()).expect("an instant"))
        .collect();
    assert_eq!(stamps.len(), 2);
    for (stamp, sent) in stamps.into_iter().zip(sent) {
        assert!(is_of_the_first(stamp, sent), "{stamp} is not of {sent:?}");
    }
}
