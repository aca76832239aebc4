//! The site's clock, simulated: whatever the delays, the truth lies inside the proven interval.

use firstserve::timing::{DRIFT_PPM, Offset, Sample, SiteClock, SiteTime};
use jiff::{SignedDuration, Timestamp};

/// Simulated runs for each count.
const RUNS: u64 = 1_000;

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MS;

/// A stream of numbers from a seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `from` up to and with `to`.
    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % (to - from + 1).unsigned_abs()).expect("it fits")
    }
}

/// How the way to the site and back behaves.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Each way between two times, evenly.
    Even(i64, i64),
    /// All of the delay on the way there.
    There(i64),
    /// All of it on the way back.
    Back(i64),
    /// Mostly quick, sometimes very slow.
    Heavy,
    /// Somebody who knows what we are after, and lets the answer be dated just before or just after a turn of the second, and
    /// come back as late as he likes.
    Adversary,
}

/// A site whose clock is ahead by `ahead`, and drifts.
struct World {
    way: Way,
    ahead: i64,
    drift_ppm: i64,
    began: i64,
    chance: Chance,
    turn: bool,
}

impl World {
    fn drawn(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let way = match chance.next() % 8 {
            0 => Way::Even(0, MS / 5),
            1 => Way::Even(20 * MS, 60 * MS),
            2 => Way::Even(0, 900 * MS),
            3 => Way::There(chance.between(0, 300 * MS)),
            4 => Way::Back(chance.between(0, 300 * MS)),
            5 => Way::Heavy,
            _ => Way::Adversary,
        };
        let ahead = match chance.next() % 4 {
            0 => chance.between(-2 * MS, 2 * MS),
            1 => chance.between(-3 * SECOND, 3 * SECOND),
            2 => chance.between(-4_000 * SECOND, 4_000 * SECOND),
            // Exactly on a turn of the second, where roundings would show.
            _ => chance.between(-5, 5) * SECOND,
        };
        let drift_ppm = chance.between(-DRIFT_PPM, DRIFT_PPM);
        let began = 1_800_000_000 * SECOND + chance.between(0, SECOND - 1);
        Self { way, ahead, drift_ppm, began, chance, turn: false }
    }

    fn even(seed: u64, from: i64, to: i64) -> Self {
        Self { way: Way::Even(from, to), drift_ppm: 0, ..Self::drawn(seed) }
    }

    /// What the site's clock shows when ours shows `ours`.
    fn site(&self, ours: i64) -> i64 {
        let drifted = i128::from(ours - self.began) * i128::from(self.drift_ppm) / 1_000_000;
        ours + self.ahead + i64::try_from(drifted).expect("it fits")
    }

    fn true_offset(&self, ours: i64) -> SignedDuration {
        SignedDuration::from_nanos(self.site(ours) - ours)
    }

    /// Sends a question at `sent`; gives the sample.
    fn answer(&mut self, sent: i64) -> Sample {
        let (there, back) = self.delays(sent);
        let dated = self.site(sent + there);
        let second = dated.div_euclid(SECOND);
        Sample {
            sent: at(sent),
            received: at(sent + there + back),
            date: SiteTime::written(Timestamp::from_second(second).expect("a second")),
        }
    }

    fn delays(&mut self, sent: i64) -> (i64, i64) {
        let chance = &mut self.chance;
        match self.way {
            Way::Even(from, to) => (chance.between(from, to), chance.between(from, to)),
            Way::There(most) => (chance.between(0, most), 0),
            Way::Back(most) => (0, chance.between(0, most)),
            Way::Heavy if chance.next().is_multiple_of(5) => {
                (chance.between(0, 3_000 * MS), chance.between(0, 3_000 * MS))
            }
            Way::Heavy => (chance.between(MS, 9 * MS), chance.between(MS, 9 * MS)),
            Way::Adversary => {
                let back = chance.between(0, 200 * MS);
                // The next turn of the site's second, or the nanosecond before it.
                let left = SECOND - self.site(sent).rem_euclid(SECOND);
                self.turn = !self.turn;
                (left - i64::from(self.turn), back)
            }
        }
    }
}

fn at(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ns)).expect("in range")
}

fn ns(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).expect("in range")
}

/// What a run found: the offset at its end, when that was, how many questions it took.
struct Found {
    offset: Offset,
    now: i64,
    asked: u32,
}

/// A run as the probe does it: ask when the clock says so, up to a number of questions.
fn run(world: &mut World, most: u32) -> (Found, Vec<Sample>) {
    let mut clock = SiteClock::default();
    let mut samples = Vec::new();
    let (mut now, mut asked) = (world.began, 0);
    while asked < most {
        let Some(next) = clock.next_question(at(now)) else { break };
        // No thread wakes at the nanosecond.
        let woken = ns(next) + world.chance.between(0, MS / 20);
        let sample = world.answer(woken);
        clock.add(sample);
        samples.push(sample);
        now = ns(sample.received);
        asked += 1;
    }
    let offset = clock.offset(at(now)).expect("one clock answered");
    (Found { offset, now, asked }, samples)
}

