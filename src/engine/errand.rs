//! Everything a run needs to know, taken from the configuration it is started with.
//!
//! `held` says which other attempts have the times of its choices, or may have them, `heard` what the site has announced of them.

mod heard;
mod held;

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Parts;
use crate::flow::Flow;
use crate::model::{
    Announced, Answer, Attempt, Booking, Choice, CourtName, FireMode, Member, MemberId, Occurrence, Outcome, Sessions,
    Site, SiteId, State,
};
use crate::schedule::{first_instant, opening, second_showing};
use crate::store::{Lost, PastLogIn, PastPermit, PermitId, Slot, StoreError, Trail};
use crate::timing::{Chosen, Facts, Hold, Lead, LeadWhy, Learned, Past, choose, lead, note, permit_lead};
use held::Rivals;

/// An attempt's facts, frozen.
#[derive(Clone)]
pub(super) struct Errand {
    pub(super) site: Site,
    pub(super) zone: TimeZone,
    pub(super) flow: Arc<Flow>,
    pub(super) member: Member,
    /// None when no booking asks for it any more: then it is only verified.
    pub(super) booking: Option<Booking>,
    pub(super) choices: Vec<Choice>,
    pub(super) permit: Option<PermitId>,
    /// When the attempt was last planned.
    pub(super) planned_at: Timestamp,
    /// The way to fire, and why.
    pub(super) chosen: Chosen,
    /// By how much the first fire leaves before the opening, and why.
    pub(super) lead: Lead,
    /// How long after the announced instant the site opened the last time.
    opens_late: Option<Duration>,
    /// In which browser; none: the site has no pages.
    pub(super) browser: Option<&'static str>,
    /// What an earlier process may have booked, though no booking asks for it any more: read, never submitted.
    only_verified: Vec<Choice>,
    permits: Vec<PastPermit>,
    lost: Vec<Lost>,
    trail: Trail,
    /// What the site has announced of slots from the attempt's date on.
    announced: Vec<Announced>,
    rivals: Rivals,
    /// Choices whose time another attempt has, or may have, as it was when that was asked last.
    pub(super) held: Vec<Hold>,
}

/// Why an attempt cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("its site or member is no longer in the configuration; look at the site's own list")]
    Unconfigured,
    #[error(
        "court {court} at {} may have been booked, and its site or member is no longer in the configuration; \
         look at the list of {site} yourself",
        start.strftime("%Y-%m-%d %H:%M")
    )]
    Unseen {
        /// The court of the permit.
        court: CourtName,
        /// Local start of the slot.
        start: DateTime,
        /// The site by the name that it had.
        site: SiteId,
    },
    #[error(
        "court {court} at {} may have been booked with the account {account} of the vault, and its member has another one by now; \
         look at the list of {site} yourself",
        start.strftime("%Y-%m-%d %H:%M")
    )]
    OtherAccount {
        /// The court of the permit.
        court: CourtName,
        /// Local start of the slot.
        start: DateTime,
        /// The site.
        site: SiteId,
        /// The entry of the vault that was used.
        account: String,
    },
    #[error(
        "it was booked with the account {account} of the vault, and {member} has {vault} by now, whose list does not show it; \
         for as long as it takes to cancel it, write `vault = \"{account}\"` under [member.{member}], or cancel it at the site"
    )]
    WonByAnotherAccount {
        /// The entry of the vault that was used.
        account: String,
        /// Whose it is.
        member: MemberId,
        /// The entry of the vault that the member has today.
        vault: String,
    },
    #[error("its opening passed while nothing could act, and the slot itself has begun")]
    Begun,
    #[error("no booking asks for this date any more")]
    Vanished,
    #[error("{}", note::held(booking, *date, *is_to_settle))]
    Held {
        /// The booking that has the slot, or may have it.
        booking: String,
        /// The slot's date.
        date: jiff::civil::Date,
        /// Whether only a person can say which.
        is_to_settle: bool,
    },
    #[error("the store could not be read: {0}")]
    Store(#[from] StoreError),
}

impl Reason {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Unconfigured
            | Self::Unseen { .. }
            | Self::OtherAccount { .. }
            | Self::WonByAnotherAccount { .. }
            | Self::Store(_) => Outcome::NeedsAttention,
            Self::Begun => Outcome::Missed,
            Self::Vanished => Outcome::Cancelled,
            Self::Held { .. } => Outcome::Skipped,
        }
    }
}

