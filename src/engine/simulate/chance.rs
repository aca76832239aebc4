//! Chance that is the same each time: every stream of numbers is named, and follows from the seed and its name.
//!
//! Naming them keeps a story alive: what one attempt meets does not depend on how often another one asked. The generator is
//! one whose numbers are promised never to change, and what is made of them is written here, so that a seed means the same
//! after an update.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(super) struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// The stream of that name.
    pub(super) fn of(seed: u64, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"firstserve simulate");
        hash.update(seed.to_be_bytes());
        hash.update(name.as_bytes());
        Self(Xoshiro256PlusPlus::from_seed(hash.finalize().into()))
    }

    /// A number below `end`; 0 for an empty range.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(end);
        u64::try_from(wide >> 64).expect("less than `end`")
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in so many of a thousand cases.
    pub(super) fn per_mille(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    /// One of them.
    pub(super) fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// An index below `len`.
    pub(super) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("less than `len`")
    }

    /// A span between two numbers of microseconds.
    pub(super) fn micros(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_micros(self.between(low, high))
    }

    /// A span between two numbers of milliseconds.
    pub(super) fn millis(&mut self, low: u64, high: u64) -> Duration {
        self.micros(low * 1_000, high * 1_000)
    }

    /// A span between two numbers of seconds.
    pub(super) fn seconds(&mut self, low: u64, high: u64) -> SignedDuration {
        let millis = self.between(low * 1_000, high * 1_000);
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// An instant between two others.
    pub(super) fn instant(&mut self, from: Timestamp, to: Timestamp) -> Timestamp {
        let millis = to.duration_since(from).as_millis().max(0);
        let millis = self.below(u64::try_from(millis).unwrap_or(u64::MAX));
        from + Duration::from_millis(millis)
    }

    /// In another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.index(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with another program from the published algorithms, SHA-256 and xoshiro256++.
    const GOLDEN: [u64; 3] = [951, 325, 774];

    #[test]
    fn a_name_and_a_seed_mean_the_same_numbers_for_ever() {
        let numbers = |seed, name: &str| {
            let mut chance = Chance::of(seed, name);
            [chance.below(1_000), chance.below(1_000), chance.below(1_000)]
        };
        assert_eq!(numbers(1, "a"), GOLDEN);
        assert_ne!(numbers(1, "a"), numbers(1, "b"));
        assert_ne!(numbers(1, "a"), numbers(2, "a"));
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut chance = Chance::of(7, "range");
        let drawn: Vec<u64> = (0..2_000).map(|_| chance.between(3, 6)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&6)));
        assert_eq!(chance.below(0), 0);
    }

    #[test]
    fn a_shuffled_row_has_the_same_members() {
        let mut row: Vec<u32> = (0..50).collect();
        Chance::of(7, "shuffle").shuffle(&mut row);
        assert_ne!(row, (0..50).collect::<Vec<_>>());
        row.sort_unstable();
        assert_eq!(row, (0..50).collect::<Vec<_>>());
    }
}
