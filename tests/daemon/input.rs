//! Bad input, each kind of it: what is said, the exit code, and that nothing was written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use tokio::net::TcpListener;

use super::world::{Answer, House, PROGRAM, booking, member};

/// Commands that need the configuration.
const ALL: [&[&str]; 7] =
    [&["run"], &["book", "singles"], &["plan"], &["explain", "singles"], &["check"], &["status"], &["simulate"]];

/// A site that nobody asks anything.
const SITE: &str = "[site.club]\nurl = \"http://127.0.0.1:9/\"\ntime-zone = \"America/Costa_Rica\"\n\
                    flow = \"selectors/club\"\n[site.club.court.1]\nsite-id = \"5\"\nopens = { visible-days = 10 }\n";

/// Makes something wrong.
type Spoil = fn(&House);

/// What is wrong, and the words that say so and what to do.
const WRONG: [(&str, Spoil, &[&str]); 9] = [
    ("an unknown key", |house| edit(house, "courts", "cuorts"), &["unknown key `cuorts`", "did you mean `courts`?"]),
    (
        "a zone that does not exist",
        |house| edit(house, "America/Costa_Rica", "America/San_Jose"),
        &["there is no time zone `America/San_Jose`", "a larger one with the same clock will do"],
    ),
    (
        "a zone of three",
        |house| edit(house, "America/Costa_Rica", "CST"),
        &["`CST` is no place", "\"America/Costa_Rica\""],
    ),
    (
        "a rule within a day",
        |house| repeat(house, "FREQ=HOURLY"),
        &["`FREQ=HOURLY` repeats within a day", "list the times of day in `times`"],
    ),
    (
        "a rule that never fires",
        |house| repeat(house, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        &["the rule never fires", "no date of the calendar matches all of its parts"],
    ),
    (
        "a court that does not exist",
        |house| edit(house, "courts = [\"1\"]", "courts = [\"9\"]"),
        &["there is no court `9`", "there is `1`"],
    ),
    (
        "no commit.toml",
        |house| fs::remove_file(house.path("selectors/club/commit.toml")).expect("it is there"),
        &["has no commit.toml", "the one step that books"],
    ),
    (
        "two commits",
        |house| {
            let steps = "[[step]]\nclick = \"#a\"\n[[step]]\nclick = \"#b\"\n";
            fs::write(house.path("selectors/club/commit.toml"), steps).expect("it can be written");
        },
        &["a flow commits once, these are 2 steps", "belongs in opening/ or choose/"],
    ),
    (
        "no selector files",
        |house| fs::remove_dir_all(house.path("selectors/club")).expect("they are there"),
        &["there is no such folder", "relative to the folder that holds `config/`"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_78_in_every_command() {
    for (what, spoil, words) in WRONG {
        let house = right(House::without_vault());
        assert_eq!(house.ask(&["check"]).await.code, Some(0), "the control");
        spoil(&house);
        for command in ALL {
            refuses(&house, command, 78, words, what).await;
        }
        assert!(!house.path("data").exists(), "{what}: nothing at all is written for a configuration that is wrong");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_without_identity_is_78_and_stays_as_it_is() {
    let house = right(House::new());
    fs::remove_file(house.path("identity")).expect("it is there");
    let commands: [&[&str]; 4] = [
        &["vault", "list"],
        &["vault", "rm", "club/ana"],
        &["vault", "set", "club/ana", "--user", "ana", "--stdin"],
        &["book", "singles"],
    ];
    for command in commands {
        refuses(&house, command, 78, &["identity", "firstserve vault init"], "no identity").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_69_and_leaves_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = taken.local_addr().expect("it has an address").to_string();
    let house = right(House::new());
    edit(&house, "127.0.0.1:0", &address);
    refuses(&house, &["run"], 69, &[&address, "`listen` under [server]"], "a port in use").await;

    let house = right(House::new());
    edit(&house, "[vault]", "[browser]\ngeckodriver = \"/nowhere/geckodriver\"\n[vault]");
    refuses(&house, &["book", "singles"], 69, &["/nowhere/geckodriver", "[browser]"], "no browser").await;
}

/// As `run` says it: whoever looks first must not be told that nothing was ever booked.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_none_or_is_gone_is_told_with_its_code() {
    let house = right(House::new());
    let nothing_yet = house.ask(&["status"]).await;
    assert_eq!(nothing_yet.code, Some(0), "the control: before the first start there is none: {nothing_yet:#?}");
    let database = house.path("data/firstserve.db");
    fs::create_dir_all(house.path("data")).expect("a folder can be made");
    fs::write(&database, "not a database at all, but long enough to be taken for one".repeat(100)).expect("written");
    both_refuse(&house, 65, "firstserve.db").await;
    fs::remove_file(&database).expect("it is there");
    house.run().await.stop().await;
    assert_eq!(house.ask(&["status"]).await.code, Some(0), "the control: a good one");
    for end in ["", "-wal", "-shm"] {
        // The last two are there only while it is in use.
        drop(fs::remove_file(house.path(&format!("data/firstserve.db{end}"))));
    }
    both_refuse(&house, 74, "is gone or empty, and firstserve has used it before").await;
}

/// `status` writes nothing either; `run` signs the lock of the folder.
async fn both_refuse(house: &House, code: i32, words: &str) {
    refuses(house, &["status"], code, &[words], words).await;
    let run = house.ask(&["run"]).await;
    assert_eq!(run.code, Some(code), "{words}: {run:#?}");
    assert!(as_one_line(&run).contains(words), "{words}: {run:#?}");
}

/// What became of the bookings is told whatever is wrong with the files, once there is a database.
#[tokio::test(flavor = "multi_thread")]
async fn status_answers_beside_a_configuration_with_errors() {
    let house = right(House::new());
    house.run().await.stop().await;
    let sound = house.ask(&["status"]).await;
    assert!(sound.out.starts_with("Nothing runs: no booking is looked after; start `firstserve run`."), "{sound:#?}");
    for spoil in ["[[booking]\nname = ", "courts = [\"9\"]\n"] {
        let path = house.path("config/booking.toml");
        let before = fs::read_to_string(&path).expect("it can be read");
        fs::write(&path, format!("{before}\n{spoil}")).expect("it can be written");
        let told = house.ask(&["status"]).await;
        assert_eq!(told.code, Some(0), "{told:#?}");
        assert!(told.out.starts_with("config/booking.toml has errors (`firstserve check` shows them)"), "{told:#?}");
        assert!(told.out.contains("ana · singles: "), "{told:#?}");
        fs::write(&path, before).expect("it can be written");
    }
    fs::write(house.path("selectors/club/commit.toml"), "[[step]]\nclikc = 1\n").expect("it can be written");
    let told = house.ask(&["status"]).await;
    assert!(
        told.code == Some(0) && told.out.contains("ana · singles: ") && !told.out.contains("no longer"),
        "{told:#?}"
    );
    let check = house.ask(&["check"]).await;
    assert!(check.err.lines().last().is_some_and(|line| line.ends_with("in selectors/club/commit.toml")), "{check:#?}");
}

fn right(house: House) -> House {
    house.write(&[SITE.to_owned(), member("ana"), booking("singles", "ana", date(2099, 7, 18), "1", "17:00")]);
    assert!(fs::read_to_string(house.path("config/booking.toml")).expect("text").starts_with(PROGRAM));
    house
}

fn edit(house: &House, from: &str, to: &str) {
    house.edit("config/booking.toml", from, to);
}

fn repeat(house: &House, rule: &str) {
    edit(house, "date = 2099-07-18", &format!("repeat = \"{rule}\"\nfrom = 2027-01-06"));
}

async fn refuses(house: &House, command: &[&str], code: i32, words: &[&str], what: &str) {
    let before = everything(&house.path(""));
    let answer = house.ask(command).await;
    assert_eq!(answer.code, Some(code), "{what}: {command:?} {answer:#?}");
    let said = as_one_line(&answer);
    for word in words {
        assert!(said.contains(word), "{what}: {command:?} does not say {word:?}: {answer:#?}");
    }
    let mut written = changed(&before, &everything(&house.path("")));
    // `book` makes the database before it looks for vault and browser: a whole one, and empty.
    let database = house.path("data/firstserve.db");
    if command == ["book", "singles"] && written.contains(&database) {
        assert!(house.attempts().await.is_empty(), "{what}: {command:?}");
        let log = ["-shm", "-wal"].map(|end| house.path(&format!("data/firstserve.db{end}")));
        written.retain(|path| *path != database && !log.contains(path) && !path.ends_with("instance.lock"));
    }
    assert_eq!(written, Vec::<PathBuf>::new(), "{what}: {command:?}");
}

/// Without the frame that long lines are folded in.
fn as_one_line(answer: &Answer) -> String {
    answer.err.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every file but the log, where a daemon that could not start says so too.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.ends_with("data/log") {
            continue;
        }
        if path.is_dir() {
            found.extend(everything(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).expect("it can be read"));
        }
    }
    found
}

fn changed(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let other = |path: &&PathBuf| before.get(*path) != after.get(*path);
    before.keys().chain(after.keys()).filter(other).cloned().collect()
}
