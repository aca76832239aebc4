//! How a demo ends that does not win, and that it leaves nothing behind.

use std::time::Duration;

use super::process::{Process, turn};
use crate::family::{alive_after, descendants};

/// Anything that does not wait for an opening is over by then.
const SOON: Duration = Duration::from_secs(20);

/// A demo with one browser is over by then.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn a_lost_court_ends_with_1_and_says_taken() {
    let _turn = turn();
    let words =
        ["demo", "--json", "--browser", "chromium", "--fire", "armed", "--fault", "all-taken", "--opens-in", "6s"];
    let ended = Process::start(&words, &[]).ended(LIMIT);
    let result = ended.json();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(result["outcome"], "taken", "{ended:?}");
    assert_eq!((&result["submits"], &result["early"]), (&1.into(), &false.into()), "{ended:?}");
}

#[test]
fn without_a_driver_nobody_waits_for_the_opening() {
    for (browser, variable) in
        [("firefox", "FIRSTSERVE_BROWSER_GECKODRIVER"), ("chromium", "FIRSTSERVE_BROWSER_CHROMIUM_BINARY")]
    {
        let words = ["demo", "--json", "--browser", browser, "--opens-in", "2m"];
        let ended = Process::start(&words, &[(variable, "/nowhere/at-all")]).ended(SOON);
        assert_eq!(ended.code, Some(69), "{ended:?}");
        let error = ended.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.contains("/nowhere/at-all") && error.contains(browser), "{ended:?}");
        assert!(ended.stderr.contains(&error), "a person reads it as well: {ended:?}");
    }
}

#[test]
fn a_demo_that_is_killed_leaves_neither_browser_nor_club() {
    let _turn = turn();
    let mut demo = Process::start(&["demo", "--browser", "firefox", "--opens-in", "2m"], &[]);
    demo.says("  ready", LIMIT);
    let family = descendants(demo.child.id());
    assert!(family.len() >= 4, "a club, a guardian, a driver and its browser: {family:?}");
    demo.child.kill().unwrap();
    demo.child.wait().unwrap();
    let left = alive_after(&family, SOON);
    assert!(left.is_empty(), "still alive: {left:?}");
    let profiles = std::fs::read_dir(demo.scratch()).unwrap().flatten().map(|entry| entry.file_name());
    let profiles: Vec<_> = profiles.filter(|name| !name.to_string_lossy().starts_with("firstserve-demo-")).collect();
    assert!(profiles.is_empty(), "left behind: {profiles:?}");
}

/// The fault takes the first choice away; a demo of it shows how the second one is booked.
#[test]
fn a_demo_of_a_taken_court_books_the_second_choice() {
    let _turn = turn();
    let words = ["demo", "--browser", "chromium", "--fault", "taken", "--opens-in", "6s"];
    let ended = Process::start(&words, &[]).ended(LIMIT);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said =
        ["sent court 1 at 17:00", "the site answers: taken", "sent court 3 at 17:00", "✔ confirmed", "2 submits"];
    let places: Vec<_> = said.iter().map(|words| ended.stderr.find(words)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {ended:?}");
}

#[test]
fn three_bookings_are_told_apart_in_each_line() {
    let _turn = turn();
    let words = ["demo", "--browser", "chromium", "--fire", "http", "--bookings", "3", "--opens-in", "20s"];
    let ended = Process::start(&words, &[]).ended(LIMIT);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let names = ["ana · 17:00 on court 1", "bruno · 18:00 on court 1", "carla · 19:00 on court 1"];
    let (steps, end) = ended.stderr.split_once("\n\n").expect("a summary");
    // The address of the club, and whose times they are, come first.
    let steps: Vec<_> = steps.lines().skip(2).collect();
    assert!(steps.len() > 15, "{steps:#?}");
    for line in &steps {
        assert_eq!(names.iter().filter(|name| line.contains(**name)).count(), 1, "{line}");
    }
    assert!(names.iter().all(|name| end.contains(&format!("  {name}: confirmed, received "))), "{end}");
}
