//! `firstserve club`: the practice club as a process of its own.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::run::signals::Signals;
use super::setting::DEFAULT_DATA;
use super::{Exit, Failure};
use crate::club::{Club, Options, Ready};
use crate::store::Store;

mod practice;

/// Whom the club knows, for whoever practises.
const MEMBERS: &str = "Its members are ana, bruno, carla and 23 more; the password of NAME is NAME-raqueta.";

/// Of a daemon that keeps the database of the club that was there before, where the date may be booked already.
const STILL_RUNS: &str = "A `firstserve run` of the club before is still at work in this folder: end it (Ctrl-C where it runs) and \
                          start it again, otherwise nothing is booked.";

/// What we are called where a shell finds us by name.
const NAME: &str = "firstserve";

/// The script in our sources that brings browsers and their drivers.
const DRIVERS: &str = "geckodriver.sh";

/// What `club` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = MEMBERS)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,

    /// Write a configuration that books there, with its selector files and vault, into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "tls")]
    practice: Option<PathBuf>,

    /// End when standard input does: with whoever started it
    #[arg(long, hide = true)]
    ends_with_stdin: bool,
}

/// Serves until SIGINT or SIGTERM; the first line on stdout says where, or a JSON document `{"url","opening"}` does, whose opening is
/// null for a club that opens at its midnight.
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn run(args: Args, json: bool) -> anyhow::Result<ExitCode> {
    let Args { mut options, practice, ends_with_stdin } = args;
    if practice.is_some() {
        options.opens_in = options.opens_in.or(Some(practice::OPENS_IN));
    }
    let listener = TcpListener::bind(options.listen).map_err(|error| {
        Failure::new(Exit::Unavailable, format!("listen on {}: {error}; choose another with --listen", options.listen))
    })?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let stop = CancellationToken::new();
        let club = Club::new(listener, &options, stop.clone())?;
        let ready = club.ready()?;
        let folder = practice.as_deref().map(|folder| practice::write(folder, &ready, &options)).transpose()?;
        if json {
            super::answer(&json!({ "url": ready.url, "opening": ready.opening.map(|opening| opening.to_string()) }));
        } else {
            writeln!(std::io::stdout(), "{ready}")?;
        }
        std::io::stdout().flush()?;
        if !ends_with_stdin {
            let command = command(std::env::args_os().next(), std::env::current_dir().ok().as_deref());
            advice(&ready, &options, folder.as_deref(), &command).iter().for_each(|line| tell(line));
            if practice.is_some_and(|folder| Store::is_held(&folder.join(DEFAULT_DATA))) {
                super::say(STILL_RUNS);
            }
        }
        if ends_with_stdin {
            let stop = stop.clone();
            std::thread::spawn(move || end_with_stdin(&stop));
        }
        tokio::spawn(async move {
            signals.stop().await;
            stop.cancel();
        });
        anyhow::Ok(club.serve().await?)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be typed or written somewhere stands further in, and is never broken.
fn tell(line: &str) {
    if line.starts_with(' ') { super::say_whole(line) } else { super::say(line) }
}

/// What a person who starts it wants to know next.
fn advice(ready: &Ready, options: &Options, config: Option<&Path>, command: &Command) -> Vec<String> {
    let mut lines = vec![MEMBERS.to_owned()];
    if !options.listen.ip().is_loopback() {
        let open = "other machines can reach this club: its passwords are no secret, and it is made for practice only";
        lines.push(open.to_owned());
    }
    lines.extend(opening(ready, options));
    match config {
        Some(config) => lines.extend(next(config, command)),
        None if ready.opening.is_some() => {
            lines.push("What a booking.toml needs under its courts for that:".to_owned());
            lines.extend(practice::rules(ready, &options.time_zone).iter().map(|rule| format!("  {rule}")));
            lines.push("Or let the club write a whole one:".to_owned());
            lines.push(format!("  {} club --practice practice", command.us));
        }
        None => {}
    }
    lines
}

/// When the next date opens, by the club's own clock.
fn opening(ready: &Ready, options: &Options) -> Option<String> {
    let at = ready.opening?.to_zoned(options.time_zone.clone());
    let date = ready.date(&crate::club::COURTS[0])?;
    Some(format!(
        "It opens {date} on courts 1 and 3, and the day before it on court 2, at {}.",
        at.strftime("%H:%M:%S %Z")
    ))
}

/// How a person starts us.
#[derive(Debug, PartialEq, Eq)]
struct Command {
    /// Whether the script of our sources brings the browser's driver first.
    from_sources: bool,
    /// Our own name, or our path where no shell would find us by it.
    us: String,
}

/// As we were started ourselves: by name, or by a path, which is written as it is seen from this folder.
fn command(started_as: Option<OsString>, here: Option<&Path>) -> Command {
    let path = started_as.map(PathBuf::from).filter(|path| path.components().count() > 1);
    let Some(path) = path else { return Command { from_sources: false, us: NAME.to_owned() } };
    let below = here.and_then(|here| path.strip_prefix(here).ok()).or_else(|| path.strip_prefix(".").ok());
    let seen = below.filter(|path| path.components().count() > 1).unwrap_or(&path);
    let has_script = here.is_some_and(|here| here.join(DRIVERS).exists());
    Command { from_sources: has_script && seen.starts_with("target"), us: seen.display().to_string() }
}

/// What to type in other terminals.
fn next(config: &Path, Command { from_sources, us }: &Command) -> Vec<String> {
    let config = config.display();
    let mut lines = vec!["In another terminal, in this folder, this books it at the opening:".to_owned()];
    if *from_sources {
        // Two lines that a shell reads as one: together they are too long for many terminals.
        lines.extend([format!("  ./{DRIVERS} \\"), format!("    {us} run --config {config}")]);
    } else {
        lines.push(format!("  {us} run --config {config}"));
    }
    lines.push("And this says at any time what became of it:".to_owned());
    lines.push(format!("  {us} status --config {config}"));
    lines
}

fn end_with_stdin(stop: &CancellationToken) {
    let mut rest = [0; 64];
    while matches!(std::io::stdin().read(&mut rest), Ok(1..)) {}
    stop.cancel();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::club;

    #[test]
    fn what_is_said_of_the_members_is_true() {
        assert_eq!(club::MEMBERS.len(), 26);
        assert!(["ana", "bruno", "carla"].iter().all(|name| club::MEMBERS.iter().any(|known| known.0 == *name)));
        assert!(club::MEMBERS.iter().all(|(name, password)| *password == format!("{name}-raqueta")));
    }

    fn told(options: &Options, config: Option<&Path>) -> Vec<String> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let club = Club::new(listener, options, CancellationToken::new()).expect("it is set up");
        advice(&club.ready().expect("it has an address"), options, config, &command(None, None))
    }

    #[test]
    fn commands_are_those_that_work_here() {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path();
        let typed = |started_as: &Path| {
            let command = command(Some(started_as.into()), Some(here));
            let lines = next(Path::new("practice/config/booking.toml"), &command);
            assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
            let last = lines.last().expect("there are some");
            assert_eq!(*last, format!("  {} status --config practice/config/booking.toml", command.us));
            let typed = lines[1..].join("\n").replace("\\\n", "");
            typed.split(" run ").next().expect("it has a beginning").split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(typed(Path::new("firstserve")), "firstserve", "found by PATH");
        assert_eq!(typed(Path::new("target/release/firstserve")), "target/release/firstserve", "no sources here");
        std::fs::write(here.join(DRIVERS), "").expect("it is written");
        let from_sources = "./geckodriver.sh target/release/firstserve";
        assert_eq!(typed(Path::new("target/release/firstserve")), from_sources);
        assert_eq!(typed(Path::new("./target/release/firstserve")), from_sources);
        assert_eq!(typed(&here.join("target/release/firstserve")), from_sources);
        assert_eq!(typed(Path::new("/opt/firstserve")), "/opt/firstserve");
    }

    #[test]
    fn who_opens_it_to_the_network_is_told() {
        let open = Options { listen: "0.0.0.0:0".parse().expect("an address"), ..Options::default() };
        assert_eq!(told(&Options::default(), None).len(), 1);
        assert!(told(&open, None).iter().any(|line| line.contains("other machines")));
    }

    #[test]
    fn who_asks_for_an_opening_is_told_the_rule_or_the_command() {
        let soon = Options { opens_in: Some(jiff::SignedDuration::from_secs(60)), ..Options::default() };
        let rules = told(&soon, None);
        assert!(
            rules.iter().any(|line| line.contains("court 2 (site-id 7): opens = { days-before = 9, at = \"")),
            "{rules:?}"
        );
        let next = told(&soon, Some(Path::new("practice/config/booking.toml")));
        assert!(next.iter().any(|line| line == "  firstserve run --config practice/config/booking.toml"), "{next:?}");
    }
}
