//! `firstserve explain BOOKING`: from the rule to the instants at which the engine will act.
//!
//! Needs no vault, browser or network; what rehearsals have proved, and what was found out last about the site's clock, is read
//! from a database on this machine, where there is one. Instants are those of the clock that is taken.

use std::fmt::Write;
use std::process::ExitCode;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::{Value, json};

mod clock;
mod ways;

use super::heard::Heard;
use super::plan::{local, place};
use super::setting::Setting;
use super::{Exit, Failure, page};
use crate::clock::tzdata::ZoneData;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::model::{
    Booking, BookingName, Choice, ClockRule, CourtName, FireMode, Language, MeasuredTo, Member, MemberId, OpeningRule,
    OpeningWay, Site, When,
};
use crate::report::{Problem, did_you_mean};
use crate::schedule::{Rule, never_open, notes, occurrences, touched, waits};
use crate::timing::{Chosen, permit_lead};

pub use clock::Measured;
use ways::{way_of, ways};

/// How many occurrences are explained.
pub const EXPLAINED: usize = 3;

/// What `explain` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The booking's name, or MEMBER/NAME
    booking: String,
}

/// Prints the explanation.
///
/// # Errors
/// The configuration cannot be used, or has no such booking.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones) = setting.config_and_zones()?;
    let now = SystemClock.now();
    let ways = ways(&config)?;
    let firing = |site: &Site| Firing::of(site, &config, way_of(&ways, site.id.as_str()));
    let heard = Heard::of(&config, now);
    let (bookings, members, sites) = (&config.bookings, &config.members, &config.sites);
    let known = Known { bookings, members, sites, firing: &firing, heard: &heard };
    let explained = explain(&args.booking, &known, &zones, now);
    let mut explained = explained.map_err(|problem| {
        let help = problem.help.map(|help| format!("; {help}")).unwrap_or_default();
        Failure::new(Exit::Data, format!("{}{help}", problem.message))
    })?;
    clock::remember(&mut explained, &config);
    for explanation in &mut explained {
        explanation.fires_by = way_of(&ways, &explanation.site.0).cloned();
    }
    if as_json {
        super::answer(&json(&explained));
    } else {
        let text: String = explained.iter().map(Explanation::text).collect::<Vec<_>>().join("\n");
        super::print(&page::laid_out(&text, page::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is configured.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The wishes.
    pub bookings: &'k [Booking],
    /// Whose they are.
    pub members: &'k [Member],
    /// Where they are booked.
    pub sites: &'k [Site],
    /// How a site is fired.
    pub firing: &'k dyn Fn(&Site) -> Firing,
    /// What sites have announced.
    pub heard: &'k Heard,
}

/// How a site is fired, as far as its selector files allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The mode that is used, never `Auto`.
    pub mode: FireMode,
    /// Whether the engine itself does steps between the opening and the commit.
    pub opening_steps: bool,
}

impl Firing {
    fn of(site: &Site, config: &Config, chosen: Option<&Chosen>) -> Self {
        match config.flow(&site.id).zip(chosen) {
            Some((flow, chosen)) => {
                let mode = chosen.way.mode;
                Self { mode, opening_steps: flow.engine_opens(mode) }
            }
            None => Self { mode: site.fire, opening_steps: false },
        }
    }

    /// How long before the opening the permit is written. Where we do the opening steps ourselves, they come first.
    fn permit_lead(self, site: &Site) -> SignedDuration {
        match self.opening_steps {
            true => SignedDuration::ZERO,
            false => permit_lead(self.mode, &site.patience),
        }
    }
}

/// A booking, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The booking.
    pub booking: BookingName,
    /// Whose account.
    pub member: MemberId,
    /// The site's key and address.
    pub site: (String, String),
    /// The rule or the date, in words.
    pub when: String,
    /// IANA name of the site's zone.
    pub time_zone: String,
    /// The release of the zone data (`2026f (system)`).
    pub zone_data: String,
    /// By whose clock it opens.
    pub clock: ClockRule,
    /// What was found out last about the site's clock; none: nothing yet.
    pub known: Option<Measured>,
    /// Whether the booking is paused: then nothing of this will happen.
    pub paused: bool,
    /// The next occurrences.
    pub occurrences: Vec<Explained>,
    /// Choices of the next date that can never be booked.
    pub never_open: Vec<Choice>,
    /// The way to fire and why; none: the selector files were not looked at.
    pub fires_by: Option<Chosen>,
    /// Later dates, within two years, that a clock change touches.
    pub later: Vec<(Date, String)>,
}

