//! `firstserve plan`: the next occurrences and when their courts open.
//!
//! Needs no vault, browser or network: bookings, zones and the time come in, rows come out.

use std::fmt::Write;
use std::process::ExitCode;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::setting::Setting;
use crate::clock::tzdata::ZoneData;
use crate::clock::{Clock, SystemClock};
use crate::model::{Booking, BookingName, CourtName, Member, MemberId, Occurrence, Site};
use crate::schedule::{AHEAD, ALWAYS_OPEN, occurrences};

/// What `plan` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only slots up to this date (2027-07-18)
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
}

/// Prints the plan.
///
/// # Errors
/// The configuration cannot be used.
pub(super) fn run(args: &Args, setting: &Setting, json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones) = setting.config_and_zones()?;
    let plan = plan(&config.bookings, &config.members, &config.sites, &zones, SystemClock.now(), args.until);
    if json {
        super::answer(&plan.json());
    } else {
        super::print(&plan.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The next occurrences, by opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One per occurrence and court.
    pub rows: Vec<Row>,
    /// The release of the zone data (`2026f (system)`).
    pub zone_data: String,
    now: Timestamp,
}

/// One court of one occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The booking.
    pub booking: BookingName,
    /// Whose account.
    pub member: MemberId,
    /// The local date of the slot.
    pub date: Date,
    /// The court.
    pub court: CourtName,
    /// When the court can first be booked for that date, in the site's zone; none: at any time.
    pub opening: Option<Zoned>,
}

/// Plans every booking that is not paused, at most 52 occurrences each, up to and including `until`. Bookings whose
/// member, site or zone is not there are passed over: the configuration has said so.
pub fn plan(
    bookings: &[Booking],
    members: &[Member],
    sites: &[Site],
    zones: &ZoneData,
    now: Timestamp,
    until: Option<Date>,
) -> Plan {
    let mut rows = Vec::new();
    for booking in bookings {
        let Some((site, zone)) = place(booking, members, sites, zones) else { continue };
        let next = occurrences(booking, site, &zone, now, AHEAD).into_iter();
        let wanted = next.filter(|occurrence| until.is_none_or(|until| occurrence.date <= until));
        rows.extend(wanted.flat_map(|occurrence| rows_of(&occurrence, &zone)));
    }
    rows.sort_by_key(|row| (row.date, row.opening.as_ref().map(Zoned::timestamp)));
    Plan { rows, zone_data: zones.to_string(), now }
}

/// The site of a booking, and its zone.
pub(super) fn place<'a>(
    booking: &Booking,
    members: &[Member],
    sites: &'a [Site],
    zones: &ZoneData,
) -> Option<(&'a Site, TimeZone)> {
    let member = members.iter().find(|member| member.id == booking.member)?;
    let site = sites.iter().find(|site| site.id == member.site)?;
    Some((site, zones.zone(&site.time_zone)?))
}

/// Courts in order of preference; of a court's times the first to open counts.
fn rows_of(occurrence: &Occurrence, zone: &TimeZone) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for choice in &occurrence.choices {
        if rows.iter().any(|row| row.court == choice.court) {
            continue;
        }
        let openings = occurrence.choices.iter().filter(|other| other.court == choice.court).map(|other| other.opening);
        let opening = openings.min().filter(|opening| *opening != ALWAYS_OPEN);
        rows.push(Row {
            booking: occurrence.booking.clone(),
            member: occurrence.member.clone(),
            date: occurrence.date,
            court: choice.court.clone(),
            opening: opening.map(|opening| opening.to_zoned(zone.clone())),
        });
    }
    rows
}

impl Plan {
    /// `{"occurrences":[{"booking","date","court","opening_local","opening_utc"}]}`; both instants are null for a court
    /// that can be booked at any time.
    pub fn json(&self) -> Value {
        json!({ "occurrences": self.rows.iter().map(Row::json).collect::<Vec<_>>() })
    }

    /// A table for people.
    pub fn text(&self) -> String {
        if self.rows.is_empty() {
            return "No booking has a date ahead.\n".to_owned();
        }
        let head = ["DATE", "BOOKING", "MEMBER", "COURT", "OPENS (LOCAL)", "OPENS (UTC)"].map(str::to_owned);
        let lines: Vec<_> = std::iter::once(head).chain(self.rows.iter().map(|row| row.cells(self.now))).collect();
        let mut text = columns(&lines);
        writeln!(text, "\nTime zone data {}.", self.zone_data).expect("writing to a String cannot fail");
        text
    }
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "booking": self.booking.as_str(),
            "date": self.date.to_string(),
            "court": self.court.as_str(),
            "opening_local": self.opening.as_ref().map(local),
            "opening_utc": self.opening.as_ref().map(|opening| opening.timestamp().to_string()),
        })
    }

    fn cells(&self, now: Timestamp) -> [String; 6] {
        let (opens, utc) = match &self.opening {
            None => ("open at any time".to_owned(), String::new()),
            Some(opening) if opening.timestamp() <= now => {
                (format!("open since {}", opening.strftime("%a %Y-%m-%d %H:%M")), opening.timestamp().to_string())
            }
            Some(opening) => {
                (opening.strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string(), opening.timestamp().to_string())
            }
        };
        let date = self.date.strftime("%a %Y-%m-%d").to_string();
        [date, self.booking.to_string(), self.member.to_string(), self.court.to_string(), opens, utc]
    }
}

/// `2027-07-09T00:00:00-06:00`.
pub(super) fn local(at: &Zoned) -> String {
    at.timestamp().display_with_offset(at.offset()).to_string()
}

/// Columns as wide as their widest cell, two spaces apart, nothing behind the last.
fn columns(lines: &[[String; 6]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for line in lines {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
