//! The documents for users say commands and rules that there are.

use std::collections::BTreeSet;

use jiff::civil::date;
use regex::Regex;

use super::world::{House, booking, member};

/// What users read about commands.
const DOCS: [(&str, &str); 13] = [
    ("README.md", include_str!("../../README.md")),
    ("docs/guide.md", include_str!("../../docs/guide.md")),
    ("docs/selectors.md", include_str!("../../docs/selectors.md")),
    ("docs/clock.md", include_str!("../../docs/clock.md")),
    ("docs/misfire.md", include_str!("../../docs/misfire.md")),
    ("docs/faults.md", include_str!("../../docs/faults.md")),
    ("docs/simulate.md", include_str!("../../docs/simulate.md")),
    ("docs/chains.md", include_str!("../../docs/chains.md")),
    ("docs/decisions.md", include_str!("../../docs/decisions.md")),
    ("CHANGELOG.md", include_str!("../../CHANGELOG.md")),
    ("SECURITY.md", include_str!("../../SECURITY.md")),
    ("CONTRIBUTING.md", include_str!("../../CONTRIBUTING.md")),
    ("config/booking.toml", include_str!("../../config/booking.toml")),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_and_flag_of_the_documents_exists() {
    let house = House::without_vault();
    // In backquotes, in a block of commands, or behind its path: elsewhere it is a word of a sentence.
    let command = Regex::new(r"(?m)(?:[`(]|^ +|\$ |with:  |target/release/)firstserve ([a-z]+)([^`#\n)]*)");
    let command = command.expect("a pattern");
    let flag = Regex::new(r"--[a-z-]+").expect("a pattern");
    let mut seen = BTreeSet::new();
    for (file, text) in DOCS {
        for found in command.captures_iter(text) {
            let (name, rest) = (&found[1], &found[2]);
            let help = house.ask(&[name, "--help"]).await;
            assert_eq!(help.code, Some(0), "{file}: firstserve {name}{rest}: {help:#?}");
            for flag in flag.find_iter(rest) {
                assert!(help.out.contains(flag.as_str()), "{file}: firstserve {name} has no {}", flag.as_str());
            }
            seen.insert(name.to_owned());
        }
    }
    for name in ["book", "check", "clock", "club", "demo", "explain", "plan", "replay", "run", "schema", "vault"] {
        assert!(seen.contains(name), "no document speaks of {name}, or the search does not find it: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_opening_rule_of_the_guide_is_right() {
    let guide = DOCS[1].1;
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|(rule, _)| rule));
    let rules: Vec<&str> = rows.filter(|rule| rule.starts_with('{') || *rule == "\"always\"").collect();
    assert_eq!(rules.len(), 4, "{rules:?}");
    for rule in rules.into_iter().chain(["{ visible-days = 10, measured-to = \"end\" }"]) {
        let house = House::without_vault();
        let site = format!(
            "[site.club]\nurl = \"http://127.0.0.1:9/\"\ntime-zone = \"America/Costa_Rica\"\nflow = \"selectors/club\"\n\
             [site.club.court.1]\nsite-id = \"5\"\nopens = {rule}\n"
        );
        house.write(&[site, member("ana"), booking("singles", "ana", date(2099, 7, 18), "1", "17:00")]);
        let checked = house.ask(&["check"]).await;
        assert_eq!(checked.code, Some(0), "{rule}: {checked:#?}");
    }
}
