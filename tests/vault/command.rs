//! The command line of the vault, as far as it goes without a terminal: what it understands and what it gives back.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use firstserve::cli::vault::{VaultArgs, VaultCommand};
use firstserve::model::Secret;
use firstserve::vault::{Credentials, Vault};

use super::House;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    vault: VaultArgs,
}

fn understood(words: &[&str]) -> Result<VaultArgs, String> {
    let words = std::iter::once("vault").chain(words.iter().copied());
    let matches = Line::command().try_get_matches_from(words).map_err(|error| error.to_string())?;
    Line::from_arg_matches(&matches).map(|line| line.vault).map_err(|error| error.to_string())
}

fn code(house: &House, words: &[&str]) -> String {
    let identity = house.identity();
    let words: Vec<_> = words.iter().copied().chain(["--identity", identity.to_str().expect("plain")]).collect();
    format!("{:?}", understood(&words).expect("understood").run(&house.data(), &[], true))
}

#[test]
fn a_password_is_never_an_argument() {
    assert!(VaultCommand::has_subcommand("set"));
    let refused = understood(&["set", "las-palmas/ana", "secret-word"]).expect_err("refused");
    assert!(refused.contains("unexpected argument"), "{refused}");
    let refused = understood(&["set", "las-palmas/ana", "--password", "secret-word"]).expect_err("refused");
    assert!(refused.contains("--password"), "{refused}");
    assert!(understood(&["set", "las-palmas/ana", "--user", "ana", "--stdin"]).is_ok(), "control");
}

#[test]
fn the_configuration_alone_says_where_the_identity_is() {
    let line = Line::command();
    assert!(line.get_arguments().any(|arg| arg.get_long() == Some("identity")), "the control");
    assert!(line.get_arguments().all(|arg| arg.get_env().is_none()), "`vault` obeys no variable that `run` does not");
}

#[test]
fn the_exit_code_says_what_kind_of_failure_it_is() {
    let house = House::new();
    let is = |code: u8| format!("{:?}", std::process::ExitCode::from(code));
    assert_eq!(code(&house, &["list"]), is(0));
    assert_eq!(code(&house, &["init"]), is(0));
    assert_eq!(code(&house, &["rm", "nobody"]), is(65));
    assert_eq!(code(&house, &["rm", "../../etc/passwd"]), is(64));
    std::fs::remove_file(house.identity()).expect("removed");
    assert_eq!(code(&house, &["list"]), is(78));
    let told = Vault::open(&house.data(), &house.identity()).expect_err("no identity").to_string();
    assert!(told.ends_with("there is no identity yet; run `firstserve vault init`"), "{told}");
}

#[test]
fn a_vault_that_leads_nowhere_is_no_empty_one() {
    let house = House::new();
    assert_eq!(house.open().expect("open").list().expect("empty"), Vec::<String>::new(), "the control");
    let folder = house.data().join("vault");
    let _ = std::fs::remove_dir_all(&folder);
    std::os::unix::fs::symlink(house.data().join("gone"), &folder).expect("linked");
    assert!(house.open().expect("open").list().is_err());
    assert!(Vault::names(&house.data()).is_err());
    assert_eq!(code(&house, &["list"]), format!("{:?}", std::process::ExitCode::from(74)));
}

#[test]
fn an_entry_that_cannot_be_used_is_listed_as_such() {
    let house = House::new();
    let vault = house.open().expect("open");
    let credentials = Credentials { user: "a".to_owned(), password: Secret::new("b") };
    for entry in ["ana", "ben"] {
        vault.set(entry, &credentials).expect("kept");
    }
    std::fs::write(house.data().join("vault/ben.age"), "rubbish").expect("written");
    std::os::unix::fs::symlink("/dev/null", house.data().join("vault/luis.age")).expect("linked");
    let listed = firstserve::cli::vault::listed(&vault, &vault.list().expect("listed"));
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines[0], "ana");
    assert!(lines[1].starts_with("ben: ") && lines[1].contains("damaged"), "{lines:?}");
    assert!(lines[2].starts_with("luis: ") && lines[2].contains("damaged"), "{lines:?}");
}

#[test]
fn who_takes_out_what_is_not_there_is_told_what_is() {
    let house = House::new();
    let vault = house.open().expect("open");
    let told = |entry: &str| vault.remove(entry).expect_err("it is not there").to_string();
    assert!(told("nobody").ends_with(
        "there is no entry \"nobody\", and nothing was taken out; the vault is empty; `firstserve vault list` names them all"
    ));
    for entry in ["club/ana", "club/luis"] {
        let credentials = Credentials { user: "a".to_owned(), password: Secret::new("b") };
        vault.set(entry, &credentials).expect("kept");
    }
    assert!(told("nobody").contains("there are \"club/ana\", \"club/luis\"; "), "{}", told("nobody"));
    assert!(told("club/anna").contains("did you mean \"club/ana\"? "), "{}", told("club/anna"));
    assert!(!told("club/anna").contains("vault set"), "who takes out does not want to add");
    assert_eq!(Vault::names(&house.data()).expect("read"), Some(vec!["club/ana".to_owned(), "club/luis".to_owned()]));
    assert_eq!(Vault::names(&house.data().join("elsewhere")).expect("read"), None);
}
