//! The machine and the site's clock: no fire before the site certainly shows the opening, whatever the true offset is.

use firstserve::model::{ClockRule, FireMode, Follow};
use firstserve::timing::{Aim, DRIFT_PPM, Event, Listing, Machine, Next, Offset, Past};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{facts, opening};

/// A measurement, and what was true: site minus ours at that instant, and how fast it changes.
#[derive(Clone, Copy, Debug)]
struct Measured {
    offset: Offset,
    truth: SignedDuration,
    drift_ppm: i64,
}

impl Measured {
    /// What the site's clock shows at an instant of ours.
    fn site_at(&self, ours: Timestamp) -> Timestamp {
        let since = ours.duration_since(self.offset.measured_at()).as_nanos();
        let drifted = since * i128::from(self.drift_ppm) / 1_000_000;
        ours + self.truth + SignedDuration::from_nanos(i64::try_from(drifted).expect("it fits"))
    }
}

fn measured() -> impl Strategy<Value = Measured> {
    let micros = SignedDuration::from_micros;
    (-10_000_000_i64..10_000_000, 0_i64..400_000, 0_i64..=100, 20_i64..80, -DRIFT_PPM..=DRIFT_PPM).prop_map(
        move |(low, width, within, before, drift_ppm)| {
            let at = opening() - SignedDuration::from_secs(before);
            let part = width * within / 100;
            let offset = Offset::new(micros(low), micros(low + width), micros(low + width / 2), at);
            Measured { offset: offset.expect("in order"), truth: micros(low + part), drift_ppm }
        },
    )
}

/// The first fire of an attempt that learned the offset while it was staged.
fn fire(mode: FireMode, aim: Aim, began: Timestamp) -> Timestamp {
    let mut machine = Machine::new(facts(mode, false, false), Past::NONE);
    let mut now = began;
    let mut decision = machine.on(Event::Begin, now);
    for _ in 0..60 {
        machine.aim_by(aim);
        let event = match decision.next {
            Next::Wait(at) => {
                now = now.max(at);
                Event::Woke
            }
            Next::Stage { .. } => Event::Staged(Listing::Absent),
            Next::CheckLogin => Event::LoginChecked(true),
            Next::Spend { .. } => Event::Spent,
            Next::Fire { at, .. } => return at,
            ref other => panic!("{other:?}"),
        };
        decision = machine.on(event, now);
    }
    panic!("it never fired");
}

proptest! {
    #![proptest_config(Config { cases: 3_000, ..Config::default() })]

    #[test]
    fn the_site_shows_the_opening_at_every_fire(
        measured in measured(),
        mode in prop::sample::select(&FireMode::ALL[1..]),
    ) {
        let aim = Aim::choose(ClockRule { follow: Follow::Site, give_up: 0 }, Some(measured.offset));
        let fired = fire(mode, aim, measured.offset.measured_at());
        prop_assert!(measured.site_at(fired) >= opening(), "{measured:?} fired at {fired}");
        let slack = measured.site_at(fired).duration_since(opening());
        let doubt = (measured.offset.high() - measured.offset.low()) + SignedDuration::from_millis(30);
        prop_assert!(slack <= doubt, "later than the doubt explains: {slack:?}");
    }

    #[test]
    fn auto_is_early_by_no_more_than_the_measurement_could_not_tell_apart(measured in measured()) {
        let aim = Aim::choose(ClockRule::default(), Some(measured.offset));
        let fired = fire(FireMode::Script, aim, measured.offset.measured_at());
        let early = opening().duration_since(measured.site_at(fired));
        let width = measured.offset.high() - measured.offset.low();
        prop_assert!(early <= width + SignedDuration::from_millis(10), "{early:?} with {width:?}");
    }
}

/// Control: our own clock alone, the best guess alone, or an interval that does not age, are early at some sites.
#[test]
fn other_ways_to_aim_are_early() {
    let ms = SignedDuration::from_millis;
    let at = opening() - ms(60_000);
    let offset = Offset::new(ms(-3_010), ms(-2_990), ms(-3_000), at).expect("in order");
    let worst = Measured { offset, truth: ms(-3_010), drift_ppm: -DRIFT_PPM };
    let by = |rule, offset| fire(FireMode::Script, Aim::choose(rule, Some(offset)), at);
    let whole = ClockRule { follow: Follow::Site, give_up: 0 };
    assert!(worst.site_at(by(whole, offset)) >= opening());
    assert!(worst.site_at(by(ClockRule { follow: Follow::Own, ..whole }, offset)) < opening());
    assert!(worst.site_at(by(ClockRule { give_up: 50, ..whole }, offset)) < opening());
    let guess = Offset::new(offset.estimate(), offset.estimate(), offset.estimate(), at).expect("in order");
    assert!(worst.site_at(by(whole, guess)) < opening());
    let young = Offset::new(offset.low(), offset.high(), offset.estimate(), opening()).expect("in order");
    assert!(worst.site_at(by(whole, young)) < opening());
}

#[test]
fn a_site_that_is_ahead_is_served_earlier_by_our_clock() {
    let ms = SignedDuration::from_millis;
    let at = opening() - ms(60_000);
    let offset = Offset::new(ms(2_999), ms(3_001), ms(3_000), at).expect("in order");
    let fired = fire(FireMode::Script, Aim::choose(ClockRule::default(), Some(offset)), at);
    let early = opening().duration_since(fired);
    assert!(early > ms(2_990) && early <= ms(2_999), "{early:?}");
}

#[test]
fn what_is_learned_late_moves_what_is_not_yet_fired() {
    let ms = SignedDuration::from_millis;
    let mut machine = Machine::new(facts(FireMode::Script, false, false), Past::NONE);
    machine.on(Event::Begin, opening() - ms(90_000));
    machine.on(Event::Staged(Listing::Absent), opening() - ms(60_000));
    let offset = Offset::new(ms(-3_001), ms(-2_999), ms(-3_000), opening() - ms(20_000)).expect("in order");
    machine.aim_by(Aim::choose(ClockRule::default(), Some(offset)));
    let Next::Wait(at) = machine.on(Event::LoginChecked(true), opening() - ms(4_000)).next else { panic!("it waits") };
    assert!(at > opening() - ms(2_001) && at < opening() - ms(1_990), "5 s before the site's own opening: {at}");
}
