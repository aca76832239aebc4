//! What happens, as it happens, on a terminal: the clock, how far the opening is, and what was done.
//!
//! One line a selector file, not one a step: while a file is being done its step is in the last line, which is drawn again, and
//! so is the countdown. Elsewhere than on a terminal only the lines that stay are written.
//!
//! The column of times never runs backwards: a file's line is written when its last step is known to be over, and where another
//! attempt's line stands above it already it bears that one's time.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

mod paper;
mod shown;
mod words;

use super::page;
use super::span::{distance, of_opening, span};
use crate::engine::{Event, What};
use crate::model::{AttemptId, Choice, Outcome, State};
use crate::probe::words::sentence;
use crate::report::{plain, plain_lines};
use crate::timing::Offset;

use paper::{Paper, Stderr};
use shown::{File, Name, Shown, short_name};
pub(super) use words::meaning;
use words::{file_of, listed};

/// Columns in which texts begin, behind the clock and the distance from the opening.
const BESIDE: usize = 26;

/// What a file's line takes where each line begins with the name of its attempt.
const FILE_LINE: usize = 33;

/// The name of a file there.
const FILE_NAME: usize = 22;

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(100);

/// What is noted in the midst of a file is followed at once by the trouble that it fails by; after this long the file is done.
const FOLLOWS_AT_ONCE: SignedDuration = SignedDuration::from_millis(500);

// Colours of the terminal, as SGR codes.
const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const BOLD_GREEN: &str = "1;32";
const BOLD_RED: &str = "1;31";

/// Writes events to stderr for a person.
pub struct Timeline {
    bar: ProgressBar,
    paper: Box<dyn Paper>,
    zone: TimeZone,
    colour: bool,
    quiet: bool,
    attempts: HashMap<AttemptId, Shown>,
    /// Whether each line says which attempt it is about.
    several: bool,
    /// How long after the opening it is tried again; none: that is not told.
    grace: Option<SignedDuration>,
    /// Whether it is said whose clock the column of times shows.
    headed: bool,
    /// The states whose meaning is said; it is said once where there are several attempts.
    explained: Vec<State>,
    /// The time of the last line.
    last: Cell<Timestamp>,
}

