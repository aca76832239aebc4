//! `firstserve club`: the practice club as a process of its own.

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
            advice(&ready, &options, folder.as_deref()).iter().for_each(|line| super::say(line));
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

/// What a person who starts it wants to know next.
fn advice(ready: &Ready, options: &Options, config: Option<&Path>) -> Vec<String> {
    let mut lines = vec![MEMBERS.to_owned()];
    if !options.listen.ip().is_loopback() {
        let open = "other machines can reach this club: its passwords are no secret, and it is made for practice only";
        lines.push(open.to_owned());
    }
    lines.extend(opening(ready, options));
    match config {
        Some(config) => lines.extend(next(config)),
        None if ready.opening.is_some() => {
            lines.push("What a booking.toml needs under its courts for that:".to_owned());
            lines.extend(practice::rules(ready, &options.time_zone).iter().map(|rule| format!("  {rule}")));
            lines.push("Or let the club write a whole one: firstserve club --practice practice".to_owned());
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

/// What to type in another terminal.
fn next(config: &Path) -> [String; 3] {
    let config = config.display();
    [
        "In another terminal, in this folder:".to_owned(),
        format!("  firstserve run --config {config}      # books it at the opening"),
        format!("  firstserve status --config {config}   # what became of it"),
    ]
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
        advice(&club.ready().expect("it has an address"), options, config)
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
        assert!(
            next.iter().any(|line| line.contains("firstserve run --config practice/config/booking.toml")),
            "{next:?}"
        );
    }
}
