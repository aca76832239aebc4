//! The page's own clock, asked.

use std::time::Duration;

use super::{Stage, call};
use crate::browser::Asked;
use crate::clock::{Clock, Stopwatch};

/// What `Date.now` of the page is, in milliseconds: the clock that programs in the page wait by.
const TIME: &str = "return Date.now()";

impl Stage {
    /// Asks the page for its time, so many times at most and until the time is over; a question without an answer ends it.
    pub async fn ask_time(&self, clock: &dyn Clock, questions: u32, limit: Duration) -> Vec<Asked> {
        let watch = Stopwatch::start();
        let mut answered = Vec::new();
        for _ in 0..questions {
            let left = limit.saturating_sub(watch.elapsed());
            if left.is_zero() {
                break;
            }
            let before = clock.now();
            let Ok(said) = call::within(left, self.driver.execute(TIME, Vec::new())).await else { break };
            let after = clock.now();
            let Some(page) = said.json().as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) else {
                break;
            };
            answered.push(Asked { before, page, after });
        }
        answered
    }
}
