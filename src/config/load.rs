//! Reads the file and the selector folders, within bounds, and hands them to the checks.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};

use crate::flow::{is_unread, unread};
use crate::model::Secret;
use crate::report::{Place, Problem, Severity, SourceFile};

use super::environment::{Environment, Variable};
use super::raw;
use super::valid::Config;
use super::validate::{self, Folder, Paths, World};

/// A larger file is refused, and so is a folder whose files are larger together.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// More selector files in one folder are refused.
const MAX_FILES: usize = 500;

/// How deep selector files may lie in their folder.
const MAX_DEPTH: usize = 4;

/// More problems are counted, not shown.
const MAX_PROBLEMS: usize = 100;

/// The time zone data in use, given the folder that the file names; asked anew with every load.
pub type Zones = dyn Fn(Option<&Path>) -> TimeZoneDatabase + Send + Sync;

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration; none when there was an error.
    pub config: Option<Arc<Config>>,
    /// What is wrong or worth knowing: errors first, in the file's order.
    pub problems: Vec<Problem>,
    /// SHA-256 of everything that was read, in hex; the same as the configuration's, and there without one too.
    pub hash: String,
    /// The selector folders that the file names.
    pub folders: Vec<PathBuf>,
    /// The time zone data that the file was checked with.
    pub zones: TimeZoneDatabase,
    /// What could be made of it in spite of its errors: enough to find the database and to look into it, and for nothing else.
    pub rough: Option<Arc<Config>>,
    /// Whether the file itself could not be read (which is another exit code than a wrong file).
    pub unreadable: bool,
}

/// Reads and checks the configuration at `path`. `now` decides what is past.
pub fn load(path: &Path, environment: &Environment, zones: &Zones, now: Timestamp) -> Loaded {
    loaded(path, &read(path, MAX_BYTES), environment, zones, now)
}

/// Checks a text as if it stood in the file at `path`, with the selector files as they are now.
pub fn load_text(path: &Path, text: &str, environment: &Environment, zones: &Zones, now: Timestamp) -> Loaded {
    loaded(path, &Ok(text.as_bytes().to_owned()), environment, zones, now)
}

/// The database that the file at `path` names, as far as it can be read: a file that is wrong elsewhere, or gone, must not
/// hide what was kept. None where the address itself is wrong.
pub fn database(path: &Path, environment: &Environment) -> Option<Secret> {
    let text = read(path, MAX_BYTES).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let raw = raw::read(&SourceFile::new(path, text.unwrap_or_default()), environment);
    validate::database(&raw, &Paths::new(root(path), home(environment)))
}

fn loaded(path: &Path, main: &Reading, environment: &Environment, zones: &Zones, now: Timestamp) -> Loaded {
    let source = match source(path, main, main_help) {
        Ok(source) => source,
        Err(problem) => return unusable(path, main, problem, zones(None)),
    };
    let raw = raw::read(&source, environment);
    let paths = Paths::new(root(path), home(environment));
    let folders = validate::flow_folders(&raw, &paths);
    let readings: Vec<_> = folders.iter().map(|folder| list(folder)).collect();
    let hash = hash(main, &readings);
    let zones = zones(validate::zoneinfo(&raw, &paths).as_deref());
    let folders_read: BTreeMap<PathBuf, Folder> =
        folders.iter().cloned().zip(readings.into_iter().map(folder)).collect();
    let (hash_read, text) = (&hash, source.text());
    let world = World { paths: &paths, zones: &zones, now, folders: &folders_read, hash: hash_read, path, text };
    let (rough, problems) = validate::validate(raw, &world);
    let rough = rough.map(Arc::new);
    // A broken form is an error of its own.
    let valid = problems.iter().all(|problem| problem.severity < Severity::Error);
    let config = rough.clone().filter(|_| valid);
    Loaded { config, rough, problems: in_order(problems), hash, folders, zones, unreadable: false }
}

/// The hash that [`load`] would give for the same selector folders.
pub(super) fn fingerprint(path: &Path, folders: &[PathBuf]) -> String {
    let main = read(path, MAX_BYTES);
    hash(&main, &folders.iter().map(|folder| list(folder)).collect::<Vec<_>>())
}

