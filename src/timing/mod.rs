//! What to do when: the attempt's state machine, retry ladders, misfire policy, the lead, the way to fire, the site's clock,
//! and whose turn it is at an account.
//!
//! Everything here is a pure function over facts, events and `now`. What is absent: doing any of it. The engine feeds an
//! [`Event`] into a [`Machine`], carries out the [`Decision`], and comes back with the next event.

mod attempt;
mod decision;
mod event;
mod lead;
mod lesson;
mod misfire;
pub mod note;
mod offset;
mod received;
mod retry;
mod site_clock;
mod turn;
mod way;

pub use attempt::{Facts, Machine, Past};
pub use decision::{Decision, Next, Record, Staging};
pub use event::{Event, Hold, Listing, Trouble};
pub use lead::{Delay, ENOUGH_SAMPLES, Lead, LeadWhy, SAMPLES_FOR, lead, permit_lead};
pub use lesson::{Learned, Lesson, Verdict};
pub use misfire::{Misfire, misfire};
pub use offset::{Aim, DRIFT_PPM, FARTHEST, Offset, SiteTime};
pub use received::received;
pub use retry::{browser_back_off, not_open_rung, selector_back_off, site_back_off, vault_back_off};
pub use site_clock::{Sample, SiteClock, Unclear};
pub use turn::Claim;
pub use way::{Allowed, Chosen, Proof, Way, WhyWay, choose};
