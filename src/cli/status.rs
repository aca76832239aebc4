//! `firstserve status`: what became of each booking, what goes on now, and what comes next.
//!
//! Reads the database and changes nothing, so it works beside a running daemon, and before the first one. What is printed of it
//! is in `words` and `json`.

mod json;
mod words;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::plan::place;
use super::setting::{Setting, zones_of};
use super::{kept, page};
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::{Config, Loaded};
use crate::model::{Attempt, Booking, BookingName, CourtName, Language, MemberId, Occurrence, Outcome, State, When};
use crate::schedule::{AHEAD, ALWAYS_OPEN, occurrences, waits};
use crate::store::{Slot, Store, WaitingLetters, Want};
use crate::timing::note::CALLED_OFF_WAITING;

/// Prints it.
///
/// # Errors
/// The configuration or the database cannot be read.
pub(super) fn run(setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones, sound) = super::runtime()?.block_on(in_force(setting))?;
    let (known, letters) = super::runtime()?.block_on(known(&config))?;
    let holder = Store::holder(&config.server.data);
    let other = holder.as_ref().and_then(|_| Store::other_than(config.server.database.expose(), &config.server.data));
    let status = Status { holder, other, letters, ..status(&config, &zones, &known, SystemClock.now()) };
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
    /// The database that this one keeps, where it is another than the one that was read.
    pub other: Option<String>,
    /// Whether the configuration sends mail.
    pub mail: bool,
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
    /// Attempts that are over, and of which only a person can find out whether they have their court.
    pub unsettled: Vec<Known>,
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
    let (mail, letters) = (config.mail.is_some(), WaitingLetters::default());
    Status { bookings, holder: None, other: None, mail, letters, now }
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
        unsettled: of.iter().filter(|one| is_unsettled(&one.attempt)).map(|one| (*one).clone()).collect(),
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

fn is_unsettled(attempt: &Attempt) -> bool {
    attempt.state == State::Ended(Outcome::NeedsAttention)
}

/// What a plan took back says nothing of the booking; a court that was given back does, and so does a place on a waiting list that
/// the site may still keep.
pub(in crate::cli) fn is_called_off(attempt: &Attempt) -> bool {
    let waits = attempt.note.as_deref() == Some(CALLED_OFF_WAITING);
    attempt.state == State::Ended(Outcome::Cancelled) && attempt.withdrawn && !waits
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
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

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
        let (letters, now) = (WaitingLetters::default(), at("2027-07-08T06:00:00Z"));
        Status { bookings: vec![line], holder, other: None, mail: true, letters, now }.text(Some(80))
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
    fn what_a_person_must_look_at_says_how_to_settle_it_even_when_another_date_came_later() {
        let unsure = known(14, State::Ended(Outcome::NeedsAttention), "no list");
        let mut won = known(21, State::Ended(Outcome::Confirmed), "");
        won.attempt.updated_at = at("2027-07-07T06:00:02Z");
        let line = one(&[&unsure, &won]);
        assert_eq!(line.json()["unsettled"][0]["date"], "2027-07-14");
        let words = shown(line).split_whitespace().collect::<Vec<_>>().join(" ");
        let command = "`firstserve settle 'ana/wednesday singles' --date 2027-07-14 --booked` or `--not-booked`";
        let look = "look Wed 2027-07-14, perhaps court 2 at 17:00: look at the site, then say what it shows";
        assert!(words.contains(&format!("{look}: {command}; for that, end `firstserve run` first")), "{words}");
        assert!(!told(one(&[&unsure]), None).contains("for that, end"), "nothing runs");
        assert!(!shown(one(&[&won])).contains("settle"), "the control");
    }

    #[test]
    fn what_another_booking_has_is_skipped_and_not_cancelled() {
        let words = shown(one(&[&known(14, State::Ended(Outcome::Skipped), "")]));
        assert!(words.starts_with("ana · wednesday singles: skipped\n"), "{words}");
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
