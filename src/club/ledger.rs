//! What reached the club, and when: the evidence that tests judge by.

use std::collections::VecDeque;

use jiff::Timestamp;

/// The most requests that are kept; beyond it the oldest go.
const LIMIT: usize = 100_000;

/// Every request in order of arrival, but those to `/_club/`.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: VecDeque<Entry>,
    last: u64,
    submits: u64,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    /// On the club's clock.
    pub(crate) received: Timestamp,
    pub(crate) method: String,
    pub(crate) path: String,
    /// None while it is not answered, and for ever where it was hung up on.
    pub(crate) status: Option<u16>,
    pub(crate) member: Option<&'static str>,
    pub(crate) submit: Option<Submit>,
}

/// What a submit asked for, as it was written, and what it was told.
#[derive(Clone, Debug)]
pub(crate) struct Submit {
    pub(crate) court: String,
    pub(crate) date: String,
    pub(crate) start: String,
    pub(crate) answer: &'static str,
    /// Whether it arrived before the announced opening of its slot.
    pub(crate) early: bool,
}

impl Ledger {
    /// Notes a request; the number is its `seq`, counted from 1 and not restarted by [`Ledger::clear`].
    pub(crate) fn arrive(&mut self, method: &str, path: &str, received: Timestamp) -> u64 {
        self.last += 1;
        self.submits += u64::from(is_submit(method, path));
        if self.entries.len() == LIMIT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            seq: self.last,
            received,
            method: method.to_owned(),
            path: path.to_owned(),
            status: None,
            member: None,
            submit: None,
        });
        self.last
    }

    /// The entry of that number, while it is kept.
    pub(crate) fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.seq;
        self.entries.get_mut(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// Every entry that is kept.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many submits reached the club, whatever they were answered.
    pub(crate) fn submits(&self) -> u64 {
        self.submits
    }

    /// Forgets everything but the numbering.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.submits = 0;
    }
}

fn is_submit(method: &str, path: &str) -> bool {
    method == "POST" && matches!(path, "/reservar" | "/api/bookings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_before_the_reset_is_not_written_into_the_new_ledger() {
        let mut ledger = Ledger::default();
        let old = ledger.arrive("POST", "/reservar", Timestamp::UNIX_EPOCH);
        assert_eq!(ledger.submits(), 1);
        ledger.clear();
        let new = ledger.arrive("GET", "/reservar", Timestamp::UNIX_EPOCH);
        assert!(ledger.entry(old).is_none());
        ledger.entry(new).expect("it is kept").status = Some(200);
        assert_eq!((ledger.entries().count(), ledger.submits()), (1, 0));
    }

    #[test]
    fn the_oldest_go_first() {
        let mut ledger = Ledger::default();
        for _ in 0..=LIMIT {
            ledger.arrive("GET", "/", Timestamp::UNIX_EPOCH);
        }
        assert_eq!(ledger.entries().count(), LIMIT);
        assert!(ledger.entry(1).is_none());
        assert_eq!(ledger.entry(2).map(|entry| entry.seq), Some(2));
    }
}
