//! How often a site may be asked for the time: it must not feel it.

use std::collections::VecDeque;
use std::time::Duration;

/// Questions in one run.
pub const A_RUN: u32 = 15;

/// Questions in any hour, so also in the one before an opening.
pub const AN_HOUR: usize = 40;

const HOUR: Duration = Duration::from_secs(3_600);

/// What was asked of one site. Time is an argument: the machine's uptime, which nobody sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    asked: VecDeque<Duration>,
}

impl Budget {
    /// Whether one more question may be asked.
    pub fn allows(&self, uptime: Duration) -> bool {
        self.in_the_last_hour(uptime) < AN_HOUR
    }

    /// Notes that one is asked.
    pub fn spend(&mut self, uptime: Duration) {
        self.asked.push_back(uptime);
        if self.asked.len() > AN_HOUR {
            self.asked.pop_front();
        }
    }

    fn in_the_last_hour(&self, uptime: Duration) -> usize {
        self.asked.iter().filter(|asked| uptime.saturating_sub(**asked) < HOUR).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_an_hour_and_not_one_more() {
        let mut budget = Budget::default();
        let mut asked = 0;
        for second in 0..7_200 {
            let now = Duration::from_secs(second);
            if budget.allows(now) {
                budget.spend(now);
                asked += 1;
            }
            assert!(second >= 3_600 || asked <= 40, "{asked} after {second} s");
        }
        assert_eq!(asked, 80, "what is an hour old is forgotten");
    }
}
