//! Files, addresses and connections.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor};
use url::Url;

use super::error::doing;
use super::files::{self, Files};
use super::instance::{self, DatabaseLock, InstanceLock};
use super::read::Columns;
use super::{StoreError, StoreErrorKind, trouble};

/// Connections to the database at once, where nobody says how many: one writes, the others read.
pub(super) const DEFAULT_CONNECTIONS: u32 = 4;

/// How long a connection is waited for.
const ACQUIRE: Duration = Duration::from_secs(5);

/// How long a server may take for the first connection.
const SERVER: Duration = Duration::from_secs(15);

/// What SQLite is told on each connection: a commit survives power loss, readers never wait, and a schema that somebody
/// tampered with runs nothing.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                       PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -512;";

/// The same for a connection that only reads.
const READING_PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;";

/// Which database it is; the few differences in SQL hang on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    Sqlite,
    Postgres,
}

/// A database whose schema nobody has looked at yet.
pub(super) struct Opened {
    pub(super) pool: AnyPool,
    /// The file, or the server without its password.
    pub(super) place: String,
    pub(super) backend: Backend,
    pub(super) locks: Vec<InstanceLock>,
    pub(super) database_lock: Option<DatabaseLock>,
    pub(super) kept: Option<Kept>,
}

/// What a SQLite database is held by, beside its pool.
#[derive(Debug)]
pub(super) struct Kept {
    /// A connection that does nothing: as long as it is there, SQLite does not put another write-ahead log in the place of this one.
    keeper: Mutex<Option<AnyConnection>>,
    pub(super) files: Files,
}

impl Kept {
    /// Lets the files go.
    pub(super) async fn close(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = match keeper {
            Some(keeper) => Some(keeper.close().await),
            None => None,
        } {
            tracing::debug!(%error, "a connection did not close in order");
        }
    }
}

pub(super) async fn open(url: &str, data: &Path, connections: u32) -> Result<Opened, StoreError> {
    doing("open the database", async {
        match address(url)? {
            Address::Postgres(url) => open_postgres(url, data, connections).await,
            Address::Sqlite(file) => {
                let locks = claim(&file, data)?;
                refuse_vanished(&file, &locks)?;
                let handle = prepare(&file)?;
                instance::hold(&handle, &file)?;
                let url = sqlite_url(&file, "rw")?;
                let keeper = Mutex::new(Some(try_file(&file, &url, PRAGMAS).await?));
                let kept = Some(Kept { keeper, files: Files::new(&file, handle)? });
                let pool = pool(url, Some(PRAGMAS), connections).await?;
                let place = file.display().to_string();
                Ok(Opened { pool, place, backend: Backend::Sqlite, locks, database_lock: None, kept })
            }
        }
    })
    .await
}

/// Several daemons on one database do not know of each other yet: the first one has it, whatever its data folder is.
async fn open_postgres(url: Url, data: &Path, connections: u32) -> Result<Opened, StoreErrorKind> {
    let data = absolute(data)?;
    make_folder(&data)?;
    let locks = vec![InstanceLock::take(&data)?];
    let database_lock = Some(DatabaseLock::take(try_server(&url).await?).await?);
    let place = trouble::place_of(&url);
    let pool = pool(url, None, connections).await?;
    Ok(Opened { pool, place, backend: Backend::Postgres, locks, database_lock, kept: None })
}

/// A first connection, for a pool only says that it has waited in vain.
async fn try_file(file: &Path, url: &Url, pragmas: &'static str) -> Result<AnyConnection, StoreErrorKind> {
    sqlx::any::install_default_drivers();
    let trying = async {
        let mut connection = AnyConnectOptions::from_str(url.as_str())?.connect().await?;
        connection.execute(pragmas).await?;
        // Only who reads opens the write-ahead log.
        connection.execute("SELECT COUNT(*) FROM sqlite_schema").await?;
        Ok(connection)
    };
    trying.await.map_err(|error| trouble::of_file(file, error))
}

/// The same for a server, which may be one that never answers.
async fn try_server(url: &Url) -> Result<AnyConnection, StoreErrorKind> {
    sqlx::any::install_default_drivers();
    let options = AnyConnectOptions::from_str(url.as_str())?;
    match tokio::time::timeout(SERVER, options.connect()).await {
        Ok(connected) => connected.map_err(|error| trouble::of_server(url, error)),
        Err(_) => Err(StoreErrorKind::Silent { place: trouble::place_of(url) }),
    }
}

