//! Where a time stands: a tenth of a millisecond and a minute are told apart in the same picture.

/// Milliseconds below which the axis is nearly even; further out each tenfold takes the same room.
const EVEN: f64 = 0.1;

/// Room left and right of the outermost times, in percent of the picture.
const MARGIN: f64 = 6.0;

/// Ticks that stand nearer than this do not have room for their words, in percent: on a desk, on a phone.
const ROOM: (f64, f64) = (8.0, 19.0);

/// The tenfolds that may bear a tick.
const TENFOLDS: [(f64, &str); 8] = [
    (0.1, "0.1 ms"),
    (1.0, "1 ms"),
    (10.0, "10 ms"),
    (100.0, "100 ms"),
    (1_000.0, "1 s"),
    (10_000.0, "10 s"),
    (100_000.0, "100 s"),
    (1_000_000.0, "1000 s"),
];

/// An axis of milliseconds after the opening, which is always on it.
pub(super) struct Axis {
    from: f64,
    to: f64,
}

/// A time that is named on the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) percent: f64,
    pub(super) words: String,
    /// Whether there is room for it on a desk only.
    pub(super) wide: bool,
}

impl Axis {
    /// The axis on which all these times have room.
    pub(super) fn over(times: impl Iterator<Item = f64>) -> Self {
        let (least, most) = times
            .filter(|ms| ms.is_finite())
            .fold((0.0_f64, 1.0_f64), |(least, most), ms| (least.min(ms), most.max(ms)));
        Self { from: bent(least), to: bent(most) }
    }

    /// Where a time stands, in percent from the left.
    pub(super) fn percent(&self, ms: f64) -> f64 {
        MARGIN + (100.0 - 2.0 * MARGIN) * (bent(ms) - self.from) / (self.to - self.from)
    }

    /// The times that are named, from left to right; the opening is always among them.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let in_range = |ms: &f64| (self.from..=self.to).contains(&bent(*ms));
        let named =
            TENFOLDS.iter().rev().flat_map(|(ms, words)| [(*ms, (*words).to_owned()), (-ms, format!("−{words}"))]);
        let candidates = std::iter::once((0.0, "0".to_owned())).chain(named.filter(|(ms, _)| in_range(ms)));
        let mut ticks: Vec<Tick> = Vec::new();
        for (ms, words) in candidates {
            let percent = self.percent(ms);
            let has_room = |room: f64, narrow: bool| {
                ticks.iter().all(|tick| (narrow && tick.wide) || (tick.percent - percent).abs() >= room)
            };
            if has_room(ROOM.0, false) {
                let wide = !has_room(ROOM.1, true);
                ticks.push(Tick { percent, words, wide });
            }
        }
        ticks.sort_by(|a, b| a.percent.total_cmp(&b.percent));
        ticks
    }
}

fn bent(ms: f64) -> f64 {
    (ms.abs() / EVEN).ln_1p().copysign(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_is_always_further_right_and_all_within_the_picture() {
        let times = [-90_000.0, -2_000.0, -1.0, 0.0, 0.2, 0.4, 5.0, 200.0, 4_000.0];
        let axis = Axis::over(times.into_iter());
        let places = times.map(|ms| axis.percent(ms));
        assert!(places.is_sorted_by(|left, right| left < right), "{places:?}");
        assert!(places[0] >= MARGIN - 0.01 && places[8] <= 100.0 - MARGIN + 0.01, "{places:?}");
    }

    #[test]
    fn the_opening_is_named_and_words_do_not_run_into_each_other() {
        for times in [vec![0.3], vec![-2_000.0, 220.0], vec![-90_000.0, 1e6], vec![]] {
            let ticks = Axis::over(times.into_iter()).ticks();
            assert!(ticks.iter().any(|tick| tick.words == "0" && !tick.wide), "{ticks:?}");
            assert!(ticks.len() >= 2, "{ticks:?}");
            let apart =
                |ticks: &[&Tick], room: f64| ticks.windows(2).all(|two| two[1].percent - two[0].percent >= room);
            assert!(apart(&ticks.iter().collect::<Vec<_>>(), ROOM.0), "{ticks:?}");
            assert!(apart(&ticks.iter().filter(|tick| !tick.wide).collect::<Vec<_>>(), ROOM.1), "{ticks:?}");
        }
    }
}
