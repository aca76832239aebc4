//! How long to wait before something safe is tried again.

use std::time::Duration;

/// After a not-open answer, measured from the opening, or from the first fire where that came later: at once, quick at first,
/// then polite, then over. Each rung waits for the answer to the one before.
const NOT_OPEN_LADDER: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];

/// No zone's clocks are put back by more: the second showing of a doubled midnight comes within this.
const LATEST: Duration = Duration::from_secs(3 * 60 * 60);

/// The first wait after a page that did not load.
const SITE_FIRST: Duration = Duration::from_millis(200);

/// The longest wait after a page that did not load.
const SITE_LONGEST: Duration = Duration::from_secs(2);

/// The first wait after a browser that did not start.
const BROWSER_FIRST: Duration = Duration::from_millis(500);

/// The longest wait after a browser that did not start.
const BROWSER_LONGEST: Duration = Duration::from_secs(15);

/// The first wait after a step that did not find its element.
const SELECTOR_FIRST: Duration = Duration::from_secs(5);

/// The longest wait after a step that did not find its element; a reload of the files ends it sooner.
const SELECTOR_LONGEST: Duration = Duration::from_secs(30);

/// The first wait after credentials that could not be read.
const VAULT_FIRST: Duration = Duration::from_secs(1);

/// The longest wait after credentials that could not be read: short, for it costs the site nothing, and what a person mends
/// just before the opening must be found in time.
const VAULT_LONGEST: Duration = Duration::from_secs(3);

/// When the `n`-th not-open answer (counted from 0) is followed by another fire, measured as the ladder is; none: give up. Where
/// the site is known to open late, as it did the last time or because its midnight comes twice, there is one more rung, at just
/// that time.
pub fn not_open_rung(n: u32, opens_late: Option<Duration>) -> Option<Duration> {
    let n = usize::try_from(n).ok()?;
    let Some(known) = known_rung(opens_late) else {
        return NOT_OPEN_LADDER.get(n).copied();
    };
    let at = NOT_OPEN_LADDER.partition_point(|rung| *rung < known);
    match n {
        n if n < at => Some(NOT_OPEN_LADDER[n]),
        n if n == at => Some(known),
        n => NOT_OPEN_LADDER.get(n - 1).copied(),
    }
}

/// The rung that what is known of the site adds to the ladder.
pub(super) fn known_rung(opens_late: Option<Duration>) -> Option<Duration> {
    opens_late.filter(|late| (NOT_OPEN_LADDER[1]..=LATEST).contains(late) && !NOT_OPEN_LADDER.contains(late))
}

/// The wait after the `n`-th failure (counted from 0) to load a page: 0.2, 0.4, 0.8 … 2 s.
pub fn site_back_off(n: u32) -> Duration {
    doubled(SITE_FIRST, n, SITE_LONGEST)
}

/// The wait after the `n`-th failure (counted from 0) to have a browser: 0.5, 1, 2 … 15 s.
pub fn browser_back_off(n: u32) -> Duration {
    doubled(BROWSER_FIRST, n, BROWSER_LONGEST)
}

/// The wait after the `n`-th step (counted from 0) that did not find its element: 5, 10, 20, 30 s.
pub fn selector_back_off(n: u32) -> Duration {
    doubled(SELECTOR_FIRST, n, SELECTOR_LONGEST)
}

/// The wait after the `n`-th failure (counted from 0) to read the credentials: 1, 2, 3 s.
pub fn vault_back_off(n: u32) -> Duration {
    doubled(VAULT_FIRST, n, VAULT_LONGEST)
}

fn doubled(first: Duration, n: u32, longest: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(n.min(16))).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders_rise_and_end() {
        assert_eq!(site_back_off(0), Duration::from_millis(200));
        assert_eq!(site_back_off(3), Duration::from_millis(1600));
        assert_eq!(site_back_off(90), SITE_LONGEST);
        assert_eq!(browser_back_off(90), BROWSER_LONGEST);
        assert_eq!(selector_back_off(0), SELECTOR_FIRST);
        assert_eq!(selector_back_off(90), SELECTOR_LONGEST);
        assert_eq!((vault_back_off(0), vault_back_off(90)), (VAULT_FIRST, VAULT_LONGEST));
        assert!(NOT_OPEN_LADDER.is_sorted());
        assert_eq!(not_open_rung(10, None), None);
    }

    #[test]
    fn what_is_known_of_a_site_adds_one_rung_and_takes_none_away() {
        let ladder = |late: Option<u64>| -> Vec<u128> {
            let late = late.map(Duration::from_millis);
            (0..).map_while(|n| not_open_rung(n, late)).map(|rung| rung.as_millis()).collect()
        };
        let usual = [0, 100, 300, 1_000, 3_000, 6_000, 15_000, 30_000, 60_000, 120_000];
        assert_eq!(ladder(None), usual);
        assert_eq!(ladder(Some(1_500)), [0, 100, 300, 1_000, 1_500, 3_000, 6_000, 15_000, 30_000, 60_000, 120_000]);
        let doubled = [&usual[..], &[3_600_000]].concat();
        assert_eq!(ladder(Some(3_600_000)), doubled, "the second showing of a midnight");
        for useless in [0, 20, 100, 3_000, 120_000, 14_400_000] {
            assert_eq!(ladder(Some(useless)), usual, "{useless} ms");
        }
    }
}
