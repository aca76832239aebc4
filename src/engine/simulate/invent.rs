//! A household of so many bookings, over clubs in zones whose clocks do odd things: written as a user would write it, and
//! read by the same checks.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::SimulateError;
use super::chance::Chance;
use crate::clock::ZoneData;
use crate::config::{Config, Environment, load};

/// Places whose midnights are plain, missing, doubled, or half an hour off at some time of the year.
const PLACES: [(&str, &str); 8] = [
    ("costa-rica", "America/Costa_Rica"),
    ("new-york", "America/New_York"),
    ("madrid", "Europe/Madrid"),
    ("havana", "America/Havana"),
    ("azores", "Atlantic/Azores"),
    ("lord-howe", "Australia/Lord_Howe"),
    ("beirut", "Asia/Beirut"),
    ("auckland", "Pacific/Auckland"),
];

/// How courts open.
const RULES: [&str; 10] = [
    "{ visible-days = 8 }",
    "{ visible-days = 10 }",
    "{ visible-days = 14 }",
    "{ visible-days = 10, measured-to = \"end\" }",
    "{ days-before = 7, at = \"00:00\" }",
    "{ days-before = 9, at = \"07:30\" }",
    "{ days-before = 5, at = \"02:30\" }",
    "{ before = \"168h\" }",
    "{ before = \"73h\", measured-to = \"end\" }",
    "\"always\"",
];

/// Starting hours that do not touch each other: most members' bookings are in different ones.
const BANDS: [[u8; 4]; 3] = [[7, 8, 9, 10], [12, 13, 14, 15], [17, 18, 19, 20]];

/// Courts of a club.
const COURTS: (u64, u64) = (3, 6);

/// One club more for so many bookings.
const BOOKINGS_PER_CLUB: u32 = 12;

macro_rules! files {
    ($set:literal: $($path:literal),+ $(,)?) => {
        ($set, &[$(($path, include_str!(concat!("../../../selectors/", $set, "/", $path)))),+])
    };
}

/// The selector files that ship with firstserve: what matters of them here is their shape.
const FLOWS: [(&str, &[(&str, &str)]); 3] = [
    files!("club": "login/10-open.toml", "login/20-sign-in.toml", "login/logged-in.toml", "prepare/10-form.toml",
        "choose/10-slot.toml", "commit.toml", "outcomes.toml", "retry/10-form.toml", "verify/10-list.toml",
        "cancel/10-cancel.toml"),
    files!("club-reload": "login/10-open.toml", "login/20-sign-in.toml", "login/logged-in.toml",
        "prepare/10-form.toml", "opening/10-date.toml", "commit.toml", "outcomes.toml", "retry/10-form.toml",
        "verify/10-list.toml", "cancel/10-cancel.toml"),
    files!("club-api": "login/10-token.toml", "login/logged-in.toml", "commit.toml", "outcomes.toml",
        "verify/10-list.toml", "cancel/10-cancel.toml"),
];

/// The span of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    pub(super) from: Date,
    pub(super) to: Date,
}

/// A valid configuration of so many bookings.
///
/// # Errors
/// A temporary folder cannot be written.
pub(super) fn invent(
    bookings: u32,
    days: Days,
    chance: &mut Chance,
    zones: &ZoneData,
    now: Timestamp,
) -> Result<Arc<Config>, SimulateError> {
    let folder = tempfile::tempdir()?;
    for (set, files) in FLOWS {
        for (path, text) in files {
            write_file(&folder.path().join("selectors").join(set).join(path), text)?;
        }
    }
    let file = folder.path().join("config/booking.toml");
    write_file(&file, &text(bookings, days, chance))?;
    let db = zones.db.clone();
    let loaded = load(&file, &Environment::default(), &move |_| db.clone(), now);
    loaded.config.ok_or_else(|| SimulateError::Invented { problems: loaded.problems })
}

fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// A club, as far as its bookings must know it.
struct Club {
    name: &'static str,
    courts: u64,
}

