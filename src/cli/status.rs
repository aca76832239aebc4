//! `firstserve status`: what became of each booking, what goes on now, and what comes next.
//!
//! Reads the database and changes nothing, so it works beside a running daemon, and before the first one.

use std::collections::HashMap;
use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};

use super::plan::{local, place};
use super::setting::{Setting, zones_of};
use super::span::{from_now, opening_of};
use super::{kept, page};
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::{Config, Loaded};
use crate::model::{Attempt, Booking, BookingName, CourtName, Language, MemberId, Occurrence, Outcome, State, When};
use crate::report::plain;
use crate::schedule::{AHEAD, ALWAYS_OPEN, occurrences, waits};
use crate::store::{Slot, Store, WaitingLetters, Want};

/// Columns in which the texts of a booking begin.
const INDENT: usize = 8;

/// Prints it.
///
/// # Errors
/// The configuration or the database cannot be read.
pub(super) fn run(setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones, sound) = super::runtime()?.block_on(in_force(setting))?;
    let (known, letters) = super::runtime()?.block_on(known(&config))?;
    let holder = Store::holder(&config.server.data);
    let status = Status { holder, letters, ..status(&config, &zones, &known, SystemClock.now()) };
    if as_json {
        super::answer(&status.json());
    } else {
        super::print(&status.page(setting, sound, page::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration that is in force, its zone data, and whether it is the file's own: one with errors does not keep anybody from
/// being told what became of his bookings.
async fn in_force(setting: &Setting) -> anyhow::Result<(Arc<Config>, Arc<ZoneData>, bool)> {
    let loaded = setting.load();
    let (config, sound) = match &loaded.config {
        Some(config) => (Arc::clone(config), true),
        None => (last_kept(setting, &loaded).await.ok_or_else(|| setting.refused(&loaded))?, false),
    };
    let zones = Arc::new(zones_of(&config));
    Ok((config, zones, sound))
}

/// The configuration that was put in force last, where the database says it; nobody acts on it.
async fn last_kept(setting: &Setting, loaded: &Loaded) -> Option<Arc<Config>> {
    let rough = loaded.rough.clone()?;
    let store = kept::open(&rough).await.ok()??;
    let history = store.config_history(1).await;
    store.close().await;
    let last = history.ok()?.into_iter().next()?;
    let Some(kept) = setting.load_text(&last.text).rough else { return Some(rough) };
    Some(Arc::new(Config { server: rough.server.clone(), ..(*kept).clone() }))
}

/// An attempt as it is kept, with the slot that it has, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The attempt.
    pub attempt: Attempt,
    /// Its slot.
    pub slot: Option<Slot>,
    /// What went wrong since it came to where it is, and when.
    pub trouble: Option<(Timestamp, String)>,
    /// What an attempt that is under way was taken up with, whatever the configuration says by now.
    pub wants: Vec<Want>,
}

async fn known(config: &Config) -> anyhow::Result<(Vec<Known>, WaitingLetters)> {
    let Some(store) = kept::open(config).await? else { return Ok(Default::default()) };
    let known = with_troubles(&store, SystemClock.now()).await;
    let letters = store.waiting_letters().await;
    store.close().await;
    Ok((known?, letters?))
}

/// What is kept, and what troubles the attempts that run.
async fn with_troubles(store: &Store, now: Timestamp) -> Result<Vec<Known>, crate::store::StoreError> {
    let mut known = read(store, now).await?;
    for one in known.iter_mut().filter(|one| works(&one.attempt)) {
        let since = one.attempt.updated_at;
        one.trouble = store.last_trouble(&one.attempt.id).await?.filter(|(at, _)| *at >= since);
    }
    Ok(known)
}

/// What is kept of every booking, as far as it is shown.
///
/// # Errors
/// The database's.
pub(super) async fn read(store: &Store, now: Timestamp) -> Result<Vec<Known>, crate::store::StoreError> {
    // No zone's date is further back.
    let since = now.to_zoned(TimeZone::UTC).date().saturating_sub(1.day());
    let kept = store.overview(since).await?;
    let mut known = Vec::with_capacity(kept.len());
    for (attempt, slot) in kept {
        let wants = if works(&attempt) { store.wants(&attempt.id).await? } else { Vec::new() };
        known.push(Known { attempt, slot, trouble: None, wants });
    }
    Ok(known)
}

/// Every booking, in the order of the configuration; then those that have left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// One per booking.
    pub bookings: Vec<Line>,
    /// Who has the household's data in use: `process 4711`; none: nobody books anything.
    pub holder: Option<String>,
    /// Letters that have not left yet.
    pub letters: WaitingLetters,
    now: Timestamp,
}

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub booking: BookingName,
    /// Whose account.
    pub member: MemberId,
    /// Not attempted while true.
    pub paused: bool,
    /// Whether the configuration still has it.
    pub configured: bool,
    /// The one date that it is for now; none: it repeats, or is no longer configured.
    pub date: Option<Date>,
    /// The attempt that ended last.
    pub last: Option<Known>,
    /// The ended attempt for that one date, where another one ended later: the date was edited.
    pub of_date: Option<Known>,
    /// Attempts that are being worked on, or were when the last process ended.
    pub now: Vec<Now>,
    /// The next date that is still to be tried.
    pub next: Option<Next>,
}

