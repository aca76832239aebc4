//! What to do when: the attempt's state machine, retry ladders, misfire policy.
//!
//! Everything here is a pure function over facts, events and `now`. What is absent: doing any of it. The engine feeds an
//! [`Event`] into a [`Machine`], carries out the [`Decision`], and comes back with the next event.

mod attempt;
mod decision;
mod event;
mod lead;
mod misfire;
mod retry;

pub use attempt::{Facts, Machine, Past};
pub use decision::{Decision, Next, Record, Staging};
pub use event::{Event, Listing, Trouble};
pub use lead::permit_lead;
pub use misfire::{Misfire, misfire};
pub use retry::{browser_back_off, not_open_rung, selector_back_off, site_back_off};
