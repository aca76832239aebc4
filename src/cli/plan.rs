//! `firstserve plan`: the next occurrences and when their courts open.
//!
//! Needs no vault, browser or network: bookings, zones and the time come in, rows come out. A database on this machine is asked
//! how far each date has come.

use std::collections::HashMap;
use std::process::ExitCode;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};

mod table;

use super::heard::Heard;
use super::setting::Setting;
use super::status::{is_called_off, works};
use super::{Exit, Failure, kept, page};
use crate::clock::tzdata::ZoneData;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::model::{
    Attempt, Booking, BookingName, CourtName, Member, MemberId, Occurrence, OpeningRule, Outcome, Site, State,
};
use crate::report::plain;
use crate::schedule::{AHEAD, ALWAYS_OPEN, notes, occurrences, touched};
use crate::store::{Slot, Store, StoreError, Want};

/// Rows that a person is shown unless he asks for more.
const DEFAULT_LIMIT: usize = 30;

/// What `plan` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only slots up to this date (2027-07-18)
    #[arg(long, value_name = "DATE", value_parser = date)]
    until: Option<Date>,

    /// At most so many rows [default: 30; with --json all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Every row
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Args {
    fn limit(&self, as_json: bool) -> usize {
        let default = if self.all || as_json { usize::MAX } else { DEFAULT_LIMIT };
        self.limit.unwrap_or(default)
    }
}

/// A date on the command line.
pub(super) fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a date such as 2027-07-18".to_owned())
}