/// An attempt that was begun and is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// What is kept of it.
    pub known: Known,
    /// The court that opens first of those that it was taken up with, or else as the configuration says it; none: nobody knows.
    pub wanted: Option<Next>,
}

/// A date that is still to be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The local date of the slot.
    pub date: Date,
    /// What opens first.
    pub court: CourtName,
    /// When it begins.
    pub start: DateTime,
    /// When it can first be booked, in the site's zone; none: at any time.
    pub opening: Option<Zoned>,
    /// What the member is told of it now; none when it can be booked already.
    pub sentence: Option<String>,
}

/// What is known of every booking.
pub fn status(config: &Config, zones: &ZoneData, known: &[Known], now: Timestamp) -> Status {
    let mut of = by_booking(known);
    let mut bookings: Vec<Line> = config
        .bookings
        .iter()
        .map(|booking| {
            let of = of.remove(&(&booking.member, &booking.name)).unwrap_or_default();
            let dates = dates(booking, config, zones, now);
            let mut line = line(&booking.member, &booking.name, true, &of);
            line.date = one_date(booking);
            line.of_date = of_date(&line, &of);
            for one in &mut line.now {
                let asked = dates.iter().find(|next| next.date == one.known.attempt.date);
                one.wanted = one.known.wanted().or_else(|| asked.cloned());
            }
            Line { paused: booking.paused, next: next(dates, &of), ..line }
        })
        .collect();
    for Known { attempt: Attempt { member, booking, .. }, .. } in known {
        if let Some(of) = of.remove(&(member, booking)) {
            bookings.push(line(member, booking, false, &of));
        }
    }
    // Of what has left the configuration only that is worth a line which something came of.
    bookings.retain(|line| line.configured || line.last.is_some() || !line.now.is_empty());
    Status { bookings, holder: None, letters: WaitingLetters::default(), now }
}

fn by_booking(known: &[Known]) -> HashMap<(&MemberId, &BookingName), Vec<&Known>> {
    let mut of: HashMap<_, Vec<&Known>> = HashMap::new();
    for one in known {
        of.entry((&one.attempt.member, &one.attempt.booking)).or_default().push(one);
    }
    of
}

fn line(member: &MemberId, booking: &BookingName, configured: bool, of: &[&Known]) -> Line {
    let ended = of.iter().filter(|one| one.attempt.state.is_ended() && !is_called_off(&one.attempt));
    let working = of.iter().filter(|one| works(&one.attempt));
    Line {
        booking: booking.clone(),
        member: member.clone(),
        paused: false,
        configured,
        date: None,
        last: ended.max_by_key(|one| one.attempt.updated_at).map(|one| (*one).clone()),
        of_date: None,
        now: working.map(|one| Now { known: (*one).clone(), wanted: None }).collect(),
        next: None,
    }
}

