//! `[[booking]]`.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::config::raw::{At, Origin, Section};
use crate::model::{Booking, BookingName, CourtName, MemberId, Prefer, Site, When};
use crate::report::Problem;
use crate::schedule::never_open;

use super::member::Members;
use super::overlap::{self, Wish};
use super::site::Sites;
use super::together::{self, Turn};
use super::{Problems, World, names, rule};

/// Checks every booking, then how they stand to each other.
pub(super) fn bookings(
    root: &Section,
    sites: &Sites,
    members: &Members,
    world: &World<'_>,
    problems: &mut Problems,
) -> Vec<Booking> {
    let sections = root.repeated("booking");
    same_names(sections, problems);
    let mut bookings = Vec::new();
    let (mut wishes, mut turns) = (Vec::new(), Vec::new());
    for section in sections {
        let Some((booking, site)) = booking(section, sites, members, problems) else { continue };
        let Some(site) = site else { continue };
        if let Some(flow) = sites.flow(site.id.as_str()) {
            problems.extend(flow.problems_with_booking(&booking));
        }
        problems.extend(never_opens(section, &booking, site, world));
        let today = today(site, world);
        if let Some(problem) = finished(section, &booking, today) {
            problems.push(problem);
        } else {
            let dates = rule::dates(&booking.when, today.date());
            turns.extend(turn(section, &booking, site, members, (dates.as_deref().unwrap_or_default(), world)));
            let account = members.member(booking.member.as_str()).map_or("", |member| &member.vault);
            wishes.push(Wish::new(section.origin.clone(), (&booking, account), site, dates));
        }
        // Whose member is wrong is checked, and goes no further.
        bookings.extend(Some(booking).filter(|booking| members.member(booking.member.as_str()).is_some()));
    }
    overlap::warn(&wishes, problems);
    together::warn(&turns, problems);
    bookings
}

fn turn(
    section: &Section,
    booking: &Booking,
    site: &Site,
    members: &Members,
    (dates, world): (&[Date], &World<'_>),
) -> Option<Turn> {
    let zone = world.zones.get(&site.time_zone).ok()?;
    let account = &members.member(booking.member.as_str())?.vault;
    Turn::new(section.origin.clone(), (booking, account), (site, &zone), dates, world.now)
}

/// A warning for choices that open only when their slot has begun.
fn never_opens(section: &Section, booking: &Booking, site: &Site, world: &World<'_>) -> Option<Problem> {
    let zone = world.zones.get(&site.time_zone).ok()?;
    let never = never_open(booking, site, &zone, world.now);
    let first = never.first()?;
    let message = format!("court {} opens only when its slot has begun; it is never tried", first.court);
    let help = "check the court's `opens`, or take it out of the booking";
    Some(section.origin.blame(Problem::warning("never-opens", message)).help(help))
}

fn same_names(sections: &[Section], problems: &mut Problems) {
    let mut seen: BTreeMap<(String, String), Origin> = BTreeMap::new();
    for section in sections {
        let (Some(member), Some(name)) = (section.value::<String>("member"), section.get::<String>("name")) else {
            continue;
        };
        if let Some(first) = seen.insert((member.clone(), name.value.clone()), name.origin.clone()) {
            let first = line_of(&first);
            let message = format!("`{member}` has two bookings named `{}` (the other is on line {first})", name.value);
            let help = "member and name together tell a booking from all others: give one of them another name";
            problems.push(name.error("same-name", message).help(help));
        }
    }
}

fn line_of(origin: &Origin) -> usize {
    match origin {
        Origin::File(place) => place.line(),
        _ => 0,
    }
}

/// The booking and its site; the site is none when it is itself wrong.
fn booking<'s>(
    section: &Section,
    sites: &'s Sites,
    members: &Members,
    problems: &mut Problems,
) -> Option<(Booking, Option<&'s Site>)> {
    let name = section.get::<String>("name");
    problems.extend(name.as_ref().and_then(|name| names::free_name(name, "booking")));
    let member = section.get::<String>("member");
    problems.extend(member.as_ref().and_then(|member| unknown_member(member, members)));
    let site_name = member.as_ref().and_then(|member| members.site(&member.value));
    let known = site_name.and_then(|site| sites.courts(site));
    let courts = courts(section, site_name, known.as_deref(), problems);
    let times = times(section, problems);
    let when = when(section, problems);
    let site = site_name.and_then(|name| sites.site(name));
    let booking = Booking {
        name: BookingName::new(name?.value),
        member: MemberId::new(member?.value),
        courts: courts?,
        times: times?,
        length: section.value("length").or(site.map(|site| site.slot_length)).unwrap_or_default(),
        prefer: match section.value::<String>("prefer")?.as_str() {
            "court" => Prefer::Court,
            _ => Prefer::Time,
        },
        when: when?,
        paused: section.value("paused")?,
        variables: section.value("variables").unwrap_or_default(),
    };
    Some((booking, site))
}

