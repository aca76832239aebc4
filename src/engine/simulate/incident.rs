//! What happens to the process and its configuration, and when: at any time, and now and then in the very minute of an
//! opening.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;

/// Something that happens to the process, its machine or its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incident {
    /// It is killed, and started again after a while.
    Kill { down: SignedDuration },
    /// It is killed at the store's next work but so many, before that is done or when it is done.
    KillAtWork { after: u64, done: bool, down: SignedDuration },
    /// It is asked to stop, and started again after a while.
    Stop { down: SignedDuration },
    /// The machine sleeps.
    Sleep { until: Timestamp },
    /// Somebody edits the configuration.
    Edit,
    /// Somebody takes back what the engine is at work on, and wants it again after a while.
    Waver { again: SignedDuration },
    /// It is wanted again.
    PutBack,
    /// The store takes nothing for a while.
    StoreRefuses { until: Timestamp },
    /// The store takes its next work but so many and says that it did not.
    StoreDenies { after: u64 },
}

/// Before an opening, from here on things are aimed at it.
const AIMED_FROM: SignedDuration = SignedDuration::from_secs(100);

/// After an opening, until here.
const AIMED_TO: SignedDuration = SignedDuration::from_secs(60);

/// What is still to happen, in order.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    ahead: BTreeMap<(Timestamp, u64), Incident>,
    last: u64,
}

impl Incidents {
    /// Draws them for a span; `openings` are the instants worth aiming at.
    pub(super) fn draw(chance: &mut Chance, from: Timestamp, to: Timestamp, openings: &[Timestamp]) -> Self {
        let mut incidents = Self::default();
        let days = u64::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(0);
        for _ in 0..=days / 14 {
            let at = chance.instant(from, to);
            incidents.add(at, any_kill(chance));
        }
        for _ in 0..=days / 12 {
            incidents.add(chance.instant(from, to), Incident::Edit);
        }
        for _ in 0..=days / 60 {
            let at = chance.instant(from, to);
            incidents.add(at, Incident::Sleep { until: at + chance.seconds(60, 8 * 3_600) });
        }
        if !openings.is_empty() {
            incidents.aim(chance, openings);
        }
        incidents.ahead.retain(|(at, _), _| *at > from && *at < to);
        incidents
    }

    fn aim(&mut self, chance: &mut Chance, openings: &[Timestamp]) {
        let many = openings.len() as u64;
        for _ in 0..=many / 50 {
            let at = aimed(chance, openings);
            let incident = aimed_kill(chance);
            self.add(at, incident);
        }
        for _ in 0..=many / 120 {
            self.add(aimed(chance, openings), Incident::Edit);
        }
        for _ in 0..=many / 60 {
            let at = aimed(chance, openings);
            self.add(at, Incident::Waver { again: chance.seconds(1, 40) });
        }
        for _ in 0..=many / 250 {
            let at = aimed(chance, openings);
            self.add(at, Incident::Sleep { until: at + chance.seconds(5, 3_600) });
        }
        for _ in 0..=many / 80 {
            let at = aimed(chance, openings);
            self.add(at, Incident::StoreRefuses { until: at + chance.seconds(0, 90) });
        }
        for _ in 0..=many / 200 {
            self.add(aimed(chance, openings), Incident::StoreDenies { after: chance.below(30) });
        }
    }

    pub(super) fn add(&mut self, at: Timestamp, incident: Incident) {
        self.last += 1;
        self.ahead.insert((at, self.last), incident);
    }

    /// When the next one is.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.ahead.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next one that is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Incident> {
        let at = self.next()?;
        (at <= now).then(|| self.ahead.pop_first()).flatten().map(|(_, incident)| incident)
    }
}

/// Short ones mostly, and a day now and then.
fn down(chance: &mut Chance) -> SignedDuration {
    match chance.below(10) {
        0..7 => chance.seconds(1, 60),
        7..9 => chance.seconds(60, 3 * 3_600),
        _ => chance.seconds(3 * 3_600, 36 * 3_600),
    }
}

fn any_kill(chance: &mut Chance) -> Incident {
    let down = down(chance);
    if chance.per_mille(300) { Incident::Stop { down } } else { Incident::Kill { down } }
}

/// The process comes back soon, while there is still something to lose.
fn aimed_kill(chance: &mut Chance) -> Incident {
    let down = if chance.per_mille(850) { chance.seconds(1, 20) } else { chance.seconds(20, 3_600) };
    match chance.below(10) {
        0..2 => Incident::Stop { down },
        2..6 => Incident::KillAtWork { after: chance.below(25), done: chance.per_mille(500), down },
        _ => Incident::Kill { down },
    }
}

/// An instant about an opening: every third one in its very seconds.
fn aimed(chance: &mut Chance, openings: &[Timestamp]) -> Timestamp {
    let opening = *chance.one_of(openings);
    let (before, after) = match chance.below(3) {
        0 => (SignedDuration::from_secs(3), SignedDuration::from_secs(2)),
        _ => (AIMED_FROM, AIMED_TO),
    };
    chance.instant(opening - before, opening + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_year_has_its_share_and_comes_in_order() {
        let openings: Vec<Timestamp> = (0..1_000).map(|day| at(day * 30_000)).collect();
        let mut incidents = Incidents::draw(&mut Chance::of(1, "incidents"), at(0), at(365 * 86_400), &openings);
        let (mut kills, mut edits, mut last) = (0, 0, at(0));
        while let Some(next) = incidents.next() {
            assert!(next >= last);
            last = next;
            match incidents.take_due(next) {
                Some(Incident::Edit) => edits += 1,
                Some(Incident::Kill { .. } | Incident::KillAtWork { .. }) => kills += 1,
                _ => {}
            }
        }
        assert!(kills > 30 && edits > 30, "{kills} kills, {edits} edits");
    }
}