fn one_date(booking: &Booking) -> Option<Date> {
    match booking.when {
        When::Once(date) => Some(date),
        When::Repeat { .. } => None,
    }
}

/// How the date that is in force ended, where that is not what ended last.
fn of_date(line: &Line, of: &[&Known]) -> Option<Known> {
    let date = line.date.filter(|date| line.last.as_ref().is_none_or(|last| last.attempt.date != *date))?;
    let ended =
        |one: &&&Known| one.attempt.date == date && one.attempt.state.is_ended() && !is_called_off(&one.attempt);
    of.iter().filter(ended).max_by_key(|one| one.attempt.updated_at).map(|one| (*one).clone())
}

pub(super) fn works(attempt: &Attempt) -> bool {
    !attempt.state.is_ended() && attempt.state != State::Planned
}

/// What a plan took back says nothing of the booking; a court that was given back does.
pub(in crate::cli) fn is_called_off(attempt: &Attempt) -> bool {
    attempt.state == State::Ended(Outcome::Cancelled) && attempt.withdrawn
}

/// The dates of a booking, each with what opens first.
fn dates(booking: &Booking, config: &Config, zones: &ZoneData, now: Timestamp) -> Vec<Next> {
    let Some((site, zone)) = place(booking, &config.members, &config.sites, zones) else { return Vec::new() };
    let dates = occurrences(booking, site, &zone, now, AHEAD).into_iter();
    dates.filter_map(|occurrence| first(&occurrence, &zone, now)).collect()
}

fn first(occurrence: &Occurrence, zone: &TimeZone, now: Timestamp) -> Option<Next> {
    let first = occurrence.choices.iter().min_by_key(|choice| choice.opening)?;
    let opening = Some(first.opening).filter(|opening| *opening != ALWAYS_OPEN);
    Some(Next {
        date: occurrence.date,
        court: first.court.clone(),
        start: first.start,
        opening: opening.map(|opening| opening.to_zoned(zone.clone())),
        sentence: waits(&occurrence.choices, zone, now, Language::English),
    })
}

/// The one that opens first of those that are still to be tried.
fn next(dates: Vec<Next>, of: &[&Known]) -> Option<Next> {
    let is_open = |next: &Next| {
        let known = of.iter().find(|one| one.attempt.date == next.date);
        known.is_none_or(|one| one.attempt.state == State::Planned || is_called_off(&one.attempt))
    };
    let opening = |next: &Next| (next.opening.as_ref().map(Zoned::timestamp), next.date);
    dates.into_iter().filter(is_open).min_by_key(opening)
}

impl Status {
    /// `{"running","process","letters_waiting","letters_error","bookings":[{"booking","member","configured","paused","status","date","of_date","last","now","next"}]}`; the process is
    /// null where nothing runs, or its number is not known.
    pub fn json(&self) -> Value {
        let process = self.holder.as_deref().and_then(|holder| holder.strip_prefix("process ")?.parse::<u32>().ok());
        json!({
            "running": self.holder.is_some(),
            "process": process,
            "letters_waiting": self.letters.count,
            "letters_error": self.letters.last_error,
            "bookings": self.bookings.iter().map(Line::json).collect::<Vec<_>>(),
        })
    }

    /// What a person reads: whether anything runs, what is wrong with the file, and then the bookings.
    fn page(&self, setting: &Setting, sound: bool, width: Option<usize>) -> String {
        let mut head = match &self.holder {
            Some(holder) => format!("firstserve runs ({holder})."),
            None => format!("Nothing runs: no booking is looked after; start {}.", setting.command("run")),
        };
        if !sound {
            let file = plain(&setting.path.display().to_string()).into_owned();
            let then = match self.holder {
                Some(_) => "the configuration of before is in force, and what follows goes by it",
                None => "what follows goes by the configuration of before, and nothing starts with this one",
            };
            head = format!("{file} has errors ({} shows them): {then}.\n{head}", setting.command("check"));
        }
        head.extend(self.letters_words().map(|words| format!("\n{words}")));
        let lines: Vec<String> = head.lines().map(|line| page::wrapped(line, 0, width)).collect();
        format!("{}\n\n{}", lines.join("\n"), self.text(width))
    }

