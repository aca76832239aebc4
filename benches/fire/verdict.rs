//! The bar for a mode beside its control.

use super::figures::Figures;
use super::way::Way;

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

/// What is wrong with a mode by the bar; none: it is met. What was early is told by itself.
pub(crate) fn fault(way: Way, verdict: Verdict) -> Option<String> {
    let mode = way.as_str();
    match verdict {
        Verdict::Met(_) | Verdict::Early => None,
        Verdict::Missed(bar) => Some(format!("the median of {mode} is above its bar of {bar:.2} ms")),
        Verdict::Nothing => Some(format!("{mode} has nothing to be compared with")),
    }
}

/// What no mode may ever do: so many came early, so many without a booking.
pub(crate) fn faults(way: Way, early: usize, lost: usize) -> Vec<String> {
    let mode = way.as_str();
    let mut said = Vec::new();
    if early > 0 {
        said.push(format!("{early} of {mode} came before the opening"));
    }
    if lost > 0 {
        said.push(format!("{lost} of {mode} came without a booking"));
    }
    said
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