/// One occurrence, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The local date of the slot.
    pub date: Date,
    /// The choices in order of preference, each with its own instants.
    pub choices: Vec<Instants>,
    /// What the member is told now; none when it can be booked already.
    pub sentence: Option<String>,
    /// What the database on this machine says of a date that is over: nothing more is submitted for it.
    pub over: Option<String>,
}

/// When the engine will act for one choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instants {
    /// The court.
    pub court: CourtName,
    /// Local start of the slot.
    pub start: DateTime,
    /// The court's opening rule, in words.
    pub rule: String,
    /// The plan up to the opening; none when it is open already.
    pub planned: Option<Planned>,
    /// What the site has announced of it, and what a clock change does to it.
    pub notes: Vec<String>,
}

/// The instants of one opening, in the site's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The session is opened and logged in.
    pub login: Zoned,
    /// The durable leave to submit is written, at the latest.
    pub permit: Zoned,
    /// The opening: the submit, and never before.
    pub fire: Zoned,
}

/// Explains every booking of that name (`NAME`, or `MEMBER/NAME` where several members use it).
///
/// # Errors
/// When there is none (exit code 65): a problem that names the nearest one.
pub fn explain(wanted: &str, known: &Known<'_>, zones: &ZoneData, now: Timestamp) -> Result<Vec<Explanation>, Problem> {
    let named: Vec<_> = known.bookings.iter().filter(|booking| is_named(booking, wanted)).collect();
    if named.is_empty() {
        return Err(unknown(wanted, known.bookings));
    }
    let found = named.into_iter().filter_map(|booking| {
        let (site, zone) = place(booking, known.members, known.sites, zones)?;
        Some(one(booking, &At { site, firing: (known.firing)(site), heard: known.heard, zone: &zone, now }, zones))
    });
    Ok(found.collect())
}

fn is_named(booking: &Booking, wanted: &str) -> bool {
    booking.name.as_str() == wanted || format!("{}/{}", booking.member, booking.name) == wanted
}

fn unknown(wanted: &str, bookings: &[Booking]) -> Problem {
    let problem = Problem::error("unknown-booking", format!("no booking is named `{wanted}`"));
    let names: Vec<&str> = bookings.iter().map(|booking| booking.name.as_str()).collect();
    match did_you_mean(wanted, names.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => problem.help("the configuration has no bookings; add a `[[booking]]`"),
        None => problem.help(format!("the bookings are: {}", names.join(", "))),
    }
}

/// The site of a booking, and when it is asked.
struct At<'a> {
    site: &'a Site,
    firing: Firing,
    heard: &'a Heard,
    zone: &'a TimeZone,
    now: Timestamp,
}

fn one(booking: &Booking, at: &At<'_>, zones: &ZoneData) -> Explanation {
    let At { site, zone, now, .. } = *at;
    // What a paused booking would do is what is asked for.
    let awake = Booking { paused: false, ..booking.clone() };
    let mut next = occurrences(&awake, site, zone, now, EXPLAINED);
    at.heard.take(&mut next, site, zone);
    Explanation {
        booking: booking.name.clone(),
        member: booking.member.clone(),
        site: (site.id.to_string(), site.url.clone()),
        when: when(&booking.when),
        time_zone: site.time_zone.clone(),
        zone_data: zones.to_string(),
        clock: site.clock,
        known: None,
        paused: booking.paused,
        later: later(&awake, site, zone, now, next.last().map(|last| last.date)),
        occurrences: next.into_iter().map(|next| explained(next.date, &next.choices, at)).collect(),
        never_open: never_open(&awake, site, zone, now),
        fires_by: None,
    }
}

/// The dates after the ones that are explained which a clock change touches.
fn later(booking: &Booking, site: &Site, zone: &TimeZone, now: Timestamp, after: Option<Date>) -> Vec<(Date, String)> {
    let touched = touched(booking, site, zone, now).into_iter();
    touched
        .filter(|(date, _)| after.is_none_or(|after| *date > after))
        .map(|(date, note)| (date, note.to_string()))
        .collect()
}

