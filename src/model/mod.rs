//! The words: facts that every other module speaks of, without behaviour that reaches the world.
//!
//! What is absent: files, clocks, async, SQL. A type here can be built by hand in a test.

mod announced;
mod attempt;
mod booking;
mod choice;
mod court;
pub mod entry;
pub mod forms;
mod id;
mod language;
mod member;
mod origins;
mod outcome;
mod secret;
mod site;

pub use announced::Announced;
pub use attempt::{Attempt, State};
pub use booking::{Booking, Prefer, When};
pub use choice::{Choice, Occurrence};
pub use court::{Court, MeasuredTo, OpeningRule};
pub use id::{AttemptId, BookingName, CourtName, MemberId, SiteId};
pub use language::Language;
pub use member::Member;
pub use origins::Origins;
pub use outcome::{Answer, Outcome, Status};
pub use secret::Secret;
pub use site::{ClockRule, FireMode, Follow, OpeningWay, Patience, Sessions, Site};
