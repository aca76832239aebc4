//! The site's time and ours: two types, and the one way between them.
//!
//! What is absent: where an offset comes from (`site_clock`), and asking for it (`probe`).

use jiff::{SignedDuration, Timestamp};

use crate::model::{ClockRule, Follow};

/// How fast two clocks are taken to drift apart, in millionths: two plain quartz clocks, 50 each, in opposite directions.
/// What was measured is worth less by so much with every second that passes.
pub const DRIFT_PPM: i64 = 100;

/// A `Date` that is farther off is more likely a mistake in the site's headers than in its bookings.
pub const FARTHEST: SignedDuration = SignedDuration::from_mins(10);

/// An instant as the site's clock shows it. It cannot be compared with ours; [`Offset`] converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteTime(Timestamp);

impl SiteTime {
    /// An opening: the rule speaks of the site's own calendar, so the instant that it names is one of the site's clock.
    pub fn of_opening(opening: Timestamp) -> Self {
        Self(opening)
    }

    /// What the site itself wrote, in a `Date` header say.
    pub fn written(shown: Timestamp) -> Self {
        Self(shown)
    }

    /// What the site's clock shows then.
    pub fn shown(self) -> Timestamp {
        self.0
    }
}

/// How far the site's clock is ahead of ours: an interval in which the truth lies, and the best guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    low: SignedDuration,
    high: SignedDuration,
    estimate: SignedDuration,
    at: Timestamp,
}

impl Offset {
    /// An offset (site minus ours) that was true at `at` of our clock. None unless `low <= estimate <= high`.
    pub fn new(low: SignedDuration, high: SignedDuration, estimate: SignedDuration, at: Timestamp) -> Option<Self> {
        (low <= estimate && estimate <= high).then_some(Self { low, high, estimate, at })
    }

    /// The least that the site's clock can be ahead.
    pub fn low(&self) -> SignedDuration {
        self.low
    }

    /// The most that the site's clock can be ahead.
    pub fn high(&self) -> SignedDuration {
        self.high
    }

    /// The best guess.
    pub fn estimate(&self) -> SignedDuration {
        self.estimate
    }

    /// When it was so, by our clock.
    pub fn measured_at(&self) -> Timestamp {
        self.at
    }

    /// The farthest that the guess can be from the truth: half the width of the proven interval around it.
    pub fn bound(&self) -> SignedDuration {
        (self.high - self.estimate).max(self.estimate - self.low)
    }

    /// The same at another instant of our clock: wider by the drift of the time between.
    #[must_use]
    pub fn aged_to(&self, now: Timestamp) -> Self {
        let drift = drift(now.duration_since(self.at));
        Self { low: self.low - drift, high: self.high + drift, estimate: self.estimate, at: now }
    }

    /// The same after our clock was set forward by so much (back, where negative).
    #[must_use]
    pub fn after_step(&self, by: SignedDuration) -> Self {
        Self {
            low: self.low - by,
            high: self.high - by,
            estimate: self.estimate - by,
            at: self.at.saturating_add(by).unwrap_or(self.at),
        }
    }

    /// Whether the two clocks certainly do not agree.
    pub fn excludes_zero(&self) -> bool {
        self.low.is_positive() || self.high.is_negative()
    }

    /// Our first instant at which the site's clock certainly shows `at` or later.
    pub fn certainly(&self, at: SiteTime) -> Timestamp {
        let exact = shifted(at.0, -self.low);
        shifted(exact, self.doubt(exact))
    }

    /// Our first instant at which the site's clock may show `at`.
    pub fn possibly(&self, at: SiteTime) -> Timestamp {
        let exact = shifted(at.0, -self.high);
        shifted(exact, -self.doubt(exact))
    }

    /// What the site's clock shows at an instant of ours, by the best guess.
    pub fn site_at(&self, ours: Timestamp) -> SiteTime {
        SiteTime(shifted(ours, self.estimate))
    }

    /// Our instant at which the site's clock shows another, by the best guess.
    pub fn ours_at(&self, shown: SiteTime) -> Timestamp {
        shifted(shown.0, -self.estimate)
    }

    /// The drift between the measurement and an instant near `then`; a little more than [`drift`], because what is added moves
    /// the instant on.
    fn doubt(&self, then: Timestamp) -> SignedDuration {
        let drift = drift(then.duration_since(self.at));
        drift + self::drift(drift) + SignedDuration::from_nanos(1)
    }
}

/// By which clock an attempt takes its openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    offset: Option<Offset>,
    give_up: u8,
}

impl Aim {
    /// By our own.
    pub const OWN: Self = Self { offset: None, give_up: 0 };

    /// What a site's rule makes of what was measured.
    ///
    /// `auto` takes ours as long as the measurement allows that both agree: the site is then not known to differ, and the doubt
    /// would only make us late. A fire at our instant is then early by the site's clock by no more than what the measurement
    /// could not tell apart, less the way to the site. Where they certainly differ the site's is taken, with the whole doubt;
    /// but not when it is more than [`FARTHEST`] away.
    pub fn choose(rule: ClockRule, measured: Option<Offset>) -> Self {
        let offset = match rule.follow {
            Follow::Own => None,
            Follow::Site => measured,
            Follow::Auto => measured.filter(|offset| offset.excludes_zero() && offset.estimate().abs() <= FARTHEST),
        };
        Self { offset, give_up: rule.give_up.min(100) }
    }