fn holds(offset: &Offset, truth: SignedDuration) -> bool {
    let off = (offset.estimate() - truth).abs();
    offset.low() <= truth && truth <= offset.high() && off <= offset.bound()
}

#[test]
fn the_truth_is_inside_whatever_the_delays() {
    for most in [1, 5, 15, 40] {
        let inside = (0..RUNS).filter(|seed| {
            let mut world = World::drawn(seed * 4 + u64::from(most));
            let (found, _) = run(&mut world, most);
            let later = found.now + world.chance.between(0, 90 * SECOND);
            let aged = found.offset.aged_to(at(later));
            holds(&found.offset, world.true_offset(found.now)) && holds(&aged, world.true_offset(later))
        });
        assert_eq!(inside.count(), usize::try_from(RUNS).expect("it fits"), "with {most} questions");
    }
}

/// Control: whoever takes each answer to be dated in the middle of its way proves what is not so.
#[test]
fn an_interval_of_middles_does_not_hold_the_truth() {
    let wrong = (0..RUNS).filter(|seed| {
        let mut world = World::drawn(seed * 4 + 15);
        let (found, samples) = run(&mut world, 15);
        let truth = world.true_offset(found.now);
        let middles = samples.iter().map(|sample| {
            let middle = sample.sent + sample.round_trip() / 2;
            sample.date.shown().duration_since(middle)
        });
        let second = SignedDuration::from_nanos(SECOND);
        let (low, high) = middles.fold((SignedDuration::MIN, SignedDuration::MAX), |(low, high), middle| {
            (low.max(middle), high.min(middle.saturating_add(second)))
        });
        !(low <= truth && truth <= high)
    });
    let wrong = wrong.count();
    println!("site clock: {wrong} of {RUNS} intervals of middles do not hold the truth");
    assert!(wrong > 200, "only {wrong}");
}

/// Control: an interval that is not aged loses the truth to the drift.
#[test]
fn an_interval_that_does_not_age_loses_the_truth() {
    let lost = (0..RUNS).filter(|seed| {
        let mut world = World { way: Way::Even(0, MS / 5), drift_ppm: DRIFT_PPM, ..World::drawn(*seed) };
        let (found, _) = run(&mut world, 15);
        let later = world.true_offset(found.now + 60 * SECOND);
        !(found.offset.low() <= later && later <= found.offset.high())
    });
    assert!(lost.count() > 900);
}

/// The quantiles of a number for each seed.
fn quantiles(mut values: Vec<f64>) -> [f64; 4] {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [values[last / 2], values[last * 95 / 100], values[last * 99 / 100], values[last]]
}

fn error_and_bound(world: &mut World, most: u32) -> (f64, f64, u32) {
    let (found, _) = run(world, most);
    let error = (found.offset.estimate() - world.true_offset(found.now)).abs();
    (error.as_secs_f64() * 1e3, found.offset.bound().as_secs_f64() * 1e3, found.asked)
}

#[test]
fn near_by_fifteen_questions_are_enough_for_a_millisecond() {
    let found: Vec<_> = (0..RUNS).map(|seed| error_and_bound(&mut World::even(seed, MS / 20, MS / 4), 15)).collect();
    let errors = quantiles(found.iter().map(|(error, ..)| *error).collect());
    let bounds = quantiles(found.iter().map(|(_, bound, _)| *bound).collect());
    println!("site clock: near by: errors {errors:.3?} ms, bounds {bounds:.3?} ms (p50, p95, p99, max)");
    assert!(errors[3] <= 1.0 && bounds[3] <= 2.0, "{errors:?} {bounds:?}");
    assert!(found.iter().all(|(.., asked)| *asked <= 15));
}

#[test]
fn far_away_forty_questions_bring_the_guess_within_six_milliseconds() {
    let found: Vec<_> = (0..RUNS).map(|seed| error_and_bound(&mut World::even(seed, 20 * MS, 60 * MS), 40)).collect();
    let errors = quantiles(found.iter().map(|(error, ..)| *error).collect());
    let bounds = quantiles(found.iter().map(|(_, bound, _)| *bound).collect());
    println!("site clock: 20-60 ms each way: errors {errors:.2?} ms, bounds {bounds:.2?} ms (p50, p95, p99, max)");
    assert!(errors[1] <= 6.0 && errors[3] <= 9.0, "{errors:?}");
    assert!(bounds[3] <= 60.0, "{bounds:?}");
}

/// Control: the middle of the interval alone is a worse guess.
#[test]
fn the_middle_of_the_interval_is_a_worse_guess() {
    let found = (0..RUNS).map(|seed| {
        let mut world = World::even(seed, 20 * MS, 60 * MS);
        let (found, _) = run(&mut world, 40);
        let middle = (found.offset.low() + found.offset.high()) / 2;
        (middle - world.true_offset(found.now)).abs().as_secs_f64() * 1e3
    });
    let errors = quantiles(found.collect());
    println!("site clock: 20-60 ms each way: the middle errs by {errors:.2?} ms (p50, p95, p99, max)");
    assert!(errors[1] > 6.0 && errors[3] > 9.0, "{errors:?}");
}