/// Prints the plan.
///
/// # Errors
/// The configuration cannot be used.
pub(super) fn run(args: &Args, setting: &Setting, json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones) = setting.config_and_zones()?;
    let now = SystemClock.now();
    still_ahead(args.until, now)?;
    let heard = Heard::of(&config, now);
    let plan = plan_with(&config.bookings, &config.members, &config.sites, &heard, &zones, now, args.until);
    let limit = args.limit(json);
    let kept = plan.dates(limit).map(|dates| kept_attempts(&config, dates));
    let (kept, under_way) = kept.unwrap_or_default();
    let plan = plan.with_wants(&under_way).with_states(&kept);
    if json {
        super::answer(&plan.json(limit));
    } else {
        super::print(&plan.text(limit, page::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A date that has passed in every zone of the world bounds nothing.
fn still_ahead(until: Option<Date>, now: Timestamp) -> Result<(), Failure> {
    let yesterday = now.to_zoned(TimeZone::UTC).date().saturating_sub(1.day());
    match until.filter(|until| *until < yesterday) {
        None => Ok(()),
        Some(until) => {
            let told = format!("--until {until} has passed; name a date that lies ahead, or leave it out");
            Err(Failure::new(Exit::Usage, told))
        }
    }
}

/// What a database on this machine keeps of these dates; without it the plan is the same, but says less.
fn kept_attempts(config: &Config, dates: (Date, Date)) -> Kept {
    if !kept::is_here(config) {
        return Kept::default();
    }
    let Ok(runtime) = super::runtime() else { return Kept::default() };
    let read = runtime.block_on(async {
        let Some(store) = kept::open(config).await? else { return anyhow::Ok(Kept::default()) };
        let kept = read(&store, dates).await;
        store.close().await;
        Ok(kept?)
    });
    read.unwrap_or_else(|error| {
        super::say(&format!("firstserve: how far each date has come is left out: {error:#}"));
        Kept::default()
    })
}

/// Attempts, each with its slot; and those of them that are under way, with what they were taken up with.
type Kept = (Vec<(Attempt, Option<Slot>)>, Vec<(Attempt, Vec<Want>)>);

async fn read(store: &Store, (first, last): (Date, Date)) -> Result<Kept, StoreError> {
    let mut kept = store.overview(first).await?;
    kept.retain(|(attempt, _)| (first..=last).contains(&attempt.date));
    let mut under_way = Vec::new();
    for (attempt, _) in kept.iter().filter(|(attempt, _)| works(attempt)) {
        under_way.push((attempt.clone(), store.wants(&attempt.id).await?));
    }
    Ok((kept, under_way))
}

/// The next occurrences by date, the courts of each in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One per occurrence and court.
    pub rows: Vec<Row>,
    /// Bookings that are left out because they are paused.
    pub paused: Vec<BookingName>,
    /// Courts that are won, which the configuration asks for no more; in words.
    pub settled: Vec<String>,
    /// The release of the zone data (`2026f (system)`).
    pub zone_data: String,
    /// Dates within two years, and before the plan's own end, that a clock change touches: booking, member, date, and what it
    /// does.
    pub touched: Vec<(BookingName, MemberId, Date, String)>,
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
    /// When it begins there, in order of preference.
    pub times: Vec<Time>,
    /// How far the date's attempt has come, where it is about this court: the one that is tried next, or was won; after an end
    /// without a court, every one. None: nothing is kept of it, or it is about another court.
    pub state: Option<State>,
    /// When the court can first be booked for that date, in the site's zone; none: at any time.
    pub opening: Option<Zoned>,
    /// What the site has announced of it.
    pub announced: Vec<String>,
    /// What a clock change does to it.
    pub notes: Vec<String>,
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
    plan_with(bookings, members, sites, &Heard::default(), zones, now, until)
}

/// The same with what sites have announced.
pub fn plan_with(
    bookings: &[Booking],
    members: &[Member],
    sites: &[Site],
    heard: &Heard,
    zones: &ZoneData,
    now: Timestamp,
    until: Option<Date>,
) -> Plan {
    let (mut rows, mut changes) = (Vec::new(), Vec::new());
    for booking in bookings {
        let Some((site, zone)) = place(booking, members, sites, zones) else { continue };
        let mut next = occurrences(booking, site, &zone, now, AHEAD);
        heard.take(&mut next, site, &zone);
        let wanted = next.into_iter().filter(|occurrence| until.is_none_or(|until| occurrence.date <= until));
        rows.extend(wanted.flat_map(|occurrence| rows_of(&occurrence, site, heard, &zone, now)));
        let known = touched(booking, site, &zone, now).into_iter();
        let known = known.filter(|(date, _)| until.is_none_or(|until| *date <= until));
        changes
            .extend(known.map(|(date, note)| (booking.name.clone(), booking.member.clone(), date, note.to_string())));
    }
    rows.sort_by_key(|row| row.turn(now));
    changes.sort_by_key(|(.., date, _)| *date);
    let paused = bookings.iter().filter(|booking| booking.paused).map(|booking| booking.name.clone()).collect();
    Plan { rows, paused, settled: Vec::new(), zone_data: zones.to_string(), touched: changes, now }
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
fn rows_of(occurrence: &Occurrence, site: &Site, heard: &Heard, zone: &TimeZone, now: Timestamp) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for choice in &occurrence.choices {
        if rows.iter().any(|row| row.court == choice.court) {
            continue;
        }
        let of_court = || occurrence.choices.iter().filter(|other| other.court == choice.court);
        let opening = of_court().map(|other| other.opening).min().filter(|opening| *opening != ALWAYS_OPEN);
        rows.push(Row {
            booking: occurrence.booking.clone(),
            member: occurrence.member.clone(),
            date: occurrence.date,
            court: choice.court.clone(),
            times: of_court().map(|other| other.start.time()).collect(),
            state: None,
            opening: opening.map(|opening| opening.to_zoned(zone.clone())),
            announced: announced_of(occurrence, &choice.court, site, heard, zone),
            notes: notes_of(occurrence, &choice.court, site, zone, now),
        });
    }
    rows
}

/// What the site has announced of one court of an occurrence, each thing once.
fn announced_of(
    occurrence: &Occurrence,
    court: &CourtName,
    site: &Site,
    heard: &Heard,
    zone: &TimeZone,
) -> Vec<String> {
    let of_court = occurrence.choices.iter().filter(|choice| choice.court == *court);
    let mut notes: Vec<_> = of_court.filter_map(|choice| heard.note(choice, site, zone)).collect();
    notes.dedup();
    notes
}

/// What a clock change does to one court of an occurrence, each thing once.
fn notes_of(occurrence: &Occurrence, court: &CourtName, site: &Site, zone: &TimeZone, now: Timestamp) -> Vec<String> {
    let rule = site.court(court).map_or(OpeningRule::Always, |court| court.opens);
    let mut found: Vec<String> = Vec::new();
    for choice in occurrence.choices.iter().filter(|choice| choice.court == *court) {
        for note in notes(choice, rule, zone, now).iter().map(ToString::to_string) {
            if !found.contains(&note) {
                found.push(note);
            }
        }
    }
    found
}

impl Plan {
    /// The first and the last date of so many rows.
    pub fn dates(&self, limit: usize) -> Option<(Date, Date)> {
        let rows = &self.rows[..limit.min(self.rows.len())];
        Some((rows.first()?.date, rows.last()?.date))
    }

    /// The same, where the dates that are under way show what they were taken up with: an edit does nothing for them.
    #[must_use]
    pub fn with_wants(mut self, under_way: &[(Attempt, Vec<Want>)]) -> Self {
        for (attempt, wants) in under_way.iter().filter(|(_, wants)| !wants.is_empty()) {
            let is_of =
                |row: &Row| row.date == attempt.date && row.booking == attempt.booking && row.member == attempt.member;
            let Some(first) = self.rows.iter().position(is_of) else { continue };
            let asked: Vec<Row> = self.rows.extract_if(first.., |row| is_of(row)).collect();
            let kept = kept_rows(&asked, wants);
            if slots(&asked) != slots(&kept) {
                self.settled.push(under_way_words(attempt, &kept));
            }
            self.rows.extend(kept);
        }
        self.rows.sort_by_key(|row| row.turn(self.now));
        self
    }

    /// The same, with how far the attempt of each date has come, and of what is won that court alone.
    #[must_use]
    pub fn with_states(mut self, kept: &[(Attempt, Option<Slot>)]) -> Self {
        let told = kept.iter().filter(|(attempt, _)| !is_called_off(attempt));
        let kept: HashMap<_, _> =
            told.map(|one| ((one.0.member.clone(), one.0.booking.clone(), one.0.date), one)).collect();
        let mut dates: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            dates.entry((row.member.clone(), row.booking.clone(), row.date)).or_default().push(at);
        }
        let mut gone = vec![false; self.rows.len()];
        for (key, at) in dates {
            let Some((attempt, slot)) = kept.get(&key) else { continue };
            match slot.as_ref().filter(|_| attempt.state == State::Ended(Outcome::Confirmed)) {
                Some(slot) => {
                    self.settled.extend(settle(&mut self.rows, &at, attempt, slot));
                    at[1..].iter().for_each(|at| gone[*at] = true);
                }
                None => tell(&mut self.rows, &at, attempt, slot.as_ref(), self.now),
            }
        }
        let mut gone = gone.into_iter();
        self.rows.retain(|_| !gone.next().unwrap_or_default());
        self.settled.sort();
        self
    }

    /// `{"occurrences":[{"booking","date","court","opening_local","opening_utc","member","times","state"}]}`; both instants are null
    /// for a court that can be booked at any time, the state where nothing is kept of it.
    pub fn json(&self, limit: usize) -> Value {
        json!({ "occurrences": self.rows.iter().take(limit).map(Row::json).collect::<Vec<_>>() })
    }

    /// A table for people: at most so many rows, and no line that ends behind the edge, where there is one.
    pub fn text(&self, limit: usize, width: Option<usize>) -> String {
        let mut text = match self.rows.is_empty() {
            true => "No booking has a date ahead.\n".to_owned(),
            false => table::text(&self.rows[..limit.min(self.rows.len())], self.now, width),
        };
        let more = self.rows.len().saturating_sub(limit);
        if more > 0 {
            text.push_str(&format!("… and {more} more (--all, or --limit N)\n"));
        }
        if !self.paused.is_empty() {
            let names: Vec<&str> = self.paused.iter().map(BookingName::as_str).collect();
            text.push_str(&format!("\nPaused, and not tried: {}\n", names.join(", ")));
        }
        for told in &self.settled {
            text.push_str(&format!("\n{}\n", page::wrapped(told, 0, width)));
        }
        text.push_str(&self.announced(limit, width));
        text.push_str(&self.clock_changes(limit, width));
        if !self.rows.is_empty() {
            text.push_str(&format!("\nTime zone data {}.\n", self.zone_data));
        }
        text
    }

    /// What sites have announced of the rows that are shown; nothing where that is nothing.
    fn announced(&self, limit: usize, width: Option<usize>) -> String {
        let line = |row: &Row| {
            let (date, court) = (row.date.strftime("%a %Y-%m-%d"), &row.court);
            let said = row.announced.join("; ");
            let line = format!("{date}  {} · {}, court {court}: {said}", row.member, row.booking);
            format!("  {}\n", page::wrapped(&plain(&line), 6, width))
        };
        let rows = self.rows.iter().take(limit).filter(|row| !row.announced.is_empty());
        let lines: String = rows.map(line).collect();
        if lines.is_empty() { lines } else { format!("\nOpenings that the site has announced:\n{lines}") }
    }

    /// What clock changes do to the dates ahead; nothing where they touch none.
    fn clock_changes(&self, limit: usize, width: Option<usize>) -> String {
        if self.touched.is_empty() {
            return String::new();
        }
        let mut text = "\nClock changes touch these dates, within two years:\n".to_owned();
        for (booking, member, date, note) in self.touched.iter().take(limit) {
            let line = format!("{}  {member} · {booking}: {note}", date.strftime("%a %Y-%m-%d"));
            text.push_str(&format!("  {}\n", page::wrapped(&plain(&line), 6, width)));
        }
        let more = self.touched.len().saturating_sub(limit);
        if more > 0 {
            text.push_str(&format!("  … and {more} more\n"));
        }
        text
    }
}

/// The rows of a date as its attempt was taken up: a court at a time, as [`rows_of`] gathers them.
fn kept_rows(asked: &[Row], wants: &[Want]) -> Vec<Row> {
    let (model, zone) = (&asked[0], asked.iter().find_map(|row| Some(row.opening.as_ref()?.time_zone().clone())));
    let mut rows: Vec<Row> = Vec::new();
    for want in wants {
        if let Some(row) = rows.iter_mut().find(|row| row.court == want.court) {
            row.times.push(want.start.time());
            continue;
        }
        let same = asked.iter().find(|row| row.court == want.court && row.times.contains(&want.start.time()));
        let opening = || Some(want.opening).filter(|opening| *opening != ALWAYS_OPEN).zip(zone.clone());
        rows.push(Row {
            court: want.court.clone(),
            times: vec![want.start.time()],
            opening: opening().map(|(opening, zone)| opening.to_zoned(zone)),
            notes: same.map(|row| row.notes.clone()).unwrap_or_default(),
            ..model.clone()
        });
    }
    rows
}

fn slots(rows: &[Row]) -> Vec<(&CourtName, &[Time])> {
    rows.iter().map(|row| (&row.court, &row.times[..])).collect()
}

fn under_way_words(attempt: &Attempt, rows: &[Row]) -> String {
    let one = |row: &Row| {
        let times: Vec<String> = row.times.iter().map(|time| time.strftime("%H:%M").to_string()).collect();
        format!("court {} at {}", plain(row.court.as_str()), times.join(" "))
    };
    let (member, booking) = (plain(attempt.member.as_str()), plain(attempt.booking.as_str()));
    let kept: Vec<String> = rows.iter().map(one).collect();
    let date = attempt.date.strftime("%a %Y-%m-%d");
    let kept = kept.join(", ");
    format!("{member} · {booking}: the attempt for {date} is under way and keeps {kept}; the edit does nothing for it")
}

/// Puts what was won in the place of the first of a date's rows; words where the date asks for another court or time by now.
fn settle(rows: &mut [Row], at: &[usize], attempt: &Attempt, won: &Slot) -> Option<String> {
    let asks = |at: &&usize| rows[**at].court == won.court && rows[**at].times.contains(&won.start.time());
    let same = at.iter().find(asks).map(|at| rows[*at].clone());
    let row = &mut rows[at[0]];
    let edited = same.is_none();
    // The other court's opening is not that of the one which was won.
    let opened = |row: &Row| Some(attempt.opening.to_zoned(row.opening.as_ref()?.time_zone().clone()));
    let opening = same.map_or_else(|| opened(row), |same| same.opening);
    *row = Row {
        court: won.court.clone(),
        times: vec![won.start.time()],
        state: Some(State::Ended(Outcome::Confirmed)),
        opening,
        ..row.clone()
    };
    let start = won.start.strftime("%a %Y-%m-%d at %H:%M");
    edited.then(|| {
        let (member, booking) = (plain(row.member.as_str()), plain(row.booking.as_str()));
        format!(
            "{member} · {booking}: court {} on {start} is confirmed; the edit of court or time does nothing for this date any more",
            plain(won.court.as_str())
        )
    })
}

/// Puts the state where it belongs: the court that was submitted, otherwise the one that is tried next; after an end without a
/// court, every one.
fn tell(rows: &mut [Row], at: &[usize], attempt: &Attempt, slot: Option<&Slot>, now: Timestamp) {
    let opening = |at: &usize| rows[*at].opening.as_ref().map(Zoned::timestamp);
    let submitted = slot.filter(|_| attempt.state.is_spent() || attempt.state == State::Waitlisted);
    let submitted = submitted.and_then(|slot| at.iter().find(|at| rows[**at].court == slot.court));
    let ahead = at.iter().filter(|at| opening(at).is_none_or(|opening| opening > now)).min_by_key(|at| opening(at));
    let next = submitted.or(ahead).or_else(|| at.iter().max_by_key(|at| opening(at))).copied();
    let whose = at.iter().copied().filter(|at| attempt.state.is_ended() || Some(*at) == next).collect::<Vec<_>>();
    whose.into_iter().for_each(|at| rows[at].state = Some(attempt.state));
}

impl Row {
    /// By date, and within it what opens first is tried first; of what is open already, as it is preferred: there the order stays.
    fn turn(&self, now: Timestamp) -> (Date, Option<Timestamp>) {
        (self.date, self.opening.as_ref().map(Zoned::timestamp).filter(|opening| *opening > now))
    }

    fn json(&self) -> Value {
        let mut row = json!({
            "booking": self.booking.as_str(),
            "date": self.date.to_string(),
            "court": self.court.as_str(),
            "opening_local": self.opening.as_ref().map(local),
            "opening_utc": self.opening.as_ref().map(|opening| opening.timestamp().to_string()),
            "member": self.member.as_str(),
            "times": self.times.iter().map(|time| time.strftime("%H:%M").to_string()).collect::<Vec<_>>(),
            "state": self.state.map(State::as_str),
        });
        if !self.announced.is_empty() {
            row["announced"] = json!(self.announced);
        }
        if !self.notes.is_empty() {
            row["notes"] = json!(self.notes);
        }
        row
    }
}

/// `2027-07-09T00:00:00-06:00`.
pub(super) fn local(at: &Zoned) -> String {
    at.timestamp().display_with_offset(at.offset()).to_string()
}
