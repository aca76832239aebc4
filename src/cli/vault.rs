//! `firstserve vault init | set | list | rm`.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Exit;
use crate::model::Secret;
use crate::report::did_you_mean;
use crate::telemetry::{SHORTEST_MASKED, masked};
use crate::vault::{Credentials, Vault, VaultError, default_identity};

/// The longest answers that are taken, together.
const LONGEST: u64 = 64 * 1024;

/// Keeps user names and passwords, encrypted
#[derive(Debug, clap::Args)]
pub struct VaultArgs {
    /// The identity that opens the vault [default: ~/.config/firstserve/identity]
    #[arg(long, global = true, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: VaultCommand,
}

/// What can be done with the vault.
#[derive(Debug, clap::Subcommand)]
pub enum VaultCommand {
    /// Make the identity and the vault
    Init,
    /// Keep a user name and a password (asked for, never shown)
    Set {
        /// Name of the entry, as in `vault = "las-palmas/ana"`
        entry: String,
        /// The name to log in with; asked for when left out
        #[arg(long)]
        user: Option<String>,
        /// Read the answers from standard input, one a line: the user name unless --user says it, then the password
        #[arg(long)]
        stdin: bool,
    },
    /// Name the entries
    List,
    /// Take an entry out
    Rm {
        /// Name of the entry
        entry: String,
    },
}

impl VaultArgs {
    /// Does it, with the data folder of the configuration and the entries that it asks for (none: that is not known).
    pub fn run(&self, data: &Path, wanted: &[String], json: bool) -> ExitCode {
        match self.try_run(data, wanted) {
            Ok(done) => say(&done, json),
            Err(Failure { message, code }) => {
                if json {
                    super::answer(&json!({ "error": message }));
                }
                super::say(&format!("firstserve: {message}"));
                ExitCode::from(code)
            }
        }
    }

    fn try_run(&self, data: &Path, wanted: &[String]) -> Result<Done, Failure> {
        let identity = match &self.identity {
            Some(identity) => identity.clone(),
            None => default_identity()?,
        };
        match &self.command {
            VaultCommand::Init => init(data, &identity),
            VaultCommand::Set { entry, user, stdin } => {
                let vault = Vault::open(data, &identity)?;
                let credentials = ask(user.clone(), *stdin || !std::io::stdin().is_terminal())?;
                vault.set(entry, &credentials)?;
                Ok(kept(entry, wanted, masked(&credentials.password)))
            }
            VaultCommand::List => {
                let vault = Vault::open(data, &identity)?;
                let entries = vault.list()?;
                let text = match entries.is_empty() {
                    true => "the vault is empty; `firstserve vault set NAME` keeps an entry in it".to_owned(),
                    false => listed(&vault, &entries),
                };
                Ok(Done::new(text, json!({ "entries": entries })))
            }
            VaultCommand::Rm { entry } => {
                Vault::open(data, &identity)?.remove(entry)?;
                Ok(Done::new(format!("removed {entry}"), json!({ "entry": entry })))
            }
        }
    }
}

struct Done {
    text: String,
    json: Value,
}

impl Done {
    fn new(text: String, json: Value) -> Self {
        Self { text, json }
    }
}

