//! The order of the reversible steps: the same for a site with pages and for one without.
//!
//! What is absent: how a step is done, and everything that submits.

use jiff::Timestamp;

use super::Kit;
use crate::flow::Phase;
use crate::model::Answer;
use crate::timing::{Listing, Trouble};

/// What staging begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staging {
    /// The log-in in a fresh session; the list is read, then prepare/ and choose/ are done.
    LogIn,
    /// retry/ and choose/ in the session that is there, from a refusal.
    Retry,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// There is none, or its log-in has not come to its end.
    Outside,
    /// Logged in; the list was not read.
    LoggedIn,
    /// The list was read, without our rows.
    Listed,
}

/// Does the reversible steps at one site.
pub(super) trait Stager: Send {
    /// The errand and what goes with it.
    fn kit(&self) -> &Kit;

    /// How far the session has come.
    fn standing(&self) -> Standing;

    /// Says how far it has come.
    fn stands(&mut self, standing: Standing);

    /// A fresh session, logged in. An old one is ended first.
    fn log_in(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Does the steps of a phase.
    fn do_steps(&mut self, phase: Phase, choice: usize) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Reads the site's list and compares it with every choice.
    fn list(&mut self) -> impl Future<Output = Result<Listing, Trouble>> + Send;

    /// Looks whether the commit could be done; nothing is sent.
    fn look_at_commit(&mut self, choice: usize) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// Stages a choice. What the list showed is told; where the slot is ours already, nothing is staged.
pub(super) async fn stage(hands: &mut impl Stager, choice: usize, from: Staging) -> Result<Listing, Trouble> {
    if from == Staging::LogIn {
        hands.log_in().await?;
    }
    match hands.standing() {
        Standing::Outside => return Err(Trouble::Answer(Answer::LoginExpired)),
        Standing::LoggedIn => {
            let listing = hands.list().await?;
            if listing != Listing::Absent {
                return Ok(listing);
            }
            hands.stands(Standing::Listed);
        }
        Standing::Listed => {}
    }
    let way = if from == Staging::Retry { Phase::Retry } else { Phase::Prepare };
    approach(hands, way, choice).await.map(|()| Listing::Absent)
}

/// What a rehearsal found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// Whether the site's list shows the booking already.
    pub listed: bool,
    /// Whether the opening steps, and the commit behind them, were left out: the date is not open yet.
    pub waits: bool,
    /// Why not every step worked.
    pub trouble: Option<Trouble>,
}

impl Rehearsed {
    /// One that did not come beyond its beginning.
    pub(in crate::engine) fn broken(trouble: Trouble) -> Self {
        Self { listed: false, waits: false, trouble: Some(trouble) }
    }
}

/// Tries the first choice from the log-in to a look at the commit, whatever the list shows; `opening` is when the opening
/// steps may be done, none leaves them out.
pub(super) async fn rehearse(hands: &mut impl Stager, opening: Option<Timestamp>) -> Rehearsed {
    let listing = match hands.log_in().await {
        Ok(()) => hands.list().await,
        Err(trouble) => Err(trouble),
    };
    match listing {
        Err(trouble) => Rehearsed::broken(trouble),
        Ok(listing) => Rehearsed {
            trouble: go_through(hands, opening).await.err(),
            listed: listing != Listing::Absent,
            waits: has_opening_steps(hands) && opening.is_none(),
        },
    }
}

/// Every reversible step in the order of a booking, at once, and a look at the list.
pub(super) async fn walk(hands: &mut impl Stager) -> Result<(), Trouble> {
    hands.log_in().await?;
    go_through(hands, Some(Timestamp::MIN)).await?;
    hands.list().await.map(drop)
}

async fn go_through(hands: &mut impl Stager, opening: Option<Timestamp>) -> Result<(), Trouble> {
    approach(hands, Phase::Prepare, 0).await?;
    let Some(opening) = opening.filter(|_| has_opening_steps(hands)) else { return Ok(()) };
    hands.kit().clock.sleep_until(opening).await;
    hands.do_steps(Phase::Opening, 0).await?;
    hands.look_at_commit(0).await
}

/// To where the commit, or the first opening step, is the next thing to do.
async fn approach(hands: &mut impl Stager, way: Phase, choice: usize) -> Result<(), Trouble> {
    hands.do_steps(way, choice).await?;
    hands.do_steps(Phase::Choose, choice).await?;
    if has_opening_steps(hands) {
        return Ok(());
    }
    hands.look_at_commit(choice).await
}

fn has_opening_steps(hands: &impl Stager) -> bool {
    !hands.kit().errand.flow.steps(Phase::Opening).is_empty()
}
