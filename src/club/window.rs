//! Which dates can be booked: the club's day, and the instant at which it turns.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::court::Court;

/// How long a day lasts for a club that turns at an instant it was asked for.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The club's calendar: every decision about dates asks it, with `now` on the club's clock.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    zone: TimeZone,
    turn: Turn,
}

/// When the club's day turns into the next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// With the first instant of a local date.
    Midnight,
    /// At `first`, when `before` is over, and every 24 hours from then on.
    Every { before: Date, first: Timestamp },
}

impl Window {
    /// A club that turns at its own midnight.
    pub(crate) fn at_midnight(zone: TimeZone) -> Self {
        Self { zone, turn: Turn::Midnight }
    }

    /// A club whose day turns `wait` after `now`, aligned up to a whole second, instead of at midnight. Until then its day is
    /// the local date of that instant, so that the date which opens for a court is that local date plus the court's days.
    pub(crate) fn opening_in(zone: TimeZone, now: Timestamp, wait: SignedDuration) -> Self {
        let first = whole_second(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
        let before = first.to_zoned(zone.clone()).date();
        Self { zone, turn: Turn::Every { before, first } }
    }

    /// The club's zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant that was asked for; none for a club that turns at midnight.
    pub(crate) fn asked_for(&self) -> Option<Timestamp> {
        match self.turn {
            Turn::Midnight => None,
            Turn::Every { first, .. } => Some(first),
        }
    }

    /// The club's own date.
    pub(crate) fn today(&self, now: Timestamp) -> Date {
        match self.turn {
            // A doubled midnight sets the calendar back; the date that has begun stays begun.
            Turn::Midnight => {
                let date = now.to_zoned(self.zone.clone()).date();
                if self.begins(plus(date, 1)) <= now { plus(date, 1) } else { date }
            }
            Turn::Every { before, first } => {
                let whole_days = now.duration_since(first).as_nanos().div_euclid(DAY.as_nanos());
                plus(before, i32::try_from(whole_days).map_or(0, |days| (days + 1).max(0)))
            }
        }
    }

    /// The dates that can be booked on a court, today first.
    pub(crate) fn dates(&self, court: &Court, now: Timestamp) -> Vec<Date> {
        let today = self.today(now);
        (0..i32::from(court.days)).map(|ahead| plus(today, ahead)).collect()
    }

    /// Whether a date can be booked on a court.
    pub(crate) fn is_open(&self, court: &Court, date: Date, now: Timestamp) -> bool {
        let today = self.today(now);
        (today..=plus(today, i32::from(court.days) - 1)).contains(&date)
    }

    /// The first instant at which a date can be booked on a court.
    pub(crate) fn opens(&self, court: &Court, date: Date) -> Timestamp {
        self.begins(plus(date, 1 - i32::from(court.days)))
    }

    /// The date that a court shows for the first time at `turn`.
    pub(crate) fn newest(&self, court: &Court, turn: Timestamp) -> Date {
        plus(self.today(turn), i32::from(court.days) - 1)
    }

    /// The latest turn at or before `now`.
    pub(crate) fn last_turn(&self, now: Timestamp) -> Timestamp {
        self.begins(self.today(now))
    }

    /// The first turn after `now`.
    pub(crate) fn next_turn(&self, now: Timestamp) -> Timestamp {
        self.begins(plus(self.today(now), 1))
    }

    /// The instant at which the club's day becomes `date`.
    fn begins(&self, date: Date) -> Timestamp {
        match self.turn {
            Turn::Midnight => date.to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |midnight| midnight.timestamp()),
            Turn::Every { before, first } if date > before => {
                let days = before.until(date).map_or(0, |span| span.get_days());
                first.saturating_add(DAY * (days - 1)).unwrap_or(Timestamp::MAX)
            }
            // Dates of before the first turn have always been open.
            Turn::Every { .. } => Timestamp::MIN,
        }
    }
}

fn plus(date: Date, days: i32) -> Date {
    date.saturating_add(days.days())
}

fn whole_second(at: Timestamp) -> Timestamp {
    match at.subsec_nanosecond() {
        0 => at,
        past => {
            at.saturating_add(SignedDuration::from_nanos(i64::from(1_000_000_000 - past))).unwrap_or(Timestamp::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::court::COURTS;
    use super::*;

    const NANO: SignedDuration = SignedDuration::from_nanos(1);

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("the zone is known")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn the_window_turns_with_the_first_instant_of_the_local_date() {
        let window = Window::at_midnight(zone("America/Costa_Rica"));
        let midnight = at("2027-07-09T06:00:00Z");
        let (court_1, court_2) = (&COURTS[0], &COURTS[1]);
        assert_eq!(window.opens(court_1, date(2027, 7, 18)), midnight);
        assert!(!window.is_open(court_1, date(2027, 7, 18), midnight - NANO));
        assert!(window.is_open(court_1, date(2027, 7, 18), midnight));
        assert!(!window.is_open(court_2, date(2027, 7, 18), midnight), "court 2 shows nine days");
        assert!(!window.is_open(court_1, date(2027, 7, 8), midnight), "yesterday is over");
        assert_eq!(window.dates(court_2, midnight).len(), 9);
        assert_eq!(window.newest(court_1, midnight), date(2027, 7, 18));
        assert_eq!(window.next_turn(midnight - NANO), midnight);
        assert_eq!(window.last_turn(midnight), midnight);
    }

    #[test]
    fn a_doubled_midnight_opens_once_and_a_skipped_one_at_the_first_instant() {
        let havana = Window::at_midnight(zone("America/Havana"));
        let doubled = at("2027-11-07T04:00:00Z");
        assert_eq!(havana.today(doubled - NANO), date(2027, 11, 6));
        for after in [0, 30, 60, 90] {
            assert_eq!(havana.today(doubled + SignedDuration::from_mins(after)), date(2027, 11, 7));
        }
        let beirut = Window::at_midnight(zone("Asia/Beirut"));
        assert_eq!(beirut.next_turn(at("2027-03-27T12:00:00Z")), at("2027-03-27T22:00:00Z"));
    }

    #[test]
    fn an_opening_that_was_asked_for_is_a_whole_second_and_moves_the_window_by_one_date() {
        let now = at("2026-11-21T02:59:40.25Z");
        let window = Window::opening_in(zone("America/Costa_Rica"), now, SignedDuration::from_secs(30));
        let opening = at("2026-11-21T03:00:11Z");
        assert_eq!(window.asked_for(), Some(opening));
        assert_eq!(window.today(now), date(2026, 11, 20));
        assert_eq!(window.today(opening - NANO), date(2026, 11, 20));
        assert_eq!(window.today(opening), date(2026, 11, 21));
        assert_eq!(window.opens(&COURTS[0], date(2026, 11, 30)), opening);
        assert_eq!(window.newest(&COURTS[0], opening), date(2026, 11, 30));
        assert!(!window.is_open(&COURTS[0], date(2026, 11, 30), opening - NANO));
        assert!(window.is_open(&COURTS[0], date(2026, 11, 30), opening));
        assert_eq!(window.next_turn(opening), opening + DAY);
        assert_eq!(window.today(opening + DAY), date(2026, 11, 22));
    }

    #[test]
    fn an_opening_just_after_midnight_counts_from_its_own_date() {
        let window =
            Window::opening_in(zone("America/Costa_Rica"), at("2026-11-21T05:59:50Z"), SignedDuration::from_secs(30));
        let opening = at("2026-11-21T06:00:20Z");
        assert_eq!(window.newest(&COURTS[0], opening), date(2026, 12, 1));
    }
}
