//! What is logged, and what never is.

mod canaries;
mod lines;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use firstserve::telemetry::{Format, LogOptions, Redactor, dispatch};
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;

/// A console that keeps what is written to it.
#[derive(Clone, Default)]
struct Console(Arc<Mutex<Vec<u8>>>);

impl Console {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Console {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Does something under a log and returns everything that was written: console and files.
struct Logged {
    folder: tempfile::TempDir,
    console: Console,
    dispatch: Option<(Dispatch, firstserve::telemetry::Logs)>,
}

impl Logged {
    fn new(level: &str, format: Format, redactor: &Redactor) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options =
            LogOptions { level: level.into(), format, folder: Some(folder.path().join("logs")), keep_days: 3 };
        let console = Console::default();
        let dispatch = dispatch(&options, redactor, console.clone()).expect("it starts");
        Self { folder, console, dispatch: Some(dispatch) }
    }

    fn under<T>(&self, work: impl FnOnce() -> T) -> T {
        let (dispatch, _) = self.dispatch.as_ref().expect("it runs");
        tracing::dispatcher::with_default(dispatch, work)
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// Ends the log, so that everything is written, and reads it.
    fn read(&mut self) -> (String, String) {
        self.dispatch = None;
        (self.console.text(), read_all(&self.logs()))
    }
}

fn read_all(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        all.push_str(&std::fs::read_to_string(entry.expect("readable").path()).expect("readable"));
    }
    all
}