fn when(when: &When) -> String {
    match when {
        When::Once(date) => format!("once, on {}", date.strftime("%A %Y-%m-%d")),
        When::Repeat { rule, from, except } => {
            let words = Rule::parse(rule).map_or_else(|_| rule.clone(), |rule| rule.words());
            let left_out: Vec<_> = except.iter().map(ToString::to_string).collect();
            let except = if left_out.is_empty() { String::new() } else { format!(", except {}", left_out.join(", ")) };
            format!("{words}, counted from {}{except}", from.strftime("%A %Y-%m-%d"))
        }
    }
}

fn explained(date: Date, choices: &[Choice], at: &At<'_>) -> Explained {
    let one = |(number, choice)| {
        let mut instants = instants(choice, at);
        instants.notes.extend(waits_for(choice, &choices[number + 1..], at.now));
        instants
    };
    Explained {
        date,
        choices: choices.iter().enumerate().map(one).collect(),
        sentence: waits(choices, at.zone, at.now, Language::English),
        over: None,
    }
}

fn instants(choice: &Choice, at: &At<'_>) -> Instants {
    let rule = at.site.court(&choice.court).map_or(OpeningRule::Always, |court| court.opens);
    Instants {
        court: choice.court.clone(),
        start: choice.start,
        rule: rule_words(rule),
        planned: (choice.opening > at.now).then(|| planned(choice.opening, at)),
        notes: notes_of(choice, rule, at),
    }
}

/// What the site has announced, and what a clock change does.
fn notes_of(choice: &Choice, rule: OpeningRule, at: &At<'_>) -> Vec<String> {
    let changes = notes(choice, rule, at.zone, at.now);
    at.heard.note(choice, at.site, at.zone).into_iter().chain(changes.iter().map(ToString::to_string)).collect()
}

/// What opens first is tried first, whatever is preferred.
fn waits_for(choice: &Choice, later: &[Choice], now: Timestamp) -> Option<String> {
    let sooner = later.iter().filter(|other| other.opening < choice.opening && choice.opening > now);
    let first = sooner.min_by_key(|other| other.opening)?;
    let (court, start) = (&first.court, first.start.strftime("%H:%M"));
    Some(format!("court {court} at {start} opens sooner and is tried before it; if that is won, this one is not tried"))
}

fn planned(opening: Timestamp, at: &At<'_>) -> Planned {
    let before = |lead| opening.checked_sub(lead).unwrap_or(Timestamp::MIN).to_zoned(at.zone.clone());
    Planned {
        login: before(at.site.patience.login_lead),
        permit: before(at.firing.permit_lead(at.site)),
        fire: before(SignedDuration::ZERO),
    }
}

/// "today and the 9 dates after it can be booked".
fn rule_words(rule: OpeningRule) -> String {
    match rule {
        OpeningRule::VisibleDays { days: 0 | 1, measured_to } => {
            format!("only today can be booked{}", end(measured_to))
        }
        OpeningRule::VisibleDays { days, measured_to } => {
            format!("today and the {} dates after it can be booked{}", days - 1, end(measured_to))
        }
        OpeningRule::DaysBefore { days, at, measured_to } => {
            let date = match days {
                0 => "on the same date".to_owned(),
                1 => "1 day before".to_owned(),
                days => format!("{days} days before"),
            };
            let at = at.strftime(if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" });
            format!("opens {date}, at {at}{}", end(measured_to))
        }
        OpeningRule::Before { span, measured_to } => {
            let hours = span.as_secs() / 3600;
            let minutes = span.as_secs() / 60 % 60;
            let minutes = if minutes == 0 { String::new() } else { format!(" {minutes} min") };
            format!("opens {hours} h{minutes} of elapsed time before{}", end(measured_to))
        }
        OpeningRule::Always => "can be booked at any time".to_owned(),
    }
}

fn end(measured_to: MeasuredTo) -> &'static str {
    match measured_to {
        MeasuredTo::Start => "",
        MeasuredTo::End => " (measured to the slot's end)",
    }
}

/// The explanations as one JSON document.
pub fn json(explanations: &[Explanation]) -> Value {
    json!({ "bookings": explanations.iter().map(Explanation::json).collect::<Vec<_>>() })
}

