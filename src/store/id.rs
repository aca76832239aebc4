//! Ids: 26 characters that sort by creation time.

use jiff::Timestamp;

/// Crockford's 32 digits: none that are mistaken for each other.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 48 bits of milliseconds, then 80 bits of chance.
pub(super) fn new(at: Timestamp) -> String {
    write(at, rand::random())
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
        assert_ne!(new(early), new(early));
    }
}
