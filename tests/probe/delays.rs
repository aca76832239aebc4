//! A way that takes now longer, now shorter, in both directions.

use std::sync::Arc;
use std::time::Duration;

use firstserve::browser::Trust;
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::club::OwnClub;
use super::{again, bound_ms, error_ms, turn};
use firstserve::probe::{AN_HOUR, Probe};

/// From and to, each way, in microseconds.
const DELAY: (u64, u64) = (20_000, 60_000);

/// Listens, and passes everything on to a club as late as drawn.
async fn far_away(club: &str, seed: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/", listener.local_addr().expect("it has an address"));
    let club = club.trim_start_matches("http://").trim_end_matches('/').to_owned();
    tokio::spawn(async move {
        let mut seed = seed;
        while let Ok((visitor, _)) = listener.accept().await {
            let site = TcpStream::connect(&club).await.expect("the club is there");
            visitor.set_nodelay(true).and_then(|()| site.set_nodelay(true)).expect("an option");
            let (from_visitor, to_visitor) = visitor.into_split();
            let (from_site, to_site) = site.into_split();
            seed += 2;
            tokio::spawn(pass(from_visitor, to_site, seed));
            tokio::spawn(pass(from_site, to_visitor, seed + 1));
        }
    });
    url
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut seed: u64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let late = DELAY.0 + (seed >> 33) % (DELAY.1 - DELAY.0);
        tokio::time::sleep(Duration::from_micros(late)).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn far_away_forty_questions_bring_the_guess_within_six_milliseconds() {
    firstserve::browser::install_provider();
    let _turn = turn().await;
    let truth = SignedDuration::from_millis(-827);
    let club = OwnClub::ahead(truth);
    let url = far_away(&club.url, 7).await;
    let probe = Arc::new(tokio::sync::Mutex::new(Probe::new(url.parse().expect("an address"), Trust::default())));
    let mut asked = 0;
    let mut last = None;
    // As before an opening: a run, and another, and what is left of the hour.
    for requests in [15, 15, 10] {
        let reading = again(&probe, requests).await.expect("the club answers");
        asked += reading.requests;
        let (error, bound) = (error_ms(&reading, truth), bound_ms(&reading));
        println!("site clock: 20-60 ms each way, {asked} asked: error {error:+.2} ms, bound {bound:.2} ms");
        assert!(error.abs() <= bound, "the truth is outside: {error} {bound}");
        last = Some(error);
    }
    assert!(asked <= u32::try_from(AN_HOUR).expect("it fits"));
    assert!(last.is_some_and(|error| error.abs() <= 6.0), "{last:?}");
}