pub(super) async fn open_read_only(url: &str) -> Result<Opened, StoreError> {
    doing("open the database for reading", unlocked(url, "ro", READING_PRAGMAS)).await
}

pub(super) async fn open_beside(url: &str) -> Result<Opened, StoreError> {
    doing("open the database beside a running daemon", unlocked(url, "rw", PRAGMAS)).await
}

/// A database that is there, and that another process may have.
async fn unlocked(url: &str, mode: &str, pragmas: &'static str) -> Result<Opened, StoreErrorKind> {
    let (backend, url, pragmas, place) = match address(url)? {
        Address::Postgres(url) => {
            try_server(&url).await?.close().await?;
            let place = trouble::place_of(&url);
            (Backend::Postgres, url, None, place)
        }
        Address::Sqlite(file) => {
            InstanceLock::refuse_vanished(&file)?;
            let url = sqlite_url(&file, mode)?;
            try_file(&file, &url, pragmas).await?.close().await?;
            (Backend::Sqlite, url, Some(pragmas), file.display().to_string())
        }
    };
    let pool = pool(url, pragmas, DEFAULT_CONNECTIONS).await?;
    Ok(Opened { pool, place, backend, locks: Vec::new(), database_lock: None, kept: None })
}

/// One connection that is never given up: with it the database would be gone.
pub(super) async fn in_memory() -> Result<Opened, StoreError> {
    doing("open a database in memory", async {
        sqlx::any::install_default_drivers();
        let options = AnyConnectOptions::from_str("sqlite::memory:")?;
        let pool = AnyPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.test_before_acquire(false).connect_with(options).await?;
        let place = "memory".to_owned();
        Ok(Opened { pool, place, backend: Backend::Sqlite, locks: Vec::new(), database_lock: None, kept: None })
    })
    .await
}

/// The settings that decide whether a commit survives power loss, as the database itself tells them.
pub(super) async fn durability(pool: &AnyPool, backend: Backend) -> Result<String, StoreError> {
    let asked = match backend {
        Backend::Sqlite => {
            "SELECT 'journal_mode=' || j.journal_mode || ' synchronous=' || s.synchronous || ' foreign_keys=' || \
             f.foreign_keys AS said FROM pragma_journal_mode j, pragma_synchronous s, pragma_foreign_keys f"
        }
        Backend::Postgres => "SELECT 'synchronous_commit=' || current_setting('synchronous_commit') AS said",
    };
    doing("ask the database how durable it is", async { sqlx::query(asked).fetch_one(pool).await?.text("said") }).await
}

/// Writes down that the database is there and in use, once its schema is; in the data folder also which one it is.
pub(super) fn note_used(url: &str, place: &str, locks: &mut [InstanceLock]) -> Result<(), StoreErrorKind> {
    if let (Address::Sqlite(file), Some(lock)) = (address(url)?, locks.last_mut()) {
        lock.uses(&file)?;
    }
    locks.first_mut().map_or(Ok(()), |lock| lock.keeps(place))
}

/// The database that the holder of a data folder keeps, where it is certainly not the one of that address.
pub(super) fn other_than(url: &str, data: &Path) -> Option<String> {
    let kept = InstanceLock::kept_by_holder(data)?;
    let differs = match address(url).ok()? {
        Address::Postgres(url) => kept != trouble::place_of(&url),
        Address::Sqlite(_) if Url::parse(&kept).is_ok() => true,
        // What is not seen from here, out of another container perhaps, may be the same under another name.
        Address::Sqlite(file) => real(Path::new(&kept))? != real(&file).unwrap_or(file),
    };
    differs.then_some(kept)
}

fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

enum Address {
    Sqlite(PathBuf),
    Postgres(Url),
}

fn address(url: &str) -> Result<Address, StoreErrorKind> {
    if let Some(file) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
        return match file {
            "" | ":memory:" => Err(StoreErrorKind::Address),
            _ => absolute(Path::new(file)).map(Address::Sqlite),
        };
    }
    match Url::parse(url) {
        Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => Ok(Address::Postgres(url)),
        _ => Err(StoreErrorKind::Address),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, StoreErrorKind> {
    std::path::absolute(path).map_err(|source| StoreErrorKind::File { path: path.to_owned(), source })
}

/// The address that sqlx reads; odd characters of the path are escaped.
fn sqlite_url(file: &Path, mode: &str) -> Result<Url, StoreErrorKind> {
    let path = Url::from_file_path(file).map_err(|()| StoreErrorKind::Address)?;
    Url::parse(&format!("sqlite://{}?mode={mode}", path.path())).map_err(|_| StoreErrorKind::Address)
}

/// Locks the folder of the data, and that of the database where it is another one.
fn claim(file: &Path, data: &Path) -> Result<Vec<InstanceLock>, StoreErrorKind> {
    let data = absolute(data)?;
    make_folder(&data)?;
    let mut locks = vec![InstanceLock::take(&data)?];
    if let Some(folder) = file.parent().filter(|folder| *folder != data) {
        make_folder(folder)?;
        locks.push(InstanceLock::take(folder)?);
    }
    Ok(locks)
}

/// A new folder is its owner's alone; one that is there already keeps the mode that somebody gave it.
fn make_folder(folder: &Path) -> Result<(), StoreErrorKind> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| StoreErrorKind::File { path: folder.to_owned(), source })
}

