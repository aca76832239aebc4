//! A real mail server, started for one test and ended with it. Its Python packages are brought once into the target folder;
//! when that or the start fails, the test fails.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// The longest that the server may take to start or to tell of a message.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a free port of the loopback interface.
pub(crate) struct MailServer {
    child: Child,
    lines: Receiver<Value>,
    pub(crate) port: u16,
    /// The certificate that its own is signed with (PEM).
    pub(crate) authority: String,
}

impl MailServer {
    /// Starts one; the arguments are those of `smtp_server.py`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify/smtp_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail server starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { break };
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, lines, port: 0, authority: String::new() };
        let ready = server.next_message();
        server.port = u16::try_from(ready["port"].as_u64().expect("a port")).expect("a port");
        server.authority = ready["ca"].as_str().expect("a certificate").to_owned();
        server
    }

    /// The next message that reached it.
    pub(crate) fn next_message(&self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("the mail server tells of it in time")
    }

    /// Whether nothing else has reached it.
    pub(crate) fn is_quiet(&self) -> bool {
        self.lines.recv_timeout(Duration::from_millis(100)).is_err()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Python with the packages that the server needs.
fn python() -> PathBuf {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let place = tools.join("mail-server");
    let (python, done) = (place.join("bin/python"), place.join("complete"));
    let lock = File::create(tools.join("mail-server.lock")).expect("the target folder can be written");
    lock.lock().expect("one of all the tests installs");
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place));
        let pip = ["-m", "pip", "install", "--quiet", "--timeout", "20", "--retries", "2"];
        run(Command::new(&python).args(pip).args(["aiosmtpd==1.4.6", "trustme>=1.1,<2"]));
        File::create(done).expect("the target folder can be written");
    }
    python
}

fn run(command: &mut Command) {
    let output = command.output().expect("python3 is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
