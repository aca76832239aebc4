//! A simulated club: who holds which slot, and whether a date can be booked, by a reckoning of its own.
//!
//! Pure, and unkind on purpose: it accepts the same slot from the same member again, so that a second submit shows. When a
//! date opens it finds out as a club does, from what its own wall clock has shown, and not by the engine's functions, so
//! that an error there is not made here as well. What is absent: what goes wrong on the way (`world`).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::label::Label;
use crate::model::{Choice, MeasuredTo, MemberId, OpeningRule, Site};

/// Clock changes further back than this cannot have shown a later time than now.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(48);

/// The least step of time.
const NANO: SignedDuration = SignedDuration::from_nanos(1);

/// A club.
#[derive(Clone, Debug)]
pub(super) struct Club {
    zone: TimeZone,
    /// The site's own ids of the courts, with their rules.
    courts: Vec<(String, OpeningRule)>,
    /// How far its clock is ahead of ours.
    ahead: SignedDuration,
    rows: Vec<Row>,
}

/// A booking on the club's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) member: MemberId,
    /// For which attempt; the judge wants to know, the club does not.
    pub(super) label: Label,
    pub(super) slot: Slot,
    /// From when on the list shows it.
    pub(super) shown_from: Timestamp,
}

/// A court at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// The site's own id.
    pub(super) court: String,
    pub(super) start: DateTime,
    pub(super) length: SignedDuration,
}

impl From<&Choice> for Slot {
    fn from(choice: &Choice) -> Self {
        Self { court: choice.court_site_id.clone(), start: choice.start, length: choice.length }
    }
}

impl Slot {
    fn end(&self) -> DateTime {
        self.start.saturating_add(self.length)
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.court == other.court && self.meets(other)
    }

    /// On whichever court.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

impl Club {
    /// The club behind a configured site.
    pub(super) fn new(site: &Site, zone: TimeZone, ahead: SignedDuration) -> Self {
        Self { zone, courts: rules(site), ahead, rows: Vec::new() }
    }

    /// The rules of its courts change; what is booked stays.
    pub(super) fn adopt(&mut self, site: &Site) {
        self.courts = rules(site);
    }

    /// Whether the slot can be booked: its date is open, and it has not begun.
    pub(super) fn is_open(&self, slot: &Slot, at: Timestamp) -> bool {
        let now = at + self.ahead;
        self.rule(&slot.court).is_some_and(|rule| self.has_opened(rule, slot, now))
    }

    /// The rule of a court.
    pub(super) fn rule(&self, court: &str) -> Option<OpeningRule> {
        self.courts.iter().find(|(known, _)| known == court).map(|(_, rule)| *rule)
    }

    /// Its zone.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether the slot itself has begun.
    pub(super) fn has_begun(&self, slot: &Slot, at: Timestamp) -> bool {
        has_shown(&self.zone, slot.start, at + self.ahead)
    }

    fn has_opened(&self, rule: OpeningRule, slot: &Slot, now: Timestamp) -> bool {
        match rule {
            OpeningRule::Always => true,
            OpeningRule::VisibleDays { days, measured_to } => {
                let first = days_before(measured(slot, measured_to).date(), days.saturating_sub(1));
                has_shown(&self.zone, first.to_datetime(Time::midnight()), now)
            }
            OpeningRule::DaysBefore { days, at, measured_to } => {
                let date = days_before(measured(slot, measured_to).date(), days);
                has_shown(&self.zone, date.to_datetime(at), now)
            }
            OpeningRule::Before { span, measured_to } => {
                now.checked_add(span).is_ok_and(|then| has_shown(&self.zone, measured(slot, measured_to), then))
            }
        }
    }

    /// Whether nobody but the member holds any of the slot's time.
    pub(super) fn is_free_for(&self, member: &MemberId, slot: &Slot) -> bool {
        !self.rows.iter().any(|row| row.member != *member && row.slot.overlaps(slot))
    }

    /// Puts a booking on the list, whether the member has it already or not.
    pub(super) fn book(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// What the list shows a member.
    pub(super) fn shown_to<'a>(&'a self, member: &'a MemberId, at: Timestamp) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.member == *member && row.shown_from <= at)
    }