    /// The offset that is taken; none: our own clock.
    pub fn offset(&self) -> Option<&Offset> {
        self.offset.as_ref()
    }

    /// Our instant for one of the site's: never before the site's clock certainly shows it, but for the share of the doubt
    /// that the site's rule gives up.
    pub fn ours(&self, at: SiteTime) -> Timestamp {
        let Some(offset) = &self.offset else { return at.0 };
        let (certain, possible) = (offset.certainly(at), offset.possibly(at));
        let given_up = certain.duration_since(possible) / 100 * i32::from(self.give_up);
        shifted(certain, -given_up)
    }
}

/// How far the clocks can have drifted apart in a time, rounded up.
pub(super) fn drift(time: SignedDuration) -> SignedDuration {
    let ns = time.as_nanos().unsigned_abs() * DRIFT_PPM.unsigned_abs() as u128;
    let ns = ns.div_ceil(1_000_000);
    i64::try_from(ns).map_or(SignedDuration::MAX / 4, SignedDuration::from_nanos)
}

fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    at.saturating_add(by).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: SignedDuration = SignedDuration::from_millis(1);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn offset(low: i32, high: i32) -> Offset {
        let middle = (MS * low + MS * high) / 2;
        Offset::new(MS * low, MS * high, middle, at("2027-07-09T05:59:00Z")).expect("in order")
    }

    fn rule(follow: Follow, give_up: u8) -> ClockRule {
        ClockRule { follow, give_up }
    }

    #[test]
    fn the_whole_doubt_is_respected_and_grows_with_time() {
        let opening = SiteTime::of_opening(at("2027-07-09T06:00:00Z"));
        let behind = offset(-3_002, -2_998);
        let ours = behind.certainly(opening);
        assert!(ours >= at("2027-07-09T06:00:03.008Z"), "2 ms of doubt, 6 ms of drift in a minute: {ours}");
        assert!(ours < at("2027-07-09T06:00:03.009Z"), "{ours}");
        let early = behind.possibly(opening);
        assert!(early <= at("2027-07-09T06:00:02.992Z") && early > at("2027-07-09T06:00:02.991Z"), "{early}");
    }

    #[test]
    fn whatever_the_true_offset_the_site_shows_the_opening() {
        let opening = SiteTime::of_opening(at("2027-07-09T06:00:00Z"));
        for (low, high) in [(-3_002, -2_998), (2_998, 3_002), (5, 6), (-90_000, 90_000)] {
            let offset = offset(low, high);
            let fire = offset.certainly(opening);
            let worst = offset.aged_to(fire).low();
            assert!(fire + worst >= opening.shown(), "{low} {high}");
        }
    }

    #[test]
    fn auto_follows_the_site_only_where_it_certainly_differs() {
        let opening = SiteTime::of_opening(at("2027-07-09T06:00:00Z"));
        let (agrees, differs) = (offset(-2, 3), offset(2_998, 3_002));
        let ours = |rule, offset| Aim::choose(rule, offset).ours(opening);
        assert_eq!(ours(rule(Follow::Auto, 0), Some(agrees)), opening.shown());
        assert_eq!(ours(rule(Follow::Auto, 0), None), opening.shown());
        assert_eq!(ours(rule(Follow::Own, 0), Some(differs)), opening.shown());
        assert_eq!(ours(rule(Follow::Auto, 0), Some(differs)), differs.certainly(opening));
        assert_eq!(ours(rule(Follow::Site, 0), Some(agrees)), agrees.certainly(opening));
        let hours_off = offset(7_200_000, 7_200_010);
        assert_eq!(ours(rule(Follow::Auto, 0), Some(hours_off)), opening.shown());
        assert_eq!(ours(rule(Follow::Site, 0), Some(hours_off)), hours_off.certainly(opening));
    }

    #[test]
    fn the_share_that_is_given_up_moves_from_certain_to_possible() {
        let opening = SiteTime::of_opening(at("2027-07-09T06:00:00Z"));
        let differs = offset(2_990, 3_010);
        let ours = |share| Aim::choose(rule(Follow::Auto, share), Some(differs)).ours(opening);
        assert_eq!(ours(0), differs.certainly(opening));
        let (half, all) = (ours(50), ours(100));
        assert!(half < ours(0) && all < half);
        assert!(all.duration_since(differs.possibly(opening)).abs() < SignedDuration::from_micros(1));
    }

    #[test]
    fn a_step_of_our_clock_is_taken_out() {
        let before = offset(-2, 3);
        let after = before.after_step(SignedDuration::from_secs(5));
        assert_eq!(after.estimate(), before.estimate() - SignedDuration::from_secs(5));
        assert!(after.excludes_zero());
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        let far = Offset::new(SignedDuration::MIN / 8, SignedDuration::MAX / 8, SignedDuration::ZERO, Timestamp::MIN);
        let far = far.expect("in order").aged_to(Timestamp::MAX);
        for opening in [Timestamp::MIN, Timestamp::MAX] {
            let opening = SiteTime::of_opening(opening);
            assert!(far.possibly(opening) <= far.certainly(opening));
        }
    }
}
