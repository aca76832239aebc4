//! A submit that the site refused. A site may say so after having booked: a browser that sends a dropped request again hears
//! "taken" of its own slot, a server behind its clock says "not open", a counter that counts first says that the allowance is
//! used up. So the list is read once before another permit is spent, and before the end.

use jiff::Timestamp;

use super::{Machine, after};
use crate::model::{Answer, Outcome, State};
use crate::timing::note::{
    ACCOUNT_REFUSED, ALL_TAKEN, CALLED_OFF_LATE, NO_ALLOWANCE, NOTE_PARTS, TOO_DEAR, UNREAD, WANTS_A_PERSON,
};
use crate::timing::{Decision, Record, Staging};

/// What a submit was refused as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody else has the slot.
    Taken,
    /// The site opens later than it says.
    NotOpen {
        /// The ladder has another rung.
        again: bool,
    },
    /// The session is over, and no further log-in is allowed to stage.
    Expired,
    /// The allowance is used up.
    Quota,
    /// Dearer than allowed.
    Price,
    /// A person is wanted.
    Captcha,
    /// The account is refused.
    LoginRefused,
}

impl Refusal {
    /// The refusal that an earlier process heard last; none: the answer was none.
    pub(super) fn of_the_past(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Taken => Some(Self::Taken),
            Answer::NotOpen => Some(Self::NotOpen { again: true }),
            Answer::LoginExpired => Some(Self::Expired),
            Answer::Quota => Some(Self::Quota),
            Answer::Price => Some(Self::Price),
            Answer::Captcha => Some(Self::Captcha),
            Answer::LoginRefused => Some(Self::LoginRefused),
            Answer::Confirmed | Answer::Waitlisted | Answer::SiteError | Answer::Unknown => None,
        }
    }

    /// Whoever wants to see a person, or has refused the account, is not shown the credentials again.
    pub(super) fn forbids_log_in(self) -> bool {
        matches!(self, Self::Captcha | Self::LoginRefused)
    }

    /// The end that it is, with its words; none: it may go on.
    fn end(self) -> Option<(Outcome, &'static str)> {
        match self {
            Self::Quota => Some((Outcome::Quota, NO_ALLOWANCE)),
            Self::Price => Some((Outcome::Price, TOO_DEAR)),
            Self::Captcha => Some((Outcome::Captcha, WANTS_A_PERSON)),
            Self::LoginRefused => Some((Outcome::LoginRefused, ACCOUNT_REFUSED)),
            Self::Taken | Self::NotOpen { .. } | Self::Expired => None,
        }
    }
}

impl Machine {
    /// A submit was refused: the list is read before anything follows.
    pub(super) fn refuse(&mut self, mut records: Vec<Record>, refusal: Refusal, now: Timestamp) -> Decision {
        self.refused = Some(refusal);
        (self.unknown_since, self.unclear) = (None, 0);
        records.extend(self.enter(State::Verifying));
        let read = self.read(now);
        after(records, read)
    }

    /// The list was read, and does not have what was refused.
    pub(super) fn go_on_after(&mut self, refusal: Refusal, now: Timestamp) -> Decision {
        if let Some((outcome, note)) = refusal.end() {
            return self.end(outcome, note);
        }
        if self.called_off {
            return self.end(Outcome::Cancelled, CALLED_OFF_LATE);
        }
        // Taken up from the store there is no page that shows the refusal, and no ladder.
        let is_told_here = self.fresh_at.is_some();
        match refusal {
            Refusal::NotOpen { again: true } if is_told_here => self.stage(Staging::Retry, now),
            Refusal::NotOpen { again: false } => self.never_open(now),
            Refusal::Expired => self.go_on(vec![], Staging::LogIn, now),
            _ => self.go_on(vec![], if is_told_here { Staging::Retry } else { Staging::Again }, now),
        }
    }

    /// What can be said of a refusal where the list cannot be read; none: a person must look.
    pub(super) fn end_unread(&mut self, refusal: Refusal, now: Timestamp) -> Option<Decision> {
        let (outcome, note) = match refusal {
            Refusal::Taken if self.next_choice(now).is_none() => (Outcome::Taken, ALL_TAKEN),
            refusal => refusal.end()?,
        };
        Some(self.end(outcome, &format!("{note}{NOTE_PARTS}{UNREAD}")))
    }
}
