//! What a list of numbers comes to.

/// A list of numbers in a few: nearest ranks, no interpolation, so that every figure was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// How many.
    pub n: usize,
    /// The smallest.
    pub min: f64,
    /// A quarter is at most this.
    pub p25: f64,
    /// Half is at most this.
    pub median: f64,
    /// Three quarters are at most this.
    pub p75: f64,
    /// Nineteen of twenty are at most this.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

impl Figures {
    /// The figures of these numbers; none of no numbers. What is no number is passed over.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let rank = |share: f64| sorted[rank(sorted.len(), share)];
        Some(Self { n: sorted.len(), min, p25: rank(0.25), median: rank(0.5), p75: rank(0.75), p95: rank(0.95), max })
    }
}

/// The place of the nearest rank, from 0.
fn rank(n: usize, share: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lists are short, and shares lie between 0 and 1"
    )]
    let rank = (share * n as f64).ceil() as usize;
    rank.clamp(1, n) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_one_of_the_numbers() {
        let numbers: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let figures = Figures::of(&numbers).expect("there are numbers");
        let found = (figures.n, figures.min, figures.p25, figures.median, figures.p75, figures.p95, figures.max);
        assert_eq!(found, (20, 1.0, 5.0, 10.0, 15.0, 19.0, 20.0));
        assert_eq!(Figures::of(&[f64::NAN]), None);
        assert_eq!(Figures::of(&[7.0]).map(|one| (one.median, one.p95)), Some((7.0, 7.0)));
    }
}
