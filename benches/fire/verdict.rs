//! The bar for a mode beside its control.

use crate::figures::Figures;
use crate::way::Way;

/// What a mode may take longer than its control: the larger of both.
const SLACK_MS: f64 = 1.0;
const SLACK_SHARE: f64 = 0.15;

/// What a request of our own may take longer than its control.
const SLACK_HTTP_MS: f64 = 0.3;

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
