//! Who does at a site what the machine decided.
//!
//! One performer serves one attempt. Every method answers with the [`Event`] that goes back into the machine; none of them
//! decides anything, and none of them lasts longer than the site's bounds allow.

mod api;
mod browser;
mod fire;
mod hands;
mod kit;
mod prove;
mod request;

use std::future::Future;

use jiff::Timestamp;

use crate::store::Mark;
use crate::timing::{Event, Sample};

pub(super) use hands::{Hands, evidence_folder, hands, look_for_browser};
use kit::Kit;
pub(super) use prove::Tried;

/// Does at a site what was decided.
pub(in crate::engine) trait Performer: Send {
    /// Opens a session where there is none, logs in, reads the list, stages the choice.
    fn stage(&mut self, choice: usize, reuse: bool) -> impl Future<Output = Event> + Send;

    /// Asks whether the staged session is still logged in.
    fn check_login(&mut self) -> impl Future<Output = Event> + Send;

    /// Runs the opening steps, not before `at`.
    fn open(&mut self, choice: usize, at: Timestamp) -> impl Future<Output = Event> + Send;

    /// Submits, not before `at`, and reads the answer. A permit is in the store.
    fn fire(&mut self, choice: usize, at: Timestamp) -> impl Future<Output = Event> + Send;

    /// Ends the session that may still submit; returns when that is certain.
    fn fence(&mut self) -> impl Future<Output = Event> + Send;

    /// Reads the site's list.
    fn read_list(&mut self) -> impl Future<Output = Event> + Send;

    /// Nothing is to be done for long: gives the session back.
    fn rest(&mut self) -> impl Future<Output = ()> + Send;

    /// The instants noted since the last call, for the millisecond ledger.
    fn marks(&mut self) -> Vec<(Mark, Timestamp)>;

    /// The harmless requests of the shot's own kind that were timed since the last call.
    fn samples(&mut self) -> Vec<Sample> {
        Vec::new()
    }
}
