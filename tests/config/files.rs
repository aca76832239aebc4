//! What may lie at the path, and what written paths mean.

use std::fs::{self, File};
use std::path::Path;

use firstserve::clock::Stopwatch;
use firstserve::config::{Config, schema};
use firstserve::model::{
    BookingName, CourtName, FireMode, MeasuredTo, MemberId, OpeningRule, Patience, Prefer, Secret, When,
};
use firstserve::report::render;
use jiff::SignedDuration;
use jiff::civil::{date, time};

use super::world::{CLUB, DOUBLES, OTHER_COMMIT, World, codes, load_plainly, valid};

#[test]
fn the_documented_example_is_clean_and_names_every_key() {
    let text = fs::read_to_string("config/booking.toml").expect("the example is there");
    let world = World::with(&text);
    let loaded = world.load();
    assert_eq!(valid(&loaded).bookings.len(), 2);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let keys = every_key();
    assert!(keys.len() > 50, "the schema has {} keys only", keys.len());
    for key in keys {
        assert!(mentions(&text, &key), "the example says nothing of `{key}`");
    }
    assert!(!mentions(&text, "no-such-key"));
}

#[test]
fn the_fixture_with_everything_sets_every_key() {
    let text = fs::read_to_string("fixtures/config/valid/everything.toml").expect("the fixture is there");
    for key in every_key() {
        assert!(mentions(&text, &key), "everything.toml says nothing of `{key}`");
    }
}

/// The example, with every key that is commented out written in: what it says of them must be right too.
#[test]
fn what_the_example_leaves_out_would_be_right() {
    let text = fs::read_to_string("config/booking.toml").expect("the example is there");
    let uncommented: Vec<_> = text.lines().map(|line| if is_key(line) { &line[2..] } else { line }).collect();
    let world = World::with(&uncommented.join("\n"));
    let plain = World::with(&text);
    assert!(uncommented.len() == text.lines().count() && uncommented.join("\n") != text);
    let (loaded, defaults) = (world.load(), plain.load());
    let (config, defaults) = (valid(&loaded), valid(&defaults));
    assert_eq!(config.sites[0].patience, defaults.sites[0].patience, "the example says other defaults than there are");
    assert_eq!(config.sites[0].clock, defaults.sites[0].clock);
    assert_eq!(config.server.db_pool_size, defaults.server.db_pool_size);
    assert_eq!(config.log.keep_days, defaults.log.keep_days);
    assert_eq!(config.bookings[0].length, defaults.bookings[0].length);
}

fn is_key(line: &str) -> bool {
    line.strip_prefix("# ").is_some_and(|rest| {
        let key = rest.split(" = ").next().unwrap_or_default();
        rest.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    })
}

#[test]
fn everything_arrives_as_it_was_written() {
    let loaded = load_plainly(Path::new("fixtures/config/valid/everything.toml"));
    let config: &Config = valid(&loaded);
    let site = &config.sites[0];
    assert_eq!(site.url, "https://club.example/app/");
    assert_eq!(site.time_zone, "America/Costa_Rica", "as the zone data spell it");
    assert_eq!(site.fire, FireMode::Http);
    assert_eq!(site.slot_length, SignedDuration::from_mins(90));
    let patience = Patience {
        login_lead: SignedDuration::from_mins(2),
        settle: SignedDuration::from_secs(20),
        verify_deadline: SignedDuration::from_mins(15),
        grace: SignedDuration::from_hours(1),
        answer: SignedDuration::from_secs(45),
        max_submits: 3,
        max_logins: 1,
        armed_lead: SignedDuration::from_millis(250),
        lead_at_most: SignedDuration::from_millis(20),
        lead_guard: SignedDuration::from_millis(2),
    };
    assert_eq!(site.patience, patience);
    let opens: Vec<_> = site.courts.iter().map(|court| (court.name.as_str(), court.opens)).collect();
    let days_before = OpeningRule::DaysBefore { days: 9, at: time(7, 30, 0, 0), measured_to: MeasuredTo::End };
    let visible = OpeningRule::VisibleDays { days: 10, measured_to: MeasuredTo::Start };
    let before = OpeningRule::Before { span: SignedDuration::from_hours(168), measured_to: MeasuredTo::Start };
    assert_eq!(opens, [("1", days_before), ("2", before), ("Pista 3", OpeningRule::Always), ("4", visible)]);
    let doubles = config.booking(&MemberId::new("ana"), &BookingName::new("july doubles")).expect("it is there");
    assert_eq!(doubles.courts, [CourtName::new("2"), CourtName::new("1")]);
    assert_eq!((doubles.prefer, doubles.paused, doubles.length), (Prefer::Court, true, SignedDuration::from_hours(1)));
    let singles = &config.bookings[1];
    assert_eq!(singles.courts.len(), 4, "left out: every court");
    assert_eq!(singles.length, site.slot_length, "left out: the site's");
    let repeat = When::Repeat {
        rule: "FREQ=WEEKLY;BYDAY=WE;UNTIL=20270630".to_owned(),
        from: date(2027, 1, 6),
        except: vec![date(2027, 4, 14)],
    };
    assert_eq!(singles.when, repeat);
}

