//! A database that cannot be used: where it is, what is wrong, what to do, and the exit code. What people read is a snapshot.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use firstserve::store::Store;
use regex::Regex;
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::net::TcpListener;
use tokio::process::Command;

use super::world::{Answer, House, Practice, member};

/// A password that nothing may show.
const CANARY: &str = "canary-7";

/// Whom nothing belongs to.
const NOBODY: u32 = 65_534;

fn house(server: &str) -> (House, Practice) {
    let (house, club) = (House::without_vault(), Practice::opens_in(600_000));
    house.write_text(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n{server}\n[log]\nfolder = \"log\"\n{}\n{}",
        club.site("club-api"),
        member("ana")
    ));
    (house, club)
}

/// What is said at last, and the code, without what differs from run to run.
async fn told(house: &House, mut command: Command) -> String {
    let answer = Answer::of(command.output().await.expect("it can be run"));
    assert!(!format!("{answer:?}").contains(CANARY), "{answer:#?}");
    assert!(!answer.err.contains("ERROR sqlx"), "nobody reads the library's own words: {answer:#?}");
    let last = &answer.err[answer.err.rfind("firstserve: ").unwrap_or_default()..];
    let last = last.trim_end();
    let folder = house.path("");
    let text = last.replace(folder.to_str().expect("text").trim_end_matches('/'), "HOUSE");
    let text = Regex::new(r"\b(process|kill) \d+").expect("a pattern").replace_all(&text, "$1 PID").into_owned();
    let text = Regex::new(r"(this program knows) \d+").expect("a pattern").replace_all(&text, "$1 N").into_owned();
    let text =
        Regex::new(r"(failed to lookup address information): [^;]*").expect("a pattern").replace_all(&text, "$1");
    format!("{text}\nexit {}\n", answer.code.expect("it ends by itself"))
}

/// A case of a house of its own: what is written under `[server]`, and what is done before.
async fn case(story: &mut String, name: &str, server: &str, before: impl AsyncFnOnce(&House)) {
    let (house, _club) = house(server);
    before(&house).await;
    let command = house.command(&["run"]);
    write!(story, "# {name}\n{}\n", told(&house, command).await).expect("a String takes it");
}

fn make(house: &House, file: &str, text: &str) {
    let path = house.path(file);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
    fs::write(path, text).expect("it is written");
}

/// A house whose database is one of firstserve.
async fn opened(house: &House) -> SqliteConnection {
    let url = format!("sqlite://{}", house.path("data/firstserve.db").display());
    Store::open(&url, &house.path("data")).await.expect("it opens").close().await;
    SqliteConnection::connect(&url).await.expect("it opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_of_ours_is_told_with_its_cure() {
    let mut story = String::new();
    case(&mut story, "the data folder is a file", "data = \"here\"", async |house: &House| make(house, "here", ""))
        .await;
    case(&mut story, "the database's folder is a file", "database = \"sqlite://here/x.db\"", async |house: &House| {
        make(house, "here", "");
    })
    .await;
    case(&mut story, "the database is a folder", "", async |house: &House| make(house, "data/firstserve.db/x", ""))
        .await;
    case(&mut story, "the database is none", "", async |house: &House| {
        make(house, "data/firstserve.db", &"Dear diary, nothing opened today. ".repeat(40));
    })
    .await;
    case(&mut story, "there is no such place", "database = \"sqlite:///proc/nowhere/x.db\"", async |_: &House| {})
        .await;
    case(&mut story, "it would be kept nowhere", "database = \"sqlite::memory:\"", async |_: &House| {}).await;
    case(&mut story, "the database is of a later version", "", async |house: &House| {
        let later = "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, 1, checksum, 0 FROM _sqlx_migrations LIMIT 1";
        opened(house).await.execute(later).await.expect("it takes it");
    })
    .await;
    insta::assert_snapshot!(story);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_others_have_is_told_with_its_cure() {
    let mut story = String::new();
    let (house, _club) = house("");
    let mut other = opened(&house).await;
    other.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y)").await.expect("it is alone");
    write!(story, "# another program has locked it\n{}\n", told(&house, house.command(&["run"])).await).expect("taken");
    other.close().await.expect("it closes");
    let daemon = house.run().await;
    write!(story, "# another daemon has it\n{}\n", told(&house, house.command(&["run"])).await).expect("taken");
    daemon.stop().await;
    insta::assert_snapshot!(story);
}

/// Root may do everything but for what it gives up.
fn without_power(house: &House) -> Command {
    if !rustix::process::geteuid().is_root() {
        return house.command(&["run"]);
    }
    let program = env!("CARGO_BIN_EXE_firstserve");
    house.program("setpriv", &["--bounding-set=-all", "--inh-caps=-all", "--", program, "run"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_may_not_be_written_is_told_with_its_cure() {
    let mut story = String::new();
    for (name, mode) in [("the data folder is somebody else's", 0o700), ("the data folder is for reading only", 0o555)]
    {
        let (house, _club) = house("");
        let data = house.path("data");
        fs::create_dir(&data).expect("a folder");
        fs::set_permissions(&data, Permissions::from_mode(if mode == 0o700 { 0o000 } else { mode })).expect("ours");
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&data, Permissions::from_mode(mode)).expect("ours");
            chown(&data, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        write!(story, "# {name}\n{}\n", told(&house, without_power(&house)).await).expect("taken");
        fs::set_permissions(&data, Permissions::from_mode(0o700)).expect("it can be wiped");
    }
    insta::assert_snapshot!(story);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_told_without_its_password() {
    let mut story = String::new();
    // Its queue takes connections, and nobody looks.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let silent = listener.local_addr().expect("it has an address");
    for (name, at) in [
        ("nobody listens", "127.0.0.1:1".to_owned()),
        ("there is no such host", "no-such-host.invalid".to_owned()),
        ("it never answers", silent.to_string()),
    ] {
        let (house, _club) = house("");
        let mut command = house.command(&["run"]);
        command.env("DATABASE_URL", format!("postgres://ana:{CANARY}@{at}/courts?application_name={CANARY}"));
        let told = told(&house, command).await.replace(&silent.port().to_string(), "PORT");
        write!(story, "# {name}\n{told}\n").expect("taken");
    }
    insta::assert_snapshot!(story);
}