/// The database file: there, on a local disk, and its owner's alone. SQLite gives `-wal` and `-shm` the same mode.
fn prepare(file: &Path) -> Result<File, StoreErrorKind> {
    let fault = |source| StoreErrorKind::File { path: file.to_owned(), source };
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(file);
    let handle = open.map_err(fault)?;
    handle.set_permissions(Permissions::from_mode(0o600)).map_err(fault)?;
    if on_network(&handle).map_err(fault)? {
        return Err(StoreErrorKind::NetworkFolder { path: file.to_owned() });
    }
    Ok(handle)
}

/// An empty database in the place of one that was in use would book everything again.
fn refuse_vanished(file: &Path, locks: &[InstanceLock]) -> Result<(), StoreErrorKind> {
    match locks.last().filter(|lock| lock.has_used(file)) {
        Some(lock) if files::is_empty(file)? => {
            Err(StoreErrorKind::Vanished { path: file.to_owned(), lock: lock.path().to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(target_os = "linux")]
fn on_network(file: &File) -> std::io::Result<bool> {
    Ok(is_network(rustix::fs::fstatfs(file)?.f_type))
}

#[cfg(not(target_os = "linux"))]
fn on_network(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

/// NFS, SMB, SMB 2 and CIFS by the numbers that Linux gives them.
#[cfg(target_os = "linux")]
fn is_network(kind: impl Into<i64>) -> bool {
    matches!(kind.into() & 0xffff_ffff, 0x6969 | 0x517b | 0xfe53_4d42 | 0xff53_4d42)
}

async fn pool(url: Url, pragmas: Option<&'static str>, connections: u32) -> Result<AnyPool, StoreErrorKind> {
    sqlx::any::install_default_drivers();
    let options = AnyConnectOptions::from_str(url.as_str())?;
    let pool = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(pragmas.is_none())
        // A commit that failed (a full disk) leaves the connection inside a transaction that the database has forgotten: it
        // would take no other one, ever. What was queued on it is done first.
        .before_acquire(|connection: &mut AnyConnection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .after_connect(move |connection: &mut AnyConnection, _| {
            Box::pin(async move {
                if let Some(pragmas) = pragmas {
                    connection.execute(pragmas).await?;
                }
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_kinds_of_address_are_known() {
        assert!(matches!(address("sqlite:///a/b.db"), Ok(Address::Sqlite(path)) if path == Path::new("/a/b.db")));
        assert!(matches!(address("postgres://u:p@h/d"), Ok(Address::Postgres(_))));
        for wrong in ["mysql://h/d", "sqlite://", "sqlite::memory:", "data/x.db"] {
            let refused = address(wrong).err().expect("refused");
            assert!(matches!(refused, StoreErrorKind::Address), "{wrong}: {refused}");
        }
    }

    #[tokio::test]
    async fn as_many_connections_as_were_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let opened = open(&url, folder.path(), 2).await.expect("opens");
        let (_one, two) = (opened.pool.acquire().await.expect("the first"), opened.pool.acquire().await);
        assert!(two.is_ok() && opened.pool.try_acquire().is_none(), "there is no third");
        drop(two);
        opened.pool.acquire().await.expect("the control: one is free again");
    }

    #[test]
    fn odd_characters_of_a_path_survive() {
        let url = sqlite_url(Path::new("/tmp/a b?c#d%.db"), "rw").expect("an address");
        assert_eq!(url.as_str(), "sqlite:///tmp/a%20b%3Fc%23d%25.db?mode=rw");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert!(is_network(0x6969_i64) && is_network(0xff53_4d42_i64));
        assert!(!is_network(0xef53_i64), "ext4 is a local disk");
    }
}
