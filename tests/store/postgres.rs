//! PostgreSQL: it opens, gets its tables, and serves one daemon only. (Of what it does with attempts only one that
//! gives its court back, and one that a person settles, are tested here.)

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstserve::clock::Stopwatch;
use firstserve::store::{AttemptFilter, FireFilter, Store, StoreErrorKind};
use tempfile::TempDir;

use super::again::{asks_again, gives_back};
use super::at;
use super::settle::settles_as_not_booked;

/// Starting a server takes a second, and longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever starts the tests as root must start PostgreSQL as somebody else.
const NOBODY: u32 = 65_534;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_one_database_is_refused() {
    let server = Server::start();
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let first = server.opened(one.path()).await;
    assert_eq!(first.attempts(&AttemptFilter::default()).await.expect("the tables are there"), []);
    assert_eq!(first.overview(jiff::civil::Date::MIN).await.expect("it is the same SQL"), []);
    let refused = Store::open(&server.url(), two.path()).await.expect_err("another data folder, the same database");
    assert!(matches!(refused.kind, StoreErrorKind::SecondDaemon), "{refused}");
    assert!(refused.to_string().contains("stop it first"), "{refused}");
    let refused = Store::open(&server.url(), one.path()).await.expect_err("the same data folder");
    assert!(matches!(refused.kind, StoreErrorKind::SecondInstance { .. }), "{refused}");
    Store::open_read_only(&server.url()).await.expect("the control: to read is allowed").close().await;
    let beside = Store::open_beside(&server.url()).await.expect("so is a small write");
    beside.allow_lead(&"club".into(), at(0)).await.expect("nothing to change");
    beside.forbid_lead(&"club".into(), "a person", at(0)).await.expect("written");
    beside.close().await;
    assert!(first.lesson(&"club".into()).await.expect("read").lead_off.is_some());
    assert_eq!(first.fires(&FireFilter::default()).await.expect("its tables are there"), []);
    let id = gives_back(&first).await;
    asks_again(&first, &id).await;
    settles_as_not_booked(&first).await;
    let says = super::announced::says(at(3_900), at(3_500));
    first.announce(&"01".into(), &says, at(3_900), true).await.expect("it is the same SQL");
    assert_eq!(first.announced(jiff::civil::Date::MIN).await.expect("read"), [says]);
    first.close().await;
    drop(first);
    server.opened(two.path()).await.close().await;
}

/// A server of its own in a temporary folder; it ends with the value.
struct Server {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        for path in [folder.path(), &data] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
            if rustix::process::geteuid().is_root() {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        let init = program("initdb").args(["-A", "trust", "-U", "firstserve", "--no-sync", "-D"]).arg(&data).output();
        let init = init.expect("initdb can be run");
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let port = free_port();
        let mut postgres = program("postgres");
        postgres.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"]).arg(folder.path());
        let process = postgres.spawn().expect("postgres can be run");
        Self { process, port, _folder: folder }
    }

    fn url(&self) -> String {
        format!("postgres://firstserve@127.0.0.1:{}/postgres", self.port)
    }

    /// Opens it once it answers, and once the lock of a connection that was just closed is gone.
    async fn opened(&self, data: &Path) -> Store {
        let waiting = Stopwatch::start();
        loop {
            match Store::open(&self.url(), data).await {
                Ok(store) => return store,
                Err(error) => assert!(waiting.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program of PostgreSQL, wherever the system keeps its versions.
fn program(name: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).find(|path| path.is_file());
    let mut command = Command::new(found.unwrap_or_else(|| PathBuf::from(name)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).env("LC_ALL", "C").current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
