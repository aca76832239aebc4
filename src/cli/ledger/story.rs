//! One attempt: its fires, mark by mark, with honest words for what nobody knows.

use std::fmt::Write;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::cli::span::opening_of;
use crate::model::{Answer, Attempt};
use crate::report::plot::{Line, Section, Timeline, signed_words};
use crate::schedule::is_always_open;
use crate::store::{Fire, Mark};

/// The newest fires that a short list shows.
const LISTED: usize = 20;

/// What is said of a court that nobody had to wait for.
fn open_already(opening: Timestamp) -> &'static str {
    if is_always_open(opening) { "open at any time" } else { "open already" }
}

/// `ana · july doubles 2027-07-18, opens …: confirmed`
pub(super) fn heading(attempt: &Attempt, zone: &TimeZone) -> String {
    let opens = opens(attempt, zone, "%a %Y-%m-%d %H:%M:%S %:z");
    let Attempt { member, booking, date, state, id, .. } = attempt;
    format!("{member} · {booking} {date}, {opens}: {}\nattempt {id} at {}\n", state.as_str(), attempt.site)
}

/// `opens Fri 2027-07-09 00:00:00 -06:00`
fn opens(attempt: &Attempt, zone: &TimeZone, format: &str) -> String {
    if is_always_open(attempt.opening) {
        return open_already(attempt.opening).to_owned();
    }
    format!("opens {}", attempt.opening.to_zoned(zone.clone()).strftime(format))
}

/// Every fire of an attempt, one line for each mark; times after the opening, or after the planned instant where there is none.
pub(in crate::cli) fn table(fires: &[Fire]) -> String {
    if fires.is_empty() {
        return "nothing was fired\n".to_owned();
    }
    let mut text = String::new();
    for fire in fires {
        writeln!(text, "{}", told(fire)).expect("a String takes it");
        for mark in Mark::ALL {
            let line = match fire.after_start(mark) {
                Some(after) => format!("  {:<9} {:>12}  {}", mark.as_str(), signed_words(ms(after)), meaning(mark)),
                None => format!("  {:<9} {:>12}  {}", mark.as_str(), "not known", unknown(mark, fire)),
            };
            writeln!(text, "{}", line.trim_end()).expect("a String takes it");
        }
    }
    text
}

/// Whether anything of a fire happened since then. One of an earlier time, whose court was given back, is another story.
pub(in crate::cli) fn is_since(fire: &Fire, since: Timestamp) -> bool {
    fire.marks.iter().any(|(_, at)| *at >= since)
}

/// The newest fires, one line each.
pub(in crate::cli) fn compact(fires: &[Fire], attempts: &[Attempt]) -> String {
    let head = ["ATTEMPT", "BOOKING", "DATE", "FIRED BY", "SENT", "RECEIVED", "ANSWERED", "ANSWER"].map(str::to_owned);
    let rows = fires.iter().rev().take(LISTED).map(|fire| row(fire, attempts));
    let lines: Vec<[String; 8]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", cells.join("  ").trim_end()).expect("a String takes it");
    }
    if fires.len() > LISTED {
        writeln!(text, "… and {} older ones", fires.len() - LISTED).expect("a String takes it");
    }
    text
}

fn row(fire: &Fire, attempts: &[Attempt]) -> [String; 8] {
    let attempt = attempts.iter().find(|attempt| attempt.id == fire.attempt);
    let after = |mark| match fire.after_opening(mark) {
        Some(after) => signed_words(ms(after)),
        None if fire.open_already => "-".to_owned(),
        None => "?".to_owned(),
    };
    [
        fire.attempt.to_string(),
        attempt.map(|attempt| format!("{}/{}", attempt.member, attempt.booking)).unwrap_or_default(),
        attempt.map(|attempt| attempt.date.to_string()).unwrap_or_default(),
        match &fire.browser {
            Some(browser) => format!("{} in {browser}", fire.way.short()),
            None => fire.way.short(),
        },
        if fire.open_already { open_already(fire.opening).to_owned() } else { after(Mark::Sent) },
        after(Mark::Received),
        after(Mark::Answered),
        fire.answer.map_or("?", Answer::as_str).to_owned(),
    ]
}

