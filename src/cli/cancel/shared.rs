//! Other attempts that count on the very booking that is to be given back: two members with one account, of whom one has submitted,
//! and the other has found it on the list.

use std::path::Path;

use super::held::Held;
use crate::cli::{Exit, Failure, settle};
use crate::config::Config;
use crate::model::{Answer, Attempt};
use crate::store::{PastPermit, Slot, Store, StoreError};

/// Who counts on it beside the one that is meant.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The others.
    pub(super) with: Vec<Attempt>,
    /// The one of them that has submitted it, where the one that is meant has not.
    owner: Option<Attempt>,
}

impl Shared {
    /// Gives back what is another's booking only in its own name.
    ///
    /// # Errors
    /// It was submitted for another attempt.
    pub(super) fn refuse(&self, held: &Held, config: &Path) -> Result<(), Failure> {
        let Some(owner) = &self.owner else { return Ok(()) };
        let name = |attempt: &Attempt| format!("{} · {}", attempt.member, attempt.booking);
        let command = |attempt: &Attempt| settle::command("cancel", attempt, config);
        let (this, that) = (command(&held.attempt), command(owner));
        Err(Failure::new(
            Exit::Data,
            format!(
                "{} is the same booking at the site as that of {}, which was submitted for that one, with the same account; `{that}` gives \
                 it back for both, and `{this}` then writes it down here",
                held.words(),
                name(owner)
            ),
        ))
    }

    /// `, which bruno · doubles counts on too`; nothing where nobody does.
    pub(super) fn words(&self) -> String {
        let names: Vec<String> = self.with.iter().map(|one| format!("{} · {}", one.member, one.booking)).collect();
        match names.len() {
            0 => String::new(),
            1 => format!(", which {} counts on too", names[0]),
            _ => format!(", which {} count on too", names.join(" and ")),
        }
    }
}

/// Looks for them.
///
/// # Errors
/// The database's.
pub(super) async fn shared(held: &Held, config: &Config, store: &Store) -> Result<Shared, StoreError> {
    let (mut with, mut owner) = (Vec::new(), None);
    let ours = Claim::of(&held.attempt, &held.slot, config, store).await?;
    for other in store.overlapping(&held.slot).await? {
        let is_same_slot = store.slot_of(&other.id).await?.is_some_and(|slot| is_same(&slot, &held.slot));
        if other.id == held.attempt.id || other.site != held.attempt.site || !is_same_slot {
            continue;
        }
        let its = Claim::of(&other, &held.slot, config, store).await?;
        if its.account != ours.account {
            continue;
        }
        if its.has_submitted && !ours.has_submitted {
            owner.get_or_insert_with(|| other.clone());
        }
        with.push(other);
    }
    Ok(Shared { with, owner })
}

/// What an attempt has to do with a slot.
struct Claim {
    account: Option<String>,
    has_submitted: bool,
}

impl Claim {
    async fn of(attempt: &Attempt, slot: &Slot, config: &Config, store: &Store) -> Result<Self, StoreError> {
        let permits = store.permits_of(&attempt.id).await?;
        let spent = permits.iter().rev().find(|permit| counts(permit, attempt, slot));
        let own = config.member(&attempt.member).map(|member| member.vault.clone());
        let account = spent.and_then(|permit| permit.account.clone()).or(own);
        Ok(Self { account, has_submitted: spent.is_some() })
    }
}

/// Whether a submit may be what booked the slot: of this time, and neither refused nor proved to be none.
fn counts(permit: &PastPermit, attempt: &Attempt, slot: &Slot) -> bool {
    let refused = !matches!(
        permit.answer,
        None | Some(Answer::Confirmed | Answer::Waitlisted | Answer::SiteError | Answer::Unknown)
    );
    let is_for = permit.court == slot.court && permit.start == slot.start;
    is_for && !permit.absent && !refused && permit.spent_at >= attempt.planned_at
}

fn is_same(one: &Slot, other: &Slot) -> bool {
    one.court == other.court && one.start == other.start
}
