//! Ids: 26 characters that sort by creation time.

use std::sync::Mutex;

use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// Crockford's 32 digits: none that are mistaken for each other.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Where the chance in ids comes from.
#[derive(Debug, Default)]
pub(super) enum Ids {
    /// The operating system: no two processes make the same.
    #[default]
    System,
    /// A seed: the same ids each time, for a simulation.
    Seeded(Mutex<Xoshiro256PlusPlus>),
}

impl Ids {
    /// Ids that are the same for the same seed.
    pub(super) fn seeded(seed: u64) -> Self {
        Self::Seeded(Mutex::new(Xoshiro256PlusPlus::seed_from_u64(seed)))
    }

    /// 48 bits of milliseconds, then 80 bits of chance.
    pub(super) fn new_id(&self, at: Timestamp) -> String {
        write(at, self.chance())
    }

    fn chance(&self) -> u128 {
        match self {
            Self::System => rand::random(),
            Self::Seeded(chance) => {
                let mut chance = chance.lock().expect("no holder panics");
                u128::from(chance.next_u64()) << 64 | u128::from(chance.next_u64())
            }
        }
    }
}

fn write(at: Timestamp, chance: u128) -> String {
    let millis = u128::from(at.as_millisecond().max(0).unsigned_abs()) & ((1 << 48) - 1);
    let bits = millis << 80 | chance >> 48;
    (0..26).rev().map(|place| char::from(DIGITS[(bits >> (5 * place)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_whatever_chance_says() {
        let early = Timestamp::from_millisecond(1_800_000_000_000).expect("in range");
        let late = Timestamp::from_millisecond(1_800_000_000_001).expect("in range");
        assert!(write(early, u128::MAX) < write(late, 0));
        assert_eq!(write(early, 7).len(), 26);
        assert_ne!(Ids::System.new_id(early), Ids::System.new_id(early));
    }

    #[test]
    fn a_seed_gives_the_same_ids_again() {
        let at = Timestamp::from_millisecond(1_800_000_000_000).expect("in range");
        let (one, other) = (Ids::seeded(7), Ids::seeded(7));
        let (first, second) = (one.new_id(at), one.new_id(at));
        assert_eq!((other.new_id(at), other.new_id(at)), (first.clone(), second.clone()));
        assert_ne!(first, second);
        assert_ne!(Ids::seeded(8).new_id(at), first);
    }
}
