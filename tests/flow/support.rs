//! A site, a member, a booking and a choice; and flows read from folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firstserve::flow::{Flow, Words};
use firstserve::model::{
    Booking, Choice, ClockRule, CourtName, FireMode, Language, Member, Patience, Prefer, Secret, Site, SiteId, When,
};
use firstserve::report::{Problem, SourceFile};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The club of the documentation.
pub(super) fn site(zone: &str) -> Site {
    Site {
        id: SiteId::from("las-palmas"),
        url: "https://reservas.example.com/".to_owned(),
        login_hosts: Vec::new(),
        sessions: firstserve::model::Sessions::One,
        time_zone: zone.to_owned(),
        flow: PathBuf::from("selectors/club"),
        slot_label: "De {start:%I:%M %p} a {end:%I:%M %p}".to_owned(),
        fire: FireMode::Auto,
        courts: Vec::new(),
        slot_length: SignedDuration::from_hours(1),
        patience: Patience::default(),
        clock: ClockRule::default(),
        variables: BTreeMap::from([("sport".to_owned(), "tenis & pádel".to_owned())]),
    }
}

/// Court 1 at a local time for an hour; `starts_at` by the zone's first answer.
pub(super) fn choice(zone: &TimeZone, start: &str, length: SignedDuration) -> Choice {
    let start: DateTime = start.parse().expect("a civil time");
    let starts_at = start.to_zoned(zone.clone()).expect("in range").timestamp();
    Choice { court: CourtName::from("1"), court_site_id: "5".to_owned(), start, length, opening: starts_at, starts_at }
}

/// Everything that a flow can ask for, on Sunday 2027-07-18 at 17:00 in Costa Rica.
pub(super) fn words() -> Words {
    words_at("America/Costa_Rica", "2027-07-18T17:00", SignedDuration::from_hours(1))
}

pub(super) fn words_at(zone: &str, start: &str, length: SignedDuration) -> Words {
    let tz = TimeZone::get(zone).expect("a zone");
    let choice = choice(&tz, start, length);
    Words::new(&site(zone), tz)
        .with_member(&member())
        .with_booking(&booking())
        .with_attempt(&"01J0000000000000000000TEST".into())
        .with_credentials("ana", &Secret::new("ana's \"secret\""))
        .with_choice(&choice)
}

pub(super) fn booking() -> Booking {
    Booking {
        name: "july doubles".into(),
        member: "ana".into(),
        courts: vec!["1".into()],
        times: vec![jiff::civil::time(17, 0, 0, 0)],
        length: SignedDuration::from_hours(1),
        prefer: Prefer::Time,
        when: When::Once(jiff::civil::date(2027, 7, 18)),
        paused: false,
        variables: BTreeMap::from([("partner".to_owned(), "O'Brien \"Bob\"".to_owned())]),
    }
}

fn member() -> Member {
    Member {
        id: "ana".into(),
        site: "las-palmas".into(),
        vault: "las-palmas/ana".to_owned(),
        mail: None,
        language: Language::English,
    }
}

/// Every file below a folder, by the path that a user would write.
pub(super) fn files(folder: &Path) -> Vec<Arc<SourceFile>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(SourceFile::new(path.clone(), fs::read_to_string(&path).expect("text")));
        }
    }
    found.sort_by(|a, b| a.path().cmp(b.path()));
    found
}

/// Reads a folder as the program does.
pub(super) fn parse(folder: &str) -> (Option<Flow>, Vec<Problem>) {
    let folder = Path::new(folder);
    Flow::parse(folder, &files(folder))
}

/// The smallest whole flow with one file of it replaced or added.
pub(super) fn parse_with(path: &str, text: &str) -> (Option<Flow>, Vec<Problem>) {
    let folder = Path::new("fixtures/flow/valid/small");
    let path = folder.join(path);
    let mut files: Vec<_> = files(folder).into_iter().filter(|file| file.path() != path).collect();
    files.push(SourceFile::new(path, text));
    Flow::parse(folder, &files)
}
