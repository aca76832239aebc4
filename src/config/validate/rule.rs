//! The rule of a repeating booking: the one place where `schedule` is asked about rules.

use jiff::civil::Date;

use crate::config::raw::At;
use crate::model::When;
use crate::report::Place;
use crate::schedule::{AHEAD, Rule, RuleError};

use super::Problems;

/// The rule as the model keeps it, with `until` folded in; none when it is wrong, which is then said.
pub(super) fn rule(
    written: &At<String>,
    until: Option<&At<Date>>,
    from: Option<&At<Date>>,
    except: &[Date],
    problems: &mut Problems,
) -> Option<String> {
    let text = written.value.trim().trim_end_matches(';');
    let parsed = match Rule::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            problems.push(blame(written, &error));
            return None;
        }
    };
    if until.is_some() && has_end(text) {
        let message = "the rule has an end of its own (`UNTIL` or `COUNT`) beside `until`";
        problems.push(written.error("too-many-keys", message).help("keep one of them"));
        return None;
    }
    let whole = match until {
        Some(until) => format!("{text};UNTIL={}", until.value.strftime("%Y%m%d")),
        None => text.to_owned(),
    };
    if let Some(from) = from {
        fires(written, &whole, from, except, problems)?;
        problems.extend(parsed.late_first(from.value).map(|problem| from.origin.blame(problem)));
    }
    Some(whole)
}

fn fires(written: &At<String>, whole: &str, from: &At<Date>, except: &[Date], problems: &mut Problems) -> Option<()> {
    let checked = Rule::parse(whole).and_then(|rule| rule.check_from(from.value, except));
    match checked {
        Ok(()) => Some(()),
        Err(error) => {
            problems.push(written.origin.blame(error.problem()));
            None
        }
    }
}

/// The problem at the very part of the rule, where the text in the file is the rule's own.
fn blame(written: &At<String>, error: &RuleError) -> crate::report::Problem {
    let problem = written.origin.blame(error.problem());
    let Some(place) = problem.place.clone() else { return problem };
    let start = place.span().start;
    let quoted = &place.file().text()[place.span()];
    match quoted.find(written.value.trim()) {
        Some(skip) if !error.span.is_empty() => {
            let at = start + skip;
            problem.at(Place::new(place.file(), at + error.span.start..at + error.span.end))
        }
        _ => problem,
    }
}

/// The next dates, today or later; none when the rule cannot be read.
pub(super) fn dates(when: &When, today: Date) -> Option<Vec<Date>> {
    match when {
        When::Once(date) => Some(Some(*date).filter(|date| *date >= today).into_iter().take(AHEAD).collect()),
        When::Repeat { rule, from, except } => {
            Rule::parse(rule).ok().map(|rule| rule.dates(*from, except, today, AHEAD))
        }
    }
}

fn has_end(text: &str) -> bool {
    text.to_ascii_uppercase().split(';').any(|part| {
        let name = part.trim_start_matches("RRULE:").split('=').next().unwrap_or_default().trim().to_owned();
        name == "UNTIL" || name == "COUNT"
    })
}