/// A line for each entry; beside one that cannot be used stands why.
pub fn listed(vault: &Vault, entries: &[String]) -> String {
    let line = |entry: &String| match vault.get(entry) {
        Ok(_) => entry.clone(),
        Err(error) => format!("{entry}: {}", error.kind),
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What was kept, and what is odd about it: nobody asks for it, or its password is too short to be masked.
fn kept(entry: &str, wanted: &[String], is_masked: bool) -> Done {
    let short =
        format!("its password has fewer than {SHORTEST_MASKED} bytes, and so short a one is not masked in logs");
    let all: Vec<_> = unasked(entry, wanted).into_iter().chain((!is_masked).then_some(short)).collect();
    if all.is_empty() {
        return Done::new(format!("kept {entry}"), json!({ "entry": entry }));
    }
    let warning = all.join("; ");
    Done::new(format!("kept {entry}; {warning}"), json!({ "entry": entry, "warning": warning }))
}

/// An entry that nobody asks for is kept too, but helps nobody to log in.
fn unasked(entry: &str, wanted: &[String]) -> Option<String> {
    if wanted.is_empty() || wanted.iter().any(|name| name == entry) {
        return None;
    }
    Some(match did_you_mean(entry, wanted.iter().map(String::as_str)) {
        Some(near) => format!("no member asks for it: did you mean {near}? Then: firstserve vault rm {entry}"),
        None => format!("no member asks for it: write vault = \"{entry}\" into the [member.NAME] that it is for"),
    })
}

struct Failure {
    message: String,
    code: u8,
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self { message: error.to_string(), code: error.exit_code() }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { message: format!("cannot read the answer: {error}"), code: 74 }
    }
}

fn usage(message: &str) -> Failure {
    Failure { message: message.to_owned(), code: 64 }
}

fn say(done: &Done, json: bool) -> ExitCode {
    if json {
        super::answer(&done.json);
    } else if !done.text.is_empty()
        && let Err(error) = super::print(&format!("{}\n", done.text))
    {
        super::say(&format!("firstserve: {error}"));
        return Exit::Io.into();
    }
    ExitCode::SUCCESS
}

fn init(data: &Path, identity: &Path) -> Result<Done, Failure> {
    let new = Vault::init(data, identity)?;
    let place = identity.display();
    let text = if new {
        format!(
            "made {place}\nKeep a copy of it in a safe place, apart from backups of {}: nothing else opens the vault.",
            data.display()
        )
    } else {
        format!("{place} is there already and was kept")
    };
    Ok(Done::new(text, json!({ "identity": place.to_string(), "new": new })))
}

fn ask(user: Option<String>, piped: bool) -> Result<Credentials, Failure> {
    let credentials = if piped { read_lines(user)? } else { ask_terminal(user)? };
    if credentials.user.is_empty() || credentials.password.expose().is_empty() {
        return Err(usage("neither the user name nor the password may be empty"));
    }
    Ok(credentials)
}

fn read_lines(user: Option<String>) -> Result<Credentials, Failure> {
    lines_of(std::io::stdin().lock(), user)
}

/// Both answers from the lines of `input`; an answer that was cut off would be kept as a wrong one.
fn lines_of(input: impl BufRead, user: Option<String>) -> Result<Credentials, Failure> {
    let mut input = input.take(LONGEST + 1);
    let user = match user {
        Some(user) => user,
        None => read_line(&mut input)?.to_string(),
    };
    let password = read_line(&mut input)?;
    if input.limit() == 0 {
        let message = format!("the answers are longer than {} KiB; nothing was kept", LONGEST / 1024);
        return Err(Failure { message, code: 65 });
    }
    Ok(Credentials { user, password: Secret::new(password.as_str()) })
}

fn read_line(input: &mut impl BufRead) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    input.read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

fn ask_terminal(user: Option<String>) -> Result<Credentials, Failure> {
    let user = match user {
        Some(user) => user,
        None => {
            prompt("User name: ")?;
            read_line(&mut std::io::stdin().lock())?.to_string()
        }
    };
    let password = ask_hidden("Password (not shown): ")?;
    if *password != *ask_hidden("Once more: ")? {
        return Err(usage("the two passwords differ; nothing was kept"));
    }
    Ok(Credentials { user, password: Secret::new(password.as_str()) })
}

fn prompt(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stderr().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn ask_hidden(text: &str) -> Result<Zeroizing<String>, Failure> {
    prompt(text)?;
    let quiet = Quiet::new()?;
    let line = hidden_line(std::io::stdin().lock().bytes());
    drop(quiet);
    prompt("\n")?;
    line
}

/// Reads keys up to Enter; the terminal neither shows nor edits them meanwhile, so that Ctrl-C too arrives here and the
/// terminal is never left without echo.
fn hidden_line(keys: impl Iterator<Item = std::io::Result<u8>>) -> Result<Zeroizing<String>, Failure> {
    const INTERRUPT: u8 = 3;
    const END: u8 = 4;
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    for key in keys {
        match key? {
            b'\r' | b'\n' | END => break,
            INTERRUPT => return Err(usage("interrupted; nothing was kept")),
            8 | 127 => erase(&mut line),
            other => line.push(other),
        }
    }
    let text = std::str::from_utf8(&line).map_err(|_| usage("the password is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Takes away one character, which may be several bytes.
fn erase(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

/// A terminal without echo, until it is dropped.
struct Quiet(Termios);

impl Quiet {
    fn new() -> std::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that has gone away cannot be set back, and needs not be.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Result<String, String> {
        hidden_line(keys.iter().copied().map(Ok)).map(|line| line.to_string()).map_err(|failure| failure.message)
    }

    #[test]
    fn keys_become_a_password() {
        assert_eq!(typed(b"ab\x7fc\rmore"), Ok("ac".to_owned()));
        assert_eq!(typed("añ\x7fo\n".as_bytes()), Ok("ao".to_owned()), "one key takes one character away");
        assert_eq!(typed(b"\x7f\x7fx\n"), Ok("x".to_owned()));
        assert_eq!(typed(b"half\x03"), Err("interrupted; nothing was kept".to_owned()));
    }

    #[test]
    fn lines_keep_their_spaces_and_lose_their_ends() {
        let mut input = &b"ana@example.org\r\n pass word \n"[..];
        let mut line = || read_line(&mut input).map(|line| line.to_string()).unwrap_or_default();
        assert_eq!([line(), line(), line()], ["ana@example.org", " pass word ", ""]);
    }

    #[test]
    fn an_entry_that_nobody_asks_for_is_kept_and_said() {
        let wanted = ["las-palmas/ana".to_owned(), "mail".to_owned()];
        assert_eq!(kept("las-palmas/ana", &wanted, true).text, "kept las-palmas/ana");
        assert_eq!(kept("anything", &[], true).text, "kept anything", "the configuration is not known");
        let near = kept("las-palmas/anna", &wanted, true);
        assert_eq!(
            near.text,
            "kept las-palmas/anna; no member asks for it: did you mean las-palmas/ana? Then: firstserve vault rm las-palmas/anna"
        );
        assert!(near.json["warning"].is_string());
        assert!(
            kept("luis", &wanted, true).text.ends_with("write vault = \"luis\" into the [member.NAME] that it is for")
        );
    }

    #[test]
    fn answers_that_are_too_long_are_refused_whole() {
        let most = usize::try_from(LONGEST).unwrap();
        let given = |length: usize| lines_of(format!("ana\n{}", "x".repeat(length - 4)).as_bytes(), None);
        assert_eq!(given(most).map_err(|failure| failure.message).unwrap().password.expose().len(), most - 4);
        for longer in [most + 1, most + 2, 2 * most] {
            let Err(failure) = given(longer) else { panic!("{longer} bytes were taken") };
            assert_eq!(
                (failure.message.as_str(), failure.code),
                ("the answers are longer than 64 KiB; nothing was kept", 65)
            );
        }
    }

    #[test]
    fn a_password_that_is_too_short_to_be_masked_is_said() {
        assert!(masked(&Secret::new("abcd")) && !masked(&Secret::new("abc")));
        let told = kept("ana", &[], masked(&Secret::new("abc")));
        assert_eq!(
            told.text,
            "kept ana; its password has fewer than 4 bytes, and so short a one is not masked in logs"
        );
        assert!(told.json["warning"].is_string());
    }
}