    /// `1 letter waits: connection refused`; none where none does.
    fn letters_words(&self) -> Option<String> {
        let WaitingLetters { count, last_error } = &self.letters;
        let letters = if *count == 1 { "1 letter waits".to_owned() } else { format!("{count} letters wait") };
        let why = match last_error {
            Some(error) => format!("; the last try failed: {}", plain(error)),
            None if self.holder.is_none() => " for `firstserve run`".to_owned(),
            None => " for the first try".to_owned(),
        };
        (*count > 0).then(|| format!("{letters}{why}."))
    }

    /// For people; no line ends behind the edge, where there is one.
    pub fn text(&self, width: Option<usize>) -> String {
        if self.bookings.is_empty() {
            return "There are no bookings. Write one into the configuration, and see `firstserve plan`.\n".to_owned();
        }
        let runs = self.holder.is_some();
        let texts: Vec<String> = self.bookings.iter().map(|line| line.text(runs, self.now, width)).collect();
        texts.join("\n")
    }
}

impl Line {
    /// What a user is told: what goes on, otherwise what comes next, otherwise what came last.
    fn status(&self) -> &'static str {
        let last = self.of_date.as_ref().or(self.last.as_ref()).map(|last| last.attempt.state);
        match (self.now.first(), &self.next, last) {
            (Some(now), ..) => now.known.attempt.state.status().as_str(),
            _ if self.paused => "paused",
            (_, Some(_), _) => State::Planned.status().as_str(),
            (.., Some(last)) => last.status().as_str(),
            _ => "finished",
        }
    }

    fn json(&self) -> Value {
        json!({
            "booking": self.booking.as_str(),
            "member": self.member.as_str(),
            "configured": self.configured,
            "paused": self.paused,
            "status": self.status(),
            "date": self.date.map(|date| date.to_string()),
            "of_date": self.of_date.as_ref().map(Known::json),
            "last": self.last.as_ref().map(Known::json),
            "now": self.now.iter().map(Now::json).collect::<Vec<_>>(),
            "next": self.next.as_ref().map(|next| json!({
                "date": next.date.to_string(),
                "court": next.court.as_str(),
                "start": next.start.to_string(),
                "opening_local": next.opening.as_ref().map(local),
                "opening_utc": next.opening.as_ref().map(|opening| opening.timestamp().to_string()),
            })),
        })
    }

    /// The date that is in force, where nothing else tells of it.
    fn dated(&self, now: Timestamp) -> Option<String> {
        let date = self.date?;
        if let Some(known) = &self.of_date {
            return Some(known.words(now));
        }
        let told = self.now.iter().map(|one| one.known.attempt.date).chain(self.next.as_ref().map(|next| next.date));
        let is_told = told.chain(self.last.as_ref().map(|last| last.attempt.date)).any(|told| told == date);
        (!is_told).then(|| day(date))
    }

    /// The word at its head: what was begun goes on only while something runs.
    fn head(&self, runs: bool) -> &'static str {
        let left = !runs
            && self.now.first().is_some_and(|now| now.known.attempt.state.status() == crate::model::Status::Processing);
        if left { "left unfinished" } else { self.status() }
    }

    fn text(&self, runs: bool, now: Timestamp, width: Option<usize>) -> String {
        let gone = if self.configured { "" } else { "  (no longer in the configuration)" };
        let (booking, member) = (plain(self.booking.as_str()), plain(self.member.as_str()));
        let mut text = format!("{member} · {booking}: {}{gone}\n", self.head(runs));
        let rows = self.now.iter().flat_map(|one| one.rows(runs, now));
        let rows = rows.chain(self.next.as_ref().map(|next| ("next", next.words(now))));
        let rows = rows.chain(self.dated(now).map(|words| ("date", words)));
        for (name, words) in rows.chain(self.last.as_ref().map(|last| ("last", last.words(now)))) {
            let words = page::wrapped(&plain(&words), INDENT, width);
            writeln!(text, "  {name:<width$}{words}", width = INDENT - 2).expect("writing to a String cannot fail");
        }
        text
    }
}