fn unusable(path: &Path, main: &Reading, problem: Problem, zones: TimeZoneDatabase) -> Loaded {
    let unreadable = main.is_err();
    let hash = hash(main, &[]);
    debug_assert!(problem.place.as_ref().is_none_or(|place| place.file().path() == path));
    Loaded { config: None, rough: None, problems: vec![problem], hash, folders: Vec::new(), zones, unreadable }
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum ReadError {
    #[error("there is no such file")]
    Missing,
    #[error("it is not a folder")]
    NotAFolder,
    #[error("it is {0}, not a file")]
    NotAFile(&'static str),
    #[error("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("permission denied")]
    Forbidden,
    #[error("{0}")]
    Io(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            _ => Self::Io(error.to_string()),
        }
    }
}

type Reading = Result<Vec<u8>, ReadError>;

/// A folder as it was found: each file's path and content, or why there is no list.
type Listing = Result<Vec<(PathBuf, Reading)>, ReadError>;

/// Reads a regular file of at most so many bytes; anything else (a pipe would block) is refused before its content is
/// asked for.
fn read(path: &Path, most: u64) -> Reading {
    regular(&fs::metadata(path)?)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?);
    regular(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

fn regular(found: &fs::Metadata) -> Result<(), ReadError> {
    use std::os::unix::fs::FileTypeExt;
    let kind = found.file_type();
    match () {
        () if kind.is_file() => Ok(()),
        () if kind.is_dir() => Err(ReadError::NotAFile("a folder")),
        () if kind.is_fifo() => Err(ReadError::NotAFile("a pipe")),
        () if kind.is_socket() => Err(ReadError::NotAFile("a socket")),
        () => Err(ReadError::NotAFile("a device")),
    }
}

/// The `*.toml` files of a folder and the folders in it, sorted by path, and what somebody may take for one of them, without its
/// content; hidden names are left out.
fn list(folder: &Path) -> Listing {
    if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Err(ReadError::NotAFolder);
    }
    let mut paths = Vec::new();
    walk(folder, MAX_DEPTH, &mut paths)?;
    paths.sort();
    let mut left = MAX_BYTES;
    let mut files = Vec::new();
    for path in paths {
        let reading = if is_unread(&path) { Ok(Vec::new()) } else { read(&path, left) };
        left -= reading.as_ref().map_or(0, |bytes| bytes.len() as u64);
        files.push((path, reading));
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        if is_toml || is_unread(&path) && path.is_file() {
            found.push(path);
        } else if depth > 1 && path.is_dir() {
            walk(&path, depth - 1, found)?;
        }
        if found.len() > MAX_FILES {
            return Err(ReadError::Io(format!("it holds more than {MAX_FILES} files")));
        }
    }
    Ok(())
}

/// The file as text, or the problem that it is none.
fn source(path: &Path, main: &Reading, help: fn(&ReadError) -> &'static str) -> Result<Arc<SourceFile>, Problem> {
    match main {
        Ok(bytes) => text(path, bytes),
        Err(error) => Err(Problem::error("unreadable-file", format!("`{}` cannot be read: {error}", path.display()))
            .help(help(error))),
    }
}

/// The cure for a configuration that cannot be read.
fn main_help(error: &ReadError) -> &'static str {
    match error {
        ReadError::Missing => "say where it is with --config FILE; a documented example comes with firstserve",
        ReadError::TooLarge => "the configuration is a text that a person wrote: is this the right file?",
        ReadError::Forbidden => {
            "let the user who runs firstserve read it (chmod, chown), or give another with --config FILE"
        }
        _ => "give the path of a text file with --config FILE",
    }
}

/// The cure for a selector file that cannot be read.
fn selector_help(error: &ReadError) -> &'static str {
    match error {
        ReadError::Missing => "this is a link to nothing: mend it or take it away",
        ReadError::TooLarge => "selector files are short texts, 10 MiB together at most: is this one of them?",
        ReadError::Forbidden => "let the user who runs firstserve read it (chmod, chown)",
        ReadError::NotAFile(_) => {
            "what ends in .toml here is read as a text of steps: give it another name, or take it away"
        }
        _ => "put back a file that can be read",
    }
}

