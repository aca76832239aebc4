//! Which other attempts of the account have the times of an attempt's choices, or may have them.
//!
//! Renaming or editing a booking never books twice: what was won, or may have been, by a booking that asks for the date no more
//! may be this very wish under its earlier name, and then it is about every choice. What another booking has is about its own
//! time: the other times of this one may still be booked.

use std::sync::Arc;

use super::{Errand, Reason, is_for};
use crate::config::Config;
use crate::engine::Parts;
use crate::model::{Attempt, Choice, Outcome, State};
use crate::schedule::{asks_for, choices_on};
use crate::store::{Store, StoreError};
use crate::timing::Hold;

/// An attempt among the others of its account.
#[derive(Clone)]
pub(super) struct Rivals {
    attempt: Attempt,
    config: Arc<Config>,
}

impl Rivals {
    pub(super) fn of(attempt: &Attempt, parts: &Parts) -> Self {
        Self { attempt: attempt.clone(), config: Arc::clone(&parts.config) }
    }

    /// Whether the other attempt is of the same account at the same site, where a name that the configuration knows no more may
    /// have become any other.
    fn is_of_the_account(&self, other: &Attempt) -> bool {
        let (attempt, config) = (&self.attempt, &self.config);
        let account = |member| config.member(member).map(|member| &member.vault);
        let same_member = [None, account(&attempt.member)].contains(&account(&other.member));
        let same_site = other.site == attempt.site || config.site(&other.site).is_none();
        other.id != attempt.id && same_member && same_site
    }

    /// Whether it may be the same wish by an earlier name: no booking of that name asks for its date.
    fn may_be_the_same_wish(&self, other: &Attempt) -> bool {
        let booking = self.config.booking(&other.member, &other.booking);
        booking.is_none_or(|booking| !asks_for(booking, other.date))
    }
}

impl Errand {
    /// Who has the times of the choices now.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::engine) async fn holds(&self, store: &Store) -> Result<Vec<Hold>, StoreError> {
        Ok(holds(&self.holders(store).await?))
    }

    /// Keeps who has the times of the choices; the reason to do nothing, where every one is somebody else's already.
    pub(super) async fn look_for_holders(&mut self, store: &Store) -> Result<Option<Reason>, StoreError> {
        let holders = self.holders(store).await?;
        self.held = holds(&holders);
        let wanted = self.choices.iter().zip(&holders).filter(|(choice, _)| !self.only_verified.contains(choice));
        let had: Option<Vec<&Attempt>> = wanted.map(|(_, holder)| had_by(holder)).collect();
        Ok(had.and_then(|had| had.first().map(|first| reason(first))))
    }

    /// Whether what the site's list shows of a choice is another attempt's, and not of this one, which has submitted nothing there.
    pub(in crate::engine) fn is_anothers(&self, choice: usize) -> bool {
        let is_ours = self.permits.iter().any(|permit| permit.open && is_for(permit, &self.choices[choice]));
        !is_ours && self.held.iter().any(|hold| hold.choice == choice)
    }

    /// For each choice who has its time: for good, before whoever may still lose it.
    async fn holders(&self, store: &Store) -> Result<Vec<Option<Attempt>>, StoreError> {
        let mut holders: Vec<Option<Attempt>> = vec![None; self.choices.len()];
        for (at, choice) in self.every_choice().iter().enumerate() {
            let others = store.overlapping(&choice.into()).await?.into_iter();
            for other in others.filter(|other| self.rivals.is_of_the_account(other)) {
                let of_all = self.rivals.may_be_the_same_wish(&other);
                let its = holders.iter_mut().enumerate().filter(|(place, _)| of_all || *place == at);
                its.for_each(|(_, holder)| take(holder, &other));
            }
        }
        Ok(holders)
    }

    /// The choices, and after them those of the date that have begun: it may be booked by one of them.
    fn every_choice(&self) -> Vec<Choice> {
        let date = self.rivals.attempt.date;
        let of_date = self.booking.as_ref().map(|booking| choices_on(booking, &self.site, &self.zone, date));
        let mut every = self.choices.clone();
        every.extend(of_date.into_iter().flatten().filter(|choice| !self.choices.contains(choice)));
        every
    }
}

fn take(holder: &mut Option<Attempt>, other: &Attempt) {
    if had_by(holder).is_none() {
        *holder = Some(other.clone());
    }
}

/// Whoever has it for good.
fn had_by(holder: &Option<Attempt>) -> Option<&Attempt> {
    holder.as_ref().filter(|holder| holder.state.is_ended())
}

fn holds(holders: &[Option<Attempt>]) -> Vec<Hold> {
    let hold = |(choice, holder): (usize, &Option<Attempt>)| {
        let holder = holder.as_ref()?;
        Some(Hold { choice, by: reason(holder).to_string(), for_good: holder.state.is_ended() })
    };
    holders.iter().enumerate().filter_map(hold).collect()
}

fn reason(holder: &Attempt) -> Reason {
    let (booking, date) = (holder.booking.to_string(), holder.date);
    let is_to_settle = holder.state.is_ended() && holder.state != State::Ended(Outcome::Confirmed);
    Reason::Held { booking, date, is_to_settle }
}
