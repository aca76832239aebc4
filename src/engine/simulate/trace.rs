//! The story of a run, line by line, and its hash.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::label::Label;
use crate::engine::{Event, What};
use crate::model::{AttemptId, Choice};

/// Lines of one story that are shown; the middle of a longer one is left out.
const SHOWN: usize = 80;

/// Everything that happened, in order.
#[derive(Debug, Default)]
pub(super) struct Trace {
    hash: Sha256,
    lines: Vec<Line>,
    names: BTreeMap<AttemptId, Label>,
}

#[derive(Debug)]
struct Line {
    at: Timestamp,
    about: Option<Label>,
    text: String,
}

impl Trace {
    /// Something happened in the world.
    pub(super) fn say(&mut self, at: Timestamp, about: Option<&Label>, text: String) {
        self.hash.update(at.as_nanosecond().to_be_bytes());
        if let Some(label) = about {
            self.hash.update(label.to_string());
        }
        self.hash.update(&text);
        self.hash.update(b"\n");
        self.lines.push(Line { at, about: about.cloned(), text });
    }

    /// The engine said something.
    pub(super) fn hear(&mut self, event: &Event) {
        if let (Some(id), What::TakenUp { booking, member, date, .. }) = (&event.attempt, &event.what) {
            let label = Label { member: member.clone(), booking: booking.clone(), date: *date };
            self.names.insert(id.clone(), label);
        }
        let about = event.attempt.as_ref().and_then(|id| self.names.get(id)).cloned();
        let text = match (&about, &event.attempt) {
            (None, Some(id)) => format!("{id} {}", words(&event.what)),
            _ => words(&event.what),
        };
        self.say(event.at, about.as_ref(), text);
    }

    /// Lines so far.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The hash over everything, in hexadecimal digits.
    pub(super) fn digest(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What happened to one attempt, and to the whole world meanwhile.
    pub(super) fn story(&self, label: &Label) -> Vec<String> {
        let own = |line: &&Line| line.about.as_ref() == Some(label);
        let (first, last) = (self.lines.iter().find(own), self.lines.iter().rfind(own));
        let Some((first, last)) = first.zip(last) else { return Vec::new() };
        let near = |line: &&Line| own(line) || (line.about.is_none() && line.at >= first.at && line.at <= last.at);
        let told: Vec<String> =
            self.lines.iter().filter(near).map(|line| format!("{:.6}  {}", line.at, line.text)).collect();
        shortened(told)
    }
}

fn shortened(mut told: Vec<String>) -> Vec<String> {
    if told.len() > SHOWN {
        let left_out = told.len() - SHOWN;
        told.splice(SHOWN / 2..SHOWN / 2 + left_out, [format!("… {left_out} lines left out …")]);
    }
    told
}

/// An engine's event, for a person.
fn words(what: &What) -> String {
    match what {
        What::TakenUp { opening, .. } => format!("taken up; opens at {opening}"),
        What::Entered(state) => format!("is {}", state.as_str()),
        What::Waiting { until } => format!("waits until {until:.3}"),
        What::Step { phase, place, .. } => format!("{phase}: {place}"),
        What::Trouble(why) => format!("trouble: {why}"),
        What::Sent { choice, mode, sent, .. } => format!("sends {} by {mode} at {sent}", slot(choice)),
        What::Answered(answer) => format!("the site answers {}", answer.as_str()),
        What::Listed { rows } => format!("the list shows {rows} of ours"),
        What::Ended { outcome, note, .. } => format!("ends {}: {note}", outcome.as_str()),
        What::Reloaded(changes) => format!("a new configuration: {}", changes.join("; ")),
        What::Refused { errors } => format!("a configuration with {errors} errors is refused"),
        What::Degraded(why) => format!("degraded: {why}"),
        // The simulated clubs are not asked for their time.
        What::SiteClock { .. } => "the site's clock was read".to_owned(),
        What::Note(note) => note.clone(),
    }
}

fn slot(choice: &Choice) -> String {
    format!("court {} at {}", choice.court, choice.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn label(booking: &str) -> Label {
        Label { member: "ana".into(), booking: booking.into(), date: jiff::civil::date(2027, 7, 18) }
    }

    fn told(texts: &[&str]) -> Trace {
        let mut trace = Trace::default();
        texts.iter().for_each(|text| trace.say(at(1), Some(&label("x")), (*text).to_owned()));
        trace
    }

    #[test]
    fn another_word_another_order_or_another_instant_is_another_hash() {
        let same = told(&["a", "b"]).digest();
        assert_eq!(told(&["a", "b"]).digest(), same);
        assert_ne!(told(&["b", "a"]).digest(), same);
        assert_ne!(told(&["a", "c"]).digest(), same);
        let mut later = told(&["a"]);
        later.say(at(2), Some(&label("x")), "b".to_owned());
        assert_ne!(later.digest(), same);
    }

    #[test]
    fn a_story_is_one_attempts_own_and_what_the_world_did_meanwhile() {
        let mut trace = Trace::default();
        trace.say(at(1), None, "before".to_owned());
        trace.say(at(2), Some(&label("x")), "begins".to_owned());
        trace.say(at(3), Some(&label("y")), "another's".to_owned());
        trace.say(at(4), None, "the process dies".to_owned());
        trace.say(at(5), Some(&label("x")), "ends".to_owned());
        let story = trace.story(&label("x")).join("|");
        assert!(story.contains("begins") && story.contains("the process dies") && story.contains("ends"), "{story}");
        assert!(!story.contains("before") && !story.contains("another's"), "{story}");
        assert_eq!(shortened(vec!["line".to_owned(); 500]).len(), SHOWN + 1);
    }
}
