//! A folder as a user has it: `config/booking.toml`, selector files, a vault.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firstserve::clock::{Clock, SystemClock, ZoneData};
use firstserve::config::{Config, Environment, load};
use firstserve::engine::Parts;
use firstserve::model::Secret;
use firstserve::report::render;
use firstserve::store::Store;
use firstserve::telemetry::Redactor;
use firstserve::vault::{Credentials, Vault};
use tempfile::TempDir;

/// The folder; it goes with the value.
pub(super) struct House {
    folder: TempDir,
}

impl House {
    /// With that text under the keys that every one of these tests has.
    pub(super) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("config")).unwrap();
        let head =
            "[server]\ndatabase = \"sqlite://data/test.db\"\ndata = \"data\"\n\n[vault]\nidentity = \"identity\"\n\n";
        fs::write(folder.path().join("config/booking.toml"), format!("{head}{text}")).unwrap();
        Self { folder }
    }

    /// The selector files of that folder of the repository, as `selectors/NAME`.
    #[must_use]
    pub(super) fn with_flow(self, from: &str, name: &str) -> Self {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(from), &self.flow(name));
        self
    }

    /// A file of a flow, on top of what is there.
    #[must_use]
    pub(super) fn with_file(self, name: &str, path: &str, text: &str) -> Self {
        let file = self.flow(name).join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self
    }

    /// An account in the vault.
    #[must_use]
    pub(super) fn with_account(self, entry: &str, user: &str, password: &str) -> Self {
        let (data, identity) = (self.folder.path().join("data"), self.folder.path().join("identity"));
        if !identity.exists() {
            Vault::init(&data, &identity).unwrap();
        }
        let credentials = Credentials { user: user.to_owned(), password: Secret::new(password) };
        Vault::open(&data, &identity).unwrap().set(entry, &credentials).unwrap();
        self
    }

    /// The path that `--config` takes.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.path().join("config/booking.toml")
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// For an engine in this process.
    pub(super) async fn parts(&self) -> Parts {
        let (config, zones) = self.load();
        let data = self.folder.path().join("data");
        Parts {
            store: Store::open(config.server.database.expose(), &config.server.data).await.unwrap(),
            vault: Some(Arc::new(Vault::open(&data, &self.folder.path().join("identity")).unwrap())),
            config,
            zones: Arc::new(zones),
            clock: Arc::new(SystemClock),
            // There is no such program: whatever starts a browser fails.
            guardian: PathBuf::from("/nowhere/at-all"),
            redactor: Redactor::new(),
        }
    }

    fn load(&self) -> (Arc<Config>, ZoneData) {
        let environment = Environment::new(Vec::<(String, String)>::new());
        let zones = |configured: Option<&Path>| ZoneData::newest(configured).db;
        let loaded = load(&self.config(), &environment, &zones, SystemClock.now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", render(&loaded.problems, false)));
        (config, ZoneData::newest(None))
    }

    fn flow(&self, name: &str) -> PathBuf {
        self.folder.path().join("selectors").join(name)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
