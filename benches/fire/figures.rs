//! A row of figures, and the bar for a mode beside its control.

use crate::way::Way;

/// What a mode may take longer than its control: the larger of both.
const SLACK_MS: f64 = 1.0;
const SLACK_SHARE: f64 = 0.15;

/// What a request of our own may take longer than its control.
const SLACK_HTTP_MS: f64 = 0.3;

/// Milliseconds, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(Vec<f64>);

/// What the bar says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The median is at most that.
    Met(f64),
    /// It is above that.
    Missed(f64),
    /// A submit came before its opening.
    Early,
    /// There is nothing to compare.
    Nothing,
}

impl Figures {
    pub(crate) fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self(all)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn early(&self) -> usize {
        self.0.iter().filter(|late| **late < 0.0).count()
    }

    pub(crate) fn min(&self) -> Option<f64> {
        self.0.first().copied()
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.0.last().copied()
    }

    /// The middle one; of two the mean.
    pub(crate) fn median(&self) -> Option<f64> {
        let (count, half) = (self.0.len(), self.0.len() / 2);
        match count {
            0 => None,
            _ if count % 2 == 1 => Some(self.0[half]),
            _ => Some((self.0[half - 1] + self.0[half]) / 2.0),
        }
    }

    /// The smallest that 95 of 100 do not exceed.
    pub(crate) fn p95(&self) -> Option<f64> {
        let rank = (self.0.len() * 95).div_ceil(100);
        self.0.get(rank.checked_sub(1)?).copied()
    }
}

/// A mode's median beside its control's.
pub(crate) fn verdict(way: Way, ours: &Figures, bare: &Figures) -> Verdict {
    let (Some(median), Some(control)) = (ours.median(), bare.median()) else { return Verdict::Nothing };
    let slack = if way == Way::Http { SLACK_HTTP_MS } else { SLACK_MS.max(control * SLACK_SHARE) };
    let bar = control + slack;
    match () {
        () if ours.early() > 0 => Verdict::Early,
        () if median <= bar => Verdict::Met(bar),
        () => Verdict::Missed(bar),
    }
}
