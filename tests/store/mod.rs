//! What is kept: the life of the data, and what a crash, a rival, a second daemon or a forger can do to it.

mod again;
mod announced;
mod audit;
mod crash;
mod files;
mod migrate;
mod lessons;
mod overview;
mod plan;
mod postgres;
mod rivals;
mod settle;
mod story;

use firstserve::model::{AttemptId, Choice, State};
use firstserve::store::{Letter, LetterKind, Planned, Store};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// A store in a folder of its own, which can be closed and opened again.
struct Kept {
    folder: TempDir,
}

impl Kept {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self) -> std::path::PathBuf {
        self.data().join("firstserve.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    async fn open(&self) -> Store {
        Store::open(&self.url(), &self.data()).await.expect("the store opens")
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("in range")
}

fn planned(booking: &str, day: i8) -> Planned {
    Planned {
        booking: booking.into(),
        member: "ana".into(),
        site: "las-palmas".into(),
        date: date(2027, 7, day),
        opening: at(3600),
    }
}

fn choice(court: &str, day: i8, hour: i8) -> Choice {
    Choice {
        court: court.into(),
        court_site_id: "5".into(),
        start: date(2027, 7, day).at(hour, 0, 0, 0),
        length: SignedDuration::from_hours(1),
        opening: at(3600),
        starts_at: at(7 * 24 * 3600),
    }
}

fn letter(kind: LetterKind, id: &str) -> Letter {
    Letter {
        kind,
        to: "ana@example.org".into(),
        subject: "Court 1 is yours".into(),
        text: "See you there.".into(),
        html: "<p>See you there.</p>".into(),
        message_id: format!("<{id}@firstserve>"),
    }
}

/// Plans one attempt and brings it to ready.
async fn ready(store: &Store, booking: &str, day: i8) -> AttemptId {
    let change = store.plan(&[planned(booking, day)], at(0)).await.expect("planned");
    let id = change.added.into_iter().next().expect("one new attempt");
    for (from, to) in [(State::Planned, State::Preparing), (State::Preparing, State::Ready)] {
        store.transition(&id, from, to, at(1), None).await.expect("moves on");
    }
    id
}

async fn state(store: &Store, id: &AttemptId) -> State {
    store.attempt(id).await.expect("readable").expect("there").state
}
