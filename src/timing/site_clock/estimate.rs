//! The best guess within the proven interval.
//!
//! Where within its round trip an answer was dated nobody knows. The guess is that both ways behave alike: each takes at least
//! nearly half of the fastest round trip that was seen, and at most a little more than half of the slowest, if those are not worlds
//! apart; between the two anything is as likely; and one answer in twenty is different. Each answer then makes some offsets
//! likelier than others; the guess is their mean. It is a guess: the proof is the interval, and a path that is always slower in one
//! direction than in the other shifts the guess, never the interval.

use jiff::SignedDuration;

use super::Sample;

/// Into how many parts the interval is divided.
const PARTS: u32 = 256;

/// Answers that keep to no rule.
const ODD: f64 = 0.05;

/// The share of the fastest round trip that each way takes at least.
const LEAST: f64 = 0.45;

/// The share of the slowest round trip that each way takes at most.
const MOST: f64 = 0.55;

/// A slowest round trip that took more than so many of the fastest was an accident, and says nothing about the others.
const ACCIDENT: f64 = 4.0;

/// The mean of the offsets between `low` and `high`, by how likely the answers make them.
pub(super) fn estimate<'s>(
    samples: impl Iterator<Item = &'s Sample> + Clone,
    low: SignedDuration,
    high: SignedDuration,
) -> SignedDuration {
    let ways = Ways::of(samples.clone());
    let telling: Vec<Telling> = samples.map(|sample| Telling::new(sample, low, &ways)).collect();
    let step = (high - low).as_secs_f64() / f64::from(PARTS);
    let offsets = || (0..PARTS).map(|part| (f64::from(part) + 0.5) * step);
    let likely: Vec<f64> = offsets().map(|x| telling.iter().map(|telling| telling.likelihood(x).ln()).sum()).collect();
    let most = likely.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = likely.iter().map(|likely| (likely - most).exp());
    let (mut sum, mut mean) = (0.0, 0.0);
    for (x, weight) in offsets().zip(weights) {
        sum += weight;
        mean += weight * x;
    }
    (low + SignedDuration::try_from_secs_f64(mean / sum).unwrap_or_default()).clamp(low, high)
}

/// How long one way takes, in seconds.
struct Ways {
    least: f64,
    most: f64,
}

impl Ways {
    fn of<'s>(samples: impl Iterator<Item = &'s Sample>) -> Self {
        let trips = samples.map(|sample| sample.round_trip().as_secs_f64());
        let (fastest, slowest) =
            trips.fold((f64::INFINITY, 0.0_f64), |(low, high), trip| (low.min(trip), high.max(trip)));
        let most = if slowest <= fastest * ACCIDENT { slowest * MOST } else { f64::INFINITY };
        Self { least: fastest * LEAST, most }
    }
}

/// What a sample says, in seconds from its own sending and from the interval's lower end.
struct Telling {
    /// When it would have to be dated at the earliest if the offset were the lower end.
    turn: f64,
    round_trip: f64,
    /// How much of the round trip at its beginning, and at its end, it was hardly dated in.
    margin: f64,
}

impl Telling {
    fn new(sample: &Sample, low: SignedDuration, ways: &Ways) -> Self {
        let turn = (sample.date.shown().duration_since(sample.sent) - low).as_secs_f64();
        let round_trip = sample.round_trip().as_secs_f64();
        Self { turn, round_trip, margin: ways.least.max(round_trip - ways.most) }
    }

    /// How likely it is that this second was shown, if the offset is so far above the lower end.
    fn likelihood(&self, offset: f64) -> f64 {
        let (from, to) = (self.turn - offset, self.turn - offset + 1.0);
        let usual = share(from, to, self.margin, self.round_trip - self.margin);
        let odd = share(from, to, 0.0, self.round_trip);
        (1.0 - ODD) * usual + ODD * odd + f64::MIN_POSITIVE
    }
}

/// The share of `[begin, end]` that lies between `from` and `to`.
fn share(from: f64, to: f64, begin: f64, end: f64) -> f64 {
    /// Round trips of nothing at all are none.
    const SHORTEST: f64 = 1e-9;
    let length = (end - begin).max(SHORTEST);
    (to.min(end) - from.max(begin)).clamp(0.0, length) / length
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::timing::SiteTime;

    #[test]
    fn the_guess_lies_where_most_answers_turn() {
        let second: Timestamp = "2027-01-01T00:00:10Z".parse().expect("a timestamp");
        let ms = SignedDuration::from_millis;
        // Asked so that the middle of the way is at our second, a little before and a little after: the clocks agree.
        let samples = [-9, -4, 4, 9].map(|off| {
            let middle = second + ms(off);
            let date = if off < 0 { second - ms(1_000) } else { second };
            Sample { sent: middle - ms(20), received: middle + ms(20), date: SiteTime::written(date) }
        });
        let guess = estimate(samples.iter(), ms(-16), ms(16));
        assert!(guess.abs() <= ms(3), "{guess:?}");
    }

    #[test]
    fn an_interval_without_width_is_its_own_guess() {
        assert_eq!(estimate([].iter(), SignedDuration::ZERO, SignedDuration::ZERO), SignedDuration::ZERO);
    }
}
