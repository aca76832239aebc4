//! Compares, when all is over, what the store says with what the clubs hold and with what happened on the way.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::club::{Row, Slot};
use super::edit::Desk;
use super::label::Label;
use super::mishap::Mishap;
use super::record::Arrival;
use super::report::{Promise, Violation};
use super::world::{Inner, World};
use crate::model::{Attempt, AttemptId, BookingName, MemberId, Outcome, SiteId, State};
use crate::store::{AttemptFilter, AuditError, PastPermit, Store, StoreError};
use crate::timing::not_open_rung;

/// Rows of the audit trail that are read at a time.
const PAGE: i64 = 1_000;

/// From here before an opening, to the grace after it, an absence is a reason.
const LEAD: SignedDuration = SignedDuration::from_mins(10);

/// How long an attempt may have been at it after its grace: unknown submits are looked into.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(2);

/// A date that is asked for so long before its opening, and from there so long after, is one to be booked: what was begun
/// for it can be ended, and begun again.
const TIME_ENOUGH: SignedDuration = SignedDuration::from_mins(10);

/// What the judge looks at.
pub(super) struct Court<'w> {
    pub(super) world: &'w World,
    pub(super) inner: &'w Inner,
    pub(super) desk: &'w Desk,
    /// The end of the span: later openings are not judged.
    pub(super) until: Timestamp,
    attempts: BTreeMap<Label, Attempt>,
    permits: BTreeMap<Label, Vec<PastPermit>>,
    /// The words of the trail about each attempt.
    trail: BTreeMap<AttemptId, Vec<String>>,
    /// Rows of the trail; none: it is broken.
    pub(super) audit: Result<usize, String>,
}

/// Reads the store and opens the court.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn court<'w>(
    world: &'w World,
    inner: &'w Inner,
    desk: &'w Desk,
    store: &Store,
    until: Timestamp,
) -> Result<Court<'w>, StoreError> {
    let known = store.attempts(&AttemptFilter::default()).await?;
    let mut permits = BTreeMap::new();
    for attempt in &known {
        permits.insert(Label::from(attempt), store.permits_of(&attempt.id).await?);
    }
    let attempts = known.into_iter().map(|attempt| (Label::from(&attempt), attempt)).collect();
    let audit = match store.verify_audit().await {
        Ok(rows) => Ok(rows),
        Err(AuditError::Store(error)) => return Err(error),
        Err(broken) => Err(broken.to_string()),
    };
    Ok(Court { world, inner, desk, until, attempts, permits, trail: trail(store).await?, audit })
}

async fn trail(store: &Store) -> Result<BTreeMap<AttemptId, Vec<String>>, StoreError> {
    let mut trail: BTreeMap<AttemptId, Vec<String>> = BTreeMap::new();
    let mut last = 0;
    loop {
        let rows = store.audit_rows(last, PAGE).await?;
        let Some(end) = rows.last() else { return Ok(trail) };
        last = end.seq;
        for row in rows {
            if let Some(attempt) = row.attempt {
                trail.entry(attempt).or_default().push(row.event);
            }
        }
    }
}