impl Explanation {
    fn json(&self) -> Value {
        json!({
            "booking": self.booking.as_str(),
            "member": self.member.as_str(),
            "site": self.site.0,
            "rule": self.when,
            "time_zone": self.time_zone,
            "zone_data": self.zone_data,
            "site_clock": clock::json(self.clock, self.known.as_ref()),
            "fire": self.fires_by.as_ref().map(|chosen| json!({
                "mode": chosen.way.mode.as_str(),
                "opening_way": chosen.way.opening.map(OpeningWay::as_str),
                "why": chosen.words(),
            })),
            "paused": self.paused,
            "occurrences": self.occurrences.iter().map(Explained::json).collect::<Vec<_>>(),
            "never_open": self.never_open.iter().map(|choice| json!({
                "court": choice.court.as_str(),
                "start": choice.start.to_string(),
            })).collect::<Vec<_>>(),
            "clock_changes": self.later.iter().map(|(date, note)| json!({
                "date": date.to_string(),
                "note": note,
            })).collect::<Vec<_>>(),
        })
    }

    /// The explanation for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing to a String cannot fail");
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let (site, _) = &self.site;
        let paused = if self.paused { "  (paused: nothing of this will happen)" } else { "" };
        writeln!(out, "{}, for {} at {site}{paused}", self.booking, self.member)?;
        writeln!(out, "  rule        {}", self.when)?;
        writeln!(out, "  zone        {}, time zone data {}", self.time_zone, self.zone_data)?;
        writeln!(out, "  clock       {}", clock::sentence(self.clock, self.known.as_ref()))?;
        if let Some(chosen) = &self.fires_by {
            writeln!(out, "  fires by    {}", chosen.words())?;
        }
        if self.occurrences.is_empty() {
            writeln!(out, "\n  No date ahead.")?;
        }
        self.occurrences.iter().try_for_each(|occurrence| occurrence.write(out))?;
        for choice in &self.never_open {
            let start = choice.start.strftime("%H:%M");
            writeln!(out, "\n  court {} at {start} is never tried: it would open only after its start", choice.court)?;
        }
        if !self.later.is_empty() {
            writeln!(out, "\n  Later dates that a clock change touches, within two years:")?;
        }
        self.later.iter().try_for_each(|(date, note)| writeln!(out, "    {}  {note}", date.strftime("%a %Y-%m-%d")))
    }
}

impl Explained {
    fn json(&self) -> Value {
        json!({
            "date": self.date.to_string(),
            "sentence": self.sentence,
            "over": self.over,
            "choices": self.choices.iter().map(Instants::json).collect::<Vec<_>>(),
        })
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n  {}", self.date.strftime("%A %Y-%m-%d"))?;
        if let Some(over) = &self.over {
            return writeln!(out, "    {over}; nothing more is submitted for this date");
        }
        for (at, choice) in self.choices.iter().enumerate() {
            choice.write(at + 1, out)?;
        }
        match &self.sentence {
            Some(sentence) => writeln!(out, "    {sentence}"),
            None => Ok(()),
        }
    }
}

impl Instants {
    fn json(&self) -> Value {
        json!({
            "court": self.court.as_str(),
            "start": self.start.to_string(),
            "opening_rule": self.rule,
            "planned": self.planned.as_ref().map(Planned::json),
            "notes": self.notes,
        })
    }

    fn write(&self, number: usize, out: &mut String) -> std::fmt::Result {
        writeln!(out, "    {number}. court {} at {}: {}", self.court, self.start.strftime("%H:%M"), self.rule)?;
        match &self.planned {
            None => writeln!(out, "       open now: done at once")?,
            Some(planned) => planned.write(out)?,
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "       note: {note}"))
    }
}

impl Planned {
    fn steps(&self) -> [(&'static str, &Zoned); 3] {
        [("login", &self.login), ("permit", &self.permit), ("fire", &self.fire)]
    }

    fn json(&self) -> Value {
        let both = |(step, at): (&'static str, &Zoned)| {
            (step.to_owned(), json!({ "local": local(at), "utc": at.timestamp().to_string() }))
        };
        Value::Object(self.steps().into_iter().map(both).collect())
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        self.steps().into_iter().try_for_each(|(step, at)| {
            let utc = at.timestamp().to_zoned(TimeZone::UTC);
            writeln!(
                out,
                "       {step:6}  {}  =  {}",
                at.strftime("%a %Y-%m-%d %H:%M:%S%.3f %:z"),
                utc.strftime("%Y-%m-%d %H:%M:%S%.3f UTC")
            )
        })
    }
}
