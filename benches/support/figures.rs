//! A row of figures.

/// Milliseconds, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(Vec<f64>);

impl Figures {
    pub(crate) fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self(all)
    }

    /// In order.
    #[allow(dead_code, reason = "only the race draws them")]
    pub(crate) fn all(&self) -> &[f64] {
        &self.0
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
