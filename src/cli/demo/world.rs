//! The files that a demo books with: the same that a user would write.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Args;
use super::club::ClubProcess;
use crate::club::{Fault, MEMBERS, Shape};

/// The club's zone.
pub(super) const ZONE: &str = "America/Costa_Rica";

/// Dates that the club's courts 1 and 3 show.
const DAYS: i32 = 10;

/// The first hour that can be booked, and how many there are.
const HOURS: (usize, usize) = (6, 16);

macro_rules! files {
    ($set:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../selectors/", $set, "/", $path)))),+]
    };
}

/// The selector files that ship with firstserve, so that the demo runs from anywhere.
const SUBMIT: &[(&str, &str)] = files!("club":
    "login/10-open.toml", "login/20-sign-in.toml", "login/logged-in.toml", "prepare/10-form.toml", "choose/10-slot.toml",
    "commit.toml", "outcomes.toml", "retry/10-form.toml", "verify/10-list.toml", "cancel/10-cancel.toml");

const RELOAD: &[(&str, &str)] = files!("club-reload":
    "login/10-open.toml", "login/20-sign-in.toml", "login/logged-in.toml", "prepare/10-form.toml", "opening/10-date.toml",
    "commit.toml", "outcomes.toml", "retry/10-form.toml", "verify/10-list.toml", "cancel/10-cancel.toml");

/// Writes `config/booking.toml` and `selectors/` into the folder.
pub(super) fn build(folder: &Path, args: &Args, club: &ClubProcess) -> std::io::Result<()> {
    let name = write_selectors(folder, args.shape)?;
    fs::create_dir_all(folder.join("config"))?;
    fs::write(folder.join("config/booking.toml"), booking_toml(name, args, club))
}

/// Writes the selector files that fit the club's form into `selectors/`, and gives their folder's name there.
pub(in crate::cli) fn write_selectors(folder: &Path, shape: Shape) -> std::io::Result<&'static str> {
    let (name, files) = match shape {
        Shape::Submit => ("club", SUBMIT),
        Shape::Reload => ("club-reload", RELOAD),
    };
    for (path, text) in files {
        let path = folder.join("selectors").join(name).join(path);
        fs::create_dir_all(path.parent().expect("a selector file lies in a folder"))?;
        fs::write(path, text)?;
    }
    Ok(name)
}

fn booking_toml(flow: &str, args: &Args, club: &ClubProcess) -> String {
    let zone = TimeZone::get(ZONE).expect("the zone is in the bundled data");
    let opening = club.opening.to_zoned(zone).datetime();
    let date = opening.date().saturating_add(DAYS.days());
    let mut text = format!(
        "[server]\ndatabase = \"sqlite://data/demo.db\"\ndata = \"data\"\n\n[vault]\nidentity = \"identity\"\n\n\
         [browser]\nengine = \"{}\"\n\n[site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\n\
         slot-label = \"De {{start:%I:%M %p}} a {{end:%I:%M %p}}\"\nfire = \"{}\"\nlogin-lead = \"10m\"\nsettle = \"5s\"\n",
        args.browser.as_str(),
        club.url,
        args.fire.as_str(),
    );
    for (court, id) in [("1", "5"), ("3", "17")] {
        let at = opening.time().strftime("%H:%M:%S");
        write!(
            text,
            "[site.club.court.{court}]\nsite-id = \"{id}\"\nopens = {{ days-before = {DAYS}, at = \"{at}\" }}\n"
        )
        .expect("writing to a String cannot fail");
    }
    for number in 0..usize::from(args.bookings) {
        text.push_str(&booking(number, args, date));
    }
    text
}

/// One member, one slot, each another, and each told by its name. Where a rival takes the first choice there is a second one.
fn booking(number: usize, args: &Args, date: Date) -> String {
    let (user, _) = MEMBERS[number];
    let court = if number < HOURS.1 { "1" } else { "3" };
    // 17:00 first, then the hours after it, round the clock of the courts.
    let hour = HOURS.0 + (17 - HOURS.0 + number) % HOURS.1;
    let name = if args.bookings == 1 { format!("{user} plays") } else { format!("{hour:02}:00 on court {court}") };
    let second = if args.faults.contains(&Fault::Taken) && court == "1" { ", \"3\"" } else { "" };
    format!(
        "\n[member.{user}]\nsite = \"club\"\nvault = \"club/{user}\"\n\n[[booking]]\nname = \"{name}\"\nmember = \"{user}\"\n\
         courts = [\"{court}\"{second}]\ndate = {date}\ntimes = [\"{hour:02}:00\"]\n"
    )
}