#[test]
fn paths_are_relative_to_the_folder_that_holds_config() {
    let world = World::with(&format!("{CLUB}{DOUBLES}"));
    let loaded = world.load();
    let config = valid(&loaded);
    assert_eq!(config.server.data, world.path("data"));
    assert_eq!(config.sites[0].flow, world.path("selectors/club"));
    let database = format!("sqlite://{}", world.path("data/firstserve.db").display());
    assert_eq!(config.server.database, Secret::new(database));
    assert_eq!(config.log.folder, world.path("data/log"));
    let files = &config.selectors[&config.sites[0].id];
    assert!(files.iter().any(|file| file.path() == world.path("selectors/club/commit.toml")), "{files:?}");
}

#[test]
fn the_hash_covers_the_file_and_the_selectors() {
    let world = World::with(CLUB);
    let first = world.load().hash;
    assert_eq!(world.load().hash, first);
    fs::write(world.path("selectors/club/commit.toml"), OTHER_COMMIT).expect("the file can be written");
    let second = world.load().hash;
    assert_ne!(second, first);
    world.write(&format!("{CLUB}\n"));
    assert_ne!(world.load().hash, second);
    assert_eq!(valid(&world.load()).hash, world.load().hash);
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let world = World::with(CLUB);
    let pipe = world.path("config/pipe.toml");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe can be made");
    for path in [pipe, world.path("config"), world.path("config/nothing.toml"), "/dev/zero".into()] {
        let loaded = load_plainly(&path);
        assert!(loaded.unreadable && loaded.config.is_none());
        assert_eq!(codes(&loaded), ["unreadable-file"], "{}", path.display());
        assert!(loaded.problems[0].message.contains(&path.display().to_string()));
    }
    assert!(!load_plainly(&world.file()).unreadable);
}

/// With a mark at the start and two characters at the end of each line.
#[test]
fn a_file_from_windows_is_read_like_any_other() {
    let text = format!("\u{feff}{CLUB}{}", DOUBLES.replace("times", "tims")).replace('\n', "\r\n");
    let loaded = World::with(&text).load();
    assert_eq!(codes(&loaded), ["missing-key", "unknown-key"]);
    let place = loaded.problems[1].place.as_ref().expect("it has a place");
    assert_eq!((place.line(), place.column()), (20, 1));
    assert!(World::with(&text.replace("tims", "times")).load().config.is_some());
}

#[test]
fn a_huge_file_is_refused() {
    let world = World::with(CLUB);
    let huge = File::create(world.file()).expect("the file can be made");
    huge.set_len(11 * 1024 * 1024).expect("it can be made long");
    let loaded = world.load();
    assert!(loaded.problems[0].message.contains("larger than 10 MiB"), "{:?}", loaded.problems);
}

