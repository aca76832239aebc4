//! How long before the fire the permit is spent, and by how much a fire may leave before the opening.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::{FireMode, Patience};

/// Where the trigger is a WebDriver command: time for a slow disk, and for the trigger's own connection to be warmed. A death in
/// between costs one look at the site's list.
const TRIGGER_LEAD: SignedDuration = SignedDuration::from_millis(500);

/// Fewer samples than this say nothing about the fastest that can happen.
pub const ENOUGH_SAMPLES: usize = 40;

/// Older samples are of another night.
pub const SAMPLES_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The quantile that counts, as a share: of fewer than a hundred samples it is the smallest.
const LOW: f64 = 0.01;

/// The part of that quantile which counts: what is yet to come may be faster than anything seen.
const PART: f64 = 0.8;

/// How long before the fire the permit is spent. A program is installed, or a request prepared and its connection opened, with
/// the permit in hand: those need more.
pub fn permit_lead(mode: FireMode, patience: &Patience) -> SignedDuration {
    match mode {
        FireMode::Armed | FireMode::Http => patience.armed_lead,
        FireMode::Auto | FireMode::Native | FireMode::Script => TRIGGER_LEAD,
    }
}

/// One harmless request of the kind that the shot will be, timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// When it was taken.
    pub at: Timestamp,
    /// From the instant at which it was meant to leave to the one at which it had left.
    pub dispatch: Duration,
    /// The least that the way to the site takes; zero where nothing says it.
    pub one_way: Duration,
}

impl Delay {
    /// One whose way is told by a handshake (a TCP connect, answered by the system and not by the site's program). The time of
    /// an answer must never be taken instead: a site that thinks for 20 ms is not 10 ms away.
    pub fn of_handshake(at: Timestamp, dispatch: Duration, handshake: Duration) -> Self {
        Self { at, dispatch, one_way: handshake / 2 }
    }

    fn whole(&self) -> Duration {
        self.dispatch.saturating_add(self.one_way)
    }
}

/// By how much a fire leaves before the opening, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lead {
    /// How much; zero: not at all.
    pub by: Duration,
    /// Why.
    pub why: LeadWhy,
}

/// Why a lead is what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LeadWhy {
    /// The site has not opted in.
    Off,
    /// The site has said "not open" to a fire with a lead; off until a clean run, or a person, allows it again.
    Forbidden,
    /// The opening steps come first, and they have nothing to find before the opening.
    OpeningSteps,
    /// Too few harmless requests of this kind were timed lately.
    TooFew {
        /// How many there are.
        have: usize,
    },
    /// A low quantile of what was measured, less the guard, within the site's bound.
    Measured {
        /// Of how many.
        samples: usize,
        /// The quantile.
        low: Duration,
        /// Whether the site's bound cut it.
        cut: bool,
    },
}

impl Lead {
    /// None at all, because the site has not opted in.
    pub const OFF: Self = Self { by: Duration::ZERO, why: LeadWhy::Off };

    const fn none(why: LeadWhy) -> Self {
        Self { by: Duration::ZERO, why }
    }

    /// What a person reads.
    pub fn words(&self) -> String {
        let ms = |span: Duration| format!("{:.2} ms", span.as_secs_f64() * 1_000.0);
        match self.why {
            LeadWhy::Off => "none: the site has not opted in (`lead-at-most`)".to_owned(),
            LeadWhy::Forbidden => "none: the site has said \"not open\" to a fire with a lead; \
                                   a clean run or `firstserve lead SITE --allow` allows it again"
                .to_owned(),
            LeadWhy::OpeningSteps => "none: the opening steps find nothing before the opening".to_owned(),
            LeadWhy::TooFew { have } => {
                format!("none: {have} harmless requests were timed in the last day, {ENOUGH_SAMPLES} are needed")
            }
            LeadWhy::Measured { samples, low, cut } => {
                let cut = if cut { ", cut to the site's bound" } else { "" };
                format!("{}: the fastest of {samples} harmless requests took {}{cut}", ms(self.by), ms(low))
            }
        }
    }
}

/// The lead for a shot of the kind that the samples are of. It is never more than `lead_at_most`, and zero unless the site has
/// opted in by that, nothing forbids it, and enough was measured lately.
///
/// Not the median: that sends half of them early. What counts is the fastest that was seen, a part of it only, less a guard.
pub fn lead(patience: &Patience, samples: &[Delay], forbidden: bool, now: Timestamp) -> Lead {
    let most = patience.lead_at_most.unsigned_abs();
    if most.is_zero() {
        return Lead::OFF;
    }
    if forbidden {
        return Lead::none(LeadWhy::Forbidden);
    }
    let is_fresh = |sample: &&Delay| sample.at <= now && now.duration_since(sample.at) <= SAMPLES_FOR;
    let mut delays: Vec<Duration> = samples.iter().filter(is_fresh).map(Delay::whole).collect();
    if delays.len() < ENOUGH_SAMPLES {
        return Lead::none(LeadWhy::TooFew { have: delays.len() });
    }
    delays.sort_unstable();
    let low = quantile(&delays, LOW);
    let wanted = low.mul_f64(PART).saturating_sub(patience.lead_guard.unsigned_abs());
    Lead { by: wanted.min(most), why: LeadWhy::Measured { samples: delays.len(), low, cut: wanted > most } }
}