impl Errand {
    /// Gathers the facts of an attempt; `occurrence` is none when no booking asks for it any more.
    pub(super) async fn of(attempt: &Attempt, occurrence: Option<&Occurrence>, parts: &Parts) -> Result<Self, Reason> {
        let permits = parts.store.permits_of(&attempt.id).await?;
        let open = permits.iter().find(|permit| permit.open).cloned();
        Self::gathered(attempt, occurrence, permits, parts).await.map_err(|reason| match (reason, open) {
            (Reason::Unconfigured, Some(PastPermit { court, start, .. })) => {
                Reason::Unseen { court, start, site: attempt.site.clone() }
            }
            (reason, _) => reason,
        })
    }

    async fn gathered(
        attempt: &Attempt,
        occurrence: Option<&Occurrence>,
        permits: Vec<PastPermit>,
        parts: &Parts,
    ) -> Result<Self, Reason> {
        let config = &parts.config;
        let site = config.site(&attempt.site).ok_or(Reason::Unconfigured)?;
        let zone = parts.zones.zone(&site.time_zone).ok_or(Reason::Unconfigured)?;
        let wanted = occurrence.map(|occurrence| occurrence.choices.clone()).unwrap_or_default();
        let spent = spent_choices(site, &zone, &permits);
        let only_verified: Vec<Choice> = spent.into_iter().filter(|choice| !wanted.contains(choice)).collect();
        let choices = [wanted, only_verified.clone()].concat();
        if choices.is_empty() {
            return Err(if still_asked_for(attempt, &zone, parts) { Reason::Begun } else { Reason::Vanished });
        }
        let lost = parts.store.lost(&attempt.id).await?;
        let trail = parts.store.trail(&attempt.id).await?;
        let announced = parts.store.announced(attempt.date).await?;
        let mut errand =
            Self { only_verified, permits, lost, trail, announced, ..Self::gather(attempt, choices, parts)? }
                .with_permit();
        errand.refuse_other_account()?;
        errand.recall_announced();
        errand.recall(parts).await?;
        let is_had = errand.look_for_holders(&parts.store).await?;
        let is_begun = attempt.state.is_spent() || attempt.state == State::Waitlisted;
        is_had.filter(|_| !is_begun).map_or(Ok(errand), Err)
    }

    /// The facts of an attempt that no store knows of.
    pub(super) fn unsaved(attempt: &Attempt, occurrence: &Occurrence, parts: &Parts) -> Result<Self, Reason> {
        Self::gather(attempt, occurrence.choices.clone(), parts)
    }

    /// The facts of a won attempt whose court is to be given back.
    pub(super) async fn to_give_back(attempt: &Attempt, slot: &Slot, parts: &Parts) -> Result<Self, Reason> {
        let site = parts.config.site(&attempt.site).ok_or(Reason::Unconfigured)?;
        let zone = parts.zones.zone(&site.time_zone).ok_or(Reason::Unconfigured)?;
        let permits = parts.store.permits_of(&attempt.id).await?;
        let settled_with = parts.store.settled_with(&attempt.id).await?;
        let configured = site.court(&slot.court).map(|court| court.site_id.clone());
        let spent = || permits.iter().rev().find(|permit| permit.court == slot.court);
        let won = permits.iter().rev().find(|permit| permit.court == slot.court && permit.start == slot.start);
        // Of a slot that a person has seen, and that was never submitted, the word says whose list shows it.
        let account = won.and_then(|won| won.account.clone()).or(settled_with);
        let court_site_id = configured.or_else(|| Some(spent()?.court_site_id.clone())).ok_or(Reason::Unconfigured)?;
        let choice = Choice {
            court: slot.court.clone(),
            court_site_id,
            start: slot.start,
            length: slot.end.duration_since(slot.start),
            opening: attempt.opening,
            starts_at: first_instant(slot.start, &zone),
        };
        let errand = Self::gather(attempt, vec![choice], parts)?;
        let Member { id, vault, .. } = &errand.member;
        match account.filter(|account| account != vault) {
            None => Ok(errand),
            Some(account) => Err(Reason::WonByAnotherAccount { account, member: id.clone(), vault: vault.clone() }),
        }
    }

