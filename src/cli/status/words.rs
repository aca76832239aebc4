//! What `firstserve status` says to people.

use std::fmt::Write;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::page;
use super::super::setting::Setting;
use super::super::settle;
use super::super::span::from_now;
use super::{Known, Line, Next, Now, Status};
use crate::config::DEFAULT_PATH;
use crate::model::{Attempt, Outcome, State};
use crate::report::plain;
use crate::store::WaitingLetters;

/// What is said of letters that will go nowhere.
const NO_MAIL: &str = "no mail is set up, so nobody gets what waits: write `smtp-host` and `from` in [mail]";

/// Columns in which the texts of a booking begin.
const INDENT: usize = 8;

impl Status {
    /// What a person reads: whether anything runs, what is wrong with the file, and then the bookings.
    pub(super) fn page(&self, setting: &Setting, sound: bool, width: Option<usize>) -> String {
        let run = setting.command("run");
        let mut head = match (&self.holder, &self.other) {
            (Some(holder), Some(other)) => format!(
                "firstserve runs ({holder}), but keeps another database than the configuration names: {}.\nIt does not look after \
                 what follows, which is from the database that is named, where nobody writes: end that process, and start {run} again.",
                plain(other)
            ),
            (Some(holder), None) => format!("firstserve runs ({holder})."),
            (None, _) => format!("Nothing runs: no booking is looked after; start {run}."),
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
        format!("{}\n\n{}", lines.join("\n"), self.lines(width, &setting.path))
    }

    /// `1 letter waits: connection refused`; none where none does.
    fn letters_words(&self) -> Option<String> {
        let WaitingLetters { count, last_error } = &self.letters;
        let letters = if *count == 1 { "1 letter waits".to_owned() } else { format!("{count} letters wait") };
        let why = match last_error {
            _ if !self.mail => format!("; {NO_MAIL}"),
            Some(error) => format!("; the last try failed: {}", plain(error)),
            None if self.holder.is_none() => " for `firstserve run`".to_owned(),
            None => " for the first try".to_owned(),
        };
        (*count > 0).then(|| format!("{letters}{why}."))
    }

    /// Why the letters wait; none: none does, or none was tried yet.
    pub(super) fn letters_error(&self) -> Option<&str> {
        match self.letters.count {
            0 => None,
            _ if !self.mail => Some(NO_MAIL),
            _ => self.letters.last_error.as_deref(),
        }
    }

    /// For people; no line ends behind the edge, where there is one. Commands are told as the default configuration needs them.
    pub fn text(&self, width: Option<usize>) -> String {
        self.lines(width, Path::new(DEFAULT_PATH))
    }

    fn lines(&self, width: Option<usize>, config: &Path) -> String {
        if self.bookings.is_empty() {
            return "There are no bookings. Write one into the configuration, and see `firstserve plan`.\n".to_owned();
        }
        let runs = self.holder.is_some() && self.other.is_none();
        let texts: Vec<String> = self.bookings.iter().map(|line| line.text((runs, config), self.now, width)).collect();
        texts.join("\n")
    }
}

impl Line {
    /// What a user is told: what goes on, otherwise what comes next, otherwise what came last.
    pub(super) fn status(&self) -> &'static str {
        let last = self.of_date.as_ref().or(self.last.as_ref()).map(|last| last.attempt.state);
        match (self.now.first(), &self.next, last) {
            (Some(now), ..) => now.known.attempt.state.status().as_str(),
            _ if self.paused => "paused",
            (_, Some(_), _) => State::Planned.status().as_str(),
            // Its court is another booking's: it has not failed, and nobody has cancelled it.
            (.., Some(skipped @ State::Ended(Outcome::Skipped))) => skipped.as_str(),
            (.., Some(last)) => last.status().as_str(),
            _ => "finished",
        }
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

    fn text(&self, (runs, config): (bool, &Path), now: Timestamp, width: Option<usize>) -> String {
        let gone = if self.configured { "" } else { "  (no longer in the configuration)" };
        let (booking, member) = (plain(self.booking.as_str()), plain(self.member.as_str()));
        let mut text = format!("{member} · {booking}: {}{gone}\n", self.head(runs));
        let rows = self.now.iter().flat_map(|one| one.rows(runs, now));
        let rows = rows.chain(self.next.as_ref().map(|next| ("next", next.words(now))));
        let rows = rows.chain(self.dated(now).map(|words| ("date", words)));
        let rows = rows.chain(self.last.as_ref().map(|last| ("last", last.words(now))));
        for (name, words) in rows.chain(self.unsettled.iter().map(|one| ("look", one.way_on(runs, config)))) {
            let words = page::wrapped(&plain(&words), INDENT, width);
            writeln!(text, "  {name:<width$}{words}", width = INDENT - 2).expect("writing to a String cannot fail");
        }
        text
    }
}

impl Now {
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
    pub(in crate::cli) fn what(&self, now: Timestamp) -> String {
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
    /// What only a person can find out, and how he says it.
    fn way_on(&self, runs: bool, config: &Path) -> String {
        let slot = self.slot.as_ref();
        let perhaps = slot.map(|slot| format!(", perhaps court {} at {}", slot.court, slot.start.strftime("%H:%M")));
        let first = if runs { "; for that, end `firstserve run` first, and start it again afterwards" } else { "" };
        let (day, perhaps) = (day(self.attempt.date), perhaps.unwrap_or_default());
        format!("{day}{perhaps}: {}{first}", settle::way_on(&self.attempt, config))
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
    pub(in crate::cli) fn slot(&self) -> String {
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
    use std::path::PathBuf;

    use super::*;
    use crate::config::Environment;

    fn status() -> Status {
        let letters = WaitingLetters { count: 1, last_error: Some("Connection refused".to_owned()) };
        let holder = Some("process 4711".to_owned());
        Status { bookings: Vec::new(), holder, other: None, mail: true, letters, now: Timestamp::UNIX_EPOCH }
    }

    fn page(status: &Status) -> String {
        let setting = Setting { path: PathBuf::from("practice/booking.toml"), environment: Environment::default() };
        status.page(&setting, true, None)
    }

    #[test]
    fn a_process_that_keeps_another_database_is_told_first() {
        let other = Status { other: Some("/srv/old.db".to_owned()), ..status() };
        let text = page(&other);
        let first =
            "firstserve runs (process 4711), but keeps another database than the configuration names: /srv/old.db.\n";
        assert!(text.starts_with(first), "{text}");
        assert!(text.contains("and start `firstserve run --config practice/booking.toml` again."), "{text}");
        assert_eq!(other.json()["other_database"], "/srv/old.db");
        assert!(page(&status()).starts_with("firstserve runs (process 4711).\n"), "the control");
        assert!(status().json()["other_database"].is_null());
    }

    #[test]
    fn letters_without_mail_say_so_and_not_how_the_last_try_went() {
        assert!(page(&status()).contains("\n1 letter waits; the last try failed: Connection refused.\n"));
        let off = Status { mail: false, ..status() };
        assert!(page(&off).contains("\n1 letter waits; no mail is set up"), "{}", page(&off));
        assert_eq!(off.json()["letters_error"], NO_MAIL);
        assert_eq!(status().json()["letters_error"], "Connection refused");
    }
}
