//! The site's clock, worked out from the whole seconds of its `Date` headers.
//!
//! An answer was dated between our sending and our receiving. So when it shows the second `D`, the site's clock is ahead of ours
//! by at least `D - received` and by less than `D + 1 s - sent`, whatever the delays were. The intervals of several answers are
//! intersected, each widened by the drift since it was taken: the truth lies in what is left. If nothing is left, it was not
//! one clock that answered.
//!
//! A question asked so that it is dated just where a second may turn halves the interval. What is absent: asking (`probe`).

mod estimate;

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::offset::{Offset, SiteTime, drift};

/// Answers that are kept; older ones have drifted too wide to tell anything.
const KEPT: usize = 64;

/// Between two questions, however near the next second is.
const PAUSE: SignedDuration = SignedDuration::from_millis(3);

/// A narrower interval is not worth another question.
const NARROW: SignedDuration = SignedDuration::from_micros(400);

/// At a site that is near, an interval as narrow as the way there and back cannot become much narrower. Far away it cannot
/// either, but there more answers make the guess better.
const NEAR: SignedDuration = SignedDuration::from_millis(2);

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Ours, before the first byte of the question was written.
    pub sent: Timestamp,
    /// Ours, after the answer was there.
    pub received: Timestamp,
    /// The whole second that the answer shows.
    pub date: SiteTime,
}

impl Sample {
    /// The time between.
    pub fn round_trip(&self) -> SignedDuration {
        self.received.duration_since(self.sent)
    }

    /// The interval that this answer alone proves, seen from an instant of ours.
    fn interval(&self, at: Timestamp) -> (SignedDuration, SignedDuration) {
        let date = self.date.shown();
        let low = date.duration_since(self.received) - drift(at.duration_since(self.received));
        let high = date.duration_since(self.sent) + SECOND + drift(at.duration_since(self.sent));
        (low, high)
    }
}

/// Why no offset can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// Nothing was answered yet.
    #[error("the site has not answered yet")]
    Unasked,
    /// No one clock can have given these answers.
    #[error("the answers contradict each other by {} ms: several servers with different clocks, or a clock that was set", .gap.as_millis())]
    Contradiction {
        /// By how much, at least.
        gap: SignedDuration,
    },
}

/// What a site's answers say of its clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteClock {
    samples: VecDeque<Sample>,
}

impl SiteClock {
    /// Takes an answer into account. One that was received before it was sent proves nothing and is left out.
    pub fn add(&mut self, sample: Sample) {
        if sample.received < sample.sent {
            return;
        }
        self.samples.push_back(sample);
        if self.samples.len() > KEPT {
            self.samples.pop_front();
        }
    }

    /// Forgets every answer: what comes now is compared with nothing older.
    pub fn forget(&mut self) {
        self.samples.clear();
    }

    /// The offset at an instant of ours.
    ///
    /// # Errors
    /// Nothing was answered, or the answers contradict each other.
    pub fn offset(&self, at: Timestamp) -> Result<Offset, Unclear> {
        let (low, high) = self.interval(at)?;
        let estimate = estimate::estimate(self.samples.iter(), low, high);
        Ok(Offset::new(low, high, estimate, at).expect("the estimate lies in the interval"))
    }

    /// The middle one of the round trips; none before the first answer.
    pub fn round_trip(&self) -> Option<SignedDuration> {
        let mut trips: Vec<SignedDuration> = self.samples.iter().map(Sample::round_trip).collect();
        trips.sort_unstable();
        trips.get(trips.len() / 2).copied()
    }

    /// When to ask next so that the answer tells most: it should be dated where the site's second turns, by the best guess.
    /// None when another answer would tell nothing more, or when there is no one clock.
    pub fn next_question(&self, now: Timestamp) -> Option<Timestamp> {
        let offset = match self.offset(now) {
            Ok(offset) => offset,
            Err(Unclear::Unasked) => return Some(now),
            Err(Unclear::Contradiction { .. }) => return None,
        };
        (!self.is_narrow(&offset)).then(|| self.aimed(&offset, now + PAUSE))
    }