impl Court<'_> {
    /// The attempts that are judged: their openings lie in the span.
    pub(super) fn judged(&self) -> impl Iterator<Item = (&Label, &Attempt)> {
        self.attempts.iter().filter(|(_, attempt)| attempt.opening < self.until)
    }

    /// Everything that was promised and not kept.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let early = self.inner.record.arrivals.iter().filter_map(|arrival| self.early(arrival));
        let mut wrong: Vec<Violation> = early.collect();
        wrong.extend(self.unknown());
        wrong.extend(self.twice());
        wrong.extend(self.on_two_courts());
        let arrivals = self.arrivals();
        for (label, attempt) in self.judged() {
            let mine = arrivals.get(label).map_or(&[][..], Vec::as_slice);
            wrong.extend(self.end(label, attempt));
            wrong.extend(self.permits(label, mine));
            wrong.extend(self.list(label, attempt));
            wrong.extend(self.reason(label, attempt));
            wrong.extend(self.late(label, attempt, mine));
        }
        if let Err(broken) = &self.audit {
            wrong.push(Violation { promise: Promise::Trail, about: None, what: broken.clone(), story: Vec::new() });
        }
        wrong
    }

    fn arrivals(&self) -> BTreeMap<&Label, Vec<&Arrival>> {
        let mut by_label: BTreeMap<&Label, Vec<&Arrival>> = BTreeMap::new();
        for arrival in &self.inner.record.arrivals {
            by_label.entry(&arrival.label).or_default().push(arrival);
        }
        by_label
    }

    fn violation(&self, promise: Promise, label: &Label, what: impl Into<String>) -> Violation {
        let story = self.inner.trace.story(label);
        Violation { promise, about: Some(label.to_string()), what: what.into(), story }
    }

    fn early(&self, arrival: &Arrival) -> Option<Violation> {
        let announced = self.world.announced(self.inner, &arrival.site, &arrival.slot);
        let what = format!(
            "a submit left at {} and reached {} at {}, which opens at {announced}",
            arrival.left, arrival.site, arrival.at
        );
        arrival.early.then(|| self.violation(Promise::NeverEarly, &arrival.label, what))
    }

    /// Dates that were wanted and that the store knows nothing of.
    fn unknown(&self) -> Vec<Violation> {
        let promised: BTreeSet<Label> = self.desk.promises.must_be_known(self.until).into_iter().collect();
        let unknown = promised.iter().filter(|label| !self.attempts.contains_key(*label));
        unknown.map(|label| self.violation(Promise::NeverLost, label, "wanted, and no attempt is known")).collect()
    }

    /// Wishes for which a club holds more than one booking.
    fn twice(&self) -> Vec<Violation> {
        let mut held: BTreeMap<(MemberId, BookingName, jiff::civil::Date), Vec<&Label>> = BTreeMap::new();
        for row in self.inner.clubs.values().flat_map(|club| club.rows()) {
            let wish = self.desk.promises.wish(&row.label.member, &row.label.booking);
            held.entry((row.member.clone(), wish, row.label.date)).or_default().push(&row.label);
        }
        let twice = held.into_values().filter(|labels| labels.len() > 1);
        twice
            .map(|labels| {
                let names: Vec<String> = labels.iter().map(ToString::to_string).collect();
                let what = format!("the club holds {} bookings of one wish: {}", labels.len(), names.join(", "));
                let mut violation = self.violation(Promise::NeverTwice, labels[0], what);
                let others: BTreeSet<_> = labels.iter().filter(|label| **label != labels[0]).collect();
                violation.story.extend(others.into_iter().flat_map(|label| self.inner.trace.story(label)));
                violation
            })
            .collect()
    }

    /// Members for whom a club holds two wishes at one time.
    fn on_two_courts(&self) -> Vec<Violation> {
        let mut wrong = Vec::new();
        for club in self.inner.clubs.values() {
            let rows = club.rows();
            let pairs = rows.iter().enumerate().flat_map(|(n, row)| rows[..n].iter().map(move |other| (row, other)));
            let both = pairs.filter(|(row, other)| row.label != other.label && is_for_one_body(row, other));
            wrong.extend(both.map(|(row, other)| {
                let what = format!("the club holds a booking at the same time: {}", other.label);
                let mut violation = self.violation(Promise::NeverTwice, &row.label, what);
                violation.story.extend(self.inner.trace.story(&other.label));
                violation
            }));
        }
        wrong
    }

    /// Ended, in the store and on the trail, once.
    fn end(&self, label: &Label, attempt: &Attempt) -> Option<Violation> {
        if !attempt.state.is_ended() {
            return Some(self.violation(Promise::OneEnd, label, format!("it is still {}", attempt.state.as_str())));
        }
        let words = self.trail.get(&attempt.id).map_or(&[][..], Vec::as_slice);
        // What vanished with its booking and came back is planned again, and ends again.
        let mut ended: usize = 0;
        for word in words {
            match word.as_str() {
                "planned" | "waitlisted" => ended = 0,
                "promoted" => ended += 1,
                word => ended += usize::from(Outcome::parse(word).is_some() && word != "answered"),
            }
        }
        (ended != 1).then(|| {
            self.violation(Promise::OneEnd, label, format!("it ended {ended} times by its trail: {}", words.join(", ")))
        })
    }

    /// Each submit has a permit; none but those that provably never left is without a submit or a death; and their number
    /// has a bound.
    fn permits(&self, label: &Label, arrivals: &[&Arrival]) -> Option<Violation> {
        let permits = self.permits.get(label).map_or(&[][..], Vec::as_slice);
        let given = permits.len();
        if arrivals.len() > given {
            let what = format!("{} submits reached the club with {given} permits", arrivals.len());
            return Some(self.violation(Promise::Permits, label, what));
        }
        let slots = self.inner.record.wanted.get(label).map_or(1, |(_, slots)| slots.len());
        let absent = permits.iter().filter(|permit| permit.absent).count();
        let (most_absent, most) = (2, slots * (rungs() + 3) + 4);
        if absent > most_absent {
            let what = format!("{absent} submits were found absent, and it went on");
            return Some(self.violation(Promise::Permits, label, what));
        }
        let absences = self.inner.record.absences.len();
        (given > most + absences)
            .then(|| self.violation(Promise::Permits, label, format!("{given} permits for {slots} slots")))
    }

    /// Confirmed if and only if the club's list has it.
    fn list(&self, label: &Label, attempt: &Attempt) -> Option<Violation> {
        let State::Ended(outcome) = attempt.state else { return None };
        let listed = self.listed(label);
        let met = World::mishaps_of(self.inner, label);
        if outcome == Outcome::Confirmed {
            return (listed == 0).then(|| {
                self.violation(Promise::OnlyTheList, label, "confirmed, and the club's list does not have it")
            });
        }
        // Nobody is told that it failed for certain where the list could not be read, or where the place on the waiting
        // list is the site's to give.
        let uncertain = match outcome {
            Outcome::NeedsAttention => true,
            Outcome::Cancelled | Outcome::Missed => met.contains(&Mishap::Waitlist),
            Outcome::Taken => met.contains(&Mishap::LiesTaken) && self.list_was_gone(&met, attempt),
            Outcome::Quota => met.contains(&Mishap::LiesQuota) && self.list_was_gone(&met, attempt),
            _ => false,
        };
        let own = self.booked_for(label);
        (own > 0 && !uncertain).then(|| {
            let what = format!("{}, and the club's list has it", outcome.as_str());
            self.violation(Promise::OnlyTheList, label, what)
        })
    }

    fn list_was_gone(&self, met: &BTreeSet<Mishap>, attempt: &Attempt) -> bool {
        met.contains(&Mishap::ListGone)
            || met.contains(&Mishap::Outage)
            || self.inner.record.was_absent(attempt.opening - LEAD, attempt.updated_at)
    }

    /// Rows on the lists for any slot that the attempt wanted.
    fn listed(&self, label: &Label) -> usize {
        let Some((site, slots)) = self.inner.record.wanted.get(label) else { return 0 };
        let Some(club) = self.inner.clubs.get(site) else { return 0 };
        club.shown_to(&label.member, Timestamp::MAX).filter(|row| slots.contains(&row.slot)).count()
    }

    /// Rows on the lists that this very attempt made.
    fn booked_for(&self, label: &Label) -> usize {
        self.inner.clubs.values().flat_map(|club| club.rows()).filter(|row| row.label == *label).count()
    }

    /// What could be had is had, or there is a reason why not.
    fn reason(&self, label: &Label, attempt: &Attempt) -> Option<Violation> {
        let State::Ended(outcome) = attempt.state else { return None };
        let asked = self.desk.promises.asked_for(label);
        let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
        let asked = asked.join(", and ");
        let what = format!("{}, and nothing that happened explains it; it was asked for {asked}", outcome.as_str());
        (!self.is_explained(label, attempt, outcome)).then(|| self.violation(Promise::NeverLost, label, what))
    }

    fn is_explained(&self, label: &Label, attempt: &Attempt, outcome: Outcome) -> bool {
        use Mishap as M;
        let met = World::mishaps_of(self.inner, label);
        let any = |mishaps: &[Mishap]| mishaps.iter().any(|mishap| met.contains(mishap));
        let no_answer = [
            M::DropBefore,
            M::DropAfter,
            M::ErrorBefore,
            M::ErrorAfter,
            M::NeverAnswers,
            M::Stalls,
            M::SlowCommit,
            M::BrowserDies,
            M::Outage,
            M::LiesConfirmed,
        ];
        let absent = self.inner.record.was_absent(attempt.opening - LEAD, attempt.updated_at);
        match outcome {
            Outcome::Confirmed => true,
            // What may have been submitted for a booking that is gone has no other choice either.
            Outcome::Taken => self.all_taken(label, attempt, &met) || !self.is_asked_for(label, attempt.updated_at),
            Outcome::Quota => any(&[M::Quota, M::LiesQuota]),
            Outcome::LoginRefused => any(&[M::LoginRefused]),
            Outcome::Captcha => any(&[M::Captcha, M::CaptchaAtSubmit]),
            Outcome::Price => any(&[M::Price]),
            Outcome::SelectorBroken => any(&[M::Redesign]),
            Outcome::Cancelled => !self.was_to_be_booked(label, attempt),
            Outcome::Skipped => self.is_held_by_another(label),
            Outcome::SiteError => any(&no_answer) || any(&[M::Unreachable, M::Logout, M::LoggedOut]) || absent,
            Outcome::NeedsAttention => {
                let unread = [M::ListGone, M::ListOnce, M::Outage, M::LiesConfirmed];
                any(&unread)
                    || (absent && any(&[M::BrowserFails, M::Unreachable, M::Redesign, M::Captcha, M::LoginRefused]))
            }
            Outcome::Missed => {
                let late = any(&[M::LateOpening, M::BrowserFails, M::BrowserLost, M::NotSent, M::Waitlist, M::Outage]);
                absent || late || !self.was_to_be_booked(label, attempt) || self.waited_too_long(label, attempt)
            }
        }
    }

    /// Whether the date was asked for at an instant.
    fn is_asked_for(&self, label: &Label, at: Timestamp) -> bool {
        self.desk.promises.asked_for(label).iter().any(|asked| (asked.since..asked.until).contains(&at))
    }

    /// Whether the date was asked for about its opening, or later for long enough, and nobody took it back before the attempt
    /// ended: no edit excuses that it was called off, then or earlier, or that nobody went for it.
    fn was_to_be_booked(&self, label: &Label, attempt: &Attempt) -> bool {
        self.desk.promises.asked_for(label).iter().any(|asked| {
            let due = attempt.opening.max(asked.since.saturating_add(TIME_ENOUGH).unwrap_or(Timestamp::MAX));
            let over = asked.until.min(asked.begins);
            attempt.updated_at < asked.until && due.saturating_add(TIME_ENOUGH).unwrap_or(Timestamp::MAX) <= over
        })
    }

    /// Whether nobody could have had any of its slots when it ended, or the club said so of one that it gave. Of slots that
    /// open at different times some may be gone and the others missed.
    fn all_taken(&self, label: &Label, attempt: &Attempt, met: &BTreeSet<Mishap>) -> bool {
        let Some((site, slots)) = self.inner.record.wanted.get(label) else { return false };
        let at = attempt.updated_at;
        let gone = |slot: &Slot| {
            !self.world.is_free_for(self.inner, site, &label.member, slot, at) || self.has_another(label, site, slot)
        };
        let missed = !met.is_empty() || self.inner.record.was_absent(attempt.opening - LEAD, at);
        met.contains(&Mishap::LiesTaken) || slots.iter().all(gone) || (missed && slots.iter().any(gone))
    }

    /// Whether the member plays somewhere at the slot's time by another wish.
    fn has_another(&self, label: &Label, site: &SiteId, slot: &Slot) -> bool {
        let Some(club) = self.inner.clubs.get(site) else { return false };
        club.rows().iter().any(|row| row.member == label.member && row.label != *label && row.slot.meets(slot))
    }

    /// Whether another attempt of the member has a slot on that date, or may have had one for a while.
    fn is_held_by_another(&self, label: &Label) -> bool {
        let same_day = |other: &Label| other.member == label.member && other.date == label.date && other != label;
        self.attempts.iter().filter(|(other, _)| same_day(other)).any(|(other, attempt)| {
            let spent = self.permits.get(other).is_some_and(|permits| !permits.is_empty());
            attempt.state == State::Ended(Outcome::Confirmed) || spent || !attempt.state.is_ended()
        })
    }

    /// One session per account: an attempt may wait for another until it is too late.
    fn waited_too_long(&self, label: &Label, attempt: &Attempt) -> bool {
        self.inner.record.hindered.contains(label) && attempt.updated_at > attempt.opening + AFTERMATH / 4
    }

    /// Where nothing was in the way, the first submit left within two seconds of its opening, by the club's reckoning.
    fn late(&self, label: &Label, attempt: &Attempt, arrivals: &[&Arrival]) -> Option<Violation> {
        let first = arrivals.first()?;
        let disturbed = !World::mishaps_of(self.inner, label).is_empty()
            || self.inner.record.hindered.contains(label)
            || self.inner.record.was_edited(label, attempt.opening - LEAD, first.at)
            || attempt.planned_at >= attempt.opening - LEAD
            || self.inner.record.was_absent(attempt.opening - LEAD, first.at);
        (!disturbed && first.late).then(|| {
            let what = format!("its first submit left at {}, when its date had long been open", first.left);
            self.violation(Promise::OnTime, label, what)
        })
    }
}

fn is_for_one_body(row: &Row, other: &Row) -> bool {
    row.member == other.member && row.slot.meets(&other.slot)
}

/// Rungs of the ladder after a not-open answer, with the one that is added where a site is known to open late.
fn rungs() -> usize {
    (0..).take_while(|rung| not_open_rung(*rung, None).is_some()).count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(member: &str, court: &str, hour: i8) -> Row {
        let date = jiff::civil::date(2027, 7, 18);
        let label = Label { member: member.into(), booking: "doubles".into(), date };
        let slot =
            Slot { court: court.to_owned(), start: date.at(hour, 0, 0, 0), length: SignedDuration::from_hours(1) };
        Row { member: member.into(), label, slot, shown_from: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn nobody_plays_on_two_courts_at_once() {
        let first = row("ana", "5", 17);
        assert!(is_for_one_body(&first, &row("ana", "7", 17)));
        assert!(!is_for_one_body(&first, &row("ana", "7", 18)), "the hour after it");
        assert!(!is_for_one_body(&first, &row("eva", "7", 17)), "somebody else");
    }
}
