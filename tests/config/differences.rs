//! What a reload says in the log.

use std::path::{Path, PathBuf};

use firstserve::config::{Loaded, diff, moved};
use firstserve::model::{Choice, Occurrence};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use super::world::{CLUB, DOUBLES, OTHER_COMMIT, World, copy, valid};

fn words(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (World::with(old), World::with(new));
    let (old, new) = (old.load(), new.load());
    let (old, new) = (valid(&old), valid(&new));
    let same_place = |text: String| text.replace(&new.server.data.display().to_string(), "DATA");
    let changes = diff(old, new).iter().map(ToString::to_string).map(same_place).collect::<Vec<_>>();
    // Two worlds lie in two folders; what follows from that alone is no difference of the texts.
    changes
        .into_iter()
        .filter(|words| {
            !words.contains("/tmp")
                && !words.contains("DATA")
                && !words.contains("where it is")
                && !words.contains("database")
        })
        .collect()
}

#[test]
fn nothing_changes_when_only_comments_do() {
    let world = World::with(&format!("{CLUB}{DOUBLES}"));
    let before = world.load();
    world.write(&format!("# a comment\n{CLUB}\n\n{DOUBLES}"));
    let after = world.load();
    assert_ne!(before.hash, after.hash);
    assert_eq!(diff(valid(&before), valid(&after)), []);
}

#[test]
fn changes_are_told_in_words() {
    let old = format!("{CLUB}{DOUBLES}");
    assert_eq!(
        words(&old, &old.replace("visible-days = 10", "visible-days = 11")),
        ["court 1 of club: opens was 10 visible days, is now 11 visible days"]
    );
    assert_eq!(
        words(&old, &old.replace("times = [\"17:00\"]", "times = [\"18:00\", \"19:00\"]\npaused = true")),
        ["booking \"doubles\" of ana: times was 17:00, is now 18:00, 19:00", "booking \"doubles\" of ana is paused"]
    );
    assert_eq!(
        words(&old, &old.replace("[member.ana]\n", "[member.ana]\nlanguage = \"es\"\n")),
        ["member ana: language was en, is now es"]
    );
    assert_eq!(
        words(&old, &old.replace("name = \"doubles\"", "name = \"singles\"")),
        ["booking \"doubles\" of ana is gone", "booking \"singles\" of ana is new"]
    );
    assert_eq!(
        words(
            &old,
            &format!("[server]\nlisten = \"127.0.0.1:9\"\n[mail]\nfrom = \"a@b.example\"\nsmtp-host = \"x\"\n{old}")
        ),
        ["[server]: listen was 127.0.0.1:8080, is now 127.0.0.1:9", "[mail] is new"]
    );
    assert_eq!(
        words(&old, &old.replace("visible-days = 9", "before = \"168h\", measured-to = \"end\"")),
        ["court 2 of club: opens was 9 visible days, is now 168h before the slot's end"]
    );
}

#[test]
fn a_selector_file_is_named_and_a_secret_is_not_shown() {
    let world = World::with(CLUB);
    let before = world.load_in(&[("DATABASE_URL", "postgres://me:canary1@db/x")]);
    std::fs::write(world.path("selectors/club/commit.toml"), OTHER_COMMIT).expect("the file can be written");
    let after = world.load_in(&[("DATABASE_URL", "postgres://me:canary2@db/x")]);
    let changes: Vec<_> = diff(valid(&before), valid(&after)).iter().map(ToString::to_string).collect();
    assert_eq!(changes[0], "[server]: database has changed");
    assert!(changes[1].ends_with("selectors/club/commit.toml has changed"), "{changes:?}");
    assert_eq!(changes.len(), 2);
}

#[test]
fn many_selector_files_are_counted_and_those_of_a_flow_that_is_left_are_not_named() {
    let world = World::with(CLUB);
    let told = |old: &Loaded, new: &Loaded| -> Vec<String> {
        diff(valid(old), valid(new)).iter().map(ToString::to_string).collect()
    };
    let before = world.load();
    let mut files = Vec::new();
    toml_files(&world.path("selectors/club"), &mut files);
    for file in &files {
        let text = std::fs::read_to_string(file).expect("it can be read");
        std::fs::write(file, format!("{text}\n# edited\n")).expect("it can be written");
    }
    assert!(files.len() > 3, "{files:?}");
    let edited = world.load();
    assert_eq!(told(&before, &edited), [format!("site club: {} selector files have changed", files.len())]);
    copy(&world.path("selectors/club"), &world.path("selectors/other"));
    world.write(&CLUB.replace("selectors/club", "selectors/other"));
    let moved = told(&edited, &world.load());
    assert!(moved.len() == 1 && moved[0].starts_with("site club: flow was "), "{moved:?}");
}