/// The nearest rank of sorted spans.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "samples are few, and shares lie between 0 and 1"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fires_by_itself_has_its_permit_earlier() {
        let patience = Patience::default();
        assert_eq!(permit_lead(FireMode::Armed, &patience), patience.armed_lead);
        assert!(permit_lead(FireMode::Script, &patience) < patience.armed_lead);
    }

    fn now() -> Timestamp {
        "2027-07-09T05:59:00Z".parse().expect("a timestamp")
    }

    fn opted_in(at_most_ms: i64) -> Patience {
        Patience { lead_at_most: SignedDuration::from_millis(at_most_ms), ..Patience::default() }
    }

    fn sample(micros: u64) -> Delay {
        let at = now() - SignedDuration::from_mins(10);
        Delay::of_handshake(at, Duration::from_micros(micros / 2), Duration::from_micros(micros))
    }

    fn samples(n: usize, micros: u64) -> Vec<Delay> {
        vec![sample(micros); n]
    }

    #[test]
    fn there_is_none_unless_the_site_opts_in() {
        assert_eq!(lead(&Patience::default(), &samples(500, 30_000), false, now()), Lead::OFF);
    }

    #[test]
    fn there_is_none_where_it_is_forbidden_or_too_little_is_known() {
        let patience = opted_in(20);
        assert_eq!(lead(&patience, &samples(500, 30_000), true, now()).by, Duration::ZERO);
        let few = lead(&patience, &samples(ENOUGH_SAMPLES - 1, 30_000), false, now());
        assert_eq!(few, Lead::none(LeadWhy::TooFew { have: ENOUGH_SAMPLES - 1 }));
        let yesterday = now() + SAMPLES_FOR;
        assert_eq!(lead(&patience, &samples(500, 30_000), false, yesterday).by, Duration::ZERO, "they are too old");
        let before = now() - SignedDuration::from_hours(1);
        assert_eq!(lead(&patience, &samples(500, 30_000), false, before).by, Duration::ZERO, "a clock was set");
    }

    #[test]
    fn the_fastest_counts_in_part_and_less_the_guard() {
        let mut measured = samples(60, 30_000);
        measured.push(sample(10_000));
        let found = lead(&opted_in(20), &measured, false, now());
        assert_eq!(found.by, Duration::from_millis(7), "0.8 of 10 ms, less 1 ms");
        assert!(found.words().starts_with("7.00 ms: the fastest of 61"), "{}", found.words());
    }

    #[test]
    fn it_is_never_more_than_the_bound_and_never_less_than_nothing() {
        let cut = lead(&opted_in(5), &samples(60, 300_000), false, now());
        assert_eq!(cut.by, Duration::from_millis(5));
        assert!(matches!(cut.why, LeadWhy::Measured { cut: true, .. }));
        assert_eq!(lead(&opted_in(5), &samples(60, 400), false, now()).by, Duration::ZERO, "the guard eats it");
    }

    /// A site whose delays vary: what share of shots would arrive before the opening with a lead?
    fn early_share(spread: f64, pick: impl Fn(&[Delay]) -> Duration) -> f64 {
        let mut chance = Chance(20_270_709);
        let mut early = 0_u32;
        let (nights, shots) = (200, 50);
        for _ in 0..nights {
            let measured: Vec<Delay> = (0..60).map(|_| sample(chance.delay_us(spread))).collect();
            let by = pick(&measured);
            early += (0..shots).map(|_| u32::from(sample(chance.delay_us(spread)).whole() < by)).sum::<u32>();
        }
        f64::from(early) / f64::from(nights * shots)
    }

    #[test]
    fn next_to_nothing_is_early_however_the_delays_vary() {
        for spread in [0.05, 0.2, 0.5, 0.9] {
            let share = early_share(spread, |measured| lead(&opted_in(1_000), measured, false, now()).by);
            assert!(share <= 0.002, "{share} of them are early with a spread of {spread}");
        }
    }

    /// The control: with the median of the same samples half of them are early.
    #[test]
    fn the_median_sends_half_of_them_early() {
        let median = |measured: &[Delay]| {
            let mut delays: Vec<Duration> = measured.iter().map(Delay::whole).collect();
            delays.sort_unstable();
            quantile(&delays, 0.5)
        };
        for spread in [0.05, 0.2, 0.5, 0.9] {
            let share = early_share(spread, median);
            assert!((0.4..0.6).contains(&share), "{share} of them are early with a spread of {spread}");
        }
    }

    /// Numbers that look like chance and are the same every time.
    struct Chance(u64);

    impl Chance {
        fn share(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
        }

        /// 20 ms and more, mostly little more.
        fn delay_us(&mut self, spread: f64) -> u64 {
            let more = -self.share().max(1e-9).ln() * spread;
            let jitter = 1.0 + spread * 0.2 * (self.share() - 0.5);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "some ten thousand microseconds"
            )]
            let delay = (20_000.0 * jitter * (1.0 + more)) as u64;
            delay
        }
    }
}
