//! What a running attempt will write into the ledger, held until there is time for it.
//!
//! Between a fire and the next one nothing is written that can wait. What is absent: the database, and decisions.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::Answer;
use crate::store::Mark;
use crate::timing::{Delay, Learned, Lesson, Verdict, Way};

/// The notes of one attempt.
#[derive(Debug)]
pub(super) struct Notebook {
    /// Marks of no fire.
    pub(super) loose: Vec<(Mark, Timestamp)>,
    /// Fires, the last one perhaps still open.
    pub(super) fires: Vec<Firing>,
    /// Harmless requests that were timed.
    pub(super) samples: Vec<Delay>,
    lesson: Lesson,
}

/// One fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Firing {
    /// The number of its permit.
    pub(super) seq: u32,
    /// By which way it was to be done.
    pub(super) way: Way,
    /// The opening of its choice, by our clock.
    pub(super) opening: Timestamp,
    /// What the site said.
    pub(super) answer: Option<Answer>,
    /// When it left.
    pub(super) sent: Option<Timestamp>,
    /// By how much it was meant to leave before the opening.
    pub(super) lead: SignedDuration,
    /// When what happened, as far as it is not written yet.
    pub(super) marks: Vec<(Mark, Timestamp)>,
}

impl Firing {
    fn note(&mut self, mark: Mark, at: Timestamp) {
        if mark == Mark::Sent {
            self.sent = self.sent.or(Some(at));
        }
        self.marks.push((mark, at));
    }
}

impl Notebook {
    pub(super) fn new(learned: Learned) -> Self {
        Self { loose: Vec::new(), fires: Vec::new(), samples: Vec::new(), lesson: Lesson::led_by(learned.lead) }
    }

    /// A permit is on disk: a fire begins.
    pub(super) fn permit(&mut self, seq: u32, way: Way, opening: Timestamp, lead: Duration, at: Timestamp) {
        let marks = vec![(Mark::Permit, at)];
        let lead = SignedDuration::try_from(lead).unwrap_or_default();
        self.fires.push(Firing { seq, way, opening, answer: None, sent: None, lead, marks });
    }

    /// Notes what a performer has timed.
    pub(super) fn note(&mut self, marks: Vec<(Mark, Timestamp)>) {
        match self.fires.last_mut() {
            Some(fire) => marks.into_iter().for_each(|(mark, at)| fire.note(mark, at)),
            None => self.loose.extend(marks),
        }
    }

    /// The site answered the last fire.
    pub(super) fn answered(&mut self, answer: Answer) {
        let Some(fire) = self.fires.last_mut() else { return };
        fire.answer = Some(answer);
        if let Some(sent) = fire.sent {
            self.lesson.heard(sent.duration_since(fire.opening), answer);
        }
    }

    /// The last permit was given back: nothing was fired.
    pub(super) fn released(&mut self) {
        self.fires.pop();
    }

    /// When the last fire left.
    pub(super) fn sent(&self) -> Option<Timestamp> {
        self.fires.iter().rev().find_map(|fire| fire.sent)
    }

    /// What the site's answers teach.
    pub(super) fn verdict(&self) -> Verdict {
        self.lesson.verdict()
    }

    /// Whether there is anything to write.
    pub(super) fn is_empty(&self) -> bool {
        self.loose.is_empty() && self.samples.is_empty() && self.fires.iter().all(|fire| fire.marks.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FireMode;

    const WAY: Way = Way { mode: FireMode::Script, opening: None };

    fn at(ms: i64) -> Timestamp {
        let opening: Timestamp = "2027-07-09T06:00:00Z".parse().expect("a timestamp");
        opening + SignedDuration::from_millis(ms)
    }

    #[test]
    fn marks_belong_to_the_fire_that_they_follow() {
        let mut notes = Notebook::new(Learned::default());
        notes.note(vec![(Mark::Verified, at(-60_000))]);
        notes.permit(1, WAY, at(0), Duration::ZERO, at(-2_000));
        notes.note(vec![(Mark::Planned, at(0)), (Mark::Sent, at(1))]);
        notes.answered(Answer::NotOpen);
        notes.permit(2, WAY, at(0), Duration::ZERO, at(40));
        notes.note(vec![(Mark::Sent, at(100))]);
        notes.answered(Answer::Confirmed);
        notes.note(vec![(Mark::Verified, at(300))]);
        assert_eq!(notes.loose, [(Mark::Verified, at(-60_000))]);
        assert_eq!(notes.fires.iter().map(|fire| fire.marks.len()).collect::<Vec<_>>(), [3, 3]);
        assert_eq!(notes.sent(), Some(at(100)));
        assert_eq!(notes.verdict().opens_late(), Some(Duration::from_micros(50_500)));
    }

    #[test]
    fn a_permit_that_was_given_back_is_no_fire() {
        let mut notes = Notebook::new(Learned::default());
        notes.permit(1, WAY, at(0), Duration::ZERO, at(-2_000));
        notes.note(vec![(Mark::Planned, at(0))]);
        notes.released();
        assert!(notes.is_empty() && notes.verdict() == Verdict::Nothing);
    }
}
