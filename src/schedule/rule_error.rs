//! What is wrong with a rule, and what to write instead.

use std::ops::Range;

use crate::report::Problem;

/// Why a rule is refused, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct RuleError {
    /// What is wrong.
    pub kind: RuleErrorKind,
    /// The bytes of the rule's text that it is about.
    pub span: Range<usize>,
}

/// What can be wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleErrorKind {
    /// No text.
    #[error("the rule is empty")]
    Empty,
    /// Longer than [`Rule::LONGEST`](super::Rule::LONGEST).
    #[error("the rule is {bytes} bytes long")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A part without `=`.
    #[error("`{part}` is not a part of a rule")]
    NotAPart {
        /// The text between two semicolons.
        part: String,
    },
    /// No such part in RFC 5545.
    #[error("unknown part `{part}`")]
    UnknownPart {
        /// Its name.
        part: String,
        /// A known name near to it.
        near: Option<&'static str>,
    },
    /// A part stands twice.
    #[error("`{part}` stands twice")]
    Twice {
        /// Its name.
        part: &'static str,
    },
    /// No `FREQ`.
    #[error("the rule has no FREQ")]
    NoFrequency,
    /// A frequency below a day.
    #[error("`FREQ={frequency}` repeats within a day")]
    SubDaily {
        /// `HOURLY`, `MINUTELY` or `SECONDLY`.
        frequency: String,
    },
    /// `BYHOUR`, `BYMINUTE` or `BYSECOND`.
    #[error("`{part}` sets a time of day")]
    TimeOfDay {
        /// Its name.
        part: String,
    },
    /// `DTSTART`, `EXDATE` and their like.
    #[error("`{part}` does not belong into the rule")]
    Outside {
        /// Its name.
        part: String,
        /// The key of the booking that says it.
        key: &'static str,
    },
    /// A value that the part cannot have.
    #[error("`{part}` cannot be `{value}`")]
    Value {
        /// The part's name.
        part: &'static str,
        /// The value.
        value: String,
        /// What it can be.
        allowed: &'static str,
    },
    /// A part that means nothing beside the frequency or another part.
    #[error("`{part}` has no meaning {beside}")]
    Beside {
        /// The part's name.
        part: &'static str,
        /// `with FREQ=WEEKLY`, `together with COUNT`, …
        beside: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// No date ever matches.
    #[error("the rule never fires")]
    NeverFires,
    /// The first date lies so far back that counting from it would take too long.
    #[error("the rule counts from {from}")]
    CountsFromLongAgo {
        /// The first date that the rule counts from.
        from: jiff::civil::Date,
    },
    /// No date matches from the booking's first date on.
    #[error("the rule never fires from {from} on")]
    NeverFiresFrom {
        /// The first date that the rule counts from.
        from: jiff::civil::Date,
    },
}

impl RuleError {
    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self.kind {
            RuleErrorKind::SubDaily { .. } | RuleErrorKind::TimeOfDay { .. } => "repeat-within-a-day",
            RuleErrorKind::NeverFires | RuleErrorKind::NeverFiresFrom { .. } => "repeat-never-fires",
            _ => "repeat-not-understood",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match &self.kind {
            RuleErrorKind::Empty | RuleErrorKind::NoFrequency => {
                "write for example FREQ=WEEKLY;BYDAY=WE for every Wednesday".to_owned()
            }
            RuleErrorKind::TooLong { .. } => {
                format!("a rule has at most {} bytes; split it into several bookings", super::Rule::LONGEST)
            }
            RuleErrorKind::NotAPart { part } => match weekday_in(part) {
                Some(day) => format!("write FREQ=WEEKLY;BYDAY={day}"),
                None => "parts look like BYDAY=WE and are parted by semicolons".to_owned(),
            },
            RuleErrorKind::UnknownPart { near: Some(near), .. } => format!("did you mean `{near}`?"),
            RuleErrorKind::UnknownPart { near: None, .. } => {
                format!("known parts are {}", super::rule_parts::KNOWN.join(", "))
            }
            RuleErrorKind::Twice { .. } => "put the values into one part, parted by commas".to_owned(),
            RuleErrorKind::SubDaily { .. } => {
                "use DAILY, WEEKLY, MONTHLY or YEARLY, and list the times of day in `times`".to_owned()
            }
            RuleErrorKind::TimeOfDay { .. } => "take it out and list the times of day in `times`".to_owned(),
            RuleErrorKind::Outside { key, .. } => format!("take it out and use the booking's key `{key}`"),
            RuleErrorKind::Value { allowed, .. } => format!("it can be {allowed}"),
            RuleErrorKind::Beside { instead, .. } => (*instead).to_owned(),
            RuleErrorKind::NeverFires => "no date of the calendar matches all of its parts; take one out".to_owned(),
            RuleErrorKind::CountsFromLongAgo { .. } => "let `from` be a date after 1969".to_owned(),
            RuleErrorKind::NeverFiresFrom { .. } => {
                "check UNTIL, INTERVAL and the dates left out against `from`".to_owned()
            }
        }
    }

    /// The error as a problem of a user's file; the place is the caller's to add.
    pub fn problem(&self) -> Problem {
        Problem::error(self.code(), self.to_string()).help(self.help())
    }
}

/// The days that are named in a text which is no rule, as a rule names them: `WE`, `MO,FR`.
fn weekday_in(text: &str) -> Option<String> {
    const DAYS: [(&str, &str); 14] = [
        ("monday", "MO"),
        ("tuesday", "TU"),
        ("wednesday", "WE"),
        ("thursday", "TH"),
        ("friday", "FR"),
        ("saturday", "SA"),
        ("sunday", "SU"),
        ("lunes", "MO"),
        ("martes", "TU"),
        ("miércoles", "WE"),
        ("jueves", "TH"),
        ("viernes", "FR"),
        ("sábado", "SA"),
        ("domingo", "SU"),
    ];
    let text = text.to_lowercase();
    let named: Vec<&str> = DAYS.iter().filter(|(name, _)| text.contains(name)).map(|(_, day)| *day).collect();
    (!named.is_empty()).then(|| named.join(","))
}

#[cfg(test)]
mod tests {
    use crate::schedule::Rule;

    #[test]
    fn a_sentence_is_offered_as_a_whole_rule() {
        let help = |text: &str| Rule::parse(text).expect_err("no rule").help();
        assert_eq!(help("every wednesday"), "write FREQ=WEEKLY;BYDAY=WE");
        assert_eq!(help("lunes y viernes"), "write FREQ=WEEKLY;BYDAY=MO,FR");
        assert!(help("often").contains("semicolons"), "the control");
    }
}