fn unknown_member(member: &At<String>, members: &Members) -> Option<Problem> {
    let known = members.names();
    let unknown = !known.contains(&member.value.as_str());
    unknown.then(|| names::unknown(member, "member", &known, "write a table [member.NAME] for a new one"))
}

/// The courts in order of preference; every court of the site when none was named.
fn courts(
    section: &Section,
    site: Option<&str>,
    known: Option<&[&str]>,
    problems: &mut Problems,
) -> Option<Vec<CourtName>> {
    let Some(written) = section.get::<Vec<At<String>>>("courts") else {
        return known.map(|courts| courts.iter().map(|court| CourtName::new(*court)).collect());
    };
    if written.value.is_empty() {
        problems.push(
            written.error("empty-list", "there is no court in this list").help("leave `courts` out for every court"),
        );
        return None;
    }
    twice(&written.value, "court", |court| court.clone(), problems);
    let known = known?;
    for court in written.value.iter().filter(|court| !known.contains(&court.value.as_str())) {
        let help = format!("write a table [site.{}.court.NAME] for a new one", site.unwrap_or("NAME"));
        problems.push(names::unknown(court, "court", known, &help));
    }
    Some(written.value.iter().map(|court| CourtName::new(&court.value)).collect())
}

fn times(section: &Section, problems: &mut Problems) -> Option<Vec<Time>> {
    let written = section.get::<Vec<At<Time>>>("times")?;
    if written.value.is_empty() {
        problems.push(
            written
                .error("empty-list", "there is no time in this list")
                .help("write at least one: times = [\"17:00\"]"),
        );
        return None;
    }
    twice(&written.value, "time", |time| time.strftime("%H:%M").to_string(), problems);
    Some(written.value.iter().map(|at| at.value).collect())
}

fn twice<T: PartialEq>(list: &[At<T>], what: &str, words: impl Fn(&T) -> String, problems: &mut Problems) {
    for (n, item) in list.iter().enumerate() {
        if list[..n].iter().any(|earlier| earlier.value == item.value) {
            let message = format!("the {what} `{}` stands twice in this list", words(&item.value));
            problems.push(item.warning("named-twice", message).help("the first place counts; take the second out"));
        }
    }
}

fn when(section: &Section, problems: &mut Problems) -> Option<When> {
    if let Some(date) = section.value::<Date>("date") {
        return Some(When::Once(date));
    }
    let from = section.get::<Date>("from");
    let until = section.get::<Date>("until");
    if let (Some(from), Some(until)) = (&from, &until)
        && until.value < from.value
    {
        problems.push(until.error("wrong-dates", "`until` is before `from`").help("swap them, or move `until`"));
        return None;
    }
    let except = section.value::<Vec<At<Date>>>("except").unwrap_or_default();
    let except: Vec<Date> = except.into_iter().map(|at| at.value).collect();
    let repeat = section.get::<String>("repeat")?;
    let rule = rule::rule(&repeat, until.as_ref(), from.as_ref(), &except, problems);
    Some(When::Repeat { rule: rule?, from: from?.value, except })
}

/// What the site's clocks show now.
fn today(site: &Site, world: &World<'_>) -> DateTime {
    let zone = world.zones.get(&site.time_zone).unwrap_or(TimeZone::UTC);
    world.now.to_zoned(zone).datetime()
}

/// A warning for a booking that will never be tried again.
fn finished(section: &Section, booking: &Booking, now: DateTime) -> Option<Problem> {
    let (key, past) = match &booking.when {
        When::Once(date) => ("date", booking.times.iter().all(|time| date.to_datetime(*time) <= now)),
        When::Repeat { .. } => ("repeat", rule::dates(&booking.when, now.date()).is_some_and(|dates| dates.is_empty())),
    };
    let written =
        section.get::<Date>(key).map(|at| at.origin).or_else(|| section.get::<String>(key).map(|at| at.origin))?;
    let message = match booking.when {
        When::Once(date) => format!("`{}` is finished: {date} has passed", booking.name),
        When::Repeat { .. } => format!("`{}` is finished: no date is left", booking.name),
    };
    past.then(|| written.blame(Problem::warning("finished", message)).help("take it out when you no longer need it"))
}