impl Now {
    fn json(&self) -> Value {
        let Known { attempt, slot, trouble, .. } = &self.known;
        let wanted = self.wanted.as_ref().map(|wanted| (&wanted.court, wanted.start));
        let court = slot.as_ref().map(|slot| (&slot.court, slot.start)).or(wanted);
        json!({
            "date": attempt.date.to_string(),
            "state": attempt.state.as_str(),
            "since": attempt.updated_at.to_string(),
            "court": court.map(|(court, _)| court.as_str()),
            "start": court.map(|(_, start)| start.to_string()),
            "opening_utc": opening_of(attempt.opening),
            "trouble": trouble.as_ref().map(|(_, why)| why),
            "attempt": attempt.id.as_str(),
        })
    }

    /// What it is about and how far it has come, and the last trouble.
    fn rows(&self, runs: bool, now: Timestamp) -> Vec<(&'static str, String)> {
        let state = self.known.attempt.state;
        let (name, goes_on) = match runs {
            true => ("now", state.as_str().to_owned()),
            false if state.is_spent() => ("left", format!("{}: verified at the next start", state.as_str())),
            false => ("left", format!("{}: taken up again at the next start", state.as_str())),
        };
        let trouble = self.known.trouble.as_ref();
        let trouble = trouble.map(|(at, why)| ("!", format!("{}: {why}", from_now(at.duration_since(now)))));
        [(name, format!("{}, {goes_on}", self.what(now)))].into_iter().chain(trouble).collect()
    }

    /// `Sun 2027-07-18 court 1 at 17:00, opens in 40 s`.
    pub(super) fn what(&self, now: Timestamp) -> String {
        let Known { attempt, slot, .. } = &self.known;
        let slot = slot
            .as_ref()
            .map(|slot| format!("{} court {} at {}", day(attempt.date), slot.court, slot.start.strftime("%H:%M")));
        let slot = slot.or_else(|| self.wanted.as_ref().map(Next::slot)).unwrap_or_else(|| day(attempt.date));
        let word = if attempt.opening <= now { "opened" } else { "opens" };
        match attempt.opening <= attempt.planned_at {
            true => format!("{slot}, open already"),
            false => format!("{slot}, {word} {}", from_now(attempt.opening.duration_since(now))),
        }
    }
}

impl Known {
    /// The first to open of what it was taken up with.
    fn wanted(&self) -> Option<Next> {
        let Want { court, start, .. } = self.wants.iter().min_by_key(|want| want.opening)?;
        let (court, start) = (court.clone(), *start);
        Some(Next { date: self.attempt.date, court, start, opening: None, sentence: None })
    }

    /// The slot, where it is certainly ours.
    fn won(&self) -> Option<&Slot> {
        self.slot.as_ref().filter(|_| self.attempt.state == State::Ended(Outcome::Confirmed))
    }

    fn json(&self) -> Value {
        json!({
            "date": self.attempt.date.to_string(),
            "outcome": self.attempt.state.as_str(),
            "note": self.attempt.note,
            "at": self.attempt.updated_at.to_string(),
            "court": self.won().map(|slot| slot.court.as_str()),
            "start": self.won().map(|slot| slot.start.to_string()),
            "attempt": self.attempt.id.as_str(),
        })
    }

    fn words(&self, now: Timestamp) -> String {
        let Attempt { date, state, note, updated_at, .. } = &self.attempt;
        let what = self.won().map(|slot| format!(" court {} at {}", slot.court, slot.start.strftime("%H:%M")));
        let note = note.as_deref().filter(|note| !note.is_empty()).map(|note| format!(": {note}")).unwrap_or_default();
        let ago = from_now(updated_at.duration_since(now));
        format!("{}{}, {} {ago}{note}", day(*date), what.unwrap_or_default(), state.as_str())
    }
}

