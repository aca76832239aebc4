//! How far a page's clock is from ours, proven by asking it: a remote browser runs on another machine, and a page's scripts may
//! put a clock of their own in the place of the browser's.
//!
//! A page that shows `p`, asked between `before` and `after`, is ahead of us by something between `p - after` and `p - before`.
//! Every question narrows that; where two contradict each other a clock was set meanwhile, and nothing is known.
//! What is absent: asking (that is the stage's), and what to do when the clock is not known well enough.

use jiff::{SignedDuration, Timestamp};

/// Pages show whole milliseconds, and some round them up.
const GRAIN: SignedDuration = SignedDuration::from_millis(1);

/// One question for the page's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Our time before it was asked.
    pub before: Timestamp,
    /// What the page showed.
    pub page: Timestamp,
    /// Our time when the answer was there.
    pub after: Timestamp,
}

/// How far a page's clock is ahead of ours: at least `low`, at most `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageClock {
    low: SignedDuration,
    high: SignedDuration,
}

impl PageClock {
    /// The clock of a page on this machine.
    pub const OURS: Self = Self { low: SignedDuration::ZERO, high: SignedDuration::ZERO };

    /// What the questions prove; none: nothing was asked, or the answers contradict each other.
    pub fn proven_by(asked: &[Asked]) -> Option<Self> {
        let low = asked.iter().map(|one| one.page.duration_since(one.after) - GRAIN).max()?;
        let high = asked.iter().map(|one| one.page.duration_since(one.before) + GRAIN).min()?;
        (low <= high).then_some(Self { low, high })
    }

    /// Whether what was proven leaves it possible that it is the clock of this machine.
    pub fn may_be_ours(&self) -> bool {
        self.low <= SignedDuration::ZERO && self.high >= SignedDuration::ZERO
    }

    /// How much of it is not known. What waits for a time on the page is late by this much at most.
    pub fn width(&self) -> SignedDuration {
        self.high - self.low
    }

    /// What the page shows when our clock has certainly come to `at`: never before it.
    pub fn shows(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.high).unwrap_or(at)
    }

    /// Our time when the page showed `page`, from the middle of what is possible.
    pub fn ours(&self, page: Timestamp) -> Timestamp {
        page.saturating_sub((self.low + self.high) / 2).unwrap_or(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    /// A page that is `ahead` milliseconds ahead, asked at `before`, with these ways there and back.
    fn asked(ahead: i64, before: i64, there: i64, back: i64) -> Asked {
        Asked { before: at(before), page: at(before + there + ahead), after: at(before + there + back) }
    }

    #[test]
    fn the_instant_on_the_page_is_never_before_ours() {
        for ahead in [-90_000, -7, 0, 3, 250, 3_600_000] {
            let asked: Vec<Asked> = [(2, 9), (11, 1), (4, 4), (1, 30)]
                .iter()
                .enumerate()
                .map(|(n, (there, back))| asked(ahead, i64::try_from(n).unwrap() * 100, *there, *back))
                .collect();
            let clock = PageClock::proven_by(&asked).expect("they agree");
            let opening = at(10_000);
            // When the page shows that time, our clock shows it minus what the page is ahead.
            let ours = clock.shows(opening) - SignedDuration::from_millis(ahead);
            assert!(ours >= opening, "{ahead}: early by {:?}", opening.duration_since(ours));
            assert!(ours.duration_since(opening) <= clock.width(), "{ahead}");
            assert!(clock.width() <= SignedDuration::from_millis(5), "the shortest ways count: {:?}", clock.width());
            let back = clock.ours(opening + SignedDuration::from_millis(ahead));
            assert!(back.duration_since(opening).abs() <= clock.width(), "{ahead}");
            // The control: taking the page's clock for ours is early as soon as the page is ahead.
            assert_eq!(opening - SignedDuration::from_millis(ahead) < opening, ahead > 0);
        }
    }

    #[test]
    fn a_clock_that_was_set_meanwhile_is_not_known() {
        assert_eq!(PageClock::proven_by(&[asked(0, 0, 2, 2), asked(500, 100, 2, 2)]), None);
        assert_eq!(PageClock::proven_by(&[]), None);
    }

    #[test]
    fn a_slow_way_proves_little() {
        let far = PageClock::proven_by(&[asked(0, 0, 80, 120)]).expect("one answer is something");
        assert_eq!(far.width(), SignedDuration::from_millis(202));
    }

    #[test]
    fn a_page_that_shifts_its_clock_is_found_out() {
        for (ahead, ours) in [(0, true), (1, true), (5, false), (-5, false), (20_000, false), (-20_000, false)] {
            let clock = PageClock::proven_by(&[asked(ahead, 0, 2, 1), asked(ahead, 9, 1, 2)]).expect("they agree");
            assert_eq!(clock.may_be_ours(), ours, "{ahead}");
        }
    }

    #[test]
    fn our_own_clock_needs_no_proof() {
        assert_eq!((PageClock::OURS.shows(at(5)), PageClock::OURS.ours(at(5))), (at(5), at(5)));
    }
}
