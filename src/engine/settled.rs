//! What an edit of the configuration no longer changes: dates whose attempts are over.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::model::{Attempt, BookingName, MemberId, Occurrence, Outcome, State};
use crate::store::Slot;

/// What makes an attempt the same attempt.
type Key<'a> = (&'a MemberId, &'a BookingName, Date);

/// The attempts of a configuration's dates that are over.
pub(super) struct Settled<'a>(HashMap<Key<'a>, &'a (Attempt, Option<Slot>)>);

impl<'a> Settled<'a> {
    /// Of what is kept. What a plan took back comes back with its booking: it is not over. A court that was given back is.
    pub(super) fn of(kept: &'a [(Attempt, Option<Slot>)]) -> Self {
        let is_over = |(attempt, _): &&(Attempt, Option<Slot>)| attempt.state.is_ended() && !attempt.withdrawn;
        let over = kept.iter().filter(is_over);
        Self(over.map(|one| ((&one.0.member, &one.0.booking, one.0.date), one)).collect())
    }

    /// The dates that a change still moves.
    pub(super) fn still_open(&self, dates: &[Occurrence]) -> Vec<Occurrence> {
        dates.iter().filter(|date| !self.0.contains_key(&key(date))).cloned().collect()
    }

    /// Courts that are booked at the club, and that the edit asks for no more: nothing here gives them back.
    pub(super) fn told(&self, old: &[Occurrence], new: &[Occurrence]) -> Vec<String> {
        let wanted: HashMap<Key<'_>, &Occurrence> = new.iter().map(|date| (key(date), date)).collect();
        old.iter().filter_map(|before| self.remains(before, wanted.get(&key(before)).copied())).collect()
    }

    fn remains(&self, before: &Occurrence, after: Option<&Occurrence>) -> Option<String> {
        let (attempt, slot) = self.0.get(&key(before))?;
        let slot = slot.as_ref().filter(|_| attempt.state == State::Ended(Outcome::Confirmed))?;
        let has = |date: &Occurrence| {
            date.choices.iter().any(|choice| choice.court == slot.court && choice.start == slot.start)
        };
        let says = match after {
            None => {
                "remains booked at the club; if you do not want it, cancel it there, or with `firstserve cancel` when nothing runs"
            }
            Some(after) if has(before) && !has(after) => {
                "is confirmed: the edit of court or time does nothing for this date any more"
            }
            Some(_) => return None,
        };
        let (member, booking, start) = (&attempt.member, &attempt.booking, slot.start.strftime("%a %Y-%m-%d at %H:%M"));
        Some(format!("{member} · {booking}: court {} on {start} {says}", slot.court))
    }
}

fn key(date: &Occurrence) -> Key<'_> {
    (&date.member, &date.booking, date.date)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::model::{AttemptId, Choice};

    const OPENING: Timestamp = Timestamp::UNIX_EPOCH;

    fn wish(day: i8, court: &str) -> Occurrence {
        let start = date(2027, 7, day).at(17, 0, 0, 0);
        let choice = Choice {
            court: court.into(),
            court_site_id: court.to_owned(),
            start,
            length: jiff::SignedDuration::from_hours(1),
            starts_at: OPENING,
            opening: OPENING,
        };
        let (booking, member, site) = ("doubles".into(), "ana".into(), "club".into());
        Occurrence { booking, member, site, date: start.date(), choices: vec![choice] }
    }

    fn kept(day: i8, state: State, submits: u8) -> (Attempt, Option<Slot>) {
        let Occurrence { booking, member, site, date, choices } = wish(day, "1");
        let (id, note) = (AttemptId::new("01"), None);
        let (opening, created_at, planned_at, updated_at) = (OPENING, OPENING, OPENING, OPENING);
        let attempt = Attempt {
            id,
            booking,
            member,
            site,
            date,
            opening,
            state,
            submits,
            created_at,
            planned_at,
            updated_at,
            withdrawn: false,
            note,
        };
        (attempt, Some(Slot::from(&choices[0])))
    }

    #[test]
    fn a_court_that_is_booked_remains_and_is_no_date_that_is_called_off() {
        let (won, old) = ([kept(18, State::Ended(Outcome::Confirmed), 1)], [wish(18, "1")]);
        let settled = Settled::of(&won);
        assert!(settled.still_open(&old).is_empty());
        assert_eq!(
            settled.told(&old, &[wish(19, "1")]),
            [
                "ana · doubles: court 1 on Sun 2027-07-18 at 17:00 remains booked at the club; if you do not want it, cancel it there, or with `firstserve cancel` when nothing runs"
            ]
        );
        let moved = settled.told(&old, &[wish(18, "2")]);
        assert!(moved[0].ends_with("the edit of court or time does nothing for this date any more"), "{moved:?}");
        assert!(settled.told(&old, &old).is_empty(), "nothing was edited");
    }

    #[test]
    fn what_still_runs_or_was_taken_back_is_still_to_be_moved() {
        let mut live = [kept(18, State::Planned, 0), kept(19, State::Ended(Outcome::Cancelled), 0)];
        (live[1].0.withdrawn, live[1].1) = (true, None);
        let (settled, old) = (Settled::of(&live), [wish(18, "1"), wish(19, "1")]);
        assert_eq!(settled.still_open(&old).len(), 2);
        assert!(settled.told(&old, &[]).is_empty());
        let given_back = [kept(19, State::Ended(Outcome::Cancelled), 0)];
        let settled = Settled::of(&given_back);
        assert_eq!(settled.still_open(&old).len(), 1, "no edit books again what a person gave back");
        assert!(settled.told(&old, &[]).is_empty(), "and it is not booked at the club");
    }
}
