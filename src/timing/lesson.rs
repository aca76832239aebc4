//! What the answers of one opening teach the next one.
//!
//! The site's clock is the one that counts. A "not open" says that the fire came too early by it; the first other answer says
//! that by then it was open.

use std::time::Duration;

use jiff::SignedDuration;

use crate::model::Answer;

/// An answer that comes later than this after the opening says nothing about when the site opened.
const NEAR: SignedDuration = SignedDuration::from_secs(150);

/// What is known of a site when an attempt begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// By how much the first fire leaves before the opening; zero unless the site has opted in.
    pub lead: Duration,
    /// How long after the opening the site may really open: as the last time, where it did not open at once.
    pub opens_late: Option<Duration>,
}

/// The fires of one choice and their answers, as they come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lesson {
    fires: Vec<(SignedDuration, Answer)>,
    led: Duration,
}

/// What the fires of an opening say about the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Nothing,
    /// The first fire, without a lead, was not too early.
    Clean,
    /// A fire with a lead was too early: no lead until a clean run, or a person, allows it again.
    LedTooFar {
        /// The lead.
        by: Duration,
    },
    /// The site opened late by its own clock.
    OpensLate {
        /// The last fire that was too early, after the opening.
        closed_until: Duration,
        /// The first one that was not.
        open_from: Duration,
    },
}

impl Lesson {
    /// A lesson of fires of which the first leaves by so much before the opening.
    pub fn led_by(lead: Duration) -> Self {
        Self { fires: Vec::new(), led: lead }
    }

    /// A fire that left so long after the opening was answered.
    pub fn heard(&mut self, after_opening: SignedDuration, answer: Answer) {
        if after_opening <= NEAR && says_something(answer) {
            self.fires.push((after_opening, answer));
        }
    }

    /// What it comes to. A lead that went too far is all that counts of an opening.
    pub fn verdict(&self) -> Verdict {
        let Some((_, first)) = self.fires.first() else { return Verdict::Nothing };
        if *first == Answer::NotOpen && !self.led.is_zero() {
            return Verdict::LedTooFar { by: self.led };
        }
        let closed = self.fires.iter().rev().find(|(_, answer)| *answer == Answer::NotOpen);
        let open = self.fires.iter().find(|(_, answer)| *answer != Answer::NotOpen);
        match (closed, open) {
            (None, Some(_)) if self.led.is_zero() => Verdict::Clean,
            (Some((closed, _)), Some((open, _))) if closed < open => {
                let after = |at: &SignedDuration| Duration::try_from(*at).unwrap_or_default();
                Verdict::OpensLate { closed_until: after(closed), open_from: after(open) }
            }
            _ => Verdict::Nothing,
        }
    }
}

impl Verdict {
    /// When the site is to be asked once more the next time, if it says "not open": between the last refusal and the first
    /// other answer.
    pub fn opens_late(self) -> Option<Duration> {
        match self {
            Self::OpensLate { closed_until, open_from } => {
                Some(closed_until + open_from.saturating_sub(closed_until) / 2)
            }
            _ => None,
        }
    }
}

/// Whether an answer tells if the site was open: an error page does not.
fn says_something(answer: Answer) -> bool {
    !matches!(
        answer,
        Answer::Unknown | Answer::SiteError | Answer::LoginExpired | Answer::LoginRefused | Answer::Captcha
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: i64) -> SignedDuration {
        SignedDuration::from_millis(ms)
    }

    fn verdict(lead_ms: u64, fires: &[(i64, Answer)]) -> Verdict {
        let mut lesson = Lesson::led_by(Duration::from_millis(lead_ms));
        fires.iter().for_each(|(after, answer)| lesson.heard(ms(*after), *answer));
        lesson.verdict()
    }

    #[test]
    fn a_fire_that_is_not_too_early_is_clean() {
        assert_eq!(verdict(0, &[(1, Answer::Confirmed)]), Verdict::Clean);
        assert_eq!(verdict(0, &[(1, Answer::Taken)]), Verdict::Clean, "taken is open");
        assert_eq!(
            verdict(5, &[(-4, Answer::Confirmed)]),
            Verdict::Nothing,
            "it says nothing of a fire without a lead"
        );
        assert_eq!(verdict(0, &[]), Verdict::Nothing);
    }

    #[test]
    fn a_lead_that_went_too_far_is_off_whatever_follows() {
        let led = verdict(5, &[(-4, Answer::NotOpen), (30, Answer::Confirmed)]);
        assert_eq!(led, Verdict::LedTooFar { by: Duration::from_millis(5) });
    }

    #[test]
    fn a_site_that_opens_late_is_asked_once_more_in_between() {
        let late = verdict(0, &[(0, Answer::NotOpen), (100, Answer::NotOpen), (300, Answer::Confirmed)]);
        let (closed_until, open_from) = (Duration::from_millis(100), Duration::from_millis(300));
        assert_eq!(late, Verdict::OpensLate { closed_until, open_from });
        assert_eq!(late.opens_late(), Some(Duration::from_millis(200)));
        assert_eq!(verdict(0, &[(0, Answer::NotOpen)]), Verdict::Nothing, "nobody knows when it opened");
    }

    #[test]
    fn what_says_nothing_teaches_nothing() {
        for answer in [Answer::Unknown, Answer::SiteError, Answer::Captcha] {
            assert_eq!(verdict(0, &[(1, answer)]), Verdict::Nothing, "{answer:?}");
        }
        assert_eq!(
            verdict(0, &[(600_000, Answer::Confirmed)]),
            Verdict::Nothing,
            "ten minutes later it is open anyway"
        );
    }
}
