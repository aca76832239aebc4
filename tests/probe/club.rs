//! The practice club, whose clock is as wrong as it is told to be.

use std::net::TcpListener;

use firstserve::browser::Trust;
use firstserve::clock::SystemClock;
use firstserve::club::{Club, Options};
use firstserve::probe::{A_RUN, AN_HOUR, Probe};
use jiff::SignedDuration;
use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{again, ask, bound_ms, error_ms, turn};

/// A running club; it ends with the value.
pub(super) struct OwnClub {
    pub(super) url: String,
    _shutdown: DropGuard,
}

impl OwnClub {
    pub(super) fn new(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let shutdown = CancellationToken::new();
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let url = club.ready().expect("it has an address").url;
        tokio::spawn(club.serve());
        Self { url, _shutdown: shutdown.drop_guard() }
    }

    pub(super) fn ahead(clock_offset: SignedDuration) -> Self {
        Self::new(Options { clock_offset, ..Options::default() })
    }

    /// How many requests reached it.
    pub(super) async fn requests(&self) -> usize {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        let answer = client.get(format!("{}_club/ledger", self.url)).send().await.expect("the club answers");
        let ledger: serde_json::Value = answer.json().await.expect("the ledger is JSON");
        ledger["requests"].as_array().expect("a list").len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn near_by_the_error_is_below_a_millisecond_and_the_bound_below_two() {
    firstserve::browser::install_provider();
    let _turn = turn().await;
    let ms = SignedDuration::from_millis;
    for truth in [ms(0), ms(3_000), ms(-3_000), SignedDuration::from_micros(1_373_400), ms(-827), ms(3_600_000)] {
        assert!(exact(truth).await, "never exact with {truth:?}");
    }
}

/// Whether one of three runs is exact; all of them must be true. A busy machine makes the way long, not the answer wrong: then
/// it must be as exact as the way allows.
async fn exact(truth: SignedDuration) -> bool {
    for _ in 0..3 {
        let club = OwnClub::ahead(truth);
        let reading = ask(&club.url, Trust::default(), A_RUN).await.expect("the club answers");
        let (error, bound) = (error_ms(&reading, truth), bound_ms(&reading));
        println!(
            "site clock: club ahead by {truth:?}: error {error:+.3} ms, bound {bound:.3} ms, {} asked",
            reading.requests
        );
        assert!(error.abs() <= bound, "the truth is outside: {error} {bound}");
        assert!(reading.requests <= A_RUN);
        assert_eq!(club.requests().await, usize::try_from(reading.requests).expect("it fits"), "no more than it says");
        assert_eq!(reading.servers.len(), 1);
        let way = reading.round_trip.as_secs_f64() * 1e3;
        if error.abs() <= way.max(1.0) && bound <= (way * 3.0).max(2.0) {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_has_forty_questions_and_what_was_known_is_kept() {
    firstserve::browser::install_provider();
    let _turn = turn().await;
    let club = OwnClub::ahead(SignedDuration::from_millis(250));
    let probe = std::sync::Arc::new(Mutex::new(Probe::new(club.url.parse().expect("an address"), Trust::default())));
    let truth = SignedDuration::from_millis(250);
    let mut asked = 0;
    for _ in 0..4 {
        let reading = again(&probe, A_RUN).await.expect("the club answers");
        asked += usize::try_from(reading.requests).expect("it fits");
        assert!(error_ms(&reading, truth).abs() <= bound_ms(&reading));
        assert!(bound_ms(&reading) < 20.0, "what was known is kept");
    }
    assert!(probe.lock().await.rested(&SystemClock).is_some_and(|rested| rested.as_secs() < 5));
    assert_eq!(club.requests().await, asked);
    assert!(asked <= AN_HOUR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_club_that_answers_late_is_inside_the_bound_all_the_same() {
    firstserve::browser::install_provider();
    let _turn = turn().await;
    // All of this delay is before the club dates its answer: as lopsided as a way can be.
    let latency =
        firstserve::club::Latency { from: SignedDuration::from_millis(20), to: SignedDuration::from_millis(60) };
    let truth = SignedDuration::from_millis(1_300);
    let club = OwnClub::new(Options { latency, clock_offset: truth, ..Options::default() });
    let reading = ask(&club.url, Trust::default(), A_RUN).await.expect("the club answers");
    let (error, bound) = (error_ms(&reading, truth), bound_ms(&reading));
    println!("site clock: --latency 20..60ms, one-sided: error {error:+.2} ms, bound {bound:.2} ms");
    assert!(error.abs() <= bound && bound <= 80.0, "{error} {bound}");
}