fn toml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        match path.is_dir() {
            true => toml_files(&path, found),
            false => found.extend(Some(path).filter(|path| path.extension().is_some_and(|ending| ending == "toml"))),
        }
    }
}

#[test]
fn attempts_that_move_are_counted() {
    let dates: Vec<Date> =
        ["2027-07-06", "2027-07-13", "2027-07-20"].map(|date| date.parse().expect("a date")).to_vec();
    let old: Vec<_> = dates.iter().map(|date| occurrence("singles", *date, 9)).collect();
    let new: Vec<_> = dates.iter().map(|date| occurrence("singles", *date, 10)).collect();
    let told: Vec<_> = moved(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["court 1 Tue 19:00 now opens a day earlier; 3 dates move"]);

    let told: Vec<_> = moved(&new[..1], &old[..2]).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["court 1 Tue 19:00 now opens a day later; 1 date moves", "1 date is new"]);

    let told: Vec<_> = moved(&old, &[]).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["3 dates are called off"]);
    assert_eq!(moved(&old, &old), []);
}

/// Only so many dates are looked ahead: when a rule gives more of them, the last ones are not called off, but out of sight.
#[test]
fn a_horizon_that_moves_calls_nothing_off() {
    let start: Date = "2027-07-06".parse().expect("a date");
    let every = |days: i32, count: i32| -> Vec<_> {
        (0..count).map(|number| occurrence("singles", start.saturating_add((days * number).days()), 9)).collect()
    };
    let told = |old: &[Occurrence], new: &[Occurrence]| -> Vec<String> {
        moved(old, new).iter().map(ToString::to_string).collect()
    };
    let (weekly, twice) = (every(14, 52), every(7, 52));
    assert_eq!(told(&weekly, &twice), ["26 dates are new"], "the dates between; the far ones are out of sight");
    assert_eq!(told(&twice, &weekly), ["26 dates are called off"]);
    assert_eq!(told(&weekly, &every(14, 40)), ["12 dates are called off"], "the control: a rule that ends sooner");
}

#[test]
fn hours_and_always_are_told_as_such() {
    let date = "2027-07-06".parse().expect("a date");
    let old = occurrence("singles", date, 9);
    let told = |shift: SignedDuration| {
        let mut new = old.clone();
        new.choices[0].opening = old.choices[0].opening + shift;
        moved(std::slice::from_ref(&old), &[new])[0].to_string()
    };
    assert_eq!(told(SignedDuration::from_mins(90)), "court 1 Tue 19:00 now opens 1h30m later; 1 date moves");
    assert_eq!(told(SignedDuration::from_hours(-71)), "court 1 Tue 19:00 now opens 3 days earlier; 1 date moves");
    let mut new = old.clone();
    new.choices[0].opening = jiff::Timestamp::MIN;
    assert_eq!(moved(&[old], &[new])[0].to_string(), "court 1 Tue 19:00 now can be booked at any time; 1 date moves");
}

fn occurrence(booking: &str, date: Date, days_before: i64) -> Occurrence {
    let zone = TimeZone::fixed(jiff::tz::offset(-6));
    let midnight = date.to_zoned(zone.clone()).expect("a fixed offset has every date");
    let opening = midnight.timestamp() - SignedDuration::from_hours(24 * days_before);
    let start = date.at(19, 0, 0, 0);
    let choice = Choice {
        court: "1".into(),
        court_site_id: "5".to_owned(),
        start,
        length: SignedDuration::from_hours(1),
        opening,
        starts_at: start.to_zoned(zone).expect("a fixed offset has every time").timestamp(),
    };
    Occurrence { booking: booking.into(), member: "ana".into(), site: "club".into(), date, choices: vec![choice] }
}
