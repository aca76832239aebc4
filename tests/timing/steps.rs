//! A machine whose clock is set, slewed and smeared: the site's clock is the truth, ours is not.
//!
//! Time passes in steps of the sleeper that the engine has ([`firstserve::clock::nap`], and spans by the time that the machine is
//! up). What must hold whatever is done to the clock: nothing is booked twice; no submit leaves before the opening by more than our
//! clock is wrong at that moment; every attempt ends, with words. And a clock that was wrong and is right again in time costs
//! nothing.

use std::time::Duration;

use firstserve::clock::nap;
use firstserve::model::{Answer, FireMode, Outcome, State};
use firstserve::timing::{Event, Listing, Machine, Next, Past, Trouble};
use jiff::{SignedDuration, Timestamp};

use super::{facts, opening};

/// Random schedules of steps.
const SCHEDULES: u64 = 2_000;

/// How often the supervisor looks at the clock, whatever that shows.
const PULSE: Duration = Duration::from_secs(1);

/// How long before its instant a held thread stops sleeping.
const SPIN: Duration = Duration::from_millis(15);

/// More decisions than any attempt needs.
const BOUND: usize = 3_000;

/// From here on the clock is right in a calm schedule: time to log in.
const RIGHT_AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// How somebody sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleeper {
    /// As the engine does.
    Engine,
    /// The control: works a deadline out once and trusts it.
    Trusting,
}

/// What is done to our clock: from each instant on it is wrong by so much, and drifts by so many millionths.
#[derive(Clone, Debug)]
struct Schedule {
    errors: Vec<(Timestamp, SignedDuration)>,
    drift_ppm: i64,
}

impl Schedule {
    fn error(&self, at: Timestamp) -> SignedDuration {
        let step =
            self.errors.iter().rev().find(|(from, _)| *from <= at).map_or(SignedDuration::ZERO, |(_, error)| *error);
        let since = at.duration_since(opening()).as_millis();
        // Half a second at most, as a leap second is smeared.
        let drift = i64::try_from(since).expect("hours") * self.drift_ppm / 1_000;
        step + SignedDuration::from_micros(drift.clamp(-500_000, 500_000))
    }

    /// Whether the clock is right in time, and has not shown the opening before.
    fn is_calm(&self) -> bool {
        let right = opening() - RIGHT_AGAIN;
        let last = self.errors.last().map_or(SignedDuration::ZERO, |(_, error)| *error);
        let settled = last.is_zero() && self.errors.last().is_none_or(|(from, _)| *from <= right);
        let ends = self.errors.iter().skip(1).map(|(from, _)| *from).chain([right]);
        let shown = self.errors.iter().zip(ends).map(|((_, error), end)| end + *error);
        settled && shown.max().is_none_or(|shown| shown < opening() - SignedDuration::from_secs(5))
    }
}

/// The machine, its clock, and a site that books whatever arrives when it is open.
struct World {
    schedule: Schedule,
    sleeper: Sleeper,
    /// The truth, and the site's clock.
    now: Timestamp,
    booked: u32,
    /// How much too early each submit was, beyond what our clock was wrong by.
    early: Vec<SignedDuration>,
    booked_at: Option<Timestamp>,
    chance: Chance,
}

impl World {
    fn shown(&self) -> Timestamp {
        self.now + self.schedule.error(self.now)
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
    }

    /// Until our clock shows `at`, but no longer than there was to it.
    fn wait(&mut self, at: Timestamp, is_instant: bool) {
        let span = at.duration_since(self.shown());
        let end = self.now + if span.is_negative() { SignedDuration::ZERO } else { span };
        if self.sleeper == Sleeper::Trusting || !is_instant {
            self.now = end;
            return;
        }
        while let Some(nap) = nap(self.shown(), at).filter(|_| self.now < end) {
            self.pass(nap.min(end.duration_since(self.now).unsigned_abs()));
        }
    }

    /// Until it is time to look at a planned attempt again: the supervisor's loop.
    fn park(&mut self, at: Timestamp) {
        if self.sleeper == Sleeper::Trusting {
            return self.wait(at, true);
        }
        while let Some(nap) = nap(self.shown(), at) {
            self.pass(nap.min(PULSE));
        }
    }

