//! How a running attempt makes itself heard.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use super::{Event, What};
use crate::flow::Flow;
use crate::model::AttemptId;

/// Sends events of one attempt to whoever listens; nobody listening is fine.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    attempt: Option<AttemptId>,
    listeners: broadcast::Sender<Event>,
    /// The selector files that are in force; none where they cannot change.
    files: Option<watch::Receiver<Arc<Flow>>>,
}

impl Reporter {
    /// For the engine as a whole.
    pub(super) fn new(listeners: broadcast::Sender<Event>) -> Self {
        Self { attempt: None, listeners, files: None }
    }

    /// For one attempt.
    pub(super) fn of(&self, attempt: &AttemptId) -> Self {
        Self { attempt: Some(attempt.clone()), ..self.clone() }
    }

    /// The same, for one that knows which selector files are in force.
    pub(super) fn with_files(self, files: watch::Receiver<Arc<Flow>>) -> Self {
        Self { files: Some(files), ..self }
    }

    /// Trouble with selector files: one that has been edited since is told as such, for it may be mended.
    pub(super) fn of_files(&self, words: String, used: &Arc<Flow>) -> String {
        match &self.files {
            Some(files) if !Arc::ptr_eq(&files.borrow(), used) => format!("before the last edit of the files: {words}"),
            _ => words,
        }
    }

    /// Says it.
    pub(super) fn say(&self, at: Timestamp, what: What) {
        tracing::debug!(?what, "event");
        let nobody_listens = self.listeners.send(Event { at, attempt: self.attempt.clone(), what });
        drop(nobody_listens);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::SourceFile;

    fn flow() -> Arc<Flow> {
        let files = [
            ("cancel/10-cancel.toml", include_str!("../../selectors/club-api/cancel/10-cancel.toml")),
            ("commit.toml", include_str!("../../selectors/club-api/commit.toml")),
            ("login/10-token.toml", include_str!("../../selectors/club-api/login/10-token.toml")),
            ("login/logged-in.toml", include_str!("../../selectors/club-api/login/logged-in.toml")),
            ("outcomes.toml", include_str!("../../selectors/club-api/outcomes.toml")),
            ("verify/10-list.toml", include_str!("../../selectors/club-api/verify/10-list.toml")),
        ];
        let files = files.map(|(name, text)| SourceFile::new(name, text));
        Arc::new(Flow::parse(Path::new("club-api"), &files).0.expect("what ships is a flow"))
    }

    #[test]
    fn trouble_of_files_that_were_edited_since_is_told_as_such() {
        let (old, new) = (flow(), flow());
        let (files, changed) = watch::channel(Arc::clone(&old));
        let reporter = Reporter::new(broadcast::channel(1).0).with_files(changed);
        assert_eq!(reporter.of_files("broken".to_owned(), &old), "broken");
        files.send_replace(Arc::clone(&new));
        assert_eq!(reporter.of_files("broken".to_owned(), &old), "before the last edit of the files: broken");
        assert_eq!(reporter.of_files("broken".to_owned(), &new), "broken");
    }
}
