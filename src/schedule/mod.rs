//! From bookings to openings: zone, rule, occurrence, opening. Pure.
//!
//! A rule is expanded over dates only ([`Rule`]); what instant a local date or time is, one place answers
//! ([`first_instant`]); [`occurrences`] puts the two together, and [`notes`] says where a clock change makes the result
//! surprising. What is absent: clocks, files (zones are handed in), and what becomes of an occurrence.

mod announced;
mod instant;
mod notes;
mod occurrences;
mod opening;
mod rule;
mod rule_error;
mod rule_parts;
mod rule_words;
mod words;

pub use announced::{
    FARTHEST_ANNOUNCED, Incredible, announced_of, believe, opening_by_rule, plan_by_announced, take_announced,
};
pub use instant::{Showing, first_instant, second_instant, showing, start_of};
pub use notes::{Note, notes, touched};
pub use occurrences::{AHEAD, asks_for, choices_on, never_open, occurrences};
pub use opening::{ALWAYS_OPEN, is_always_open, named_time, opening, second_showing};
pub use rule::Rule;
pub use rule_error::{RuleError, RuleErrorKind};
pub use words::{not_open_yet, waits};