    /// Keeps a thread until our clock shows `at`.
    fn hold(&mut self, at: Timestamp) {
        if self.sleeper == Sleeper::Trusting {
            return self.wait(at, true);
        }
        while let Some(nap) = nap(self.shown(), at) {
            let asleep = nap.checked_sub(SPIN).filter(|asleep| !asleep.is_zero());
            self.pass(asleep.unwrap_or(Duration::from_micros(500)));
        }
    }

    fn fire(&mut self, at: Timestamp) -> Event {
        self.hold(at);
        let wrong_by = self.schedule.error(self.now).max(SignedDuration::from_millis(1));
        let too_early = opening().duration_since(self.now) - wrong_by;
        if too_early.is_positive() {
            self.early.push(too_early);
        }
        self.pass(Duration::from_millis(2));
        if self.now < opening() {
            return Event::Answered(Answer::NotOpen);
        }
        self.booked += 1;
        self.booked_at.get_or_insert(self.now);
        if self.chance.one_in(5) { Event::NoAnswer("reset".into()) } else { Event::Answered(Answer::Confirmed) }
    }

    fn perform(&mut self, next: &Next, machine: &Machine) -> Event {
        match next {
            Next::Wait(at) if machine.state() == State::Planned => {
                self.park(*at);
                Event::Woke
            }
            Next::Wait(at) => {
                self.wait(*at, machine.waits_for_an_instant());
                Event::Woke
            }
            Next::Stage { .. } if self.chance.one_in(4) => {
                self.pass(Duration::from_millis(200));
                Event::StageFailed(Trouble::Unreachable("refused".into()))
            }
            Next::Stage { .. } => {
                self.pass(Duration::from_secs(3));
                Event::Staged(self.list())
            }
            Next::CheckLogin => {
                self.pass(Duration::from_millis(100));
                Event::LoginChecked(true)
            }
            Next::Spend { .. } => {
                self.pass(Duration::from_millis(5));
                Event::Spent
            }
            Next::Fire { at, .. } => self.fire(*at),
            Next::Fence => Event::Fenced,
            Next::ReadList { .. } => {
                self.pass(Duration::from_millis(300));
                Event::Listed(self.list())
            }
            Next::Open { .. } | Next::AskHolders { .. } | Next::End { .. } => Event::Woke,
        }
    }

    fn list(&self) -> Listing {
        match self.booked {
            0 => Listing::Absent,
            rows => Listing::Found { choice: 0, rows, reference: None },
        }
    }
}

/// What became of an attempt.
struct Life {
    outcome: Outcome,
    note: String,
    booked: u32,
    early: Vec<SignedDuration>,
    /// After the opening.
    booked_after: Option<SignedDuration>,
}

fn live(schedule: &Schedule, sleeper: Sleeper, seed: u64) -> Result<Life, String> {
    let now = opening() - SignedDuration::from_mins(12);
    let (chance, schedule) = (Chance(seed), schedule.clone());
    let mut world = World { schedule, sleeper, now, booked: 0, early: vec![], booked_at: None, chance };
    let mut facts = facts(FireMode::Http, false, false);
    facts.choices.truncate(1);
    let mut machine = Machine::new(facts, Past::NONE);
    let mut decision = machine.on(Event::Begin, world.shown());
    for _ in 0..BOUND {
        if let Next::End { outcome, note, .. } = decision.next {
            let booked_after = world.booked_at.map(|at| at.duration_since(opening()));
            return Ok(Life { outcome, note, booked: world.booked, early: world.early, booked_after });
        }
        let event = world.perform(&decision.next, &machine);
        decision = machine.on(event, world.shown());
    }
    Err(format!("never ended; {:?} at {}", machine.state(), world.now))
}

