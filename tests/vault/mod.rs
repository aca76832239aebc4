//! Secrets at rest: who can read them, and what a user is told when it does not work.

mod command;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use firstserve::model::Secret;
use firstserve::vault::{Credentials, Vault, VaultError, VaultErrorKind};
use tempfile::TempDir;

const PASSWORD: &str = "canary-päss \"word\"";

struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        let house = Self { folder: tempfile::tempdir().expect("a folder") };
        assert!(Vault::init(&house.data(), &house.identity()).expect("made"));
        house
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn identity(&self) -> PathBuf {
        self.folder.path().join("home/.config/firstserve/identity")
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.data(), &self.identity())
    }

    fn file(&self, entry: &str) -> PathBuf {
        self.data().join(format!("vault/{entry}.age"))
    }
}

fn ana() -> Credentials {
    Credentials { user: "ana@example.org".into(), password: Secret::new(PASSWORD) }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn an_entry_comes_back_as_it_was_set() {
    let house = House::new();
    let vault = house.open().expect("opens");
    vault.set("las-palmas/ana", &ana()).expect("kept");
    vault.set("smtp", &Credentials { user: "bot".into(), password: Secret::new("x") }).expect("kept");
    vault.set("smtp", &Credentials { user: "bot".into(), password: Secret::new("y") }).expect("kept anew");
    assert_eq!(house.open().expect("opens again").get("las-palmas/ana").expect("there"), ana());
    assert_eq!(vault.get("smtp").expect("there").password.expose(), "y");
    assert_eq!(vault.list().expect("listed"), ["las-palmas/ana", "smtp"]);
    vault.remove("smtp").expect("removed");
    assert_eq!(vault.list().expect("listed"), ["las-palmas/ana"]);
    assert_eq!(vault.remove("smtp").expect_err("gone").exit_code(), 65);
    assert_eq!(vault.remove("no/../name").expect_err("no name").exit_code(), 64, "the control: a wrong command line");
}

#[test]
fn nothing_on_disk_tells_the_secret_and_nobody_else_can_read_it() {
    let house = House::new();
    house.open().expect("opens").set("las-palmas/ana", &ana()).expect("kept");
    assert_eq!(mode(&house.identity()), 0o600);
    assert_eq!(mode(house.identity().parent().expect("a folder")), 0o700);
    let mut files = 0;
    let mut folders = vec![house.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
                folders.push(path);
                continue;
            }
            files += 1;
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            let bytes = std::fs::read(&path).expect("readable");
            for canary in ["canary", "ana@example.org"] {
                assert!(!bytes.windows(canary.len()).any(|part| part == canary.as_bytes()), "{}", path.display());
            }
        }
    }
    assert_eq!(files, 2, "identity and entry, and nothing left over from writing");
    let shown = format!("{:?} {:?}", ana(), house.open().expect("opens"));
    assert!(!shown.contains("canary") && !shown.contains("AGE-SECRET"), "{shown}");
}

#[test]
fn a_second_init_keeps_the_identity() {
    let house = House::new();
    house.open().expect("opens").set("ana", &ana()).expect("kept");
    assert!(!Vault::init(&house.data(), &house.identity()).expect("done"));
    assert_eq!(house.open().expect("opens").get("ana").expect("there"), ana());
}

