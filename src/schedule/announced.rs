//! What a site announces of an opening, against the rule: whether it is believed, and what it does to the choices.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::opening::{ALWAYS_OPEN, opening};
use crate::model::{Announced, Choice, Occurrence, Site};

/// How far from the rule an announced instant may lie. What is farther is more likely misread.
pub const FARTHEST_ANNOUNCED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Why an announced instant is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incredible {
    /// Nothing could be booked then.
    #[error("it is not before the slot begins")]
    AfterTheSlot,
    /// More than [`FARTHEST_ANNOUNCED`].
    #[error("it is more than 14 days from what the rule says")]
    FarFromTheRule,
}

/// The instant at which a choice opens by its court's rule; a court that is configured no more keeps what the choice has.
pub fn opening_by_rule(choice: &Choice, site: &Site, zone: &TimeZone) -> Timestamp {
    let court = site.court(&choice.court);
    court.map_or(choice.opening, |court| opening(court.opens, choice.start, choice.length, zone))
}

/// Whether an announced instant is believed. A court that is always open has no rule to be far from.
///
/// # Errors
/// Why it is not.
pub fn believe(instant: Timestamp, choice: &Choice, rule: Timestamp) -> Result<(), Incredible> {
    if instant >= choice.starts_at {
        Err(Incredible::AfterTheSlot)
    } else if rule != ALWAYS_OPEN && instant.duration_since(rule).abs() > FARTHEST_ANNOUNCED {
        Err(Incredible::FarFromTheRule)
    } else {
        Ok(())
    }
}

/// What is announced of a choice, as far as it still counts: read by these files, while the rule said what it says now.
pub fn announced_of<'a>(
    choice: &Choice,
    site: &Site,
    zone: &TimeZone,
    files: &str,
    known: &'a [Announced],
) -> Option<&'a Announced> {
    let is_of = |one: &&Announced| one.site == site.id && one.court == choice.court && one.start == choice.start;
    let rule = opening_by_rule(choice, site, zone);
    let found = known.iter().find(is_of).filter(|one| one.files == files && one.rule == rule);
    found.filter(|one| believe(one.instant, choice, rule).is_ok())
}

/// Puts what is announced in the place of what the rule says, choice by choice; `files` is the hash of those that read it.
pub fn take_announced(choices: &mut [Choice], site: &Site, zone: &TimeZone, files: &str, known: &[Announced]) {
    for choice in choices {
        if let Some(announced) = announced_of(choice, site, zone, files, known) {
            choice.opening = announced.opening();
        }
    }
}

/// The same for the dates of a plan.
pub fn plan_by_announced(dates: &mut [Occurrence], site: &Site, zone: &TimeZone, files: &str, known: &[Announced]) {
    if known.iter().any(|one| one.site == site.id) {
        dates.iter_mut().for_each(|date| take_announced(&mut date.choices, site, zone, files, known));
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn choice() -> Choice {
        Choice {
            court: "1".into(),
            court_site_id: "5".to_owned(),
            start: date(2027, 7, 18).at(17, 0, 0, 0),
            length: SignedDuration::from_hours(1),
            opening: at("2027-07-09T06:00:00Z"),
            starts_at: at("2027-07-18T23:00:00Z"),
        }
    }

    fn announced(instant: &str, rule: Timestamp, read_at: &str) -> Announced {
        Announced {
            site: "club".into(),
            court: "1".into(),
            start: choice().start,
            instant: at(instant),
            rule,
            read_at: at(read_at),
            said: instant.to_owned(),
            files: String::new(),
        }
    }

    #[test]
    fn what_is_far_from_the_rule_or_after_the_slot_is_not_believed() {
        let (choice, rule) = (choice(), choice().opening);
        let believed = |instant| believe(at(instant), &choice, rule);
        for near in ["2027-07-09T06:05:00Z", "2027-06-25T06:00:00Z", "2027-07-18T22:59:59Z"] {
            assert_eq!(believed(near), Ok(()), "{near}");
        }
        assert_eq!(believed("2027-06-25T05:59:59Z"), Err(Incredible::FarFromTheRule));
        assert_eq!(believed("2027-07-18T23:00:00Z"), Err(Incredible::AfterTheSlot));
        assert_eq!(believe(at("2027-06-01T00:00:00Z"), &choice, ALWAYS_OPEN), Ok(()), "no rule to be far from");
    }

    /// Whenever it is read, and whatever the rule says, it is never before the announced instant.
    #[test]
    fn the_instant_that_counts_is_never_before_the_announced_one() {
        let rule = choice().opening;
        let instants = ["2027-07-09T05:50:00Z", "2027-07-09T05:59:00Z", "2027-07-09T06:00:00Z", "2027-07-09T06:05:00Z"];
        for instant in instants {
            for read_at in instants {
                for rule in [rule, ALWAYS_OPEN] {
                    let one = announced(instant, rule, read_at);
                    assert!(one.opening() >= one.instant);
                    assert!(one.opening() <= one.instant.max(rule).max(one.read_at));
                    assert!(one.instant <= one.read_at || one.opening() == one.instant, "what is ahead is kept to");
                }
            }
        }
        let passed = announced("2027-07-09T03:00:00Z", rule, "2027-07-09T05:58:31Z");
        assert_eq!(passed.opening(), at("2027-07-09T05:58:31Z"), "open since nobody knows when: at once");
    }
}