    /// Everything that is booked.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }
}

fn rules(site: &Site) -> Vec<(String, OpeningRule)> {
    site.courts.iter().map(|court| (court.site_id.clone(), court.opens)).collect()
}

/// Whether the zone's clocks have shown `wall`, or something later, at or before an instant.
fn has_shown(zone: &TimeZone, wall: DateTime, at: Timestamp) -> bool {
    if zone.to_datetime(at) >= wall {
        return true;
    }
    // A clock that was put back has shown later times before.
    let Ok(after) = at.checked_add(NANO) else { return false };
    let changes = zone.preceding(after).map(|change| change.timestamp());
    let recent = changes.take_while(|change| at.duration_since(*change) <= LOOK_BACK);
    recent.into_iter().any(|change| change.checked_sub(NANO).is_ok_and(|last| zone.to_datetime(last) >= wall))
}

fn measured(slot: &Slot, to: MeasuredTo) -> DateTime {
    match to {
        MeasuredTo::Start => slot.start,
        MeasuredTo::End => slot.end(),
    }
}

fn days_before(date: Date, days: u16) -> Date {
    date.saturating_sub(Span::new().days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ZoneData;
    use crate::schedule::{first_instant, opening};

    fn zone(name: &str) -> TimeZone {
        ZoneData::bundled().zone(name).expect("a zone")
    }

    fn club(zone: TimeZone, rule: OpeningRule) -> Club {
        Club { zone, courts: vec![("5".to_owned(), rule)], ahead: SignedDuration::ZERO, rows: Vec::new() }
    }

    /// The engine's reckoning and the club's agree to the nanosecond, midnights that are missing or doubled included.
    #[test]
    fn it_opens_at_the_instant_that_the_engine_waits_for() {
        let rules = [
            OpeningRule::VisibleDays { days: 10, measured_to: MeasuredTo::Start },
            OpeningRule::VisibleDays { days: 10, measured_to: MeasuredTo::End },
            OpeningRule::DaysBefore { days: 7, at: Time::constant(2, 30, 0, 0), measured_to: MeasuredTo::Start },
            OpeningRule::DaysBefore { days: 7, at: Time::constant(0, 30, 0, 0), measured_to: MeasuredTo::Start },
            OpeningRule::Before { span: SignedDuration::from_hours(168), measured_to: MeasuredTo::Start },
        ];
        let zones = ["America/Havana", "Atlantic/Azores", "Australia/Lord_Howe", "Asia/Beirut", "America/Costa_Rica"];
        let mut compared = 0;
        for name in zones {
            for rule in rules {
                let club = club(zone(name), rule);
                for day in 0..800 {
                    let date = jiff::civil::date(2027, 1, 1).saturating_add(Span::new().days(day));
                    let slot = Slot {
                        court: "5".to_owned(),
                        start: date.at(23, 30, 0, 0),
                        length: SignedDuration::from_hours(1),
                    };
                    let opens = opening(rule, slot.start, slot.length, &club.zone);
                    assert!(club.is_open(&slot, opens), "{name} {rule:?} {date}");
                    assert!(!club.is_open(&slot, opens - NANO), "{name} {rule:?} {date}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 5 * 5 * 800);
    }

    #[test]
    fn a_time_that_was_shown_stays_shown_when_the_clock_is_put_back() {
        let zone = zone("America/Havana");
        let wall: DateTime = "2028-11-05T00:30".parse().expect("a local time");
        let first = first_instant(wall, &zone);
        for minutes in 0..180 {
            assert!(has_shown(&zone, wall, first + SignedDuration::from_mins(minutes)), "{minutes}");
        }
        assert!(!has_shown(&zone, wall, first - NANO));
    }

    #[test]
    fn the_same_member_may_book_again_but_nobody_else() {
        let mut club = club(zone("America/Costa_Rica"), OpeningRule::Always);
        let slot = |hour| Slot {
            court: "5".to_owned(),
            start: jiff::civil::date(2027, 7, 18).at(hour, 0, 0, 0),
            length: SignedDuration::from_mins(90),
        };
        let (ana, luis) = (MemberId::new("ana"), MemberId::new("luis"));
        let label = Label { member: ana.clone(), booking: "x".into(), date: slot(17).start.date() };
        club.book(Row { member: ana.clone(), label, slot: slot(17), shown_from: Timestamp::UNIX_EPOCH });
        assert!(club.is_free_for(&ana, &slot(17)));
        assert!(!club.is_free_for(&luis, &slot(18)));
        assert!(club.is_free_for(&luis, &slot(19)));
        assert_eq!(club.shown_to(&luis, Timestamp::MAX).count(), 0);
    }
}
