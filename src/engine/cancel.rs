//! A court that is won is given back at its site, because a person asks for it: once, in the foreground.
//!
//! The site's own list judges: it is read before anything is pressed, and what it says afterwards is written down. That the site is
//! asked is on disk before it is: whoever is killed in between looks at the list again, and presses nothing where it is gone.

use std::future::Future;
use std::time::Duration;

use tokio::sync::broadcast;

use super::errand::{Errand, Reason};
use super::lock::AccountLocks;
use super::perform::{Found, Hands, Performer, end_browsers_of_the_dead, hands};
use super::report::Reporter;
use super::{Event, Parts};
use crate::flow::rows::Row;
use crate::model::Attempt;
use crate::store::{Slot, StoreError};
use crate::timing::Trouble;

/// Events that a slow listener may fall behind.
const EVENTS_KEPT: usize = 1_024;

/// How often the list is read after the site was asked, until it shows the booking no more.
const LOOKS: u32 = 4;

/// Between two of those, unless the site settles sooner.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What is written down of one that was cancelled.
const CANCELLED: &str = "cancelled at the site; its list shows it no more";

/// What is written down of one that was not on the list any more.
const WAS_GONE: &str = "the site's list did not show it any more when it was to be cancelled";

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The word.
    pub end: CancelEnd,
    /// Why, for a person.
    pub note: String,
}

/// How giving a court back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelEnd {
    /// The site's list shows it no more.
    Cancelled,
    /// The list did not show it any more; nothing was pressed.
    Gone,
    /// Nothing was pressed, and the court is kept.
    Untouched,
    /// The site was asked, and its list still shows the booking.
    StillListed,
    /// The site was asked, and its list could not be read.
    Unknown,
}

impl CancelEnd {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Gone => "gone",
            Self::Untouched => "untouched",
            Self::StillListed => "still-listed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the court is given back.
    pub fn is_cancelled(self) -> bool {
        matches!(self, Self::Cancelled | Self::Gone)
    }
}

/// Gives back what a confirmed attempt has won. The store says before what is done, and afterwards what the site's list shows.
pub fn cancel(
    parts: Parts,
    attempt: Attempt,
    slot: Slot,
) -> (broadcast::Receiver<Event>, impl Future<Output = Result<Cancelled, StoreError>> + Send) {
    let (events, listener) = broadcast::channel(EVENTS_KEPT);
    (listener, run(parts, attempt, slot, events))
}

async fn run(
    parts: Parts,
    attempt: Attempt,
    slot: Slot,
    events: broadcast::Sender<Event>,
) -> Result<Cancelled, StoreError> {
    end_browsers_of_the_dead(&parts.config.server.data).await;
    let errand = match Errand::to_give_back(&attempt, &slot, &parts).await {
        Ok(errand) => errand,
        Err(Reason::Store(error)) => return Err(error),
        Err(reason) => return Ok(untouched(reason.to_string())),
    };
    let settle = errand.site.patience.settle.unsigned_abs();
    let reporter = Reporter::new(events).of(&attempt.id);
    let hands = hands(errand, &attempt, &parts, reporter, AccountLocks::default());
    let mut desk = Desk { parts, attempt, slot, settle, hands };
    let done = desk.give_back().await;
    desk.hands.rest().await;
    done
}

/// One booking at the site's desk.
struct Desk {
    parts: Parts,
    attempt: Attempt,
    slot: Slot,
    settle: Duration,
    hands: Hands,
}

impl Desk {
    async fn give_back(&mut self) -> Result<Cancelled, StoreError> {
        match self.first_look().await {
            Ok(Found::One(row)) => self.ask(&row).await,
            Ok(Found::Gone) => self.over(CancelEnd::Gone, WAS_GONE).await,
            Ok(Found::Several(rows)) => Ok(untouched(several(rows))),
            Err(trouble) => Ok(untouched(trouble.words())),
        }
    }

    /// A list that does not show it at once may be late with it: it is read twice.
    async fn first_look(&mut self) -> Result<Found, Trouble> {
        let found = self.hands.look().await?;
        if found != Found::Gone {
            return Ok(found);
        }
        self.parts.clock.sleep_for(self.settle).await;
        self.hands.look().await
    }

    /// Asks the site, once. Whatever its pages say, its list is read.
    async fn ask(&mut self, row: &Row) -> Result<Cancelled, StoreError> {
        self.parts.store.begin_cancel(&self.attempt.id, &self.slot, self.parts.clock.now()).await?;
        let trouble = self.hands.cancel(row).await.err();
        let mut seen = self.hands.look().await;
        for _ in 1..LOOKS {
            if !matches!(seen, Ok(Found::One(_) | Found::Several(_))) {
                break;
            }
            self.parts.clock.sleep_for(self.settle.min(LOOK_AGAIN)).await;
            seen = self.hands.look().await;
        }
        match seen {
            Ok(Found::Gone) => self.over(CancelEnd::Cancelled, CANCELLED).await,
            Ok(_) => {
                let note = trouble.map_or_else(|| "every step of cancel/ was done".to_owned(), |why| why.words());
                Ok(Cancelled { end: CancelEnd::StillListed, note })
            }
            Err(why) => Ok(Cancelled { end: CancelEnd::Unknown, note: why.words() }),
        }
    }

    async fn over(&self, end: CancelEnd, note: &str) -> Result<Cancelled, StoreError> {
        self.parts.store.cancelled(&self.attempt.id, note, self.parts.clock.now()).await?;
        Ok(Cancelled { end, note: note.to_owned() })
    }
}

fn untouched(note: String) -> Cancelled {
    Cancelled { end: CancelEnd::Untouched, note }
}

fn several(rows: u32) -> String {
    format!(
        "the site's list shows it {rows} times, and which one is to go is not for a program to guess; cancel it at the site"
    )
}
