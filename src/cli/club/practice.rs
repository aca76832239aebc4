//! A folder to practise in: a configuration, selector files and a vault that fit the club that has just started.
//!
//! Written anew at each start of the club, whose opening is another each time. What is absent: anything that acts on it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use crate::cli::demo::world::write_selectors;
use crate::cli::{Exit, Failure};
use crate::club::{COURTS, Court, MEMBERS, Options, Ready};
use crate::model::Secret;
use crate::vault::{Credentials, Vault};

/// When the club opens where somebody practises and does not say it: time to start the daemon and to look.
pub(super) const OPENS_IN: SignedDuration = SignedDuration::from_mins(2);

/// What the file begins with; one that begins otherwise is somebody's own, and is left alone.
const MARK: &str = "# Written by `firstserve club --practice`";

/// When a court shows its newest date: the rule that fits the club.
struct Opening {
    date: Date,
    at: Time,
}

fn opening(ready: &Ready, zone: &TimeZone) -> Option<Opening> {
    let opening = ready.opening?.to_zoned(zone.clone());
    Some(Opening { date: opening.date(), at: opening.time() })
}

/// The rules of the courts, as a person writes them into booking.toml; nothing for a club that opens at midnight, whose rule is
/// the one that ships.
pub(super) fn rules(ready: &Ready, zone: &TimeZone) -> Vec<String> {
    let Some(opening) = opening(ready, zone) else { return Vec::new() };
    COURTS
        .iter()
        .map(|court| format!("court {} (site-id {}): {}", court.name, court.id, rule(court, &opening)))
        .collect()
}

fn rule(court: &Court, opening: &Opening) -> String {
    format!("opens = {{ days-before = {}, at = \"{}\" }}", court.days, opening.at.strftime("%H:%M:%S"))
}

/// Writes `config/booking.toml`, `selectors/`, an identity and a vault with ana in it, and gives the path of the configuration.
///
/// # Errors
/// A configuration that somebody else wrote is there, or the system's.
pub(super) fn write(folder: &Path, ready: &Ready, options: &Options) -> anyhow::Result<PathBuf> {
    let config = folder.join("config/booking.toml");
    leave_alone(&config)?;
    let opening =
        opening(ready, &options.time_zone).ok_or_else(|| Failure::new(Exit::Usage, "the club opens at midnight"))?;
    fs::create_dir_all(folder.join("config"))?;
    keep_out_of_git(folder)?;
    let flow = write_selectors(folder, options.shape)?;
    let (data, identity) = (folder.join("data"), folder.join("identity"));
    Vault::init(&data, &identity)?;
    let (user, password) = MEMBERS[0];
    let credentials = Credentials { user: user.to_owned(), password: Secret::new(password) };
    Vault::open(&data, &identity)?.set(&format!("club/{user}"), &credentials)?;
    fs::write(&config, text(flow, &ready.url, &opening, options))?;
    Ok(config)
}

/// A vault and a database belong into no repository; what somebody wrote there himself stays.
fn keep_out_of_git(folder: &Path) -> std::io::Result<()> {
    let ignore = folder.join(".gitignore");
    if ignore.exists() { Ok(()) } else { fs::write(ignore, "*\n") }
}

fn leave_alone(config: &Path) -> Result<(), Failure> {
    match fs::read_to_string(config) {
        Ok(text) if !text.starts_with(MARK) => {
            let told = format!("{} is not the practice club's; name another folder with --practice", config.display());
            Err(Failure::new(Exit::Data, told))
        }
        _ => Ok(()),
    }
}

fn text(flow: &str, url: &str, opening: &Opening, options: &Options) -> String {
    let zone = options.time_zone.iana_name().unwrap_or("UTC");
    let started = opening.date.to_datetime(opening.at).strftime("%Y-%m-%d-%H%M%S");
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap_or_default();
    let (user, _) = MEMBERS[0];
    let mut text = format!(
        "{MARK}; the club writes it anew at each start.\n\
         # A date opens there soon, and the booking below takes it. Save a change, and `firstserve run` obeys at once.\n\n\
         [server]\nlisten = \"127.0.0.1:0\"\n\
         database = \"sqlite://data/club-{started}-{port}.db\"   # the club forgets everything when it ends, and so does this\n\n\
         [vault]\nidentity = \"identity\"\n\n\
         [site.club]\nurl = \"{url}\"\ntime-zone = \"{zone}\"\nflow = \"selectors/{flow}\"\n\
         slot-label = \"De {{start:%I:%M %p}} a {{end:%I:%M %p}}\"\n"
    );
    for court in &COURTS {
        write!(text, "\n[site.club.court.{}]\nsite-id = \"{}\"\n{}\n", court.name, court.id, rule(court, opening))
            .expect("writing to a String cannot fail");
    }
    let date = opening.date.saturating_add(i32::from(COURTS[0].days).days());
    write!(
        text,
        "\n[member.{user}]\nsite = \"club\"\nvault = \"club/{user}\"\n\n\
         [[booking]]\nname = \"practice\"\nmember = \"{user}\"\ncourts = [\"{}\", \"{}\"]\ndate = {date}\ntimes = [\"17:00\", \"18:00\"]\n",
        COURTS[0].name, COURTS[2].name,
    )
    .expect("writing to a String cannot fail");
    text
}