#[test]
fn a_wrong_selector_file_is_a_problem_of_that_file() {
    let world = World::with(CLUB);
    let path = world.path("selectors/club/retry.toml");
    fs::write(&path, b"caf\xe9 = 1\n").expect("the file can be written");
    let loaded = world.load();
    assert_eq!(codes(&loaded), ["not-utf8"]);
    assert_eq!(loaded.problems[0].place.as_ref().expect("it has a place").file().path(), path);
}

/// Makes a file unreadable.
type Spoil = fn(&Path);

/// What an unread file would have held is not missed, and what is wrong in the others is said all the same.
#[test]
fn a_selector_file_that_cannot_be_read_is_the_only_problem() {
    let list = "selectors/club/verify/10-list.toml";
    let cases: [(Spoil, &str, &str); 4] = [
        (|path| fs::create_dir(path).expect("a folder"), "unreadable-file", "give it another name, or take it away"),
        (|path| std::os::unix::fs::symlink("/nowhere", path).expect("a link"), "unreadable-file", "a link to nothing"),
        (|path| fs::write(path, b"caf\xe9 = 1\n").expect("a file"), "not-utf8", "save the file as UTF-8"),
        (|path| fs::write(path, "a = \"b\n").expect("a file"), "toml-syntax", "write the same quote after the text"),
    ];
    for (spoil, code, help) in cases {
        let world = World::with(&format!("{CLUB}{DOUBLES}"));
        fs::remove_file(world.path(list)).expect("the file is there");
        spoil(&world.path(list));
        let loaded = world.load();
        assert_eq!(codes(&loaded), [code]);
        assert!(loaded.problems[0].place.is_some());
        assert!(loaded.problems[0].help.as_ref().is_some_and(|told| told.contains(help)), "{:?}", loaded.problems);
        fs::write(world.path("selectors/club/prepare/10-form.toml"), "[[step]]\nclck = \"x\"\n").expect("a file");
        assert_eq!(world.load().problems.len(), 2, "{:?}", world.load().problems);
    }
}

#[test]
fn what_is_missing_in_a_flow_is_said_where_its_folder_is_named() {
    let world = World::with(&format!("{CLUB}{DOUBLES}"));
    fs::remove_dir_all(world.path("selectors/club/verify")).expect("the folder is there");
    let loaded = world.load();
    assert_eq!(codes(&loaded), ["no-verify"]);
    let place = loaded.problems[0].place.as_ref().expect("it has a place");
    assert_eq!(&place.file().text()[place.span()], "\"selectors/club\"");
}

#[test]
fn thousands_of_mistakes_are_counted_not_shown() {
    let text: String = (0..5_000).map(|n| format!("unknown-{n} = 1\n")).collect();
    let loaded = World::with(&text).load();
    assert_eq!(loaded.problems.len(), 101);
    assert_eq!(loaded.problems[100].message, "4900 more problems are not shown");
    assert!(loaded.config.is_none());
}

/// The limit is looked at first, and is the only thing that is said; what is said of the rest grows with the file only.
/// The time is generous: nearest words for each of so many names took half a minute.
#[test]
fn far_too_many_entries_are_told_at_once() {
    let site = |n: usize| {
        let site = CLUB.split("[member").next().expect("it begins with the site");
        site.replace("[site.club", &format!("[site.s{n}")).replace("Costa_Rica", "Costa_Rico")
    };
    let sites: String = (0..2_000).map(site).collect();
    let members: String = (0..20_000).map(|n| format!("[member.m{n}]\nsite = \"clob\"\nvault = \"x\"\n")).collect();
    let bookings = |count: usize| -> String { (0..count).map(|n| DOUBLES.replace("ana", &format!("mm{n}"))).collect() };
    for (text, message) in [
        (format!("{CLUB}{}", bookings(20_000)), "there are 20000 [[booking]] in this file, more than 1000"),
        (format!("{CLUB}{members}{}", bookings(1000)), "there are 20001 [member.NAME] in this file, more than 1000"),
        (format!("{CLUB}{sites}"), "there are 2001 [site.NAME] in this file, more than 100"),
    ] {
        let world = World::with(&text);
        let begun = Stopwatch::start();
        let loaded = world.load();
        assert_eq!(loaded.problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), [message]);
        assert!(loaded.problems[0].place.as_ref().is_some_and(|place| place.line() > 200) && loaded.config.is_none());
        assert!(begun.elapsed() < std::time::Duration::from_secs(8), "{message}: {:?}", begun.elapsed());
    }
}

