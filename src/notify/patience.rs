//! How long a letter is tried.

use std::time::Duration;

/// The wait after the first failure; it doubles with each one.
const FIRST: Duration = Duration::from_secs(30);

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(3600);

/// Tries of a letter that fails for now: about three days.
const TRIES: u32 = 78;

/// The wait after a server's first definite no; it quadruples, so that a wrong password can be put right within a night.
const FIRST_REFUSED: Duration = Duration::from_secs(600);

/// Tries of a letter that a server refuses.
const TRIES_REFUSED: u32 = 5;

/// How long to wait after the `failures`-th failure; none: give up. `refused`: the server said definitely no.
pub(super) fn wait(failures: u32, refused: bool) -> Option<Duration> {
    let before = failures.saturating_sub(1);
    if refused {
        (failures < TRIES_REFUSED).then(|| FIRST_REFUSED * 4_u32.saturating_pow(before))
    } else {
        (failures < TRIES).then(|| FIRST.saturating_mul(2_u32.saturating_pow(before)).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let minutes =
            |refused| (1..).map_while(move |failures| wait(failures, refused)).map(|wait| wait.as_secs() / 60);
        assert_eq!(minutes(false).take(9).collect::<Vec<_>>(), [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        let hours = minutes(false).sum::<u64>() / 60;
        assert!((68..76).contains(&hours), "about three days, not {hours} h");
        assert_eq!(minutes(true).collect::<Vec<_>>(), [10, 40, 160, 640]);
    }
}
