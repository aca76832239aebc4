//! Files, locks and versions.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use firstserve::store::{FireFilter, Mark, Store, StoreErrorKind};

use super::{Kept, at, choice, ready};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn everything_is_its_owners_alone() {
    let kept = Kept::new();
    let store = kept.open().await;
    ready(&store, "doubles", 18).await;
    assert_eq!(mode(&kept.data()), 0o700);
    let files: Vec<_> =
        std::fs::read_dir(kept.data()).expect("readable").map(|one| one.expect("readable").path()).collect();
    assert!(files.len() >= 4, "database, -wal, -shm and lock: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_file_that_others_could_read_is_closed_to_them() {
    let kept = Kept::new();
    kept.open().await.close().await;
    std::fs::set_permissions(kept.file(), std::fs::Permissions::from_mode(0o644)).expect("changed");
    let store = kept.open().await;
    assert_eq!(mode(&kept.file()), 0o600);
    drop(store);
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_told_why() {
    let kept = Kept::new();
    let first = kept.open().await;
    let refused = Store::open(&kept.url(), &kept.data()).await.expect_err("refused");
    let lock = kept.data().join("instance.lock");
    let expected =
        format!("open the database: process {} already uses {}; stop it first", std::process::id(), lock.display());
    assert_eq!(refused.to_string(), expected);
    let elsewhere = kept.folder.path().join("elsewhere");
    let other_data = Store::open(&kept.url(), &elsewhere).await.expect_err("the same file from another folder");
    assert!(matches!(other_data.kind, StoreErrorKind::SecondInstance { .. }), "{other_data}");
    let reader = Store::open_read_only(&kept.url()).await.expect("reading beside it is allowed");
    reader.verify_audit().await.expect("whole");
    reader.mark_restored(at(0)).await.expect_err("but not writing");
    drop((first, reader));
    kept.open().await;
}

#[tokio::test]
async fn it_is_known_which_database_the_holder_of_a_folder_keeps() {
    let kept = Kept::new();
    let (url, data) = (kept.url(), kept.data());
    let another = format!("sqlite://{}", data.join("another.db").display());
    assert_eq!(Store::other_than(&another, &data), None, "nobody has it");
    let first = kept.open().await;
    assert_eq!(Store::other_than(&url, &data), None, "it is the same");
    let roundabout =
        format!("sqlite://{}", data.join("../data").join(kept.file().file_name().expect("a name")).display());
    assert_eq!(Store::other_than(&roundabout, &data), None, "under another name");
    assert_eq!(Store::other_than(&another, &data).as_deref(), kept.file().to_str());
    let server = "postgres://ana:canary@db.example.org/courts";
    assert_eq!(Store::other_than(server, &data).as_deref(), kept.file().to_str());
    drop(first);
    assert_eq!(Store::other_than(&another, &data), None, "nobody has it any more");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let kept = Kept::new();
    kept.open().await.close().await;
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
                  c.execute(\"INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, 1, checksum, 0 FROM _sqlx_migrations LIMIT 1\")\n\
                  c.commit()";
    let run = std::process::Command::new("python3").args(["-c", script]).arg(kept.file()).status().expect("python3");
    assert!(run.success());
    let refused = Store::open(&kept.url(), &kept.data()).await.expect_err("refused");
    assert!(refused.to_string().contains("schema version 9999"), "{refused}");
    let reading = Store::open_read_only(&kept.url()).await.expect_err("refused");
    assert!(matches!(reading.kind, StoreErrorKind::NewerSchema { found: 9999, .. }), "{reading}");
}

#[tokio::test]
async fn an_address_error_keeps_the_password_to_itself() {
    let kept = Kept::new();
    let refused = Store::open("mysql://ana:canary-7@host/db", &kept.data()).await.expect_err("refused");
    assert!(!format!("{refused} {refused:?}").contains("canary-7"), "{refused}");
    let unreachable =
        Store::open("postgres://ana:canary-7@127.0.0.1:1/db", &kept.data()).await.expect_err("nobody there");
    assert!(!format!("{unreachable} {unreachable:?}").contains("canary-7"), "{unreachable}");
}

#[tokio::test]
async fn no_permit_is_spent_in_a_file_that_is_gone_after_a_restart() {
    let losses: [fn(&Path); 4] = [
        |file| std::fs::remove_file(file).expect("it was there"),
        |file| std::fs::remove_file(file.with_extension("db-wal")).expect("it was there"),
        |file| std::fs::rename(file.parent().expect("a folder"), file.with_file_name("../old")).expect("it is moved"),
        |file| {
            // What is written behind a head that was cut off is never read again.
            let log = std::fs::File::options().write(true).open(file.with_extension("db-wal")).expect("it was there");
            log.set_len(0).and_then(|()| log.set_len(4096)).expect("it is cut");
        },
    ];
    for (number, takes) in losses.into_iter().enumerate() {
        let kept = Kept::new();
        let store = kept.open().await;
        let (id, other) = (ready(&store, "doubles", 18).await, ready(&store, "singles", 19).await);
        store.lasts().expect("control: nothing is lost yet");
        drop(store.spend_permit(&other, &choice("1", 19, 17), "club/ana", at(3600)).await.expect("control: a permit"));
        takes(&kept.file());
        let written = store.audit(None, "control", serde_json::json!({}), at(3600)).await;
        assert!(
            number == 3 || written.is_ok(),
            "control: SQLite itself goes on to take writes ({number}: {written:?})"
        );
        let refused = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3600)).await.expect_err("refused");
        assert!(
            (number == 3 || refused.is_lost()) && store.lasts().expect_err("refused").is_lost(),
            "{number}: {refused}"
        );
    }
}

#[tokio::test]
async fn what_is_promised_to_survive_power_loss_is_asked_of_sqlite() {
    let kept = Kept::new();
    let store = kept.open().await;
    let asked = store.durability().await.expect("read");
    assert_eq!(asked, "journal_mode=wal synchronous=2 foreign_keys=1");
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .map(|one| one.expect("readable").file_name().into_string().expect("a plain name"))
            .collect();
        names.sort();
        names
    };
    let sqlite = names("migrations/sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("migrations/postgres"));
    for name in sqlite {
        let tables = |folder: &str| {
            let text = std::fs::read_to_string(format!("{folder}/{name}")).expect("readable");
            text.lines().filter(|line| line.starts_with("CREATE TABLE")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(tables("migrations/sqlite"), tables("migrations/postgres"), "{name}");
    }
}

/// A database of the first version is brought up to date with everything that is in it.
#[tokio::test]
async fn an_older_schema_is_brought_up_to_date() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    store.ledger(&id, 0, &[(Mark::Sent, at(3_600))]).await.expect("marked");
    store.close().await;
    drop(store);
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
                  for table in ('announced', 'fire', 'sample', 'lesson', 'proof'): c.execute('DROP TABLE ' + table)\n\
                  c.execute('ALTER TABLE ledger DROP COLUMN fire')\n\
                  c.execute('ALTER TABLE permit DROP COLUMN account')\n\
                  c.execute('DELETE FROM _sqlx_migrations WHERE version > 2')\nc.commit()";
    let run = std::process::Command::new("python3").args(["-c", script]).arg(kept.file()).status().expect("python3");
    assert!(run.success());
    let refused = Store::open_read_only(&kept.url()).await.expect_err("reading alone changes nothing");
    assert!(matches!(refused.kind, StoreErrorKind::OlderSchema { found: 2, .. }), "{refused}");
    let store = kept.open().await;
    assert_eq!(store.ledger_of(&id).await.expect("read"), [(Mark::Sent, at(3_600))]);
    assert_eq!(store.fires(&FireFilter::default()).await.expect("read"), []);
    store.verify_audit().await.expect("whole");
}

/// What a power cut may leave of a log that nobody has begun to write: SQLite takes it for empty.
#[tokio::test]
async fn a_log_of_nothing_is_no_loss() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    store.close().await;
    drop(store);
    let log = kept.file().with_extension("db-wal");
    for left in [vec![0; 32_768], b"no log of anybody".repeat(2_000)] {
        std::fs::write(&log, left).expect("it can be written");
        let store = kept.open().await;
        assert!(store.attempt(&id).await.expect("read").is_some());
        store.lasts().expect("nothing is lost");
        store.close().await;
    }
    let store = kept.open().await;
    let permit = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3_600)).await;
    drop(permit.expect("what is written now lasts"));
    std::fs::File::options()
        .write(true)
        .open(&log)
        .and_then(|log| log.set_len(0).and(log.set_len(4_096)))
        .expect("cut");
    assert!(store.lasts().is_err_and(|error| error.is_lost()), "control: what was begun is missed");
}

/// A hard link has another folder, and is the same database.
#[tokio::test]
async fn a_database_in_use_is_not_opened_by_another_name() {
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let [ours, other] = [first.path(), second.path()].map(|folder| folder.join("booking.db"));
    let url = |file: &std::path::Path| format!("sqlite://{}", file.display());
    let store = Store::open(&url(&ours), first.path()).await.expect("a store");
    std::fs::hard_link(&ours, &other).expect("a second name");
    let refused = Store::open(&url(&other), second.path()).await.expect_err("it is in use");
    assert!(matches!(refused.kind, StoreErrorKind::SecondInstance { .. }), "{refused}");
    store.verify_audit().await.expect("the first one goes on");
    store.close().await;
    drop(store);
    Store::open(&url(&ours), first.path()).await.expect("free again").close().await;
}
