//! How many files and connections this process may have open: as many as the system lets it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More is of no use, and there are programs that count up to the limit whenever they start another one: browsers inherit it.
const MOST: u64 = 64 * 1024;

/// Raises the soft limit of open files to the hard one. Where that is refused, the limit stays what it was.
pub(super) fn raise() {
    let now = getrlimit(Resource::Nofile);
    let wanted = raised(now.current, now.maximum);
    if now.current != wanted {
        // A refusal leaves what there was: less is open at once then.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum: now.maximum });
    }
}

/// The soft limit to set; none means unlimited. It is never lowered.
fn raised(soft: Option<u64>, hard: Option<u64>) -> Option<u64> {
    let most = hard.map_or(MOST, |hard| hard.min(MOST));
    soft.map(|soft| soft.max(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one_and_is_never_lowered() {
        assert_eq!(raised(Some(256), Some(4096)), Some(4096));
        assert_eq!(raised(Some(1024), None), Some(MOST));
        assert_eq!(raised(Some(1024), Some(1 << 30)), Some(MOST));
        assert_eq!(raised(Some(1 << 20), Some(1 << 20)), Some(1 << 20));
        assert_eq!(raised(None, None), None);
    }
}