/// The cure for a folder of selector files that cannot be read.
fn folder_help(error: &ReadError) -> &'static str {
    match error {
        ReadError::Missing => "paths are relative to the folder that holds `config/`",
        ReadError::Forbidden => "let the user who runs firstserve read it and the folders in it (chmod, chown)",
        ReadError::NotAFolder => "name the folder that holds login/, commit.toml and the rest",
        _ => "keep one site's selector files in it, and nothing else that ends in .toml",
    }
}

fn text(path: &Path, bytes: &[u8]) -> Result<Arc<SourceFile>, Problem> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(SourceFile::new(path, text)),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    let file = SourceFile::new(path, String::from_utf8_lossy(bytes));
    let place = Place::new(&file, at..at + char::REPLACEMENT_CHARACTER.len_utf8());
    Err(Problem::error("not-utf8", "this is not UTF-8 text").at(place).help("save the file as UTF-8"))
}

fn folder(listing: Listing) -> Folder {
    let entries = match listing {
        Ok(entries) => entries,
        Err(error) => {
            let why =
                if error == ReadError::Missing { "there is no such folder".to_owned() } else { error.to_string() };
            return Folder { unreadable: Some((why, folder_help(&error))), ..Folder::default() };
        }
    };
    let mut folder = Folder::default();
    for (path, reading) in entries {
        if is_unread(&path) {
            folder.unread.push(unread(&path));
            continue;
        }
        match source(&path, &reading, selector_help) {
            Ok(file) => folder.files.push(file),
            Err(problem) => folder.problems.push(problem),
        }
    }
    folder
}

fn hash(main: &Reading, folders: &[Listing]) -> String {
    let mut hasher = Sha256::new();
    feed(&mut hasher, main);
    for listing in folders {
        match listing {
            Ok(files) => {
                for (path, reading) in files {
                    hasher.update(path.as_os_str().as_encoded_bytes());
                    feed(&mut hasher, reading);
                }
            }
            Err(error) => hasher.update(error.to_string()),
        }
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn feed(hasher: &mut Sha256, reading: &Reading) {
    match reading {
        Ok(bytes) => {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        Err(error) => hasher.update(format!("\0{error}")),
    }
}

/// The folder that written paths are relative to: the one that holds `config/`, or, for a file that lies elsewhere, the
/// file's own.
fn root(path: &Path) -> PathBuf {
    let parent = path.parent().unwrap_or(Path::new(""));
    let whole = std::path::absolute(path).ok();
    let name = whole.as_deref().and_then(Path::parent).and_then(Path::file_name);
    if name.is_none_or(|name| name != "config") {
        return parent.to_owned();
    }
    match (parent.file_name(), parent.parent()) {
        (Some(_), Some(above)) => above.to_owned(),
        _ => parent.join(".."),
    }
}

fn home(environment: &Environment) -> Option<PathBuf> {
    match environment.get("HOME")? {
        Variable::Text(home) => Some(PathBuf::from(home)),
        Variable::NotText => None,
    }
}

/// Errors first, each kind by file and place, each problem once, and not more than a person reads.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| {
        let place = problem.place.as_ref();
        let at = place.map(|place| (place.file().path().to_owned(), place.span().start));
        (std::cmp::Reverse(problem.severity), at)
    });
    problems.dedup();
    if problems.len() > MAX_PROBLEMS {
        let more = problems.len() - MAX_PROBLEMS;
        let errors = problems.iter().skip(MAX_PROBLEMS).any(|problem| problem.severity == Severity::Error);
        problems.truncate(MAX_PROBLEMS);
        let message = format!("{more} more problems are not shown");
        let more = if errors { Problem::error("more", message) } else { Problem::warning("more", message) };
        problems.push(more.help("mend those above and check again: one cause often makes many"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not tried on real files: who runs the tests as root may read everything.
    #[test]
    fn who_may_not_read_a_file_is_told_to_ask_for_it() {
        let error = ReadError::from(io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(error.to_string(), "permission denied");
        for help in [main_help, selector_help, folder_help] {
            assert!(help(&error).contains("let the user who runs firstserve read it"), "{}", help(&error));
        }
        assert!(!selector_help(&error).contains("--config"));
    }
}