#[test]
fn as_many_entries_as_are_allowed_are_taken() {
    let members: String = (1..1000).map(|n| format!("[member.m{n}]\nsite = \"club\"\nvault = \"x\"\n")).collect();
    let bookings: String = (0..1000).map(|n| DOUBLES.replace("doubles", &format!("b{n}"))).collect();
    let world = World::with(&format!("{CLUB}{members}{bookings}"));
    assert_eq!(valid(&world.load()).bookings.len(), 1000);
    let unknown = World::with(&format!("{CLUB}{members}{}", bookings.replace("\"ana\"", "\"m1x001\"")));
    let begun = Stopwatch::start();
    assert_eq!(unknown.load().problems.len(), 101, "a nearest name is looked for for each of them");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

fn every_key() -> Vec<String> {
    let schema = schema();
    let tables = schema["$defs"].as_object().expect("there are definitions").values().chain([&schema]);
    let keys = tables.filter_map(|table| table["properties"].as_object()).flat_map(|keys| keys.keys().cloned());
    keys.collect()
}

/// Whether the key stands in the text as a key or in a table's header.
fn mentions(text: &str, key: &str) -> bool {
    [format!("{key} = "), format!("[{key}]"), format!("[{key}."), format!(".{key}.")]
        .iter()
        .any(|form| text.contains(form))
}

/// A two-hour game made of two bookings opens at one instant, and an account is logged in once.
#[test]
fn bookings_of_one_account_that_open_together_are_told_unless_the_site_bears_it() {
    let later = DOUBLES.replace("doubles", "second hour").replace("17:00", "18:00");
    let other_day = later.replace("07-18", "07-19");
    let other_member = later.replace("ana", "luis") + "[member.luis]\nsite = \"club\"\nvault = \"VAULT\"\n";
    let many = CLUB.replace("[site.club.court.1]", "sessions = \"many\"\n[site.club.court.1]");
    for (club, second, expected) in [
        (CLUB, later.clone(), 1),
        (CLUB, other_member.replace("VAULT", "club/ana"), 1),
        (CLUB, other_member.replace("VAULT", "club/luis"), 0),
        (CLUB, later.replace("date =", "paused = true\ndate ="), 0),
        (&many, later.clone(), 0),
    ] {
        let loaded = World::with(&format!("{club}{DOUBLES}{second}")).load();
        let told = codes(&loaded).into_iter().filter(|code| *code == "one-after-the-other").count();
        assert_eq!(told, expected, "{second}: {}", render(&loaded.problems, false));
    }
    let soon = |at: &str| CLUB.replace("{ visible-days = 9 }", &format!("{{ days-before = 9, at = \"{at}\" }}"));
    let on = |court: &str, text: &str| text.replace("date =", &format!("courts = [\"{court}\"]\ndate ="));
    for (at, expected) in [("00:00:39", Some("open 39 s apart (Fri 2027-07-09 00:00)")), ("00:00:40", None)] {
        let loaded = World::with(&format!("{}{}{}", soon(at), on("1", DOUBLES), on("2", &later))).load();
        let told = loaded.problems.iter().find(|problem| problem.code == "one-after-the-other");
        assert_eq!(told.is_some(), expected.is_some(), "{at}: {}", render(&loaded.problems, false));
        assert!(told.zip(expected).is_none_or(|(told, words)| told.message.contains(words)), "{told:?}");
    }
    let one_court = DOUBLES.replace("date =", "courts = [\"1\"]\ndate =");
    let next_day = other_day.replace("date =", "courts = [\"1\"]\ndate =");
    let loaded = World::with(&format!("{CLUB}{one_court}{next_day}")).load();
    assert!(!codes(&loaded).contains(&"one-after-the-other"), "another day opens at another instant");
}
