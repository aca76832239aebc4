//! What an HTTP answer means, and what is kept of one that nobody understands.

use super::Kit;
use crate::flow::condition::{HttpAnswer, holds_for_answer};
use crate::flow::wire;
use crate::model::Answer;

/// The file that keeps the last answer which was not understood.
const FILE: &str = "answer.txt";

/// The most that is kept of it.
const LARGEST: usize = 2 * 1024 * 1024;

/// The first outcome that holds of an answer.
pub(super) fn first_that_holds(outcomes: &[wire::Outcome], answer: &HttpAnswer) -> Answer {
    let holds = outcomes.iter().find(|outcome| holds_for_answer(&outcome.when, answer));
    holds.and_then(|outcome| Answer::parse(&outcome.is)).unwrap_or(Answer::Unknown)
}

/// Whether a person will want to see what the site showed.
pub(super) fn is_puzzling(answer: Answer) -> bool {
    matches!(answer, Answer::Unknown | Answer::SiteError)
}

impl Kit {
    /// Keeps an answer among the attempt's evidence, without secrets. What cannot be kept is noted.
    pub(super) async fn keep_answer(&self, text: &str) {
        let cut = &text[..text.floor_char_boundary(LARGEST)];
        let kept = async {
            tokio::fs::create_dir_all(&self.evidence).await?;
            tokio::fs::write(self.evidence.join(FILE), self.redactor.clean(cut).as_bytes()).await
        };
        match kept.await {
            Ok(()) => self.note(format!("the site's answer is in {}", self.evidence.join(FILE).display())),
            Err(error) => tracing::warn!(%error, "the answer could not be kept"),
        }
    }
}
