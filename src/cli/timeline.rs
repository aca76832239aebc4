//! What happens, as it happens, on a terminal: the clock, how far the opening is, and what was done.
//!
//! One line a selector file, not one a step: while a file is being done its step is in the last line, which is drawn again, and
//! so is the countdown. Elsewhere than on a terminal only the lines that stay are written.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::page;
use super::span::{distance, of_opening, span};
use crate::engine::{Event, What};
use crate::model::{AttemptId, Choice, Outcome, State};
use crate::probe::words;
use crate::report::{plain, plain_lines};
use crate::timing::Offset;

/// Columns in which texts begin, behind the clock and the distance from the opening.
const BESIDE: usize = 26;

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(100);

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
    zone: TimeZone,
    colour: bool,
    quiet: bool,
    attempts: HashMap<AttemptId, Shown>,
    /// Whether each line says which attempt it is about.
    several: bool,
    /// How long after the opening it is tried again; none: that is not told.
    grace: Option<SignedDuration>,
}

/// What is known of an attempt.
struct Shown {
    name: String,
    /// None for a date that could be booked already when it was planned.
    opening: Option<Timestamp>,
    /// How far the clock by which it opens is ahead of ours, as far as is known.
    ahead: SignedDuration,
    file: Option<File>,
    /// Until when it is useful to try, as far as is known.
    useful: Option<Timestamp>,
    /// The last trouble, while nothing has gone well since.
    trouble: Option<String>,
    /// The wait that follows is for another try.
    stumbled: bool,
}

