//! A folder with a configuration that is right, and ways to load it.

use std::fs;
use std::path::{Path, PathBuf};

use firstserve::config::{Config, Environment, Loaded, load};
use firstserve::report::render;
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use tempfile::TempDir;

/// One site, two courts, one member.
pub(super) const CLUB: &str = r#"
[site.club]
url = "https://club.example/"
time-zone = "America/Costa_Rica"
flow = "selectors/club"
[site.club.court.1]
site-id = "5"
opens = { visible-days = 10 }
[site.club.court.2]
site-id = "7"
opens = { visible-days = 9 }
[member.ana]
site = "club"
vault = "club/ana"
"#;

/// One wish.
pub(super) const DOUBLES: &str = r#"
[[booking]]
name = "doubles"
member = "ana"
date = 2027-07-18
times = ["17:00"]
"#;

/// Another `commit.toml` that is right.
pub(super) const OTHER_COMMIT: &str = "click = { id = \"reservar-ya\" }\nsend = \"form\"\n";

/// The instant at which every test of this part loads.
pub(super) fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().expect("a timestamp")
}

/// Zone data that is the same on every machine.
pub(super) fn zones(_: Option<&Path>) -> TimeZoneDatabase {
    TimeZoneDatabase::bundled()
}

/// Loads without any environment.
pub(super) fn load_plainly(path: &Path) -> Loaded {
    load(path, &Environment::default(), &zones, now())
}

/// A folder with `config/booking.toml` and `selectors/club/`.
pub(super) struct World {
    dir: TempDir,
}

impl World {
    /// A folder with that file.
    pub(super) fn with(text: &str) -> Self {
        let world = Self { dir: tempfile::tempdir().expect("a folder can be made") };
        fs::create_dir_all(world.path("config")).expect("a folder can be made");
        copy(Path::new("fixtures/config/selectors"), &world.path("selectors"));
        world.write(text);
        world
    }

    /// A path in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The file.
    pub(super) fn file(&self) -> PathBuf {
        self.path("config/booking.toml")
    }

    /// Writes the file.
    pub(super) fn write(&self, text: &str) {
        fs::write(self.file(), text).expect("the file can be written");
    }

    /// Loads the file.
    pub(super) fn load(&self) -> Loaded {
        load_plainly(&self.file())
    }

    /// Loads the file with an environment.
    pub(super) fn load_in(&self, environment: &[(&str, &str)]) -> Loaded {
        load(&self.file(), &Environment::new(environment.iter().copied()), &zones, now())
    }
}

/// The configuration, or every problem in words.
pub(super) fn valid(loaded: &Loaded) -> &Config {
    match &loaded.config {
        Some(config) => config,
        None => panic!("{}", render(&loaded.problems, false)),
    }
}

/// The codes of the problems, in order.
pub(super) fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.problems.iter().map(|problem| problem.code).collect()
}

/// Copies a folder with everything in it.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("the file can be copied");
        }
    }
}
