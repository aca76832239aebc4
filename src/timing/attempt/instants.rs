//! The instants of an attempt: when it opens, when its permit is spent, when it is fired, and until when all that is useful.

use std::time::Duration;

use jiff::Timestamp;

use super::{LOOK_MARGIN, Machine, STAGING};
use crate::model::{Choice, FireMode, State};
use crate::timing::retry::known_rung;
use crate::timing::{SiteTime, not_open_rung, permit_lead};

impl Machine {
    /// Whether other selector files can still be taken: before the permit, and not so close to it that staging anew would be
    /// late.
    pub fn takes_files(&self, now: Timestamp) -> bool {
        match self.state {
            State::Preparing => true,
            State::Ready => now + STAGING < self.permit_at(),
            _ => false,
        }
    }

    /// Our instant at which a choice opens.
    pub fn opens(&self, choice: usize) -> Timestamp {
        self.ours(&self.facts.choices[choice])
    }

    /// The instant a fire aims at: the opening less the lead, or a rung of the ladder after a not-open answer.
    pub(super) fn fire_at(&self) -> Timestamp {
        let rung = self.not_open.checked_sub(1).and_then(|answers| self.rung(answers));
        match self.ladder_from.zip(rung) {
            Some((from, rung)) => from + rung,
            None => self.opening() - self.lead(),
        }
    }

    pub(super) fn rung(&self, answers: u32) -> Option<Duration> {
        not_open_rung(answers, self.opens_late())
    }

    /// How long after the opening of the choice that is tried the site may really open.
    fn opens_late(&self) -> Option<Duration> {
        self.facts.second_showings[self.choice].or(self.facts.learned.opens_late)
    }

    /// By how much the next fire leaves before its opening. Opening steps find nothing before the opening, and a site that was not
    /// open once is not tried early again.
    pub fn lead(&self) -> Duration {
        let none = self.facts.opening_steps || self.not_open > 0;
        if none { Duration::ZERO } else { self.facts.learned.lead }
    }

    /// After opening steps there is nothing to spend the permit on before they are done.
    pub(super) fn permit_at(&self) -> Timestamp {
        let mode = if self.facts.opening_steps { FireMode::Script } else { self.facts.mode };
        self.fire_at() - permit_lead(mode, &self.facts.patience)
    }

    /// The instant of the next rung of the ladder; none: it is no longer useful to ask.
    pub(super) fn next_rung(&mut self, now: Timestamp) -> Option<Timestamp> {
        let rung = self.rung(self.not_open).filter(|_| !self.too_late(now))?;
        self.not_open += 1;
        Some(*self.ladder_from.get_or_insert(now.max(self.opening())) + rung)
    }

    /// Until when a look at the staged session may last; what it has not said by then it does not say.
    pub fn look_until(&self) -> Timestamp {
        self.permit_at() - LOOK_MARGIN
    }

    pub(super) fn opening(&self) -> Timestamp {
        self.opens(self.choice)
    }

    /// The one place where the site's time becomes ours.
    pub(super) fn ours(&self, choice: &Choice) -> Timestamp {
        self.aim.ours(SiteTime::of_opening(choice.opening))
    }

    /// The last instant at which trying the choice again is useful, unless its slot begins before. Where the site may mean a
    /// later opening, it is reckoned from that.
    pub(super) fn useful_until(&self) -> Timestamp {
        let opening = self.opening().max(self.facts.planned_at);
        let later = self.ladder_from.zip(known_rung(self.opens_late())).filter(|_| self.not_open > 0);
        opening.max(later.map_or(opening, |(from, late)| from + late)) + self.facts.patience.grace
    }

    pub(super) fn too_late(&self, now: Timestamp) -> bool {
        now >= self.facts.choices[self.choice].starts_at || now > self.useful_until()
    }
}
