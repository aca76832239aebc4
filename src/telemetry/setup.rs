//! From options to a running log.

use std::fmt;
use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};

use tracing::{Dispatch, Subscriber};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use super::Redactor;
use super::masked::{Dress, Masked};

/// The level unless somebody says otherwise.
const DEFAULT_LEVEL: &str = "info";

/// Days of files that are kept unless somebody says otherwise.
const DEFAULT_KEEP_DAYS: usize = 14;

/// Lines that wait for a slow disk or terminal; what comes on top is lost.
const QUEUE: usize = 10_000;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The format of that word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "human" => Some(Self::Human),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// What is logged, how and where.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`) or directives (`info,sqlx=debug`).
    pub level: String,
    /// How a line looks.
    pub format: Format,
    /// The folder of the daily files; none: no files.
    pub folder: Option<PathBuf>,
    /// Days of files that are kept; at least 1.
    pub keep_days: usize,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { level: DEFAULT_LEVEL.into(), format: Format::Human, folder: None, keep_days: DEFAULT_KEEP_DAYS }
    }
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Not a level.
    #[error("{0:?} is neither a level (error, warn, info, debug, trace) nor directives like `info,sqlx=debug`")]
    Level(String),
    /// The folder of the files.
    #[error("log files cannot be kept in {}: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is one already.
    #[error("logging was started before")]
    Started,
}

/// A running log; what waits is written when it is dropped.
#[derive(Debug)]
pub struct Logs {
    _workers: Vec<WorkerGuard>,
}

/// Starts logging for the whole process, to stderr and to files; panics are logged too, masked like the rest.
///
/// # Errors
/// A level or a folder that cannot be used, and a second start.
pub fn start(options: &LogOptions, redactor: &Redactor) -> Result<Logs, LogError> {
    let (stderr, worker) = queue(std::io::stderr());
    let colour = options.format == Format::Human && std::io::stderr().is_terminal();
    let (dispatch, mut logs) = assemble(options, redactor, stderr, colour)?;
    logs._workers.push(worker);
    dispatch.try_init().map_err(|_| LogError::Started)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(logs)
}

/// The same for part of a process, to files and to `console` instead of stderr.
///
/// # Errors
/// As [`start`].
pub fn dispatch<W>(options: &LogOptions, redactor: &Redactor, console: W) -> Result<(Dispatch, Logs), LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    assemble(options, redactor, console, false)
}

fn assemble<W>(
    options: &LogOptions,
    redactor: &Redactor,
    console: W,
    colour: bool,
) -> Result<(Dispatch, Logs), LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let console = Masked::new(console, redactor.clone(), dress(options.format, colour));
    let mut layers = vec![layer(options.format, console, colour)];
    let mut workers = Vec::new();
    if let Some(folder) = &options.folder {
        let (file, worker) = queue(files(folder, options.keep_days)?);
        layers.push(layer(options.format, Masked::new(file, redactor.clone(), dress(options.format, false)), false));
        workers.push(worker);
    }
    let subscriber = Registry::default().with(layers).with(filter(&options.level)?);
    Ok((Dispatch::new(subscriber), Logs { _workers: workers }))
}

fn layer<S, W>(format: Format, writer: W, colour: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour);
    match format {
        // Where in the program a line was written is of no use to people.
        Format::Human if colour => layer.with_target(false).boxed(),
        Format::Human => layer.with_target(false).fmt_fields(Colourless::default()).boxed(),
        Format::Json => layer.json().flatten_event(true).with_current_span(false).boxed(),
    }
}

/// Writes the fields of spans for lines without colour. The fields of a span are formatted once for all layers whose formatter is
/// of the same type: with the terminal's, the files would be given its colours.
#[derive(Debug, Default)]
struct Colourless(DefaultFields);

impl<'w> FormatFields<'w> for Colourless {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        self.0.format_fields(writer, fields)
    }
}

fn dress(format: Format, colour: bool) -> Dress {
    match (format, colour) {
        (Format::Json, _) => Dress::Json,
        (Format::Human, true) => Dress::Coloured,
        (Format::Human, false) => Dress::Plain,
    }
}

/// A word raises our own lines; the libraries' come with `debug` and, all of them, with `trace`.
fn filter(level: &str) -> Result<EnvFilter, LogError> {
    let directives = match level.to_ascii_lowercase().as_str() {
        word @ ("error" | "warn" | "trace") => word.to_owned(),
        "info" => "warn,firstserve=info".to_owned(),
        "debug" => "info,firstserve=debug".to_owned(),
        _ if level.contains(['=', ',']) => level.to_owned(),
        _ => return Err(LogError::Level(level.to_owned())),
    };
    EnvFilter::try_new(directives).map_err(|_| LogError::Level(level.to_owned()))
}

fn files(folder: &Path, keep_days: usize) -> Result<RollingFileAppender, LogError> {
    let fault = |reason: String| LogError::Folder { folder: folder.to_owned(), reason };
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| fault(error.to_string()))?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("firstserve")
        .filename_suffix("log")
        .max_log_files(keep_days.max(1))
        .build(folder)
        .map_err(|error| fault(error.to_string()))
}

fn queue<W: std::io::Write + Send + 'static>(writer: W) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().buffered_lines_limit(QUEUE).lossy(true).thread_name("log").finish(writer)
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let payload = info.payload();
    let said = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(place, said = said.unwrap_or_default(), "a bug: panic");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_of_a_terminal_do_not_reach_the_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = LogOptions { folder: Some(folder.path().to_owned()), ..LogOptions::default() };
        let console = tempfile::NamedTempFile::new().expect("a file");
        let shown = std::sync::Mutex::new(console.reopen().expect("it can be opened"));
        let (dispatch, logs) = assemble(&options, &Redactor::new(), shown, true).expect("it starts");
        tracing::dispatcher::with_default(&dispatch, || {
            let _entered = tracing::warn_span!("attempt", id = "01").entered();
            tracing::warn!(court = "2", "inside");
        });
        drop((dispatch, logs));
        let console = std::fs::read_to_string(console.path()).expect("it can be read");
        let file = std::fs::read_dir(folder.path()).expect("a folder").next().expect("a file").expect("its entry");
        let file = std::fs::read_to_string(file.path()).expect("it can be read");
        assert!(file.contains("attempt{id=\"01\"}") && file.contains("inside"), "{file}");
        assert!(!file.contains('\u{1b}') && !file.contains("\\u{1b}"), "{file}");
        assert!(console.contains("\u{1b}[3mid\u{1b}[0m"), "the control: {console:?}");
    }

    #[test]
    fn a_word_or_directives_but_no_nonsense() {
        for good in ["info", "DEBUG", "trace", "warn,sqlx=debug", "firstserve=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["loud", "", "sqlx=loud", "a=b=c"] {
            assert!(matches!(filter(bad), Err(LogError::Level(_))), "{bad}");
        }
    }
}
