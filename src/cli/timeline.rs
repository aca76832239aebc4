//! What happens, as it happens, on a terminal: a countdown, the steps, and the lateness at the end.
//!
//! On a terminal the countdown lives in one line that is drawn again; elsewhere only the lines that stay are written.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::{Event, What};
use crate::model::{AttemptId, Choice, Outcome};

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Writes events to stderr for a person.
pub struct Timeline {
    bar: ProgressBar,
    zone: TimeZone,
    colour: bool,
    names: HashMap<AttemptId, String>,
    openings: HashMap<AttemptId, Timestamp>,
}

impl Timeline {
    /// For people on stderr; `quiet` shows nothing at all.
    pub fn new(zone: TimeZone, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if quiet || !terminal { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("  {spinner} {msg}").expect("the template is well formed");
        bar.set_style(style.tick_chars("◐◓◑◒●"));
        bar.enable_steady_tick(TICK);
        let colour = terminal && std::env::var_os("NO_COLOR").is_none();
        Self { bar, zone, colour, names: HashMap::new(), openings: HashMap::new() }
    }

    /// A line that stays.
    pub fn line(&self, text: &str) {
        if self.bar.is_hidden() { log_line(text) } else { self.bar.println(text) }
    }

    /// Draws how long it is until the next opening.
    pub fn count_down(&self, now: Timestamp) {
        let next = self.openings.values().filter(|at| **at > now).min();
        self.bar.set_message(match next {
            Some(at) => format!("opens in {}", seconds(at.duration_since(now).as_millis())),
            None => "waiting for the site".to_owned(),
        });
    }

    /// Takes the countdown away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Writes one event.
    pub fn show(&mut self, event: &Event) {
        let who = event.attempt.as_ref().and_then(|id| self.names.get(id)).cloned().unwrap_or_default();
        match &event.what {
            What::TakenUp { booking, member, date, opening } => {
                let name = format!("{member} · {booking} {date}");
                if let Some(id) = &event.attempt {
                    self.names.insert(id.clone(), name.clone());
                    self.openings.insert(id.clone(), *opening);
                }
                self.stamped(event.at, &name, &format!("opens {}", self.clock_text(*opening)));
            }
            What::Entered(state) => self.stamped(event.at, &who, &self.paint("36", state.as_str())),
            What::Step { phase, place, took } => {
                let file = place.rsplit('/').next().unwrap_or(place);
                self.line(&format!("               {} {phase}/{file}  {} ms", self.paint("32", "✓"), took.as_millis()));
            }
            What::Trouble(why) => self.stamped(event.at, &who, &format!("{} {why}", self.paint("33", "!"))),
            What::Sent { choice, mode, sent } => self.sent(event, &who, choice, mode, *sent),
            What::Answered(answer) => self.stamped(event.at, &who, &format!("the site answers: {}", answer.as_str())),
            What::Listed { rows } => self.stamped(event.at, &who, &format!("the site's list: {rows} of ours")),
            What::Ended { outcome, note, .. } => self.ended(event, &who, *outcome, note),
            What::Waiting { .. } => {}
            What::Reloaded(changes) => {
                changes.iter().for_each(|change| self.stamped(event.at, "configuration", change))
            }
            What::Refused { errors } => {
                self.stamped(event.at, "configuration", &format!("refused, {errors} errors; the old one is kept"));
            }
            What::Degraded(why) => self.stamped(event.at, &who, &format!("{} {why}", self.paint("33", "!"))),
        }
    }

    fn sent(&self, event: &Event, who: &str, choice: &Choice, mode: &str, sent: Timestamp) {
        let late = sent.duration_since(choice.opening);
        let late = format!("{:+.3} ms", late.as_secs_f64() * 1_000.0);
        let text = format!("sent court {} {} by {mode}, {late} after the opening", choice.court, choice.start.time());
        self.stamped(event.at, who, &self.paint("1", &text));
    }

    fn ended(&self, event: &Event, who: &str, outcome: Outcome, note: &str) {
        let colour = if outcome == Outcome::Confirmed { "1;32" } else { "1;31" };
        self.stamped(event.at, who, &format!("{}: {note}", self.paint(colour, outcome.as_str())));
    }

    fn stamped(&self, at: Timestamp, who: &str, text: &str) {
        let who = if who.is_empty() { String::new() } else { format!("{who}  ") };
        self.line(&format!("{}  {who}{text}", self.clock_text(at)));
    }

    fn clock_text(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S%.3f").to_string()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[expect(clippy::print_stderr, reason = "the command line speaks to people on stderr")]
fn log_line(text: &str) {
    eprintln!("{text}");
}

fn seconds(ms: i128) -> String {
    if ms >= 90_000 {
        format!("{} min {} s", ms / 60_000, ms / 1_000 % 60)
    } else {
        format!("{}.{} s", ms / 1_000, ms / 100 % 10)
    }
}
