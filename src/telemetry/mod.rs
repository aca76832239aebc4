//! Logs: human or JSON, to stderr and to daily files, with every live secret masked.
//!
//! Each line stands for one event; within [`attempt_span`] it bears the attempt's id. Everything that is written goes
//! through a [`Redactor`], which knows the secrets that are in memory, in all their forms (`model::forms`). Writing never
//! blocks whoever logs: a full queue loses lines, not openings. What is absent: metrics, and what is worth a line.

mod held;
mod masked;
mod redactor;
mod search;
mod setup;

use tracing::Span;

pub use redactor::{Learnt, Redactor, SHORTEST_MASKED, masked};
pub use setup::{Format, LogError, LogOptions, Logs, dispatch, start};

use crate::model::AttemptId;

/// The span of everything that is done for an attempt; it is there at every level.
pub fn attempt_span(id: &AttemptId) -> Span {
    tracing::error_span!("attempt", id = id.as_str())
}