    fn gather(attempt: &Attempt, choices: Vec<Choice>, parts: &Parts) -> Result<Self, Reason> {
        let config = &parts.config;
        let site = config.site(&attempt.site).ok_or(Reason::Unconfigured)?;
        let flow = config.flow(&site.id).ok_or(Reason::Unconfigured)?;
        let browser = (!flow.is_api()).then(|| config.browser.engine.as_str());
        Ok(Self {
            chosen: unproved(site, &flow, browser),
            lead: Lead::OFF,
            opens_late: None,
            browser,
            flow,
            member: config.member(&attempt.member).ok_or(Reason::Unconfigured)?.clone(),
            booking: config.booking(&attempt.member, &attempt.booking).cloned(),
            permit: None,
            planned_at: attempt.planned_at,
            zone: parts.zones.zone(&site.time_zone).ok_or(Reason::Unconfigured)?,
            site: site.clone(),
            choices,
            only_verified: Vec::new(),
            permits: Vec::new(),
            lost: Vec::new(),
            trail: Trail::default(),
            announced: Vec::new(),
            rivals: Rivals::of(attempt, parts),
            held: Vec::new(),
        })
    }

    fn with_permit(mut self) -> Self {
        self.permit = self.open_permit().map(|permit| permit.id.clone());
        self
    }

    fn open_permit(&self) -> Option<&PastPermit> {
        self.permits.iter().find(|permit| permit.open)
    }

    /// What was submitted with one account is not on the list of another.
    fn refuse_other_account(&self) -> Result<(), Reason> {
        let Some(permit) = self.open_permit() else { return Ok(()) };
        match permit.account.clone().filter(|account| *account != self.member.vault) {
            None => Ok(()),
            Some(account) => Err(Reason::OtherAccount {
                court: permit.court.clone(),
                start: permit.start,
                site: self.site.id.clone(),
                account,
            }),
        }
    }

    /// What rehearsals have proved and earlier openings have taught.
    async fn recall(&mut self, parts: &Parts) -> Result<(), StoreError> {
        let (store, site) = (&parts.store, &self.site.id);
        let (proofs, known) = (store.proofs(site).await?, store.lesson(site).await?);
        let hash = parts.config.flow_hash(site).unwrap_or_default();
        let browser = self.browser.unwrap_or_default();
        self.chosen = choose(self.site.fire, &self.flow.allowed(), &proofs, &hash, browser);
        let samples = store.samples(site, &self.chosen.way.kind(self.browser)).await?;
        self.lead = match self.chosen.way.opening {
            Some(_) if !self.site.patience.lead_at_most.is_zero() => Lead { why: LeadWhy::OpeningSteps, ..Lead::OFF },
            Some(_) => Lead::OFF,
            None => lead(&self.site.patience, &samples, known.lead_off.is_some(), parts.clock.now()),
        };
        self.opens_late = known.opens_late;
        Ok(())
    }

    /// Other selector files, of which nothing is proved and by which nothing was measured.
    pub(super) fn take(&mut self, flow: Arc<Flow>) {
        self.flow = flow;
        self.chosen = unproved(&self.site, &self.flow, self.browser);
        self.lead = Lead::OFF;
    }

    /// What the machine is told.
    pub(super) fn facts(&self) -> Facts {
        Facts {
            choices: self.choices.clone(),
            patience: self.site.patience,
            mode: self.mode(),
            opening_steps: self.engine_opens(),
            planned_at: self.planned_at,
            learned: Learned { lead: self.lead.by, opens_late: self.opens_late },
            second_showings: self.second_showings(),
            one_session: self.site.sessions == Sessions::One,
        }
    }

    /// How long after the choice's opening something happened; none for a choice that was open when it was planned.
    pub(super) fn lateness(&self, choice: usize, at: Timestamp) -> Option<SignedDuration> {
        let opening = self.choices[choice].opening;
        (opening > self.planned_at).then(|| at.duration_since(opening))
    }

    /// Of each choice, by its own court's rule.
    fn second_showings(&self) -> Vec<Option<Duration>> {
        self.choices.iter().map(|choice| second_showing(choice, &self.site, &self.zone)).collect()
    }

    /// The mode that is used; never `Auto`.
    pub(super) fn mode(&self) -> FireMode {
        self.chosen.way.mode
    }

    /// What an earlier process left. What was learnt of its choices before the attempt was last planned is forgotten: somebody
    /// asked for it once more.
    pub(super) fn past(&self, attempt: &Attempt) -> Past {
        let is_lost = |choice: &Choice| self.taken(choice) || self.gone(choice) || self.only_verified.contains(choice);
        let lost = self.choices.iter().enumerate().filter(|(_, choice)| is_lost(choice)).map(|(at, _)| at).collect();
        Past {
            state: attempt.state,
            uncertain: self.uncertain(),
            lost,
            held: self.held.clone(),
            choice: self.submitted_last().unwrap_or_default(),
            claimed: self.open_permit().is_some_and(|permit| permit.answer == Some(Answer::Confirmed)),
            absent: self.permits.last().is_some_and(|permit| permit.absent),
            refused: self.refused(),
            logins: self.logins(false, self.planned_at),
            verify_logins: self.logins(true, self.permits.last().map_or(self.planned_at, |permit| permit.spent_at)),
            called_off: self.is_called_off(),
        }
    }

