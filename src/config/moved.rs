//! What a change of the configuration does to the attempts ahead, in words for the log.

use std::collections::HashMap;
use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::model::{BookingName, MemberId, Occurrence};
use crate::schedule::AHEAD;

use super::diff::clock;
use super::duration;

/// What a change does to the attempts ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Attempts that were not there.
    New(usize),
    /// Attempts that are no longer there.
    Gone(usize),
    /// A court at a weekday and time opens at another instant.
    Opening {
        /// The court.
        court: String,
        /// The weekday.
        weekday: Weekday,
        /// The start time.
        time: Time,
        /// How much later; negative: earlier. The first attempt's, where a clock change makes them differ by an hour.
        later: SignedDuration,
        /// How many attempts this concerns.
        attempts: usize,
    },
}

/// Compares the attempts ahead before and after.
pub fn moved(old: &[Occurrence], new: &[Occurrence]) -> Vec<Moved> {
    let (known, wanted) = (by_key(old), by_key(new));
    let mut found = Vec::new();
    for after in new {
        if let Some(before) = known.get(&key(after)) {
            openings(before, after, &mut found);
        }
    }
    let (seen_before, seen_now) = (sight(old), sight(new));
    let missing = |from: &ByKey<'_>, sight: &Sight<'_>, list: &[Occurrence]| {
        list.iter().filter(|item| !from.contains_key(&key(item)) && is_in_sight(sight, item)).count()
    };
    let counts = [
        (missing(&known, &seen_before, new), Moved::New as fn(usize) -> Moved),
        (missing(&wanted, &seen_now, old), Moved::Gone),
    ];
    found.extend(counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, moved)| moved(count)));
    found
}

/// What makes an attempt the same attempt.
type Key<'o> = (&'o MemberId, &'o BookingName, Date);

type ByKey<'o> = HashMap<Key<'o>, &'o Occurrence>;

fn key(occurrence: &Occurrence) -> Key<'_> {
    (&occurrence.member, &occurrence.booking, occurrence.date)
}

fn by_key(occurrences: &[Occurrence]) -> ByKey<'_> {
    occurrences.iter().map(|occurrence| (key(occurrence), occurrence)).collect()
}

/// Of each booking with as many dates as are looked ahead: the last of them. What lies behind it was not looked at.
type Sight<'o> = HashMap<(&'o MemberId, &'o BookingName), Date>;

fn sight(occurrences: &[Occurrence]) -> Sight<'_> {
    let mut last: HashMap<_, (usize, Date)> = HashMap::new();
    for one in occurrences {
        let (count, date) = last.entry((&one.member, &one.booking)).or_insert((0, one.date));
        (*count, *date) = (*count + 1, one.date.max(*date));
    }
    last.into_iter().filter(|(_, (count, _))| *count >= AHEAD).map(|(booking, (_, date))| (booking, date)).collect()
}

/// Whether a date could have been seen from there: one that could not is neither new nor called off.
fn is_in_sight(sight: &Sight<'_>, occurrence: &Occurrence) -> bool {
    sight.get(&(&occurrence.member, &occurrence.booking)).is_none_or(|last| occurrence.date <= *last)
}

fn openings(before: &Occurrence, after: &Occurrence, found: &mut Vec<Moved>) {
    for choice in &after.choices {
        let old = before.choices.iter().find(|old| old.court == choice.court && old.start == choice.start);
        if let Some(old) = old.filter(|old| old.opening != choice.opening) {
            count(choice.court.as_str(), choice.start, choice.opening.duration_since(old.opening), found);
        }
    }
}

fn count(court: &str, start: DateTime, shift: SignedDuration, found: &mut Vec<Moved>) {
    for moved in found.iter_mut() {
        if let Moved::Opening { court: known, weekday, time, later, attempts } = moved
            && (known.as_str(), *weekday, *time) == (court, start.weekday(), start.time())
            && shift_words(*later) == shift_words(shift)
        {
            *attempts += 1;
            return;
        }
    }
    let (weekday, time) = (start.weekday(), start.time());
    found.push(Moved::Opening { court: court.to_owned(), weekday, time, later: shift, attempts: 1 });
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New(count) => write!(f, "{} new", dates(*count, "is", "are")),
            Self::Gone(count) => write!(f, "{} called off", dates(*count, "is", "are")),
            Self::Opening { court, weekday, time, later, attempts: count } => {
                let day = &format!("{weekday:?}")[..3];
                let moves = dates(*count, "moves", "move");
                write!(f, "court {court} {day} {} now {}; {moves}", clock(*time), shift_words(*later))
            }
        }
    }
}

/// Dates, not attempts: that of one may be over, and then nothing of it moves any more.
fn dates(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 date {one}") } else { format!("{count} dates {many}") }
}

/// `opens a day earlier`; an hour more or less than whole days is a clock change between them.
fn shift_words(later: SignedDuration) -> String {
    /// Nothing moves this far but a rule that became, or was, `always`.
    const FAR: SignedDuration = SignedDuration::from_hours(24 * 366 * 20);
    let direction = if later.is_negative() { "earlier" } else { "later" };
    let size = later.abs();
    if size > FAR {
        return if later.is_negative() { "can be booked at any time" } else { "waits for an opening" }.to_owned();
    }
    let days = (size.as_hours() + 1) / 24;
    let off = (size - SignedDuration::from_hours(days * 24)).abs();
    match days {
        1.. if off <= SignedDuration::from_hours(1) && days == 1 => format!("opens a day {direction}"),
        1.. if off <= SignedDuration::from_hours(1) => format!("opens {days} days {direction}"),
        _ => format!("opens {} {direction}", duration::words(size)),
    }
}