impl Timeline {
    /// For people on stderr; `quiet` shows nothing at all.
    pub fn new(zone: TimeZone, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if quiet || !terminal { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{spinner:>15.cyan}  {msg}").expect("the template is well formed");
        bar.set_style(style.tick_chars("◐◓◑◒●"));
        bar.enable_steady_tick(TICK);
        let colour = terminal && std::env::var_os("NO_COLOR").is_none();
        let paper = Box::new(Stderr(bar.clone()));
        Self {
            bar,
            paper,
            zone,
            colour,
            quiet,
            attempts: HashMap::new(),
            several: false,
            grace: None,
            headed: false,
            explained: Vec::new(),
            last: Cell::new(Timestamp::MIN),
        }
    }

    /// Whether there will be several attempts: then each line says which one it is about, from the first on.
    #[must_use]
    pub fn of_several(self, several: bool) -> Self {
        Self { several, ..self }
    }

    /// Shows the steps of an attempt whose opening is long past.
    pub fn follow(&mut self, id: &AttemptId, name: &str) {
        self.attempts.insert(id.clone(), Shown::new(Name::new(name, None), None));
    }

    /// For how long after the opening it is tried again: then each stumble says until when.
    #[must_use]
    pub fn tried_for(self, grace: SignedDuration) -> Self {
        Self { grace: Some(grace), ..self }
    }

    /// A line that stays; what the terminal's line does not hold goes on below.
    pub fn line(&self, text: &str) {
        self.paper.write(&page::laid_out(&plain_lines(text), self.paper.width()));
    }

    /// An instant, as the club's clocks show it.
    pub fn local(&self, at: Timestamp) -> String {
        self.clock_text(at, "%a %Y-%m-%d %H:%M:%S %Z")
    }

    /// Lines that stay; nothing at all where nothing is shown.
    pub fn text(&self, text: &str) {
        if !self.quiet {
            text.lines().for_each(|line| self.line(line));
        }
    }

    /// Draws what is being done, or how long it is until the next opening.
    pub fn count_down(&mut self, now: Timestamp) {
        self.settle_notes(now);
        let doing = self.attempts.values().find_map(|shown| Some(format!("{} …", shown.file.as_ref()?.name)));
        let opens = |shown: &Shown| Some(shown.opening? - shown.ahead);
        let next = self.attempts.values().filter_map(opens).filter(|at| *at > now).min();
        let next = next.map(|at| format!("opens in {}", span(at.duration_since(now))));
        self.bar.set_message(match (next, doing) {
            (Some(next), Some(doing)) => format!("{next}   {}", self.paint(DIM, &doing)),
            (Some(next), None) => next,
            (None, Some(doing)) => doing,
            (None, None) => "waiting for the site".to_owned(),
        });
    }

    /// Writes the file that is named in the end of it all as failed.
    pub fn failed(&mut self, at: Timestamp, why: &str) {
        let ids: Vec<AttemptId> = self.attempts.keys().cloned().collect();
        ids.iter().for_each(|id| self.file_failed(id, at, why));
    }

    /// Writes the files that are still open, and takes the countdown away.
    pub fn finish(&mut self) {
        let ids: Vec<AttemptId> = self.attempts.keys().cloned().collect();
        ids.iter().for_each(|id| self.file_done(Some(id)));
        self.bar.finish_and_clear();
    }

    /// Writes one event.
    pub fn show(&mut self, event: &Event) {
        self.head();
        if let What::Step { phase, place, took } = &event.what {
            return self.step(event, phase, place, *took);
        }
        if let (Some(id), What::Trouble(why)) = (&event.attempt, &event.what) {
            self.file_failed(id, event.at, why);
        }
        if !self.is_beside(event) {
            self.file_done(event.attempt.as_ref());
        }
        match &event.what {
            What::TakenUp { booking, member, date, opening, open_already } => {
                let name = Name::new(&format!("{member} · {booking}"), Some(date.to_string()));
                self.taken_up(event, name, (!open_already).then_some(*opening));
            }
            What::SiteClock { offset, follows } => self.site_clock(event, offset, *follows),
            What::Entered(state) => {
                if let Some(shown) = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id)) {
                    (shown.trouble, shown.stumbled) =
                        (shown.trouble.take().filter(|_| *state == State::Preparing), shown.stumbled);
                }
                let state = self.state(*state);
                self.of(event, &state);
            }
            What::Trouble(why) => self.trouble(event, why),
            What::Degraded(why) => self.of(event, &format!("{} {}", self.paint(YELLOW, "!"), plain(why))),
            What::Sent { choice, mode, late, .. } => self.sent(event, choice, mode, *late),
            What::Note(note) => self.note(event, &plain(note)),
            What::Answered(answer) => self.of(event, &format!("the site answers: {}", answer.as_str())),
            What::Listed { rows } => self.of(event, &listed(*rows)),
            What::Ended { outcome, note, .. } => self.ended(event, *outcome, note),
            What::Waiting { until } => self.waits(event, *until),
            What::Step { .. } => {}
            What::Reloaded(changes) => {
                changes.iter().for_each(|change| self.at(event, &format!("configuration: {}", plain(change))));
            }
            What::Refused { errors } => {
                self.at(event, &format!("configuration refused, {}; the old one is kept", plain(errors)));
            }
        }
    }

    /// Says once whose clock it is.
    fn head(&mut self) {
        if !std::mem::replace(&mut self.headed, true) {
            let zone = self.zone.iana_name().map(|name| format!(", {name}")).unwrap_or_default();
            self.line(&format!("times are the club's{zone}"));
        }
    }

    fn taken_up(&mut self, event: &Event, name: Name, opening: Option<Timestamp>) {
        let opens = match opening {
            Some(opening) => format!("opens {}", self.local(opening)),
            None => "can be booked already".to_owned(),
        };
        let text = format!("{}, {opens}", self.paint(BOLD, &name.whole()));
        if let Some(id) = &event.attempt {
            let useful = self.grace.map(|grace| opening.unwrap_or(event.at) + grace);
            self.attempts.insert(id.clone(), Shown { useful, ..Shown::new(name, opening) });
        }
        self.at(event, &text);
    }

    /// Whether it comes beside the steps, and says nothing of the file that is being done: what is noted, and what is found out
    /// of the site's clock meanwhile.
    fn is_beside(&self, event: &Event) -> bool {
        let shown = event.attempt.as_ref().and_then(|id| self.attempts.get(id));
        match &event.what {
            What::Note(_) | What::SiteClock { .. } => true,
            What::Trouble(_) => shown.is_some_and(|shown| shown.clock_read == Some(event.at)),
            _ => false,
        }
    }

    /// What is noted while a file is open waits until it is known whether the file is done: its line stands above.
    fn note(&mut self, event: &Event, note: &str) {
        let shown = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id));
        match shown.filter(|shown| shown.file.is_some()) {
            Some(shown) => shown.notes.push((event.at, note.to_owned())),
            None => self.of(event, note),
        }
    }

    /// Writes what has waited long enough.
    fn settle_notes(&mut self, now: Timestamp) {
        let is_over = |at: &Timestamp| now.duration_since(*at) >= FOLLOWS_AT_ONCE;
        let waits = |shown: &Shown| shown.notes.first().is_some_and(|(at, _)| is_over(at));
        let over: Vec<AttemptId> =
            self.attempts.iter().filter(|(_, shown)| waits(shown)).map(|(id, _)| id.clone()).collect();
        over.iter().for_each(|id| self.file_done(Some(id)));
    }

    /// Adds a step to its file, which is written when another begins.
    fn step(&mut self, event: &Event, phase: &str, place: &str, took: Duration) {
        let Some(id) = &event.attempt else { return };
        let name = plain(&file_of(phase, place)).into_owned();
        if self.attempts.get(id).and_then(|shown| shown.file.as_ref()).is_some_and(|file| file.name != name) {
            self.file_done(Some(id));
        }
        let Some(shown) = self.attempts.get_mut(id) else { return };
        match &mut shown.file {
            Some(file) => (file.done, file.took) = (event.at, file.took + took),
            none => *none = Some(File { name, done: event.at, took }),
        }
    }

    /// The file that is named in a trouble is not done: its line says for how long it was tried.
    fn file_failed(&mut self, id: &AttemptId, at: Timestamp, why: &str) {
        let Some(shown) = self.attempts.get_mut(id) else { return };
        let is_named = |file: &mut File| why.contains(file.name.rsplit('/').next().unwrap_or(&file.name));
        let Some(file) = shown.file.take_if(is_named) else { return };
        let notes = std::mem::take(&mut shown.notes);
        self.noted(id, &notes);
        let waited = Duration::try_from(at.duration_since(file.done)).unwrap_or_default();
        let took = self.paint(DIM, &format!("{:>6} ms", (file.took + waited).as_millis()));
        let text = self.file_line(BOLD_RED, "✘", &file.name, &took);
        self.stamped(at, Some(id), &text);
    }

    /// The same trouble once more is told in few words.
    fn trouble(&mut self, event: &Event, why: &str) {
        let shown = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id));
        let before = shown.and_then(|shown| {
            shown.stumbled = true;
            shown.trouble.replace(why.to_owned())
        });
        let words = if before.as_deref() == Some(why) { "the same again".into() } else { plain(why) };
        self.of(event, &format!("{} {words}", self.paint(YELLOW, "!")));
    }

    /// Behind a trouble: when it is tried again, and until when.
    fn waits(&mut self, event: &Event, until: Timestamp) {
        let Some(shown) = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id)) else { return };
        if !std::mem::take(&mut shown.stumbled) {
            return;
        }
        let last = shown.useful.map(|last| format!(", until {}", self.clock_text(last, "%H:%M:%S")));
        let distance = span(until.duration_since(event.at));
        self.of(event, &format!("tries again in {distance}{}", last.unwrap_or_default()));
    }

    fn file_done(&mut self, id: Option<&AttemptId>) {
        let Some(id) = id else { return };
        let Some(shown) = self.attempts.get_mut(id) else { return };
        let Some(file) = shown.file.take() else { return };
        let (before, after): (Vec<_>, Vec<_>) =
            std::mem::take(&mut shown.notes).into_iter().partition(|(at, _)| *at < file.done);
        self.noted(id, &before);
        let took = self.paint(DIM, &format!("{:>6} ms", file.took.as_millis()));
        let text = self.file_line(GREEN, "✓", &file.name, &took);
        self.stamped(file.done, Some(id), &text);
        self.noted(id, &after);
    }

    fn noted(&self, id: &AttemptId, notes: &[(Timestamp, String)]) {
        notes.iter().for_each(|(at, note)| self.stamped(*at, Some(id), note));
    }

    /// `  ✓ login/10-open.toml            412 ms`, and closer where a name stands before it.
    fn file_line(&self, colour: &str, sign: &str, name: &str, took: &str) -> String {
        let sign = self.paint(colour, sign);
        match self.names() {
            true => format!("{sign} {:<FILE_NAME$}{took}", page::cut(name, FILE_NAME - 1)),
            false => format!("  {sign} {name:<28}{took}"),
        }
    }

    fn sent(&self, event: &Event, choice: &Choice, mode: &str, late: Option<SignedDuration>) {
        let (court, start) = (plain(choice.court.as_str()), choice.start.strftime("%H:%M"));
        let late = late.map(|late| late + self.ahead(event.attempt.as_ref()));
        let late = late.map(|late| format!(", {}", self.paint(BOLD, &of_opening(late))));
        let sent = self.paint(BOLD, &format!("sent court {court} at {start}"));
        self.of(event, &format!("{sent} by {mode}{}", late.unwrap_or_default()));
    }

    fn site_clock(&mut self, event: &Event, offset: &Offset, follows: bool) {
        let whose = if follows { "the site's" } else { "this machine's" };
        self.of(event, &format!("{}; it opens by {whose}", sentence(offset)));
        if let Some(shown) = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id)) {
            shown.ahead = if follows { offset.estimate() } else { SignedDuration::ZERO };
            shown.clock_read = Some(event.at);
        }
    }

    fn ahead(&self, id: Option<&AttemptId>) -> SignedDuration {
        id.and_then(|id| self.attempts.get(id)).map_or(SignedDuration::ZERO, |shown| shown.ahead)
    }

    fn ended(&self, event: &Event, outcome: Outcome, note: &str) {
        let (colour, sign) = if outcome == Outcome::Confirmed { (BOLD_GREEN, "✔") } else { (BOLD_RED, "✘") };
        let word = self.paint(colour, &format!("{sign} {}", outcome.as_str()));
        self.of(event, &format!("{word}: {}", plain(note)));
    }

    fn state(&mut self, state: State) -> String {
        let word = self.paint(CYAN, state.as_str());
        let is_explained = self.explained.contains(&state);
        if is_explained && self.names() {
            return word;
        }
        if !is_explained {
            self.explained.push(state);
        }
        format!("{word} {}", self.paint(DIM, meaning(state)))
    }

    /// Whether a line has to say which attempt it is about.
    fn names(&self) -> bool {
        self.several || self.attempts.len() > 1
    }

    /// A line about the event's attempt; it is named when there are several.
    fn of(&self, event: &Event, text: &str) {
        self.stamped(event.at, event.attempt.as_ref(), text);
    }

    /// A line that says itself what it is about.
    fn at(&self, event: &Event, text: &str) {
        self.column(event.at, event.attempt.as_ref(), "", text);
    }

    fn stamped(&self, at: Timestamp, id: Option<&AttemptId>, text: &str) {
        let most = self.paper.width().map_or(usize::MAX, |width| width.saturating_sub(BESIDE + FILE_LINE + 2));
        let name = id.filter(|_| self.names()).and_then(|id| short_name(&self.attempts, id, most));
        self.column(at, id, &name.map(|name| format!("{name}  ")).unwrap_or_default(), text);
    }

    /// A text beside its instants and whose it is; what the terminal's line does not hold goes on below.
    fn column(&self, at: Timestamp, id: Option<&AttemptId>, who: &str, text: &str) {
        let at = at.max(self.last.get());
        self.last.set(at);
        let text = page::wrapped(text, BESIDE + who.chars().count(), self.paper.width());
        self.paper.write(&format!("{}  {who}{text}", self.instants(at, id)));
    }

    /// The clock, and how far it is from the attempt's opening.
    fn instants(&self, at: Timestamp, id: Option<&AttemptId>) -> String {
        let clock = self.paint(DIM, &self.clock_text(at, "%H:%M:%S%.3f"));
        let shown = id.and_then(|id| self.attempts.get(id));
        let opening = shown.and_then(|shown| Some(shown.opening? - shown.ahead));
        let distance = opening.map(|opening| distance(at.duration_since(opening))).unwrap_or_default();
        format!("{clock} {distance:>11}")
    }

    fn clock_text(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod stories;
