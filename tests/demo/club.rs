//! A practice club of the test's own, so that the test can read its ledger.

use std::net::TcpListener;

use firstserve::club::{Club, Options, Ready};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The club's zone.
pub(super) const ZONE: &str = "America/Costa_Rica";

/// How many dates before its own a date of court 1 opens.
pub(super) const DAYS_BEFORE: i32 = 10;

/// A running club; it ends with the value.
pub(super) struct OwnClub {
    pub(super) ready: Ready,
    _shutdown: DropGuard,
}

/// A submit that reached the club.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Submit {
    pub(super) start: String,
    pub(super) answer: String,
    pub(super) early: bool,
}

impl OwnClub {
    /// Opens after that time.
    pub(super) fn opens_in(time: SignedDuration, options: Options) -> Self {
        firstserve::browser::install_provider();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let shutdown = CancellationToken::new();
        let options = Options { opens_in: Some(time), ..options };
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let ready = club.ready().expect("it has an address");
        tokio::spawn(club.serve());
        Self { ready, _shutdown: shutdown.drop_guard() }
    }

    /// The date that opens, and the local time at which it does.
    pub(super) fn opens(&self) -> (Date, Time) {
        let zone = TimeZone::get(ZONE).expect("the zone is known");
        let opening = self.ready.opening.expect("it opens at an instant").to_zoned(zone);
        (opening.date() + DAYS_BEFORE.days(), opening.time())
    }

    /// Everything that reached the club.
    pub(super) async fn ledger(&self) -> Value {
        let answer = reqwest::get(format!("{}_club/ledger", self.ready.url)).await.expect("the club answers");
        answer.json().await.expect("the ledger is JSON")
    }

    /// The submits in the order of their receipt.
    pub(super) async fn submits(&self) -> Vec<Submit> {
        let ledger = self.ledger().await;
        let requests = ledger["requests"].as_array().expect("a list");
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let submits = requests.iter().map(|request| &request["submit"]).filter(|submit| !submit.is_null());
        submits
            .map(|submit| Submit {
                start: word(&submit["start"]),
                answer: word(&submit["answer"]),
                early: submit["early"] == true,
            })
            .collect()
    }
}
