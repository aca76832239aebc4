//! The rule of a repeating booking: the one place where `schedule` is asked about rules.

use jiff::civil::Date;

use crate::config::raw::At;
use crate::model::When;

use super::Problems;

/// Longer rules are mistakes.
const MAX_RULE: usize = 512;

/// How many dates ahead overlaps are looked for.
const AHEAD: usize = 52;

const EXAMPLE: &str = "every Wednesday is FREQ=WEEKLY;BYDAY=WE, every other Friday FREQ=WEEKLY;INTERVAL=2;BYDAY=FR";

/// The rule as the model keeps it, with `until` folded in; none when it is wrong, which is then said.
pub(super) fn rule(written: &At<String>, until: Option<&At<Date>>, problems: &mut Problems) -> Option<String> {
    let text = written.value.trim().trim_end_matches(';');
    if until.is_some() && has_part(text, &["UNTIL", "COUNT"]) {
        let message = "the rule has an end of its own (`UNTIL` or `COUNT`) beside `until`";
        problems.push(written.error("too-many-keys", message).help("keep one of them"));
        return None;
    }
    let text = match until {
        Some(until) => format!("{text};UNTIL={}", until.value.strftime("%Y%m%d")),
        None => text.to_owned(),
    };
    match mistake(&text) {
        Some((code, message, help)) => {
            problems.push(written.error(code, message).help(help));
            None
        }
        None => Some(text),
    }
}

/// The next dates, today or later; none when that cannot be told.
pub(super) fn dates(when: &When, today: Date) -> Option<Vec<Date>> {
    match when {
        When::Once(date) => Some(Some(*date).filter(|date| *date >= today).into_iter().take(AHEAD).collect()),
        When::Repeat { .. } => None,
    }
}

fn mistake(text: &str) -> Option<(&'static str, String, &'static str)> {
    if text.len() > MAX_RULE {
        return Some((
            "repeat-not-understood",
            format!("the rule is {} bytes long", text.len()),
            "a rule has at most 512 bytes",
        ));
    }
    if has_part(text, &["BYHOUR", "BYMINUTE", "BYSECOND"]) {
        let help = "take it out and list the times of day in `times`";
        return Some(("repeat-within-a-day", "the rule sets a time of day".to_owned(), help));
    }
    match part(text, "FREQ").as_deref() {
        Some("DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") => None,
        Some(word @ ("HOURLY" | "MINUTELY" | "SECONDLY")) => {
            let help = "use DAILY, WEEKLY, MONTHLY or YEARLY, and list the times of day in `times`";
            Some(("repeat-within-a-day", format!("`FREQ={word}` repeats within a day"), help))
        }
        _ => Some(("repeat-not-understood", "the rule has no FREQ that is known".to_owned(), EXAMPLE)),
    }
}

fn has_part(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| part(text, name).is_some())
}

fn part(text: &str, name: &str) -> Option<String> {
    let text = text.to_ascii_uppercase();
    let parts = text.strip_prefix("RRULE:").unwrap_or(&text).split(';');
    parts
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}
