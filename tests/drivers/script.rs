//! `geckodriver.sh` on machines of every kind: each test builds a PATH of its own, with stand-ins for what would be installed.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use firstserve::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/geckodriver.sh");

/// What the script and the commands in it need of a bare system.
const TOOLS: [&str; 12] =
    ["bash", "sh", "env", "cat", "awk", "grep", "uname", "mktemp", "sleep", "rm", "chmod", "mkdir"];

/// A machine: a home, a folder of programs, and what was asked of the stand-ins.
struct Machine {
    folder: TempDir,
}

impl Machine {
    /// A bare machine; `user` is the number that `id -u` gives.
    fn of_user(user: u32) -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(machine.bin()).unwrap();
        for tool in TOOLS {
            symlink(real(tool), machine.bin().join(tool)).unwrap();
        }
        machine.with("id", &format!("echo {user}"))
    }

    /// The same with a program that notes how it was called and then does `script`.
    fn with(self, name: &str, script: &str) -> Self {
        let log = self.log_path();
        let text = format!("#!/bin/sh\n[ {name} = id ] || echo \"{name} $*\" >>'{}'\n{script}\n", log.display());
        let path = self.bin().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// A machine on which apt and cargo work: they make the program that they are asked for, and read all of their input.
    fn with_installers(self) -> Self {
        let bin = self.bin().display().to_string();
        let make = |name: &str| format!("printf '#!/bin/sh\\n' >'{bin}/{name}'; chmod +x '{bin}/{name}'");
        let apt = format!("cat >/dev/null; echo noise; case \"$*\" in *firefox-esr*) {};; esac", make("firefox-esr"));
        let cargo = "cat >/dev/null; echo noise; mkdir -p \"$HOME/.cargo/bin\"; \
             printf '#!/bin/sh\\necho driver\\n' >\"$HOME/.cargo/bin/geckodriver\"; chmod +x \"$HOME/.cargo/bin/geckodriver\"";
        let policy = "echo '  Candidate: 1.0'";
        self.with("apt-get", &apt).with("apt-cache", policy).with("cargo", cargo).with("cc", "")
    }

    /// A machine on which nothing has to be installed.
    fn ready(self) -> Self {
        self.with("firefox", "").with("geckodriver", "echo driver")
    }

    fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.bin().join("bash"));
        command.arg(SCRIPT).args(args).env_clear().env("PATH", self.bin()).env("HOME", self.folder.path());
        command.env("TMPDIR", self.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

fn real(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{tool} is not on PATH"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_script_is_clean() {
    let checked = Command::new("shellcheck").arg(SCRIPT).output().expect("shellcheck, which `--tests` brings");
    assert!(checked.status.success(), "{}", stdout(&checked));
}

#[test]
fn a_command_has_its_own_input_output_and_exit_code() {
    let machine = Machine::of_user(0).ready();
    let ran = machine.run(&["sh", "-c", "cat; geckodriver; exit 7"], "hello\n");
    assert_eq!((stdout(&ran).as_str(), stderr(&ran).as_str(), ran.status.code()), ("hello\ndriver\n", "", Some(7)));
}

#[test]
fn a_script_around_a_snap_that_is_not_there_is_no_firefox() {
    let stub = "if ! [ -x /snap/bin/firefox ]; then echo 'install the snap' >&2; exit 1; fi; exec /snap/bin/firefox";
    let machine = Machine::of_user(0).with_installers().with("firefox", stub).with("geckodriver", "echo driver");
    let ran = machine.run(&["geckodriver"], "");
    let installed = stderr(&ran).contains("installing firefox-esr (apt)");
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    assert_eq!(installed, !Path::new("/snap/firefox/current/usr/lib/firefox/firefox").exists(), "{}", stderr(&ran));
    let own =
        Machine::of_user(0).with_installers().with("firefox", "exec /opt/firefox/firefox").with("geckodriver", "");
    assert_eq!(stderr(&own.run(&["geckodriver"], "")), "", "a script of the user's own is one");
}

#[test]
fn what_is_missing_is_installed_and_said_and_nothing_is_taken_from_the_command() {
    let machine = Machine::of_user(0).with_installers();
    let ran = machine.run(&["sh", "-c", "cat; geckodriver"], "hello\n");
    assert_eq!((stdout(&ran).as_str(), ran.status.code()), ("hello\ndriver\n", Some(0)), "{}", stderr(&ran));
    let said = stderr(&ran);
    assert!(said.contains("installing firefox-esr (apt)") && said.contains("installing geckodriver"), "{said}");
    let log = machine.log();
    assert!(log.contains("install --no-install-recommends firefox-esr"), "{log}");
    assert!(log.contains("cargo install geckodriver --locked"), "{log}");
    let again = machine.run(&["geckodriver"], "");
    assert_eq!((stdout(&again).as_str(), stderr(&again).as_str()), ("driver\n", ""), "the second time is silent");
}

#[test]
fn a_user_installs_packages_by_sudo_and_the_driver_by_himself() {
    let machine = Machine::of_user(1000).with_installers().with("sudo", "exec \"$@\"");
    let ran = machine.run(&["geckodriver"], "");
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    let log = machine.log();
    assert!(log.contains("sudo env DEBIAN_FRONTEND=noninteractive apt-get"), "{log}");
    assert!(!log.contains("sudo cargo"), "{log}");
}

#[test]
fn what_cannot_be_installed_is_said_with_what_to_do() {
    let no_sudo = Machine::of_user(1000).with_installers().run(&["true"], "");
    assert_eq!(no_sudo.status.code(), Some(69));
    assert!(stderr(&no_sudo).contains("there is no sudo: apt-get"), "{}", stderr(&no_sudo));
    let no_apt = Machine::of_user(0).run(&["true"], "");
    assert_eq!(no_apt.status.code(), Some(69));
    assert!(stderr(&no_apt).contains("install Firefox and run this again"), "{}", stderr(&no_apt));
    let no_cargo = Machine::of_user(0).with("firefox", "").run(&["true"], "");
    assert_eq!(no_cargo.status.code(), Some(69));
    assert!(stderr(&no_cargo).contains("https://rustup.rs"), "{}", stderr(&no_cargo));
    let broken = Machine::of_user(0).with("firefox", "").with("cc", "").with("cargo", "exit 101").run(&["true"], "");
    assert_eq!(broken.status.code(), Some(69));
    assert!(stderr(&broken).contains("cargo could not install geckodriver"), "{}", stderr(&broken));
}

#[test]
fn the_tests_bring_what_they_need() {
    let machine = Machine::of_user(0).with_installers().ready();
    let ran = machine.run(&["--tests", "sh", "-c", "exit 3"], "");
    assert_eq!(ran.status.code(), Some(3), "{}", stderr(&ran));
    let log = machine.log();
    for package in ["chromium", "chromium-driver", "python3-venv", "shellcheck"] {
        assert!(log.contains(package), "{package}: {log}");
    }
}

/// A machine with Firefox, on which apt makes Chromium and its driver.
fn without_chromium() -> Machine {
    let machine = Machine::of_user(0).with_installers().ready();
    let bin = machine.bin().display().to_string();
    let make = format!("printf '#!/bin/sh\\n' >\"{bin}/$name\"; chmod +x \"{bin}/$name\"");
    let apt = format!(
        "cat >/dev/null; case \"$*\" in *install*chromium*) for name in chromium chromedriver; do {make}; done;; esac"
    );
    machine.with("apt-get", &apt)
}

#[test]
fn chromium_comes_when_the_command_names_it() {
    let named: [&[&str]; 4] = [
        &["sh", "-c", "exit 3", "--", "demo", "--browser", "chromium"],
        &["sh", "-c", "exit 3", "--", "demo", "--browser=chromium"],
        &["env", "FIRSTSERVE_BROWSER_ENGINE=chromium", "sh", "-c", "exit 3"],
        &["--chromium", "sh", "-c", "exit 3"],
    ];
    for words in named {
        let machine = without_chromium();
        let ran = machine.run(words, "");
        assert_eq!(ran.status.code(), Some(3), "{words:?}: {}", stderr(&ran));
        let said = stderr(&ran);
        assert!(said.contains("installing chromium chromium-driver (apt)"), "{words:?}: {said}");
        let log = machine.log();
        assert!(!log.contains("shellcheck") && !log.contains("postgresql"), "no more than that: {log}");
        assert_eq!(stderr(&machine.run(words, "")), "", "the second time is silent");
    }
    let machine = without_chromium();
    let output = machine.command(&["sh", "-c", ""]).env("FIRSTSERVE_BROWSER_ENGINE", "chromium").output().unwrap();
    assert!(machine.log().contains("chromium-driver"), "{}", stderr(&output));
}

#[test]
fn without_such_a_word_there_is_no_chromium() {
    let others: [&[&str]; 3] = [
        &["sh", "-c", "", "demo"],
        &["sh", "-c", "", "--browser", "firefox", "chromium"],
        &["sh", "-c", "", "--browser"],
    ];
    for words in others {
        let machine = without_chromium();
        let ran = machine.run(words, "");
        assert_eq!((ran.status.code(), stderr(&ran).as_str(), machine.log().as_str()), (Some(0), "", ""), "{words:?}");
    }
    let nowhere = Machine::of_user(0).ready().run(&["sh", "--browser", "chromium"], "");
    assert_eq!(nowhere.status.code(), Some(69));
    assert!(stderr(&nowhere).contains("Chromium or chromedriver is not installed"), "{}", stderr(&nowhere));
    let idle = Machine::of_user(0).with_installers().ready().run(&["sh", "--browser", "chromium"], "");
    assert!(stderr(&idle).contains("Chromium was installed and is not on PATH"), "{}", stderr(&idle));
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    let ran = Machine::of_user(0).ready().run(&["--nonsense"], "");
    assert_eq!(ran.status.code(), Some(64));
    assert!(stderr(&ran).contains("usage: ./geckodriver.sh"));
    assert_eq!(Machine::of_user(0).ready().run(&["--port", "http"], "").status.code(), Some(64));
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = Machine::of_user(0).ready().run(&["--port", &port], "");
    assert_eq!(ran.status.code(), Some(69));
    assert!(stderr(&ran).contains(&format!("port {port} is in use")), "{}", stderr(&ran));
}

#[test]
fn serving_ends_with_everything_on_every_signal() {
    for (signal, code) in [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)] {
        let driver = "sleep 300 & echo $! >\"$HOME/browser\"; : >\"$HOME/up\"; sleep 300";
        let machine = Machine::of_user(0).ready().with("geckodriver", driver);
        let mut child = machine.command(&["--port", &free_port()]).stdin(Stdio::null()).spawn().unwrap();
        until(|| machine.folder.path().join("up").exists());
        let browser = fs::read_to_string(machine.folder.path().join("browser")).unwrap();
        assert!(Path::new("/proc").join(browser.trim()).exists());
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        until(|| !is_alive(browser.trim()));
        let left: Vec<_> =
            fs::read_dir(machine.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("tmp.")), "profiles are left: {left:?}");
    }
}

#[test]
fn the_real_driver_is_served_and_gives_its_own_exit_code() {
    let port = free_port();
    let mut child =
        Command::new(SCRIPT).args(["--port", &port]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    until(|| TcpStream::connect(format!("127.0.0.1:{port}")).is_ok());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err());
    let failing = Machine::of_user(0).ready().with("geckodriver", "exit 9");
    assert_eq!(failing.run(&["--port", &free_port()], "").status.code(), Some(9));
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn until(holds: impl Fn() -> bool) {
    let waiting = Stopwatch::start();
    while !holds() {
        assert!(waiting.elapsed() < Duration::from_secs(10), "it does not come to pass");
        std::thread::sleep(Duration::from_millis(20));
    }
}
