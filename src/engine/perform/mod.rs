//! Who does at a site what the machine decided.
//!
//! One performer serves one attempt. Every method answers with the [`Event`] that goes back into the machine; none of them
//! decides anything, and none of them lasts longer than the site's bounds allow.

mod announced;
mod answer;
mod api;
mod browser;
mod ends;
mod explain;
mod fire;
mod give_back;
mod hands;
mod kit;
mod list;
mod login;
mod prove;
mod request;
mod staging;

use std::future::{Future, pending};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::lock::Pressed;
use crate::flow::Flow;
use crate::model::Announced;
use crate::store::Mark;
use crate::timing::{Delay, Event, Hold, Staging};

pub(super) use give_back::Found;
pub(super) use hands::{Hands, end_browsers_of_the_dead, hands, look_for_browser};
use kit::Kit;
pub(super) use prove::{Trial, Tried};
pub use staging::Rehearsed;

/// Does at a site what was decided.
pub(in crate::engine) trait Performer: Send {
    /// Stages the choice. Credentials are sent with [`Staging::LogIn`] only.
    fn stage(&mut self, choice: usize, from: Staging) -> impl Future<Output = Event> + Send;

    /// Asks whether the staged session is still logged in.
    fn check_login(&mut self) -> impl Future<Output = Event> + Send;

    /// Runs the opening steps, not before `at`.
    fn open(&mut self, choice: usize, at: Timestamp) -> impl Future<Output = Event> + Send;

    /// Submits, not before `at`, and reads the answer. A permit is in the store.
    fn fire(&mut self, choice: usize, at: Timestamp) -> impl Future<Output = Event> + Send;

    /// Ends the session that may still submit; returns when that is certain.
    fn fence(&mut self) -> impl Future<Output = Event> + Send;

    /// Reads the site's list, in the session that is there or, where credentials may be sent, in another one.
    fn read_list(&mut self, may_log_in: bool) -> impl Future<Output = Event> + Send;

    /// Nothing is to be done for long: gives the session back, and the account.
    fn rest(&mut self) -> impl Future<Output = ()> + Send;

    /// Over with the name of who needs our account more, once somebody does; never while it is not ours.
    fn pressed(&self, _: Pressed) -> BoxFuture<'static, String> {
        Box::pin(pending())
    }

    /// Leaves the account to who needs it more; true: the site has seen credentials in the session that is lost by it.
    fn give_way(&mut self) -> impl Future<Output = bool> + Send {
        async {
            self.rest().await;
            false
        }
    }

    /// Other selector files of the same kind (with pages, or without): in use from the next staging on.
    fn take(&mut self, flow: Arc<Flow>);

    /// Who has the times of the choices by now: what the list shows of those is theirs.
    fn held(&mut self, held: &[Hold]);

    /// How often the site has been shown credentials since the last call.
    fn logins(&mut self) -> u8;

    /// What the site has announced of choices since the last call.
    fn announced(&mut self) -> Vec<(usize, Announced)> {
        Vec::new()
    }

    /// Whether what [`Performer::announced`] will tell moves an opening.
    fn has_moved(&self) -> bool {
        false
    }

    /// The instants noted since the last call, for the millisecond ledger.
    fn marks(&mut self) -> Vec<(Mark, Timestamp)>;

    /// The harmless requests of the shot's own kind that were timed since the last call.
    fn samples(&mut self) -> Vec<Delay> {
        Vec::new()
    }
}