    /// Whether no booking asks for it any more: what may have been submitted is looked for, and nothing follows.
    pub(super) fn is_called_off(&self) -> bool {
        self.only_verified.len() == self.choices.len()
    }

    /// Whether the opening steps are a chain of requests of ours, which ends in the commit.
    pub(super) fn is_chained(&self) -> bool {
        self.flow.is_chained(self.mode())
    }

    /// Whether the engine does opening steps one by one, before the fire.
    pub(super) fn engine_opens(&self) -> bool {
        self.flow.engine_opens(self.mode())
    }

    fn logins(&self, verifies: bool, since: Timestamp) -> u8 {
        let counted = |past: &&PastLogIn| past.verifies == verifies && past.at >= since;
        u8::try_from(self.trail.log_ins.iter().filter(counted).count()).unwrap_or(u8::MAX)
    }

    /// The choice of the last permit, while it is one.
    fn submitted_last(&self) -> Option<usize> {
        let last = self.permits.last()?;
        self.choices.iter().position(|choice| is_for(last, choice))
    }

    /// What the last submit was answered for certain.
    fn refused(&self) -> Option<Answer> {
        let is_settled = self.open_permit().is_none();
        self.permits.last().filter(|_| is_settled).and_then(|permit| permit.answer)
    }

    /// Submits that were found absent since a person asked for the date: an edit back and forth grants no more of them.
    fn uncertain(&self) -> u8 {
        let since = self.trail.asked_again.unwrap_or(Timestamp::MIN);
        let counted = self.permits.iter().filter(|permit| permit.absent && permit.spent_at >= since).count();
        u8::try_from(counted).unwrap_or(u8::MAX)
    }

    fn taken(&self, choice: &Choice) -> bool {
        self.recent().any(|past| past.answer == Some(Answer::Taken) && is_for(past, choice))
    }

    fn gone(&self, choice: &Choice) -> bool {
        let is = |lost: &Lost| lost.at >= self.planned_at && lost.court == choice.court && lost.start == choice.start;
        self.lost.iter().any(is)
    }

    fn recent(&self) -> impl Iterator<Item = &PastPermit> {
        self.permits.iter().filter(|permit| permit.spent_at >= self.planned_at)
    }
}

/// The way to fire where nothing is known to be proved.
fn unproved(site: &Site, flow: &Flow, browser: Option<&str>) -> Chosen {
    choose(site.fire, &flow.allowed(), &[], "", browser.unwrap_or_default())
}

/// Whether a booking still asks for such a date: then nothing is planned for it because its slot has begun.
fn still_asked_for(attempt: &Attempt, zone: &TimeZone, parts: &Parts) -> bool {
    let booking = parts.config.booking(&attempt.member, &attempt.booking);
    let today = parts.clock.now().to_zoned(zone.clone()).date();
    booking.is_some_and(|booking| !booking.paused) && attempt.date <= today
}

fn is_for(permit: &PastPermit, choice: &Choice) -> bool {
    permit.court == choice.court && permit.start == choice.start
}

/// What open permits may have booked, whatever the configuration says of it today.
fn spent_choices(site: &Site, zone: &TimeZone, permits: &[PastPermit]) -> Vec<Choice> {
    permits.iter().filter(|permit| permit.open).map(|permit| choice_of(site, zone, permit)).collect()
}

/// The court is what the permit names, whatever the configuration calls it by now; of one that the configuration has no more, the
/// permit was spent shortly before the opening.
fn choice_of(site: &Site, zone: &TimeZone, permit: &PastPermit) -> Choice {
    let length = permit.end.duration_since(permit.start);
    let start: DateTime = permit.start;
    let court = site.court(&permit.court);
    let spent_for = permit.spent_at + permit_lead(FireMode::Armed, &site.patience);
    Choice {
        court: permit.court.clone(),
        court_site_id: permit.court_site_id.clone(),
        start,
        length,
        opening: court.map_or(spent_for, |court| opening(court.opens, start, length, zone)),
        starts_at: first_instant(start, zone),
    }
}