/// The selector file that is being done.
struct File {
    name: String,
    /// When its last step so far was done: lines bear the time of what is over, so that times never run backwards.
    done: Timestamp,
    took: Duration,
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
        Self { bar, zone, colour, quiet, attempts: HashMap::new(), several: false, grace: None }
    }

    /// Whether there will be several attempts: then each line says which one it is about, from the first on.
    #[must_use]
    pub fn of_several(self, several: bool) -> Self {
        Self { several, ..self }
    }

    /// Shows the steps of an attempt whose opening is long past.
    pub fn follow(&mut self, id: &AttemptId, name: &str) {
        let name = plain(name).into_owned();
        let ahead = SignedDuration::ZERO;
        let shown = Shown { name, opening: None, ahead, file: None, useful: None, trouble: None, stumbled: false };
        self.attempts.insert(id.clone(), shown);
    }

    /// For how long after the opening it is tried again: then each stumble says until when.
    #[must_use]
    pub fn tried_for(self, grace: SignedDuration) -> Self {
        Self { grace: Some(grace), ..self }
    }

    /// A line that stays.
    pub fn line(&self, text: &str) {
        self.put(&plain_lines(text));
    }

    /// An instant, as the club's clocks show it.
    pub fn local(&self, at: Timestamp) -> String {
        self.clock_text(at, "%a %Y-%m-%d %H:%M:%S %Z")
    }

    /// The same for a line that is safe for a terminal, and may bear our own colours.
    fn put(&self, text: &str) {
        if self.bar.is_hidden() { super::draw(text) } else { self.bar.println(text) }
    }

    /// Lines that stay; nothing at all where nothing is shown.
    pub fn text(&self, text: &str) {
        if !self.quiet {
            text.lines().for_each(|line| self.line(line));
        }
    }

    /// Draws what is being done, or how long it is until the next opening.
    pub fn count_down(&self, now: Timestamp) {
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
        if let What::Step { phase, place, took } = &event.what {
            return self.step(event, phase, place, *took);
        }
        if let (Some(id), What::Trouble(why)) = (&event.attempt, &event.what) {
            self.file_failed(id, event.at, why);
        }
        // What is noted may come in the midst of a file, and before the trouble that it fails by.
        if !matches!(event.what, What::Note(_)) {
            self.file_done(event.attempt.as_ref());
        }
        match &event.what {
            What::TakenUp { booking, member, date, opening, open_already } => {
                let name = plain(&format!("{member} · {booking} {date}")).into_owned();
                let opening = (!open_already).then_some(*opening);
                let opens = match opening {
                    Some(opening) => format!("opens {}", self.local(opening)),
                    None => "can be booked already".to_owned(),
                };
                if let Some(id) = &event.attempt {
                    let useful = self.grace.map(|grace| opening.unwrap_or(event.at) + grace);
                    let (name, ahead) = (name.clone(), SignedDuration::ZERO);
                    let shown = Shown { name, opening, ahead, file: None, useful, trouble: None, stumbled: false };
                    self.attempts.insert(id.clone(), shown);
                }
                self.at(event, &format!("{}, {opens}", self.paint(BOLD, &name)));
            }
            What::SiteClock { offset, follows } => self.site_clock(event, offset, *follows),
            What::Entered(state) => {
                if let Some(shown) = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id)) {
                    (shown.trouble, shown.stumbled) =
                        (shown.trouble.take().filter(|_| *state == State::Preparing), shown.stumbled);
                }
                self.of(event, &self.state(*state));
            }
            What::Trouble(why) => self.trouble(event, why),
            What::Degraded(why) => self.of(event, &format!("{} {}", self.paint(YELLOW, "!"), plain(why))),
            What::Sent { choice, mode, late, .. } => self.sent(event, choice, mode, *late),
            What::Note(note) => self.of(event, &plain(note)),
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
        let waited = Duration::try_from(at.duration_since(file.done)).unwrap_or_default();
        let took = self.paint(DIM, &format!("{:>6} ms", (file.took + waited).as_millis()));
        let text = format!("  {} {:<28}{took}", self.paint(BOLD_RED, "✘"), file.name);
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
        let Some(file) = self.attempts.get_mut(id).and_then(|shown| shown.file.take()) else { return };
        let took = self.paint(DIM, &format!("{:>6} ms", file.took.as_millis()));
        let text = format!("  {} {:<28}{took}", self.paint(GREEN, "✓"), file.name);
        self.stamped(file.done, Some(id), &text);
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
        self.of(event, &format!("{}; it opens by {whose}", words::sentence(offset)));
        if let Some(shown) = event.attempt.as_ref().and_then(|id| self.attempts.get_mut(id)) {
            shown.ahead = if follows { offset.estimate() } else { SignedDuration::ZERO };
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

    fn state(&self, state: State) -> String {
        format!("{} {}", self.paint(CYAN, state.as_str()), self.paint(DIM, meaning(state)))
    }

    /// A line about the event's attempt; it is named when there are several.
    fn of(&self, event: &Event, text: &str) {
        self.stamped(event.at, event.attempt.as_ref(), text);
    }

    /// A line that says itself what it is about.
    fn at(&self, event: &Event, text: &str) {
        self.column(event.at, event.attempt.as_ref(), text);
    }

    fn stamped(&self, at: Timestamp, id: Option<&AttemptId>, text: &str) {
        let shown = id.and_then(|id| self.attempts.get(id)).filter(|_| self.several || self.attempts.len() > 1);
        let who = shown.map(|shown| format!("{}  ", shown.name)).unwrap_or_default();
        self.column(at, id, &format!("{who}{text}"));
    }

    /// A text beside its instants; what the terminal's line does not hold goes on below.
    fn column(&self, at: Timestamp, id: Option<&AttemptId>, text: &str) {
        let text = page::wrapped(text, BESIDE, page::width_of_stderr());
        self.put(&format!("{}  {text}", self.instants(at, id)));
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

/// `login/20-sign-in.toml` of `…/20-sign-in.toml:8:1`.
fn file_of(phase: &str, place: &str) -> String {
    let file = place.rsplit('/').next().unwrap_or(place);
    let file = file.split(':').next().unwrap_or(file);
    if phase.is_empty() { file.to_owned() } else { format!("{phase}/{file}") }
}

/// What a state means to somebody who watches.
pub(super) fn meaning(state: State) -> &'static str {
    match state {
        State::Planned => "waits until it is time to log in",
        State::Preparing => "logs in and fills in the form",
        State::Ready => "everything is done but the last click",
        State::Submitting => "the permit for one submit is spent",
        State::Confirming => "the site says that it worked; its list has the last word",
        State::Unknown => "nobody knows yet whether the submit counted",
        State::Verifying => "reads the site's list",
        State::Waitlisted => "on the site's waiting list",
        State::Ended(_) => "",
    }
}

fn listed(rows: u32) -> String {
    match rows {
        0 => "the site's list does not show it".to_owned(),
        1 => "the site's list shows it".to_owned(),
        rows => format!("the site's list shows it {rows} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_phase() {
        assert_eq!(file_of("login", "selectors/club/login/20-sign-in.toml:8:1"), "login/20-sign-in.toml");
        assert_eq!(file_of("verify", "10-list.toml:4:1"), "verify/10-list.toml");
    }
}