/// Everything that is wrong with a life.
fn objections(schedule: &Schedule, sleeper: Sleeper, seed: u64) -> Vec<String> {
    let life = match live(schedule, sleeper, seed) {
        Ok(life) => life,
        Err(why) => return vec![why],
    };
    let mut wrong = Vec::new();
    if life.booked > 1 {
        wrong.push(format!("booked {} times", life.booked));
    }
    if let Some(early) = life.early.iter().max() {
        wrong.push(format!("early by {early:?} more than the clock was wrong"));
    }
    if life.note.is_empty() {
        wrong.push("ended without a word".to_owned());
    }
    if (life.booked > 0) != (life.outcome == Outcome::Confirmed) {
        wrong.push(format!("{} with {} bookings", life.outcome.as_str(), life.booked));
    }
    let in_time = life.booked_after.is_some_and(|after| after < SignedDuration::from_secs(1));
    if schedule.is_calm() && !in_time {
        let (outcome, note) = (life.outcome.as_str(), &life.note);
        wrong.push(format!("the clock was right in time, and yet {outcome} ({note}), {:?} late", life.booked_after));
    }
    wrong
}

fn random(seed: u64) -> Schedule {
    let mut chance = Chance(seed);
    let mut errors: Vec<(Timestamp, SignedDuration)> = Vec::new();
    let mut at = opening() - SignedDuration::from_mins(12);
    for _ in 0..chance.below(7) {
        at += SignedDuration::from_millis(chance.between(500, 200_000));
        let size = SignedDuration::from_millis([1_000, 10_000, 300_000, 7_200_000][chance.index(4)]);
        let size = SignedDuration::from_millis(chance.between(-1, 1) * i64::try_from(size.as_millis()).expect("hours"));
        errors.push((at, size));
    }
    // Half of the clocks are put right before the opening, as a time service does it.
    if chance.one_in(2) {
        errors.retain(|(at, _)| *at < opening() - RIGHT_AGAIN - SignedDuration::from_secs(1));
        errors.push((opening() - RIGHT_AGAIN - SignedDuration::from_millis(1), SignedDuration::ZERO));
    }
    let drift_ppm = if chance.one_in(3) { chance.between(-500, 500) } else { 0 };
    Schedule { errors, drift_ppm }
}

#[test]
fn whatever_is_done_to_the_clock_the_promises_hold() {
    let mut calm = 0;
    let mut wrong = Vec::new();
    for seed in 1..=SCHEDULES {
        let schedule = random(seed);
        calm += u32::from(schedule.is_calm() && !schedule.errors.is_empty());
        let found = objections(&schedule, Sleeper::Engine, seed);
        wrong.extend(found.into_iter().map(|why| format!("{seed}: {why}: {schedule:?}")));
    }
    assert!(wrong.is_empty(), "{} objections:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(calm > 200, "only {calm} schedules put the clock right in time");
}

/// The control: who works his deadline out once is early when the clock is put back, and late when it is put forward.
#[test]
fn a_deadline_that_is_worked_out_once_breaks_them() {
    let (mut early, mut late) = (0, 0);
    for seed in 1..=SCHEDULES {
        let found = objections(&random(seed), Sleeper::Trusting, seed);
        early += u32::from(found.iter().any(|why| why.starts_with("early")));
        late += u32::from(found.iter().any(|why| why.contains("right in time")));
    }
    assert!(early > 5 && late > 50, "{early} early, {late} late: it is no control");
}

/// A pause before another try must not become two hours because the clock is put back meanwhile.
#[test]
fn a_clock_that_is_put_back_does_not_stretch_a_pause() {
    let ahead = SignedDuration::from_mins(8);
    let from = opening() - SignedDuration::from_mins(11);
    let put_back = opening() - SignedDuration::from_mins(9);
    let schedule = Schedule { errors: vec![(from, ahead), (put_back, SignedDuration::ZERO)], drift_ppm: 0 };
    assert!(schedule.is_calm());
    for seed in 1..50 {
        assert_eq!(objections(&schedule, Sleeper::Engine, seed), [""; 0], "{seed}");
    }
}

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn index(&mut self, n: u64) -> usize {
        usize::try_from(self.below(n)).expect("small")
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        let room = u64::try_from(most - least + 1).expect("ordered");
        least + i64::try_from(self.below(room)).expect("small")
    }
}
