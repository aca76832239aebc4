//! Bookings to occurrences: dates × courts × times, in the order in which they are tried.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::instant::first_instant;
use super::opening::opening;
use super::rule::Rule;
use crate::model::{Booking, Choice, Court, Occurrence, Prefer, Site, When};

/// How many occurrences of a booking are looked ahead.
pub const AHEAD: usize = 52;

/// The next occurrences of a booking, at most `limit`, in order of their dates. A paused booking has none.
///
/// A choice is left out when its slot has begun, or when it would open only after that ([`never_open`] tells which);
/// an occurrence without any choice left is left out whole.
pub fn occurrences(booking: &Booking, site: &Site, zone: &TimeZone, now: Timestamp, limit: usize) -> Vec<Occurrence> {
    if booking.paused {
        return Vec::new();
    }
    // Today can fall away altogether, so one more date is looked at.
    let dates = dates(booking, now.to_zoned(zone.clone()).date(), limit.saturating_add(1));
    let whole = dates
        .into_iter()
        .map(|date| occurrence(booking, site, zone, date, |choice| choice.starts_at > now && can_open(choice)));
    whole.filter(|occurrence| !occurrence.choices.is_empty()).take(limit).collect()
}

/// Every choice of a booking on a date, those whose slot has begun among them: what it may have been booked by.
pub fn choices_on(booking: &Booking, site: &Site, zone: &TimeZone, date: Date) -> Vec<Choice> {
    occurrence(booking, site, zone, date, |_| true).choices
}

/// Whether a date is one of the booking's, paused or not.
pub fn asks_for(booking: &Booking, date: Date) -> bool {
    dates(booking, date, 1).first() == Some(&date)
}

/// The choices of the next occurrence that can never be booked, because they would open only when the slot has begun.
pub fn never_open(booking: &Booking, site: &Site, zone: &TimeZone, now: Timestamp) -> Vec<Choice> {
    let next = dates(booking, now.to_zoned(zone.clone()).date(), 1);
    next.into_iter()
        .flat_map(|date| occurrence(booking, site, zone, date, |choice| !can_open(choice)).choices)
        .collect()
}

fn can_open(choice: &Choice) -> bool {
    choice.opening < choice.starts_at
}

fn dates(booking: &Booking, starting: Date, limit: usize) -> Vec<Date> {
    match &booking.when {
        When::Once(date) => Some(*date).filter(|date| *date >= starting).into_iter().take(limit).collect(),
        // The configuration has checked the rule; one that cannot be read has no dates.
        When::Repeat { rule, from, except } => {
            Rule::parse(rule).map(|rule| rule.dates(*from, except, starting, limit)).unwrap_or_default()
        }
    }
}

fn occurrence(
    booking: &Booking,
    site: &Site,
    zone: &TimeZone,
    date: Date,
    wanted: impl Fn(&Choice) -> bool,
) -> Occurrence {
    let pairs = pairs(booking, site).into_iter();
    let choices = pairs.map(|(court, time)| choice(booking, court, date.to_datetime(time), zone)).filter(wanted);
    Occurrence {
        booking: booking.name.clone(),
        member: booking.member.clone(),
        site: site.id.clone(),
        date,
        choices: choices.collect(),
    }
}

/// Courts × times in order of preference; the axis that is preferred changes last.
fn pairs<'a>(booking: &Booking, site: &'a Site) -> Vec<(&'a Court, Time)> {
    let courts: Vec<&Court> = booking.courts.iter().filter_map(|name| site.court(name)).collect();
    match booking.prefer {
        Prefer::Time => booking.times.iter().flat_map(|time| courts.iter().map(move |court| (*court, *time))).collect(),
        Prefer::Court => {
            courts.iter().flat_map(|court| booking.times.iter().map(move |time| (*court, *time))).collect()
        }
    }
}

fn choice(booking: &Booking, court: &Court, start: DateTime, zone: &TimeZone) -> Choice {
    Choice {
        court: court.name.clone(),
        court_site_id: court.site_id.clone(),
        start,
        length: booking.length,
        opening: opening(court.opens, start, booking.length, zone),
        starts_at: first_instant(start, zone),
    }
}