    /// The first instant from `soonest` on at which a question is dated at a turn of the site's second.
    fn aimed(&self, offset: &Offset, soonest: Timestamp) -> Timestamp {
        let way = self.round_trip().unwrap_or_default() / 2;
        let dated = offset.site_at(soonest).shown().saturating_add(way).unwrap_or(Timestamp::MAX);
        let into_second = dated.as_nanosecond().rem_euclid(SECOND.as_nanos());
        let into_second = i64::try_from(into_second).expect("less than a second");
        soonest + SignedDuration::from_nanos((1_000_000_000 - into_second) % 1_000_000_000)
    }

    fn is_narrow(&self, offset: &Offset) -> bool {
        let fastest = self.samples.iter().map(Sample::round_trip).min().unwrap_or_default();
        offset.high() - offset.low() <= NARROW.max((fastest + fastest / 8).min(NEAR))
    }

    fn interval(&self, at: Timestamp) -> Result<(SignedDuration, SignedDuration), Unclear> {
        let both = |(low, high): (SignedDuration, SignedDuration), (a, b)| (low.max(a), high.min(b));
        let intervals = self.samples.iter().map(|sample| sample.interval(at));
        let (low, high) = intervals.reduce(both).ok_or(Unclear::Unasked)?;
        if low <= high { Ok((low, high)) } else { Err(Unclear::Contradiction { gap: low - high }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn sample(sent: &str, received: &str, date: &str) -> Sample {
        Sample { sent: at(sent), received: at(received), date: SiteTime::written(at(date)) }
    }

    #[test]
    fn one_answer_proves_a_second_and_the_way() {
        let mut clock = SiteClock::default();
        clock.add(sample("2027-01-01T00:00:00.200Z", "2027-01-01T00:00:00.300Z", "2027-01-01T00:00:03Z"));
        let offset = clock.offset(at("2027-01-01T00:00:00.300Z")).expect("an offset");
        assert_eq!(offset.low(), SignedDuration::from_millis(2_700));
        let high = offset.high() - SignedDuration::from_millis(3_800);
        assert!(high >= SignedDuration::ZERO && high <= SignedDuration::from_micros(10), "{high:?}");
        assert!((offset.estimate() - SignedDuration::from_millis(3_250)).abs() < SignedDuration::from_millis(5));
    }

    #[test]
    fn answers_that_no_one_clock_can_give_are_told() {
        let mut clock = SiteClock::default();
        clock.add(sample("2027-01-01T00:00:00.200Z", "2027-01-01T00:00:00.210Z", "2027-01-01T00:00:03Z"));
        clock.add(sample("2027-01-01T00:00:01.200Z", "2027-01-01T00:00:01.210Z", "2027-01-01T00:00:06Z"));
        let now = at("2027-01-01T00:00:01.210Z");
        assert!(matches!(clock.offset(now), Err(Unclear::Contradiction { gap }) if gap.as_millis() >= 980));
        assert_eq!(clock.next_question(now), None);
    }

    #[test]
    fn the_next_question_is_dated_where_a_second_turns() {
        let mut clock = SiteClock::default();
        assert_eq!(clock.next_question(at("2027-01-01T00:00:00Z")), Some(at("2027-01-01T00:00:00Z")));
        clock.add(sample("2027-01-01T00:00:00.200Z", "2027-01-01T00:00:00.300Z", "2027-01-01T00:00:03Z"));
        let now = at("2027-01-01T00:00:00.300Z");
        let next = clock.next_question(now).expect("another question");
        let dated = clock.offset(now).expect("an offset").site_at(next + SignedDuration::from_millis(50));
        assert!(next > now && next <= now + SECOND + PAUSE);
        assert_eq!(dated.shown().subsec_nanosecond(), 0);
    }

    #[test]
    fn an_answer_before_its_question_is_left_out() {
        let mut clock = SiteClock::default();
        clock.add(sample("2027-01-01T00:00:00.200Z", "2027-01-01T00:00:00.100Z", "2027-01-01T00:00:03Z"));
        assert_eq!(clock.offset(at("2027-01-01T00:00:01Z")), Err(Unclear::Unasked));
    }
}
