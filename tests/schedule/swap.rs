//! Zone data is chosen by release, and its choice moves openings.

use std::fs;
use std::path::PathBuf;

use firstserve::clock::tzdata::{Origin, ZoneData};
use firstserve::schedule::start_of;
use jiff::Timestamp;
use jiff::civil::date;

use super::{at, fixture};

fn havana(data: &ZoneData) -> Timestamp {
    start_of(date(2026, 12, 1), &data.zone("America/Havana").expect("the zone is known"))
}

#[test]
fn havana_moves_by_an_hour_with_the_data() {
    let old = ZoneData::read(&fixture("tzdata-2025b.bin"), Origin::Configured).expect("zone data");
    let new = ZoneData::newest_of(Some(&fixture("tzdata-2026f.bin")), []);
    assert_eq!((old.version.as_str(), havana(&old)), ("2025b", at("2026-12-01T05:00:00Z")));
    assert_eq!((new.version.as_str(), havana(&new)), ("2026f", at("2026-12-01T04:00:00Z")));
    assert_eq!(new.origin, Origin::Configured);
}

#[test]
fn the_newest_release_wins_wherever_it_is() {
    let home = tempfile::tempdir().expect("a folder");
    let newer = folder(&home, "newer", "tzdata.zi", "# version 9999a\nR d 1916");
    let older = folder(&home, "older", "+VERSION", "1999a\n");

    let data = ZoneData::newest_of(Some(&older), [newer.clone()]);
    assert_eq!((data.version.as_str(), data.origin), ("9999a", Origin::System));
    assert_eq!(codes(&data), ["time-zone-data-passed-over"]);

    let data = ZoneData::newest_of(Some(&newer), [older.clone()]);
    assert_eq!(
        (data.version.as_str(), data.origin, data.path.as_deref()),
        ("9999a", Origin::Configured, Some(&*newer))
    );
    assert_eq!(codes(&data), [""; 0]);

    let data = ZoneData::newest_of(None, [home.path().join("nowhere"), older]);
    assert_eq!((data.origin, data.path), (Origin::Bundled, None));
}

#[test]
fn what_this_machine_uses_is_not_older_than_what_is_bundled() {
    let data = ZoneData::newest(None);
    assert!(data.version >= ZoneData::bundled().version, "{data}");
    assert!(data.zone("America/Costa_Rica").is_some() && data.zone("America/Nowhere").is_none());
}

#[test]
fn of_equal_releases_the_configured_one_is_used() {
    let home = tempfile::tempdir().expect("a folder");
    let bundled = ZoneData::bundled().version;
    let configured = folder(&home, "configured", "version", &bundled);
    let system = folder(&home, "system", "version", &bundled);
    assert_eq!(ZoneData::newest_of(Some(&configured), [system.clone()]).origin, Origin::Configured);
    assert_eq!(ZoneData::newest_of(None, [system]).origin, Origin::System);
}

#[test]
fn a_configured_copy_that_cannot_be_used_is_said() {
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join("letter.txt"), "no zones here").expect("written");
    for path in [home.path().join("nowhere"), home.path().to_owned(), home.path().join("letter.txt")] {
        let data = ZoneData::newest_of(Some(&path), []);
        assert_eq!(data.origin, Origin::Bundled);
        assert_eq!(codes(&data), ["time-zone-data-unusable"], "{}", path.display());
    }
}

#[test]
fn a_copy_without_a_release_is_not_trusted() {
    let home = tempfile::tempdir().expect("a folder");
    let unnamed = folder(&home, "unnamed", "hello", "there");
    let data = ZoneData::newest_of(Some(&unnamed), []);
    assert_eq!(data.origin, Origin::Bundled);
    let problems = data.warnings(at("2026-11-01T00:00:00Z"));
    assert!(problems[0].help.as_deref().is_some_and(|help| help.contains("+VERSION")), "{problems:?}");
}

/// A folder with one compiled zone, taken out of the committed file, and a file that tells its release.
fn folder(home: &tempfile::TempDir, name: &str, version_file: &str, version: &str) -> PathBuf {
    let folder = home.path().join(name);
    fs::create_dir_all(folder.join("America")).expect("made");
    fs::write(folder.join("America/Havana"), tzif("America/Havana")).expect("written");
    fs::write(folder.join(version_file), version).expect("written");
    folder
}

fn tzif(name: &str) -> Vec<u8> {
    let all = fs::read(fixture("tzdata-2025b.bin")).expect("the fixture can be read");
    let number = |at: usize| u32::from_be_bytes(all[at..at + 4].try_into().expect("four bytes")) as usize;
    let (index, data) = (number(12), number(16));
    let mut entries = (index..data).step_by(52);
    let entry = entries.find(|at| all[*at..].starts_with(name.as_bytes())).expect("the zone is there");
    let start = data + number(entry + 40);
    all[start..start + number(entry + 44)].to_vec()
}

fn codes(data: &ZoneData) -> Vec<&'static str> {
    data.warnings(at("1999-06-01T00:00:00Z")).iter().map(|problem| problem.code).collect()
}