impl Next {
    /// `Sun 2027-07-18 court 1 at 17:00`.
    pub(super) fn slot(&self) -> String {
        format!("{} court {} at {}", day(self.date), self.court, self.start.strftime("%H:%M"))
    }

    fn words(&self, now: Timestamp) -> String {
        let slot = self.slot();
        match &self.opening {
            None => format!("{slot}, can be booked at any time"),
            Some(opening) => {
                let word = if opening.timestamp() <= now { "open since" } else { "opens" };
                let distance = from_now(opening.timestamp().duration_since(now));
                format!("{slot}, {word} {} ({distance})", opening.strftime("%a %Y-%m-%d %H:%M:%S %Z"))
            }
        }
    }
}

fn day(date: Date) -> String {
    date.strftime("%a %Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::AttemptId;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn attempt(day: i8, state: State, note: &str) -> Attempt {
        Attempt {
            id: AttemptId::new("01"),
            booking: "wednesday singles".into(),
            member: "ana".into(),
            site: "las-palmas".into(),
            date: date(2027, 7, day),
            opening: at("2027-07-05T06:00:00Z"),
            state,
            submits: 1,
            created_at: at("2027-06-01T00:00:00Z"),
            planned_at: at("2027-06-01T00:00:00Z"),
            updated_at: at("2027-07-05T06:00:02Z"),
            withdrawn: false,
            note: Some(note.to_owned()),
        }
    }

    fn known(day: i8, state: State, note: &str) -> Known {
        let start = date(2027, 7, day).at(17, 0, 0, 0);
        let slot = Slot { court: "2".into(), start, end: start };
        Known { attempt: attempt(day, state, note), slot: Some(slot), trouble: None, wants: Vec::new() }
    }

    fn next() -> Next {
        let zone = TimeZone::get("America/Costa_Rica").expect("the zone is known");
        let start = date(2027, 7, 21).at(17, 0, 0, 0);
        let opening = Some(at("2027-07-12T06:00:00Z").to_zoned(zone));
        Next { date: start.date(), court: "2".into(), start, opening, sentence: None }
    }

    fn one(of: &[&Known]) -> Line {
        line(&"ana".into(), &"wednesday singles".into(), true, of)
    }

    fn shown(line: Line) -> String {
        told(line, Some("process 4711".to_owned()))
    }

    fn told(line: Line, holder: Option<String>) -> String {
        Status { bookings: vec![line], holder, letters: WaitingLetters::default(), now: at("2027-07-08T06:00:00Z") }
            .text(Some(80))
    }

    #[test]
    fn a_booking_tells_what_came_and_what_comes() {
        let note = "the site's list shows it, and it has shown it ever since, for as long as anybody has looked at it";
        let won = known(14, State::Ended(Outcome::Confirmed), note);
        let text = shown(Line { next: Some(next()), ..one(&[&won]) });
        assert_eq!(
            text,
            "ana · wednesday singles: scheduled\n  \
               next  Wed 2027-07-21 court 2 at 17:00, opens Mon 2027-07-12 00:00:00 CST (in 4\n        days)\n  \
               last  Wed 2027-07-14 court 2 at 17:00, confirmed 2 days ago: the site's list\n        \
               shows it, and it has shown it ever since, for as long as anybody has\n        looked at it\n"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_one_off_booking_whose_date_was_edited_tells_of_the_date_in_force() {
        let won = known(14, State::Ended(Outcome::Confirmed), "");
        let mut lost = known(11, State::Ended(Outcome::Taken), "too slow");
        lost.attempt.updated_at = at("2027-07-04T06:00:02Z");
        let both = [&won, &lost];
        let mut edited = Line { date: Some(date(2027, 7, 11)), ..one(&both) };
        edited.of_date = of_date(&edited, &both);
        assert_eq!(edited.json()["of_date"]["outcome"], "taken");
        assert_eq!(
            (&edited.json()["date"], &edited.json()["last"]["date"]),
            (&json!("2027-07-11"), &json!("2027-07-14"))
        );
        let text = shown(edited);
        assert!(
            text.starts_with("ana · wednesday singles: failed\n  date  Sun 2027-07-11, taken 3 days ago: too slow\n"),
            "{text}"
        );
        assert!(text.contains("last  Wed 2027-07-14 court 2 at 17:00, confirmed"), "{text}");
        let same = Line { date: Some(date(2027, 7, 14)), ..one(&both) };
        assert_eq!(of_date(&same, &both), None);
        assert!(!shown(same).contains("  date  "), "one line is enough for one date");
        let untried = Line { date: Some(date(2027, 7, 1)), ..one(&both) };
        assert!(shown(untried).contains("  date  Thu 2027-07-01\n"), "nothing is known of it");
    }

    #[test]
    fn what_goes_on_comes_first_and_a_court_that_is_not_won_is_not_named() {
        let (works, lost) = (known(21, State::Ready, ""), known(14, State::Ended(Outcome::Taken), "too slow"));
        let text = shown(one(&[&works, &lost]));
        let now = "  now   Wed 2027-07-21 court 2 at 17:00, opened 3 days ago, ready\n";
        assert!(text.starts_with(&format!("ana · wednesday singles: processing\n{now}")), "{text}");
        assert!(text.contains("last  Wed 2027-07-14, taken 2 days ago: too slow"), "{text}");
    }

    #[test]
    fn an_attempt_in_trouble_says_what_it_wants_when_and_what_is_wrong() {
        let mut stuck = known(21, State::Preparing, "");
        (stuck.slot, stuck.attempt.opening) = (None, at("2027-07-08T06:00:40Z"));
        stuck.trouble =
            Some((at("2027-07-08T05:59:50Z"), "selectors/club/login/10-open.toml:3:1: no such field".to_owned()));
        let mut line = one(&[&stuck]);
        line.now[0].wanted = Some(next());
        assert_eq!(
            shown(line.clone()),
            "ana · wednesday singles: processing\n  \
               now   Wed 2027-07-21 court 2 at 17:00, opens in 40 s, preparing\n  \
               !     10 s ago: selectors/club/login/10-open.toml:3:1: no such field\n"
        );
        let left = told(line, None);
        assert!(left.starts_with("ana · wednesday singles: left unfinished\n  left  Wed"), "{left}");
        let spent = told(one(&[&known(21, State::Unknown, "")]), None);
        assert!(spent.contains("unknown: verified at\n        the next start"), "{spent}");
    }

    #[test]
    fn what_is_under_way_says_what_it_was_taken_up_with_and_not_what_was_edited_since() {
        let mut ready = known(21, State::Ready, "");
        let start = date(2027, 7, 21).at(19, 0, 0, 0);
        (ready.slot, ready.wants) = (None, vec![Want { court: "2".into(), start, opening: ready.attempt.opening }]);
        let mut line = one(&[&ready]);
        line.now[0].wanted = ready.wanted();
        let text = shown(line);
        assert!(text.contains("now   Wed 2027-07-21 court 2 at 19:00, opened 3 days ago, ready"), "{text}");
    }

    #[test]
    fn what_a_plan_took_back_is_no_outcome() {
        let mut vanished = known(14, State::Ended(Outcome::Cancelled), "no booking asks for this date any more");
        vanished.attempt.submits = 0;
        let given_back = vanished.clone();
        (vanished.slot, vanished.attempt.withdrawn) = (None, true);
        assert_eq!(one(&[&vanished]).last, None);
        assert_eq!(one(&[&given_back]).last.as_ref(), Some(&given_back), "a court that was given back is one");
        assert_eq!(shown(Line { paused: true, ..one(&[&vanished]) }), "ana · wednesday singles: paused\n");
    }

    #[test]
    fn a_name_does_not_speak_to_the_terminal() {
        let text = shown(line(&"ana".into(), &"a\u{1b}]0;t\u{7}\nb".into(), true, &[]));
        assert_eq!(text, "ana · a\\u{1b}]0;t\\u{7}\\nb: finished\n");
    }
}
