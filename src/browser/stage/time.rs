//! The page's own clock, asked.

use std::time::Duration;

use super::Stage;
use crate::browser::Asked;
use crate::clock::{Clock, Stopwatch};
use crate::flow::page;

impl Stage {
    /// Asks the page for the time that its programs wait by, so many times at most and until the time is over; a question without an answer ends it.
    pub async fn ask_time(&self, clock: &dyn Clock, questions: u32, limit: Duration) -> Vec<Asked> {
        let watch = Stopwatch::start();
        let mut answered = Vec::new();
        for _ in 0..questions {
            let left = limit.saturating_sub(watch.elapsed());
            if left.is_zero() {
                break;
            }
            let before = clock.now();
            let asking = tokio::time::timeout(left, self.call::<f64>(&page::now())).await;
            let after = clock.now();
            let Ok(Ok(ms)) = asking else { break };
            #[expect(clippy::cast_possible_truncation, reason = "a clock that is out of range is not one")]
            let Ok(page) = jiff::Timestamp::from_microsecond((ms * 1000.0) as i64) else { break };
            answered.push(Asked { before, page, after });
        }
        answered
    }
}