/// The picture of an attempt.
pub(super) fn timeline(attempt: &Attempt, fires: &[Fire], zone: &TimeZone) -> Timeline {
    let opens = opens(attempt, zone, "%Y-%m-%d %H:%M:%S %:z");
    Timeline {
        title: format!("{} · {} {}", attempt.member, attempt.booking, attempt.date),
        subtitle: format!("{}, {opens}", attempt.site),
        sections: fires.iter().map(section).collect(),
    }
}

fn section(fire: &Fire) -> Section {
    let line = |mark: Mark| {
        let at_ms = fire.after_start(mark).map(ms);
        let note = match (mark, at_ms) {
            (_, None) => format!("not known: {}", unknown(mark, fire)),
            (Mark::Received, _) => "by the site's clock".to_owned(),
            _ => String::new(),
        };
        // With a lead the submit leaves before the opening; what must not be early is its arrival.
        let at_opening = mark == Mark::Received || (matches!(mark, Mark::Woken | Mark::Sent) && fire.lead.is_zero());
        let not_before = at_opening && !fire.open_already;
        Line { label: mark.as_str().to_owned(), at_ms, note, not_before }
    };
    Section { heading: told(fire), lines: Mark::ALL.into_iter().map(line).collect() }
}

/// One fire as data; instants and milliseconds after the opening, null where they are not known.
pub(in crate::cli) fn fire_json(fire: &Fire) -> Value {
    let mark = |mark: Mark| {
        let after = fire.after_opening(mark).map(ms);
        let value = fire.at(mark).map(|at| json!({ "at": at.to_string(), "after_opening_ms": after }));
        (mark.as_str().to_owned(), value.unwrap_or(Value::Null))
    };
    json!({
        "attempt": fire.attempt.as_str(),
        "site": fire.site.as_str(),
        "fire": fire.seq,
        "mode": fire.way.mode.as_str(),
        "opening_way": fire.way.opening.map(crate::model::OpeningWay::as_str),
        "browser": fire.browser,
        "opening": opening_of(fire.opening),
        "open_already": fire.open_already,
        "lead_ms": ms(fire.lead),
        "answer": fire.answer.map(Answer::as_str),
        "marks": Mark::ALL.into_iter().map(mark).collect::<Map<_, _>>(),
    })
}

/// `submit 1, by http in firefox: confirmed`
fn told(fire: &Fire) -> String {
    let answer = fire.answer.map_or("no answer is known", Answer::as_str);
    let lead = if fire.lead.is_zero() { String::new() } else { format!(", lead {:.2} ms", ms(fire.lead)) };
    let start = match fire.open_already {
        true => format!("; {}, so times are after the planned instant", open_already(fire.opening)),
        false => String::new(),
    };
    format!("submit {}, by {}{lead}: {answer}{start}", fire.seq, by(fire))
}

fn by(fire: &Fire) -> String {
    match &fire.browser {
        Some(browser) => format!("{} in {browser}", fire.way.words()),
        None => fire.way.words(),
    }
}

fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Permit => "the leave to submit is on disk",
        Mark::Planned => "when it was meant to leave",
        Mark::Woken => "what waits for the instant was let go",
        Mark::Sent => "handed to the browser or to the wire",
        Mark::Received => "reached the site, by the site's own clock",
        Mark::Answered => "the site's answer was read",
        Mark::Verified => "the site's list was read",
    }
}

fn unknown(mark: Mark, fire: &Fire) -> &'static str {
    match mark {
        Mark::Received => "the site does not tell",
        Mark::Answered if fire.answer.is_none() => "no answer was read",
        Mark::Verified => "the list was not read after it",
        _ => "it was not written down",
    }
}

