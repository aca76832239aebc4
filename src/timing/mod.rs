//! What to do when: the attempt's state machine, retry ladders, misfire policy, the lead, the way to fire.
//!
//! Everything here is a pure function over facts, events and `now`. What is absent: doing any of it. The engine feeds an
//! [`Event`] into a [`Machine`], carries out the [`Decision`], and comes back with the next event.

mod attempt;
mod decision;
mod event;
mod lead;
mod lesson;
mod misfire;
mod received;
mod retry;
mod way;

pub use attempt::{Facts, Machine, Past};
pub use decision::{Decision, Next, Record};
pub use event::{Event, Listing, Trouble};
pub use lead::{ENOUGH_SAMPLES, Lead, LeadWhy, SAMPLES_FOR, Sample, lead, permit_lead};
pub use lesson::{Learned, Lesson, Verdict};
pub use misfire::{Misfire, misfire};
pub use received::received;
pub use retry::{browser_back_off, not_open_rung, site_back_off};
pub use way::{Allowed, Chosen, Proof, Way, WhyWay, choose};