#[test]
fn an_identity_that_others_can_read_is_refused() {
    let house = House::new();
    for loose in [0o640, 0o604, 0o620, 0o660] {
        std::fs::set_permissions(house.identity(), std::fs::Permissions::from_mode(loose)).expect("changed");
        let refused = house.open().expect_err("refused");
        assert_eq!(refused.exit_code(), 78);
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    std::fs::set_permissions(house.identity(), std::fs::Permissions::from_mode(0o400)).expect("changed");
    house.open().expect("control: read-only for its owner is fine");
}

#[test]
fn an_identity_in_the_data_folder_is_refused() {
    let house = House::new();
    let refused = Vault::init(&house.data(), &house.data().join("identity")).expect_err("refused");
    assert!(matches!(refused.kind, VaultErrorKind::IdentityInData { .. }), "{refused}");
    assert!(!house.data().join("identity").exists());
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let house = House::new();
    let vault = house.open().expect("opens");
    vault.set("las-palmas/ana", &ana()).expect("kept");
    vault.set("las-palmas/eva", &Credentials { user: "eva".into(), password: Secret::new("z") }).expect("kept");

    std::fs::copy(house.file("las-palmas/eva"), house.file("las-palmas/ana")).expect("copied");
    let swapped = vault.get("las-palmas/ana").expect_err("refused");
    assert!(matches!(&swapped.kind, VaultErrorKind::Swapped { found, .. } if found == "las-palmas/eva"), "{swapped}");

    let mut bytes = std::fs::read(house.file("las-palmas/eva")).expect("readable");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(house.file("las-palmas/eva"), &bytes).expect("written");
    let damaged = vault.get("las-palmas/eva").expect_err("refused");
    assert!(matches!(damaged.kind, VaultErrorKind::Damaged), "{damaged}");
    std::fs::write(house.file("las-palmas/eva"), b"").expect("written");
    assert_eq!(vault.get("las-palmas/eva").expect_err("refused").exit_code(), 65);

    let other = House::new();
    other.open().expect("opens").set("ana", &ana()).expect("kept");
    std::fs::copy(other.file("ana"), house.file("ana")).expect("copied");
    let foreign = vault.get("ana").expect_err("refused");
    assert!(matches!(foreign.kind, VaultErrorKind::OtherIdentity), "{foreign}");

    let meant = vault.get("las-palmas/anna").expect_err("refused");
    assert!(
        meant.to_string().contains("did you mean \"las-palmas/ana\"? add it with `firstserve vault set"),
        "{meant}"
    );
}

#[test]
fn rotated_keys_read_old_entries() {
    let house = House::new();
    house.open().expect("opens").set("old", &ana()).expect("kept");
    let newer = House::new();
    let both = [&newer, &house].map(|one| std::fs::read_to_string(one.identity()).expect("readable")).concat();
    std::fs::write(house.identity(), both).expect("written");
    let vault = house.open().expect("opens");
    assert_eq!(vault.get("old").expect("there"), ana());
    vault.set("new", &ana()).expect("kept");
    std::fs::copy(newer.identity(), house.identity()).expect("copied");
    let vault = house.open().expect("opens");
    assert_eq!(vault.get("new").expect("written for the first key"), ana());
    assert!(matches!(vault.get("old").expect_err("the old key is gone").kind, VaultErrorKind::OtherIdentity));
}

#[test]
fn a_write_that_fails_leaves_the_old_entry() {
    let house = House::new();
    let vault = house.open().expect("opens");
    vault.set("ana", &ana()).expect("kept");
    std::fs::create_dir(house.file("blocked")).expect("a folder is in the way");
    vault.set("blocked", &ana()).expect_err("cannot replace a folder");
    assert_eq!(vault.get("ana").expect("there"), ana());
    let left: Vec<_> = std::fs::read_dir(house.data().join("vault")).expect("readable").collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

/// A thread that hangs on a pipe would never answer: it is waited for so long.
const AT_ONCE: std::time::Duration = std::time::Duration::from_secs(10);

fn make_pipe(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe is made");
}

fn answers_at_once<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(ask()));
    told.recv_timeout(AT_ONCE).expect("it does not wait for the pipe's other end")
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let house = House::new();
    let vault = house.open().expect("opens");
    vault.set("ana", &ana()).expect("kept");
    let (entry, identity) = (house.file("ana"), house.identity());
    for pipe in [&entry, &identity] {
        std::fs::remove_file(pipe).expect("it was there");
        make_pipe(pipe);
    }
    let damaged = answers_at_once(move || vault.get("ana")).expect_err("refused");
    assert!(matches!(damaged.kind, VaultErrorKind::Damaged) && damaged.path == entry, "{damaged}");
    let (data, at) = (house.data(), identity.clone());
    let none = answers_at_once(move || Vault::open(&data, &at)).expect_err("refused");
    assert!(matches!(none.kind, VaultErrorKind::NotAnIdentity) && none.path == identity, "{none}");
    // The control: whoever opens it as a file waits.
    let (tell, told) = std::sync::mpsc::channel();
    let plain = entry.clone();
    std::thread::spawn(move || tell.send(std::fs::read(plain).map(drop)));
    assert!(told.recv_timeout(std::time::Duration::from_millis(200)).is_err(), "control: a pipe blocks");
    let writer = std::fs::OpenOptions::new().write(true).open(entry).expect("the reader waits");
    drop(writer);
}

#[test]
fn a_vault_that_lacks_something_has_it_as_soon_as_it_is_there() {
    let house = House::new();
    house.open().and_then(|vault| vault.set("ana", &ana())).expect("kept");
    let elsewhere = house.folder.path().join("elsewhere");
    std::fs::rename(house.identity(), &elsewhere).expect("taken away");
    let vault = Vault::at(&house.data(), &house.identity());
    assert!(matches!(vault.get("ana").expect_err("no identity").kind, VaultErrorKind::NoIdentity));
    Vault::init(&house.data(), &house.identity()).expect("another one");
    assert!(matches!(vault.get("ana").expect_err("another one").kind, VaultErrorKind::OtherIdentity));
    std::fs::rename(elsewhere, house.identity()).expect("brought back");
    assert_eq!(vault.get("ana").expect("there"), ana());
}
