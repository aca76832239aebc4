//! One session of an account at a time, unless its site bears several: two log-ins of one account push each other out at many clubs.
//!
//! Who waits stands in a line; [`Claim`] says who is served first, and who gives his session up to whom.

mod turn;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::model::{Member, Sessions, Site};
use crate::timing::Claim;
pub(super) use turn::{Pressed, Turn};

/// The line before each account, by its entry in the vault.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountLocks(Arc<Mutex<HashMap<String, Arc<Account>>>>);

impl AccountLocks {
    /// The account, where the site bears one session of it.
    fn account(&self, site: &Site, member: &Member) -> Option<Arc<Account>> {
        if site.sessions == Sessions::Many {
            return None;
        }
        let mut accounts = self.0.lock().expect("no holder panics");
        Some(Arc::clone(accounts.entry(member.vault.clone()).or_default()))
    }
}

#[derive(Debug, Default)]
struct Account {
    line: Mutex<Line>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Line {
    /// In the order in which they came; one of them at most has the account.
    places: Vec<Place>,
    turns: u64,
}

#[derive(Debug)]
struct Place {
    turn: u64,
    name: String,
    claim: Claim,
    /// Since when it has the account; none: it waits.
    since: Option<Timestamp>,
}

impl Account {
    /// A number that nobody else has.
    fn number(&self) -> u64 {
        let mut line = self.line();
        line.turns += 1;
        line.turns
    }

    /// A place at the end of the line; whoever has one keeps it, with another claim.
    fn stand(&self, turn: u64, name: &str, claim: Claim) {
        let mut line = self.line();
        match line.place(turn) {
            Some(place) => place.claim = claim,
            None => line.places.push(Place { turn, name: name.to_owned(), claim, since: None }),
        }
        drop(line);
        self.changed.notify_waiters();
    }

    /// Another claim, of whoever stands in the line.
    fn reclaim(&self, turn: u64, claim: Claim) {
        if let Some(place) = self.line().place(turn) {
            place.claim = claim;
        }
        self.changed.notify_waiters();
    }

    fn leave(&self, turn: u64) {
        self.line().places.retain(|place| place.turn != turn);
        self.changed.notify_waiters();
    }

    /// Gives the account to whoever asks, if it is its turn.
    ///
    /// # Errors
    /// The name of who comes before.
    fn serve(&self, turn: u64, now: Timestamp) -> Result<(), String> {
        let mut line = self.line();
        let first = match line.holder() {
            Some(holder) => holder,
            None => match line.places.iter_mut().min_by_key(|place| place.claim.place(now)) {
                Some(first) => first,
                None => return Ok(()),
            },
        };
        if first.turn != turn {
            return Err(first.name.clone());
        }
        first.since.get_or_insert(now);
        Ok(())
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("no holder panics")
    }
}

impl Line {
    fn place(&mut self, turn: u64) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.turn == turn)
    }

    fn holder(&mut self) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.since.is_some())
    }

    /// What whoever has the account is told: who needs it more, or when that may change.
    fn look(&self, turn: u64, pressed: Pressed, now: Timestamp) -> Look {
        let mine = self.places.iter().find(|place| place.turn == turn);
        let Some((mine, since)) = mine.and_then(|place| Some((place, place.since?))) else { return Look::Nobody(None) };
        let waiting = || self.places.iter().filter(|place| place.since.is_none());
        let needs = |place: &&Place| match pressed {
            Pressed::Waiting => place.claim.presses(&mine.claim, since, now),
            Pressed::AtWork => place.claim.interrupts(&mine.claim, since, now),
        };
        match waiting().filter(needs).min_by_key(|place| place.claim.place(now)) {
            Some(place) => Look::Somebody(place.name.clone()),
            None => Look::Nobody(waiting().filter_map(|place| place.claim.changes_at(&mine.claim, since, now)).min()),
        }
    }
}

enum Look {
    Somebody(String),
    /// Until then at least, if nobody comes.
    Nobody(Option<Timestamp>),
}
