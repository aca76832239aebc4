//! A site's `time-zone`: a place, because a place knows its summers.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use crate::config::raw::At;
use crate::report::{Problem, did_you_mean};

use super::{Problems, World};

/// What a zone should look like, for who wrote something of his own.
const FORM: &str = "write the IANA name, continent and city: America/Costa_Rica, Europe/Madrid";

/// Not every city is in the data, and the nearest word may be one far away.
const LARGER: &str = "Not every city has a zone of its name: a larger one with the same clock will do";

/// The places that share a wall clock and have no name but letters; the letters alone do not say which is meant.
const LETTERS: [(&str, &[&str]); 14] = [
    ("CST CDT", &["America/Costa_Rica", "America/Mexico_City", "America/Chicago", "America/Havana", "Asia/Shanghai"]),
    ("EST EDT", &["America/New_York", "America/Toronto", "America/Panama"]),
    ("MST MDT", &["America/Denver", "America/Phoenix"]),
    ("PST PDT", &["America/Los_Angeles", "America/Tijuana", "Asia/Manila"]),
    ("AST ADT", &["America/Puerto_Rico", "America/Santo_Domingo", "America/Halifax", "Asia/Riyadh"]),
    ("HST", &["Pacific/Honolulu"]),
    ("ART BRT", &["America/Argentina/Buenos_Aires", "America/Sao_Paulo"]),
    ("CLT CLST", &["America/Santiago"]),
    ("COT PET ECT", &["America/Bogota", "America/Lima", "America/Guayaquil"]),
    ("BST", &["Europe/London", "Asia/Dhaka"]),
    ("CEST MEZ MESZ", &["Europe/Madrid", "Europe/Berlin", "Europe/Paris"]),
    ("WEST EEST", &["Europe/Lisbon", "Europe/Athens"]),
    ("IST", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("AEST AEDT", &["Australia/Sydney", "Australia/Brisbane"]),
];

/// Offered to who writes an offset, where they have it just now.
const PLACES: [&str; 24] = [
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Costa_Rica",
    "America/Chicago",
    "America/Bogota",
    "America/New_York",
    "America/Puerto_Rico",
    "America/Santiago",
    "America/Argentina/Buenos_Aires",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Berlin",
    "Europe/Athens",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
];

/// The zone's name as the data spell it. Letters that some data take for a zone of one offset all year (`EST`) are refused
/// as well: who writes them means a place.
pub(super) fn zone(at: &At<String>, world: &World<'_>, problems: &mut Problems) -> Option<String> {
    let written = at.value.trim();
    if let Some(places) = meant_by_letters(written) {
        let message = format!("`{written}` is no place, and does not say when its clocks change");
        let help = format!("write the place whose clock the club shows: {}", one_of(places));
        problems.push(at.error("unknown-zone", message).help(help));
        return None;
    }
    if let Ok(zone) = world.zones.get(&at.value) {
        return Some(zone.iana_name().unwrap_or(&at.value).to_owned());
    }
    problems.push(unknown(at, world.zones, world.now));
    None
}

fn meant_by_letters(written: &str) -> Option<&'static [&'static str]> {
    let same = |letters: &str| letters.split(' ').any(|letters| letters.eq_ignore_ascii_case(written));
    LETTERS.iter().find(|(letters, _)| same(letters)).map(|(_, places)| *places)
}

fn unknown(at: &At<String>, zones: &TimeZoneDatabase, now: Timestamp) -> Problem {
    let written = at.value.trim();
    if let Some(seconds) = offset(written) {
        let message = format!("`{written}` is an offset, and does not say when the clocks change");
        return at.error("unknown-zone", message).help(places_with(seconds, zones, now));
    }
    // Bare letters that happen to resemble his (`CET` for `CXT`) are no better.
    let known: Vec<String> = zones.available().map(|name| name.to_string()).filter(|name| name.contains('/')).collect();
    let wanted = written.replace(' ', "_");
    let near = did_you_mean(&wanted, known.iter().map(String::as_str)).or_else(|| same_city(&wanted, &known));
    let help = near.map_or_else(|| FORM.to_owned(), |near| format!("did you mean `{near}`? {LARGER}"));
    at.error("unknown-zone", format!("there is no time zone `{}`", at.value)).help(help)
}

/// `Costa Rica` for `America/Costa_Rica`.
fn same_city<'a>(wanted: &str, known: &'a [String]) -> Option<&'a str> {
    let city = wanted.rsplit('/').next().unwrap_or(wanted);
    let near = did_you_mean(city, known.iter().filter_map(|name| name.rsplit('/').next()))?;
    known.iter().map(String::as_str).find(|name| name.rsplit('/').next() == Some(near))
}

/// `UTC-6`, `GMT+05:30`, `-0600` in seconds east of Greenwich.
fn offset(written: &str) -> Option<i32> {
    let upper = written.to_ascii_uppercase();
    let rest = ["UTC", "GMT"].iter().find_map(|name| upper.strip_prefix(name)).unwrap_or(&upper).trim();
    let sign = if rest.starts_with('+') { 1 } else { -1 };
    let digits = rest.strip_prefix(['+', '-', '−'])?;
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => digits.split_at_checked(2)?,
        (None, _) => (digits, "0"),
    };
    let number = |text: &str, most: i32| text.parse::<u8>().ok().map(i32::from).filter(|number| *number <= most);
    Some(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60))
}

/// Both ways round, because `Etc/GMT+6` and `UTC+6` differ in it.
fn places_with(seconds: i32, zones: &TimeZoneDatabase, now: Timestamp) -> String {
    let has = |name: &str, seconds: i32| zones.get(name).is_ok_and(|zone| zone.to_offset(now).seconds() == seconds);
    let side = |seconds: i32| {
        let places: Vec<&str> = PLACES.into_iter().filter(|name| has(name, seconds)).collect();
        let way = if seconds < 0 { "behind" } else { "ahead of" };
        (!places.is_empty()).then(|| format!("so far {way} UTC {} now {}", is(places.len()), one_of(&places)))
    };
    let sides: Vec<String> = [side(seconds), side(-seconds).filter(|_| seconds != 0)].into_iter().flatten().collect();
    if sides.is_empty() { FORM.to_owned() } else { format!("write the club's place: {}", sides.join("; ")) }
}

fn is(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn one_of(places: &[&str]) -> String {
    places.iter().map(|place| format!("\"{place}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_known_for_what_they_are() {
        for (written, hours) in [("UTC-6", -6), ("GMT+6", 6), ("gmt -06:00", -6), ("-0600", -6), ("UTC−6", -6)] {
            assert_eq!(offset(written), Some(hours * 3600), "{written}");
        }
        for none in ["UTC", "America/Costa_Rica", "GMT+banana", "UTC+99", "-", "x-6"] {
            assert_eq!(offset(none), None, "{none}");
        }
    }

    #[test]
    fn every_place_that_is_offered_exists() {
        let zones = TimeZoneDatabase::bundled();
        for place in LETTERS.iter().flat_map(|(_, places)| places.iter()).chain(&PLACES) {
            assert!(zones.get(place).is_ok(), "{place}");
        }
    }
}
