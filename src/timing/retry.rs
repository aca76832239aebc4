//! How long to wait before something safe is tried again.

use std::time::Duration;

/// After a not-open answer, measured from the first one: quick at first, then polite, then over.
const NOT_OPEN_LADDER: [Duration; 8] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];

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

/// When the `n`-th not-open answer (counted from 0) is followed by another fire, measured from the first one; none: give up.
pub fn not_open_rung(n: u32) -> Option<Duration> {
    NOT_OPEN_LADDER.get(usize::try_from(n).ok()?).copied()
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
        assert_eq!(not_open_rung(8), None);
    }
}