/// The whole file.
fn text(bookings: u32, days: Days, chance: &mut Chance) -> String {
    let mut places = PLACES;
    chance.shuffle(&mut places);
    let most = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let clubs = usize::try_from((bookings / BOOKINGS_PER_CLUB + 2).min(most)).unwrap_or(places.len());
    let mut text = "[server]\ndatabase = \"sqlite://data/simulated.db\"\n".to_owned();
    let clubs: Vec<Club> = places[..clubs].iter().map(|place| club(&mut text, *place, chance)).collect();
    let mut booked = 0;
    for member in 0.. {
        if booked >= bookings {
            break;
        }
        let club = chance.one_of(&clubs);
        writeln!(text, "\n[member.m{member:03}]\nsite = \"{}\"\nvault = \"{}/m{member:03}\"", club.name, club.name)
            .expect("writing to a String cannot fail");
        let wishes = u32::try_from(chance.between(1, 3)).unwrap_or(1).min(bookings - booked);
        // Now and then somebody asks twice for the same hours.
        let overlap = chance.below(4) == 0;
        for band in BANDS.iter().take(usize::try_from(wishes).unwrap_or(1)) {
            booked += 1;
            booking(&mut text, booked, member, club, if overlap { &BANDS[0] } else { band }, days, chance);
        }
    }
    text
}

fn club(text: &mut String, (name, zone): (&'static str, &str), chance: &mut Chance) -> Club {
    let flow = chance.one_of(&["club", "club", "club-reload", "club-reload", "club-api"]);
    let fire = chance.one_of(&["native", "script", "armed", "http"]);
    let sessions = chance.one_of(&["one", "one", "many"]);
    write!(
        text,
        "\n[site.{name}]\nurl = \"https://{name}.example/\"\ntime-zone = \"{zone}\"\nflow = \"selectors/{flow}\"\n\
         fire = \"{fire}\"\nsessions = \"{sessions}\"\n"
    )
    .expect("writing to a String cannot fail");
    let courts = chance.between(COURTS.0, COURTS.1);
    for court in 1..=courts {
        let rule = chance.one_of(&RULES);
        writeln!(text, "[site.{name}.court.{court}]\nsite-id = \"{}\"\nopens = {rule}", court * 2 + 3)
            .expect("writing to a String cannot fail");
    }
    Club { name, courts }
}

fn booking(text: &mut String, number: u32, member: u32, club: &Club, band: &[u8; 4], days: Days, chance: &mut Chance) {
    let mut courts: Vec<u64> = (1..=club.courts).collect();
    chance.shuffle(&mut courts);
    courts.truncate(usize::try_from(chance.between(1, 3)).unwrap_or(1));
    let courts: Vec<String> = courts.iter().map(|court| format!("\"{court}\"")).collect();
    let mut hours = *band;
    chance.shuffle(&mut hours);
    let times: Vec<String> = hours[..1 + chance.index(2)].iter().map(|hour| format!("\"{hour:02}:00\"")).collect();
    let prefer = chance.one_of(&["time", "court"]);
    write!(
        text,
        "\n[[booking]]\nname = \"wish {number}\"\nmember = \"m{member:03}\"\ncourts = [{}]\ntimes = [{}]\nprefer = \"{prefer}\"\n{}",
        courts.join(", "),
        times.join(", "),
        when(days, chance),
    )
    .expect("writing to a String cannot fail");
}

/// Half of them once; the others for some weeks, every week, every other week or every day.
fn when(Days { from, to }: Days, chance: &mut Chance) -> String {
    let span = u64::try_from(days_between(from, to)).unwrap_or(1).max(1);
    let start = plus(from, chance.below(span));
    let weekday = chance.one_of(&["MO", "TU", "WE", "TH", "FR", "SA", "SU"]);
    let (rule, weeks) = match chance.below(100) {
        0..45 => return format!("date = {start}\n"),
        45..80 => (format!("FREQ=WEEKLY;BYDAY={weekday}"), chance.between(5, 30)),
        80..88 => (format!("FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}"), chance.between(8, 52)),
        _ => ("FREQ=DAILY".to_owned(), chance.between(2, 9)),
    };
    // A week at least, or the rule might not match at all.
    let until = plus(start, weeks * 7).min(to).max(plus(start, 14));
    format!("repeat = \"{rule}\"\nfrom = {start}\nuntil = {until}\n")
}

fn plus(date: Date, days: u64) -> Date {
    date.saturating_add(Span::new().days(i64::try_from(days).unwrap_or(0)))
}

/// Whole days from one date to another.
pub(super) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_invented_is_valid_and_has_as_many_bookings_as_asked_for() {
        let zones = ZoneData::bundled();
        let days = Days { from: jiff::civil::date(2027, 1, 1), to: jiff::civil::date(2027, 4, 1) };
        let now = "2027-01-01T00:00:00Z".parse().expect("an instant");
        for (seed, wanted) in [(1, 1), (2, 7), (3, 60)] {
            let config = invent(wanted, days, &mut Chance::of(seed, "config"), &zones, now).expect("it is valid");
            assert_eq!(config.bookings.len(), usize::try_from(wanted).expect("few"));
            assert!(config.sites.len() >= 2);
        }
    }
}