/// Milliseconds, for people and pictures.
pub(super) fn ms(span: SignedDuration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptId, FireMode, SiteId};
    use crate::timing::Way;

    fn fire(marks: &[(Mark, i64)]) -> Fire {
        let opening: Timestamp = "2027-07-09T06:00:00Z".parse().expect("a timestamp");
        let at = |micros: &i64| opening + SignedDuration::from_micros(*micros);
        Fire {
            attempt: AttemptId::new("01J"),
            site: SiteId::new("las-palmas"),
            seq: 1,
            way: Way { mode: FireMode::Http, opening: None },
            browser: Some("firefox".into()),
            opening,
            open_already: false,
            lead: SignedDuration::ZERO,
            answer: Some(Answer::Confirmed),
            marks: marks.iter().map(|(mark, micros)| (*mark, at(micros))).collect(),
        }
    }

    #[test]
    fn what_happened_before_is_another_story() {
        let sent = fire(&[(Mark::Permit, -2_000), (Mark::Sent, 310)]);
        let after = |micros| sent.opening + SignedDuration::from_micros(micros);
        assert!(is_since(&sent, after(-5_000)) && is_since(&sent, after(0)) && !is_since(&sent, after(311)));
    }

    #[test]
    fn what_is_known_is_said_and_what_is_not_is_said_to_be_unknown() {
        let told = table(&[fire(&[
            (Mark::Permit, -2_013_400),
            (Mark::Planned, 0),
            (Mark::Sent, 310),
            (Mark::Answered, 5_250),
        ])]);
        let expected = "submit 1, by http in firefox: confirmed\n\
            \u{20} permit         −2.01 s  the leave to submit is on disk\n\
            \u{20} planned       +0.00 ms  when it was meant to leave\n\
            \u{20} woken        not known  it was not written down\n\
            \u{20} sent          +0.31 ms  handed to the browser or to the wire\n\
            \u{20} received     not known  the site does not tell\n\
            \u{20} answered      +5.25 ms  the site's answer was read\n\
            \u{20} verified     not known  the list was not read after it\n";
        assert_eq!(told, expected);
        assert_eq!(table(&[]), "nothing was fired\n");
    }

    #[test]
    fn data_have_null_for_what_is_not_known() {
        let json = fire_json(&fire(&[(Mark::Sent, 310)]));
        assert_eq!(json["marks"]["sent"]["after_opening_ms"], 0.31);
        assert_eq!(json["marks"]["received"], Value::Null);
    }

    #[test]
    fn nothing_is_late_for_a_court_that_is_open_at_any_time() {
        let now: Timestamp = "2027-07-09T06:00:00Z".parse().expect("a timestamp");
        // As a clock that differs makes it.
        let opening = crate::schedule::ALWAYS_OPEN - SignedDuration::from_secs(2);
        let marks = [(Mark::Planned, now), (Mark::Sent, now + SignedDuration::from_millis(3))];
        let any = Fire { opening, open_already: true, marks: marks.into_iter().collect(), ..fire(&[]) };
        assert!(
            table(std::slice::from_ref(&any)).contains("sent          +3.00 ms"),
            "{}",
            table(std::slice::from_ref(&any))
        );
        assert!(compact(std::slice::from_ref(&any), &[]).contains("open at any time"));
        let json = fire_json(&any);
        assert_eq!((&json["opening"], &json["marks"]["sent"]["after_opening_ms"]), (&Value::Null, &Value::Null));
        assert_eq!(json["marks"]["sent"]["at"], "2027-07-09T06:00:00.003Z");
        assert!(section(&any).lines.iter().all(|line| !line.not_before && line.at_ms.is_none_or(|at| at < 10.0)));
        let known = fire(&[(Mark::Planned, 0), (Mark::Sent, 310)]);
        let groups = super::super::groups::groups(&[any.clone(), known.clone()]);
        assert_eq!(groups, super::super::groups::groups(&[known]), "the summary has what opens, and that only");
        assert!(
            super::super::groups::table(&super::super::groups::groups(&[any]))
                .starts_with("Every court was open already")
        );
        let late = Fire { open_already: true, ..fire(&[(Mark::Sent, 310)]) };
        assert!(compact(std::slice::from_ref(&late), &[]).contains("open already"));
        assert_eq!(fire_json(&late)["opening"], "2027-07-09T06:00:00Z");
    }

    #[test]
    fn with_a_lead_only_the_arrival_can_be_early() {
        let led = Fire { lead: SignedDuration::from_millis(5), ..fire(&[(Mark::Sent, -5_000), (Mark::Received, 200)]) };
        let early = |fire: &Fire| {
            section(fire).lines.iter().filter(|line| line.not_before && line.at_ms.is_some_and(|at| at < 0.0)).count()
        };
        assert_eq!(early(&led), 0);
        assert_eq!(early(&Fire { lead: SignedDuration::ZERO, ..led }), 1);
    }
}
