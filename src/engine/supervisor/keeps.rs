//! What an attempt that is under way keeps, whatever is edited meanwhile, in words for the log.

use super::super::errand::Errand;
use crate::config::Config;
use crate::model::{Attempt, BookingName, Choice, FireMode, MemberId, Occurrence};

/// Slots that are told of; the others are counted.
const MOST: usize = 3;

/// What an attempt was taken up with.
#[derive(Clone, Debug)]
pub(super) struct Keeps {
    member: MemberId,
    booking: BookingName,
    date: jiff::civil::Date,
    choices: Vec<Choice>,
    way: String,
    fire: FireMode,
}

impl Keeps {
    pub(super) fn of(attempt: &Attempt, errand: &Errand) -> Self {
        Self {
            member: attempt.member.clone(),
            booking: attempt.booking.clone(),
            date: attempt.date,
            choices: errand.choices.clone(),
            way: errand.chosen.way.words(),
            fire: errand.site.fire,
        }
    }

    /// Whether this is the date that the attempt serves.
    pub(super) fn serves(&self, date: &Occurrence) -> bool {
        date.date == self.date && date.booking == self.booking && date.member == self.member
    }

    /// What is said after an edit that asks for something else; none where it does not, or takes the date away.
    pub(super) fn told(&self, before: &[Occurrence], after: &[Occurrence], config: &Config) -> Option<String> {
        let of = |dates: &'_ [Occurrence]| dates.iter().find(|date| self.serves(date)).cloned();
        let (before, after) = (of(before)?, of(after)?);
        let fires = config.site(&after.site).map_or(self.fire, |site| site.fire);
        if before.choices == after.choices && fires == self.fire {
            return None;
        }
        Some(format!(
            "{} · {}: the attempt for {} is under way and keeps {} by {}; the edit does nothing for it",
            self.member,
            self.booking,
            self.date.strftime("%a %Y-%m-%d"),
            self.slots(),
            self.way
        ))
    }

    /// `court 1 at 17:00, court 2 at 17:00 and 4 more`.
    fn slots(&self) -> String {
        let slot = |choice: &Choice| format!("court {} at {}", choice.court, choice.start.strftime("%H:%M"));
        let first: Vec<String> = self.choices.iter().take(MOST).map(slot).collect();
        let more = self.choices.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", first.join(", "))
    }
}
