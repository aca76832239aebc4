//! What people read when a site announces an opening.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::model::{Announced, Choice};
use crate::schedule::ALWAYS_OPEN;

/// "the site says that court 1 on 18 July opens 9 July 00:05, 5 minutes later than the rule; the attempt moves".
pub(super) fn words(choice: &Choice, announced: &Announced, zone: &TimeZone, now: Timestamp) -> String {
    let opens = announced.instant.to_zoned(zone.clone());
    let than = if announced.rule == ALWAYS_OPEN { String::new() } else { than_the_rule(announced) };
    let moves = if announced.instant > now { "the attempt moves" } else { "that has passed, so it is booked at once" };
    let (court, date) = (&choice.court, choice.start.strftime("%-d %B"));
    format!("the site says that court {court} on {date} opens {}{than}; {moves}", clock(&opens))
}

/// "what the site announces of court 1 on 18 July (“8 July 00:00”) is not kept to; by the rule it opens 9 July 00:00".
pub(super) fn rule_stands(choice: &Choice, announced: &Announced, zone: &TimeZone) -> String {
    let (court, date) = (&choice.court, choice.start.strftime("%-d %B"));
    let said = announced.said.split_whitespace().collect::<Vec<_>>().join(" ");
    let opens = if announced.rule == ALWAYS_OPEN {
        "is always open".to_owned()
    } else {
        format!("opens {}", clock(&announced.rule.to_zoned(zone.clone())))
    };
    format!("what the site announces of court {court} on {date} (“{said}”) is not kept to; by the rule it {opens}")
}

fn than_the_rule(announced: &Announced) -> String {
    let by = announced.instant.duration_since(announced.rule);
    match by.signum() {
        0 => ", as the rule says".to_owned(),
        sign => format!(", {} {} than the rule", span(by.abs()), if sign > 0 { "later" } else { "earlier" }),
    }
}

fn clock(at: &Zoned) -> String {
    let format = if at.second() == 0 { "%-d %B %H:%M" } else { "%-d %B %H:%M:%S" };
    at.strftime(format).to_string()
}

/// The largest unit that says it exactly, down to seconds.
fn span(by: SignedDuration) -> String {
    let seconds = by.as_secs().max(1);
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds % unit == 0).unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn zone() -> TimeZone {
        TimeZone::get("America/Costa_Rica").expect("a zone")
    }

    fn choice(rule: Timestamp) -> Choice {
        Choice {
            court: "1".into(),
            court_site_id: "5".to_owned(),
            start: jiff::civil::date(2027, 7, 18).at(17, 0, 0, 0),
            length: SignedDuration::from_hours(1),
            opening: rule,
            starts_at: at("2027-07-18T23:00:00Z"),
        }
    }

    fn announced(instant: &str, rule: Timestamp) -> Announced {
        Announced {
            site: "club".into(),
            court: "1".into(),
            start: choice(rule).start,
            instant: at(instant),
            rule,
            read_at: at("2027-07-09T05:58:30Z"),
            said: "8 July\n00:00".to_owned(),
            files: String::new(),
        }
    }

    fn said(instant: &str, rule: Timestamp) -> String {
        let announced = announced(instant, rule);
        words(&choice(rule), &announced, &zone(), announced.read_at)
    }

    #[test]
    fn what_a_person_reads() {
        let rule = at("2027-07-09T06:00:00Z");
        let lines = [
            ("2027-07-09T06:05:00Z", "opens 9 July 00:05, 5 minutes later than the rule; the attempt moves"),
            ("2027-07-09T05:59:30Z", "opens 8 July 23:59:30, 30 seconds earlier than the rule; the attempt moves"),
            (
                "2027-07-09T05:00:00Z",
                "opens 8 July 23:00, 1 hour earlier than the rule; that has passed, so it is booked at once",
            ),
        ];
        for (instant, line) in lines {
            assert_eq!(said(instant, rule), format!("the site says that court 1 on 18 July {line}"));
        }
        let (choice, announced) = (choice(rule), announced("2027-07-08T06:00:00Z", rule));
        let stands = "what the site announces of court 1 on 18 July (“8 July 00:00”) is not kept to; by the rule it opens 9 July 00:00";
        assert_eq!(rule_stands(&choice, &announced, &zone()), stands);
        assert!(said("2027-07-10T06:00:00Z", ALWAYS_OPEN).ends_with("opens 10 July 00:00; the attempt moves"));
    }
}
