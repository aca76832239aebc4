//! Where a clock change makes an opening or a slot surprising.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::instant::{Showing, first_instant, showing};
use super::occurrences::occurrences;
use super::opening::named_time;
use crate::model::{Booking, Choice, OpeningRule, Site};

/// Further ahead than this, clock changes are guesses: laws change.
const AHEAD: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// More dates than two years have.
const DATES_AHEAD: usize = 740;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Something worth knowing about one choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The seven days before the slot are not 168 hours.
    WeekIsNot168Hours {
        /// What they are.
        elapsed: SignedDuration,
    },
    /// The local time does not exist; what it means instead.
    Missing {
        /// Opening or slot.
        of: Moment,
        /// The local time that was named.
        wall: DateTime,
        /// The first instant after it.
        instead: Zoned,
    },
    /// The local time is shown twice; the first is meant.
    Doubled {
        /// Opening or slot.
        of: Moment,
        /// The local time that was named.
        wall: DateTime,
        /// Its first showing.
        first: Zoned,
    },
}

/// Which of a choice's two local times a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When it can first be booked.
    Opening,
    /// When the slot begins.
    Start,
}

/// What a clock change does to a choice of a court with that opening rule; nothing for what lies more than two years
/// ahead.
pub fn notes(choice: &Choice, rule: OpeningRule, zone: &TimeZone, now: Timestamp) -> Vec<Note> {
    if choice.starts_at.duration_since(now) > AHEAD {
        return Vec::new();
    }
    let opening = named_time(rule, choice.start, choice.length).and_then(|wall| shown(Moment::Opening, wall, zone));
    let start = shown(Moment::Start, choice.start, zone);
    week(choice, zone).into_iter().chain(opening).chain(start).collect()
}

/// Every occurrence within two years that a clock change touches, with each thing that is worth knowing of it once.
pub fn touched(booking: &Booking, site: &Site, zone: &TimeZone, now: Timestamp) -> Vec<(Date, Note)> {
    let mut found: Vec<(Date, Note)> = Vec::new();
    for occurrence in occurrences(booking, site, zone, now, DATES_AHEAD) {
        for choice in &occurrence.choices {
            let rule = site.court(&choice.court).map_or(OpeningRule::Always, |court| court.opens);
            for note in notes(choice, rule, zone, now) {
                let new = (occurrence.date, note);
                if !found.contains(&new) {
                    found.push(new);
                }
            }
        }
    }
    found
}

fn week(choice: &Choice, zone: &TimeZone) -> Option<Note> {
    let before = choice.start.checked_sub(Span::new().days(7)).ok()?;
    let elapsed = choice.starts_at.duration_since(first_instant(before, zone));
    (elapsed != WEEK).then_some(Note::WeekIsNot168Hours { elapsed })
}

fn shown(of: Moment, wall: DateTime, zone: &TimeZone) -> Option<Note> {
    let first = first_instant(wall, zone).to_zoned(zone.clone());
    match showing(wall, zone) {
        Showing::Once => None,
        Showing::Missing => Some(Note::Missing { of, wall, instead: first }),
        Showing::Doubled => Some(Note::Doubled { of, wall, first }),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WeekIsNot168Hours { elapsed } => {
                let hours = elapsed.as_secs() / 3600;
                let minutes = elapsed.as_secs() / 60 % 60;
                write!(f, "clocks change in the week before: its seven days are {hours}")?;
                if minutes != 0 {
                    write!(f, ":{minutes:02}")?;
                }
                f.write_str(" hours, not 168")
            }
            Self::Missing { of, wall, instead } => {
                write!(
                    f,
                    "{} does not exist on {}: clocks go forward; {of} is {}",
                    clock(*wall),
                    wall.date(),
                    exact(instead)
                )
            }
            Self::Doubled { of, wall, first } => {
                write!(
                    f,
                    "{} comes twice on {}: clocks go back; {of} is the first, {}",
                    clock(*wall),
                    wall.date(),
                    exact(first)
                )
            }
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "the opening",
            Self::Start => "the slot's start",
        })
    }
}

fn clock(wall: DateTime) -> String {
    if wall.hour() == 0 && wall.minute() == 0 { "midnight".to_owned() } else { wall.strftime("%H:%M").to_string() }
}

fn exact(at: &Zoned) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}
